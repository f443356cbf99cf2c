//! The decision: may this command be done, and what happens then? All judgement is here and in [`crate::rules`];
//! it is pure, and the same code answers for posting, quoting and listing what is possible.
//!
//! Reading order: [`decide`] below, `stand_alone` (the refusals that stand alone), then a file for each decision.

mod installation;
mod opening;
mod order;
mod purchase;
mod redistribution;
mod stand_alone;
mod trial;
mod vendor_desk;
pub(crate) mod ways;

use crate::catalog::{Programme, Terms};
use crate::command::{Command, Request};
use crate::event::Event;
use crate::license::{Facts, License};
use crate::price::Price;
use crate::pricing::Priced;
use crate::rules::{act, prc};
use crate::values::{Date, LicenseNumber, Users};
use crate::violation::{Findings, Violation, Warning};

pub(crate) use order::Draft;

/// What a command is judged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be done; `today` in the ledger's business time zone bounds its date (ACT-4).
    Post {
        /// Today.
        today: Date,
    },
    /// To be priced: it may look ahead, and must have a price (PRC-11).
    Quote,
}

/// All that a command is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The command.
    pub request: &'a Request,
    /// Its business date.
    pub on: Date,
    /// What it is judged for.
    pub purpose: Purpose,
    /// The license as its events made it, if there is one.
    pub license: Option<&'a License>,
    /// The other licenses that take part ([`Command::others`]), each with what its events made of it.
    pub others: &'a [Other<'a>],
    /// Whether the order number it would place is used up in that license (UPG-5).
    pub order_is_taken: bool,
    /// The catalog and the prices.
    pub programme: &'a Programme,
}

/// Another license that takes part in a redistribution.
#[derive(Debug, Clone, Copy)]
pub struct Other<'a> {
    /// Its number.
    pub number: &'a LicenseNumber,
    /// The license as its events made it, if there is one.
    pub license: Option<&'a License>,
}

/// What happens when the command is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its events, each with its license, in order.
    pub events: Vec<(LicenseNumber, Event)>,
    /// What it costs; none where nothing is sold or no price is known.
    pub price: Option<Price>,
    /// What is worth telling.
    pub warnings: Vec<Warning>,
}

/// The policy says no.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Every rule broken, in the policy's order; never empty.
    pub violations: Vec<Violation>,
    /// When nothing but VND-10 is broken: what the confirmed command would do.
    pub would: Option<Box<Decision>>,
}

/// Judges the command.
///
/// # Errors
/// [`Refusal`]: every rule that says no, each with the ways forward that really lead on.
pub fn decide(case: &Case<'_>) -> Result<Decision, Refusal> {
    judge_by_all_rules(case).map_err(|mut refusal| {
        for violation in &mut refusal.violations {
            let ways = std::mem::take(&mut violation.way_forward);
            for way in ways.into_iter().filter_map(|way| ways::leading_on(case, way)) {
                violation.way(way);
            }
        }
        refusal
    })
}

/// Judges the command; the ways forward put only one rule right each.
fn judge_by_all_rules(case: &Case<'_>) -> Result<Decision, Refusal> {
    let mut findings = Findings::default();
    stand_alone::judge(case, &mut findings);
    if !findings.is_empty() {
        return Err(Refusal { violations: findings.in_policy_order(), would: None });
    }
    act::act_4(&mut findings, case);
    let decision = judge(case, &mut findings);
    match decision {
        Some(decision) if findings.is_empty() => Ok(decision),
        decision => {
            let violations = findings.in_policy_order();
            let only_unconfirmed = violations.iter().all(|violation| violation.rule.id == "VND-10");
            Err(Refusal { would: decision.filter(|_| only_unconfirmed).map(Box::new), violations })
        }
    }
}

fn judge(case: &Case<'_>, findings: &mut Findings) -> Option<Decision> {
    match &case.request.command {
        Command::IssueLicense(command) => return purchase::issue(case, command, findings),
        Command::RegisterTrial(command) => return trial::register(case, command, findings),
        Command::OpenLicense(command) => return opening::open(case, command, findings),
        _ => {}
    }
    // LIC-1 has been judged: every other command has a license here.
    let facts = &case.license?.facts;
    match &case.request.command {
        Command::IssueLicense(_) | Command::RegisterTrial(_) | Command::OpenLicense(_) => None,
        Command::ActivateLicense(_) => purchase::activate(case, facts, findings),
        Command::AddUsers(_)
        | Command::AddPlugin(_)
        | Command::RenewSwm(_)
        | Command::SwitchToFstek(_)
        | Command::OrderUpgrade(_) => order::place(case, facts, &case.request.command.as_upgrade()?, findings),
        Command::ActivateUpgrade(command) => order::activate(case, facts, command, findings),
        Command::ActivateLegacyOrder(command) => order::activate_legacy(case, facts, command, findings),
        Command::CancelOrder(command) => order::cancel(case, facts, command, findings),
        Command::RenameHolder(command) => vendor_desk::rename(case, facts, command, findings),
        Command::ChangeLicenseType(command) => vendor_desk::change_type(case, case.license?, command, findings),
        Command::ReduceUsers(command) => vendor_desk::reduce_users(case, facts, command, findings),
        Command::RemovePlugins(command) => vendor_desk::remove_plugins(case, facts, command, findings),
        Command::SplitLicense(command) => redistribution::split(case, case.license?, command, findings),
        Command::MergeLicenses(command) => redistribution::merge(case, case.license?, command, findings),
        Command::TransferUsers(command) => redistribution::transfer(case, case.license?, command, findings),
        Command::ReportServerOnline(command) => installation::server_online(case, facts, command),
        Command::ReportServerOffline(command) => installation::server_offline(case, facts, command),
        Command::RecordInstalledVersion(command) => installation::version(case, facts, command, findings),
        Command::UnblockLicense(command) => installation::unblock(case, command),
    }
}

impl<'a> Case<'a> {
    /// The terms in force on the command's date (CAT-4).
    pub(crate) fn terms(&self) -> &'a Terms {
        self.programme.catalog.terms(self.on)
    }

    /// A decision of these events on the command's license, with nothing sold and nothing to tell.
    fn done(&self, events: impl IntoIterator<Item = Event>) -> Decision {
        let license = &self.request.license;
        let events = events.into_iter().map(|event| (license.clone(), event)).collect();
        Decision { events, price: None, warnings: Vec::new() }
    }

    /// The price, or what PRC-11 says about there being none.
    fn priced(&self, priced: Priced, findings: &mut Findings, warnings: &mut Vec<Warning>) -> Option<Price> {
        match priced {
            Priced::At(price) => Some(price),
            Priced::Missing(items) => {
                prc::prc_11(self, &items, findings, warnings);
                None
            }
        }
    }
}

/// The users of a license that is bought; 0 for a trial, which has no number of them.
pub(crate) fn users_of(facts: &Facts) -> u32 {
    facts.users.map_or(0, Users::count)
}
