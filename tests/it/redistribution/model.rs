//! Licenses as packs of five users that remember where they have been: known without the product's lineage.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Five users, and what can never be undone about them.
#[derive(Debug, Clone, Default)]
struct Pack {
    /// The licenses it has left.
    left: BTreeSet<String>,
    /// The splits it went through, and on which side of each it came out.
    sides: BTreeMap<usize, String>,
}

/// A license: its packs, and whether it was closed.
#[derive(Debug, Default)]
struct Held {
    packs: Vec<Pack>,
    is_closed: bool,
}

/// An order that waits.
#[derive(Debug)]
struct Waiting {
    order: String,
    users: usize,
    is_purchase: bool,
}

/// From, to, users: as the family of a license tells it.
pub(super) type Moved = (String, String, u64);

/// All licenses, as the accepted commands made them.
#[derive(Debug, Default)]
pub(super) struct Model {
    licenses: BTreeMap<String, Held>,
    waiting: BTreeMap<String, Waiting>,
    splits: usize,
    pub(super) moves: Vec<Moved>,
}

impl Model {
    pub(super) fn is_taken(&self, license: &str) -> bool {
        self.licenses.contains_key(license)
    }

    pub(super) fn open(&self) -> Vec<&String> {
        self.licenses.iter().filter(|(_, held)| !held.is_closed).map(|(license, _)| license).collect()
    }

    pub(super) fn closed(&self) -> impl Iterator<Item = &String> {
        self.licenses.iter().filter(|(_, held)| held.is_closed).map(|(license, _)| license)
    }

    pub(super) fn users(&self) -> BTreeMap<String, u32> {
        let users = |held: &Held| u32::try_from(held.packs.len()).expect("few") * 5;
        self.licenses.iter().map(|(license, held)| (license.clone(), users(held))).collect()
    }

    pub(super) fn order_waiting(&self, license: &str) -> Option<&str> {
        self.waiting.get(license).map(|waiting| waiting.order.as_str())
    }

    /// The licenses that moves connect with this one.
    pub(super) fn family(&self, license: &str) -> BTreeSet<String> {
        let mut family = BTreeSet::from([license.to_owned()]);
        loop {
            let before = family.len();
            for (from, to, _) in &self.moves {
                if family.contains(from) || family.contains(to) {
                    family.extend([from.clone(), to.clone()]);
                }
            }
            if family.len() == before {
                return family;
            }
        }
    }

    /// Follows an accepted command; panics when it should never have been accepted.
    pub(super) fn accepted(&mut self, license: &str, command: &Value) {
        let packs = usize::try_from(command["users"].as_u64().unwrap_or(0) / 5).expect("few");
        let order = || command["order"].as_str().expect("an order").to_owned();
        let is_automatic = command["registration"] == "automatic";
        let kind = command["type"].as_str().expect("a type");
        if kind == "issue_license" {
            self.begin(license, vec![Pack::default(); packs]);
        } else {
            assert!(!self.licenses[license].is_closed, "{license} was closed, and yet: {command}");
        }
        match kind {
            "issue_license" | "add_users" if !is_automatic => {
                let is_purchase = kind == "issue_license";
                self.waiting.insert(license.to_owned(), Waiting { order: order(), users: packs, is_purchase });
            }
            "add_users" => self.add(license, packs),
            "activate_license" | "activate_upgrade" => {
                let waiting = self.waiting.remove(license).expect("an order waits");
                self.add(license, if waiting.is_purchase { 0 } else { waiting.users });
            }
            "cancel_order" if self.waiting.remove(license).expect("an order waits").is_purchase => {
                *self.held(license) = Held { packs: Vec::new(), is_closed: true };
            }
            "reduce_users" => {
                let to = usize::try_from(command["to"].as_u64().expect("users") / 5).expect("few");
                assert!(to < self.held(license).packs.len(), "{command} reduces nothing");
                self.held(license).packs.truncate(to);
            }
            "split_license" => self.split(license, command),
            "merge_licenses" => self.merge(license, command),
            "transfer_users" => self.transfer(license, command["to"].as_str().expect("a number"), packs),
            _ => {}
        }
    }

    fn held(&mut self, license: &str) -> &mut Held {
        self.licenses.get_mut(license).unwrap_or_else(|| panic!("there is no {license}"))
    }

    fn begin(&mut self, license: &str, packs: Vec<Pack>) {
        let before = self.licenses.insert(license.to_owned(), Held { packs, is_closed: false });
        assert!(before.is_none(), "the number {license} is given again");
    }

    fn add(&mut self, license: &str, packs: usize) {
        self.held(license).packs.extend(vec![Pack::default(); packs]);
    }

    fn split(&mut self, license: &str, command: &Value) {
        self.splits += 1;
        let split = self.splits;
        for part in command["into"].as_array().expect("parts") {
            let packs = usize::try_from(part["users"].as_u64().expect("users") / 5).expect("few");
            let part = part["license"].as_str().expect("a number");
            let mut moved = self.take(license, part, packs);
            come_out(&mut moved, split, part);
            self.begin(part, moved);
        }
        let left = &mut self.held(license).packs;
        assert!(!left.is_empty(), "{license} was split whole");
        come_out(left, split, license);
    }

    fn merge(&mut self, license: &str, command: &Value) {
        for from in command["from"].as_array().expect("numbers") {
            let from = from.as_str().expect("a number");
            assert!(!self.held(from).is_closed, "{from} was closed, and yet: {command}");
            let packs = self.held(from).packs.len();
            let moved = self.take(from, license, packs);
            self.held(from).is_closed = true;
            self.put(license, moved);
        }
    }

    fn transfer(&mut self, from: &str, to: &str, packs: usize) {
        assert!(!self.held(to).is_closed, "{to} was closed, and users came to it");
        let moved = self.take(from, to, packs);
        assert!(!moved.is_empty() && !self.held(from).packs.is_empty(), "{from} gave nothing, or all");
        self.put(to, moved);
    }

    /// Takes the packs out, now of the front and now of the back: which users move, nobody says.
    fn take(&mut self, from: &str, to: &str, packs: usize) -> Vec<Pack> {
        self.moves.push((from.to_owned(), to.to_owned(), u64::try_from(packs).expect("few") * 5));
        let of_the_front = self.moves.len().is_multiple_of(2);
        let held = self.held(from);
        assert!(packs <= held.packs.len(), "{from} has not {packs} packs");
        let at = if of_the_front { 0 } else { held.packs.len() - packs };
        let mut taken: Vec<_> = held.packs.drain(at..at + packs).collect();
        for pack in &mut taken {
            pack.left.insert(from.to_owned());
        }
        taken
    }

    /// Puts the packs in; none of them comes back, and those of one split do not meet.
    fn put(&mut self, to: &str, moved: Vec<Pack>) {
        assert!(moved.iter().all(|pack| !pack.left.contains(to)), "users came back to {to}");
        let held = self.held(to);
        held.packs.extend(moved);
        let mut sides: BTreeMap<usize, &String> = BTreeMap::new();
        for (split, side) in held.packs.iter().flat_map(|pack| &pack.sides) {
            let other = sides.insert(*split, side).unwrap_or(side);
            assert_eq!(other, side, "the two sides of split {split} met in {to}");
        }
    }
}

/// The packs come out of a split on this side.
fn come_out(packs: &mut [Pack], split: usize, side: &str) {
    for pack in packs {
        pack.sides.insert(split, side.to_owned());
    }
}

mod tests {
    use super::super::{buy, merge, split, transfer};
    use super::*;

    /// Three licenses of ten packs, and these commands accepted.
    fn after(commands: &[(&str, Value)]) -> Model {
        let mut model = Model::default();
        ["A", "B", "C"].iter().for_each(|license| model.accepted(license, &buy(50)));
        commands.iter().for_each(|(license, command)| model.accepted(license, command));
        model
    }

    #[test]
    fn what_is_not_undone_is_followed() {
        let circle = [("A", transfer("B", 5)), ("C", transfer("A", 5)), ("B", transfer("C", 50))];
        assert_eq!(
            after(&circle).users(),
            [("A", 50), ("B", 5), ("C", 95)].map(|(of, users)| (of.to_owned(), users)).into()
        );
    }

    #[test]
    #[should_panic(expected = "users came back to A")]
    fn users_that_come_back_are_seen() {
        after(&[("A", transfer("B", 45)), ("C", merge(&["B".to_owned()])), ("A", merge(&["C".to_owned()]))]);
    }

    #[test]
    #[should_panic(expected = "met in C")]
    fn two_sides_of_a_split_that_meet_are_seen() {
        let parts = [("D".to_owned(), 20)];
        after(&[("A", split(&parts)), ("C", merge(&["D".to_owned()])), ("C", merge(&["A".to_owned()]))]);
    }

    #[test]
    #[should_panic(expected = "was closed")]
    fn a_closed_license_that_changes_is_seen() {
        after(&[("A", merge(&["B".to_owned()])), ("C", transfer("B", 5))]);
    }

    #[test]
    #[should_panic(expected = "given again")]
    fn a_number_given_again_is_seen() {
        after(&[("A", merge(&["B".to_owned()])), ("C", split(&[("B".to_owned(), 5)]))]);
    }
}
