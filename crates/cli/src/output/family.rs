//! Families: licenses as a tree, along the moves of their users.

use std::collections::BTreeSet;

use ledger_app::lineage::{Family, Member, Move, MoveKind};
use ledger_domain::values::LicenseNumber;

use super::card::users;
use super::words::counted;

/// The family as a tree: licenses that got users from nobody stand at the left, and each move hangs under its giver.
/// A license that users reach on several ways is drawn out once. Users may also have gone round in a circle, though none
/// of them twice: what is reached from no beginning is drawn from its first license on.
pub(crate) fn tree(family: &Family) -> String {
    let mut drawing = Drawing { family, drawn: BTreeSet::new(), lines: Vec::new() };
    let got_users = |member: &&Member| family.moves.iter().any(|of| of.to == member.license);
    let (others, begin): (Vec<_>, Vec<_>) = family.members.iter().partition(got_users);
    for member in begin.into_iter().chain(others) {
        drawing.begin_with(&member.license);
    }
    drawing.lines.join("\n")
}

struct Drawing<'a> {
    family: &'a Family,
    drawn: BTreeSet<&'a LicenseNumber>,
    lines: Vec<String>,
}

impl<'a> Drawing<'a> {
    /// Draws from the license on, unless it hangs under another already.
    fn begin_with(&mut self, license: &'a LicenseNumber) {
        if !self.drawn.contains(license) {
            self.lines.push(self.name(license));
            self.moves_of(license, "");
        }
    }

    fn moves_of(&mut self, license: &'a LicenseNumber, indent: &str) {
        self.drawn.insert(license);
        let moves: Vec<&Move> = self.family.moves.iter().filter(|of| of.from == *license).collect();
        for (number, of) in moves.iter().enumerate() {
            let is_last = number + 1 == moves.len();
            let (branch, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let is_drawn = self.drawn.contains(&of.to);
            let goes_on = self.family.moves.iter().any(|next| next.from == of.to);
            let above = if is_drawn && goes_on { ", drawn above" } else { "" };
            self.lines.push(format!("{indent}{branch}{} ▶ {}{above}{}", told(of), self.name(&of.to), given_up(of)));
            if !is_drawn {
                self.moves_of(&of.to, &format!("{indent}{below}"));
            }
        }
    }

    /// The license as it is on the day.
    fn name(&self, license: &LicenseNumber) -> String {
        let mark = if *license == self.family.license { "*" } else { "" };
        let Some(member) = self.family.members.iter().find(|member| member.license == *license) else {
            return license.to_string();
        };
        let swm = member.swm_ends.map(|ends| format!(", SWM until {ends}")).unwrap_or_default();
        format!("{mark}{license}{mark} ({}, users: {}{swm})", member.status, users(member.users))
    }
}

fn told(of: &Move) -> String {
    let kind = match of.kind {
        MoveKind::Split => "split",
        MoveKind::Merge => "merge",
        MoveKind::Transfer => "transfer",
    };
    format!("{} {kind}, {}", of.on, counted(of.users.count().into(), "user", "users"))
}

fn given_up(of: &Move) -> String {
    let one = |given_up: &ledger_app::lineage::GivenUp| {
        let months = counted(given_up.months.into(), "month", "months");
        format!("; {} gave up {months} of SWM ({} → {})", given_up.license, given_up.from, given_up.to)
    };
    of.swm_given_up.iter().map(one).collect()
}
