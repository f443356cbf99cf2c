//! The terms of the programme: pack size, allowances, grace days, fees, discounts, by the day from which they hold.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::file::{Entry, File};
use super::statement::Statement;
use crate::values::{Currency, Date, Money, PartnerLevel};

/// The terms in force on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Users are sold in packs of so many (PUR-2, USR-4). At least 1.
    pub pack_size: u32,
    /// The users that the smallest delivery, a server license, includes (PUR-1). Whole packs, at least one.
    pub minimum_users: u32,
    /// The devices that a user of Control covers at a time (CNT-2). At least 1.
    pub devices_per_user: u32,
    /// The extensions that a user of Operator may have (CNT-3). At least 1.
    pub extensions_per_user: u32,
    /// How many days a trial runs (TRL-1).
    pub trial_days: u32,
    /// How many days the antivirus works after the end of SWM (EXP-3).
    pub antivirus_days: u32,
    /// For how many days after the registration support is free outside Russia and the CIS (SUP-4).
    pub installation_support_days: u32,
    /// The price of a support incident, before taxes, by currency (SUP-5).
    pub incident_fees: BTreeMap<Currency, Money>,
    /// What partners of a level get off the list price, in percent, 0 to 100 (PRC-10).
    pub partner_discounts: BTreeMap<PartnerLevel, Decimal>,
}

impl Terms {
    /// The discount of a partner of the level, in percent of the list price: 0 to 100.
    #[must_use]
    pub fn discount_percent(&self, level: PartnerLevel) -> Decimal {
        self.partner_discounts.get(&level).copied().unwrap_or_default()
    }
}

/// The terms of all times.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// The earliest: they hold before their first day too, so that there are terms for every date.
    first: Terms,
    /// What came after them, in the order of the days.
    later: Vec<(Date, Terms)>,
}

impl History {
    /// The newest terms that hold on the date.
    pub(super) fn on(&self, date: Date) -> &Terms {
        self.later.iter().rev().find(|(from, _)| *from <= date).map_or(&self.first, |(_, terms)| terms)
    }
}

/// Section `terms`. An entry states only what is new from its first day on; the rest goes on as it was.
/// What an entry states first also holds before its day.
pub(super) fn terms(file: &mut File) -> Option<History> {
    let problems_before = file.problems.len();
    let mut entries = file.entries::<Statement>("terms");
    let all_were_read = file.problems.len() == problems_before;
    entries.sort_by_key(|entry| entry.period.from);
    let days: Vec<_> = entries.chunk_by(|a, b| a.period.from == b.period.from).collect();
    days.iter().for_each(|entries| check_day(file, entries));

    let mut now = entries.iter().fold(Statement::default(), |earlier, entry| earlier.or(&entry.fact));
    let missing = now.missing();
    // Where an entry could not be read, what it states would seem to be missing too.
    if all_were_read && !missing.is_empty() {
        file.report("catalog, terms", format!("nothing states {}", missing.join(", ")), "add an entry that does");
    }
    let first = now.complete()?;
    let mut later = Vec::new();
    for entries in days {
        now = entries.iter().fold(now, |earlier, entry| entry.fact.clone().or(&earlier));
        if let (Some(entry), Some(terms)) = (entries.first(), now.complete()) {
            check_minimum(file, entry, &terms);
            later.push((entry.period.from, terms));
        }
    }
    Some(History { first, later })
}

/// The entries of one day must not contradict each other, nor end: a term holds until another replaces it.
fn check_day(file: &mut File, entries: &[Entry<Statement>]) {
    let mut stated = Vec::new();
    for entry in entries {
        if entry.period.until.is_some() {
            file.report(&entry.place, "terms have no last day", "remove `until`; a later entry replaces them");
        }
        for name in entry.fact.stated() {
            if stated.contains(&name) {
                file.report(&entry.place, format!("{name} is stated twice for that day"), "remove one of the two");
            }
            stated.push(name);
        }
    }
}

/// A server license holds whole packs.
fn check_minimum(file: &mut File, entry: &Entry<Statement>, terms: &Terms) {
    let Terms { minimum_users, pack_size, .. } = terms;
    if !minimum_users.is_multiple_of(*pack_size) {
        let what = format!("the minimum of {minimum_users} users is no whole number of packs of {pack_size}");
        file.report(&entry.place, what, "change one of the two");
    }
}
