//! Reading what is held.

use ledger_domain::license::{Facts, Status};
use ledger_domain::values::{Date, LicenseNumber};

use super::{Held, Version};
use crate::store::{AsOf, Expiring, Filter, Loaded, StatusFilter, StoredEvent, Wanted};

impl Held {
    pub(super) fn load(&self, wanted: &[Wanted]) -> Loaded {
        let mut loaded = Loaded::default();
        for Wanted { command_id, license, order } in wanted {
            let state = self.current.get(license).map(|current| (license.clone(), current.row.clone()));
            loaded.states.extend(state);
            loaded.answers.extend(self.answers.get(command_id).map(|answer| (*command_id, answer.clone())));
            let order = order.as_ref().map(|order| (license.clone(), order.clone()));
            loaded.orders_taken.extend(order.filter(|order| self.orders.contains(order)));
        }
        loaded
    }

    pub(super) fn facts(&self, license: &LicenseNumber, as_of: AsOf) -> Option<&Facts> {
        if as_of == AsOf::default() {
            return self.current.get(license).map(|current| &current.facts);
        }
        let versions = self.versions.get(license)?.values();
        versions.rev().find(|version| version.was_known(as_of)).map(|version| &version.facts)
    }

    /// Every license as it was, by number.
    fn all(&self, as_of: AsOf) -> impl Iterator<Item = &Facts> {
        self.current.keys().filter_map(move |license| self.facts(license, as_of))
    }

    /// Whether its partner is now the one that the question is kept to.
    fn is_kept_to(&self, license: &LicenseNumber, partner: Option<&str>) -> bool {
        partner
            .is_none_or(|partner| self.current.get(license).is_some_and(|current| is_through(&current.facts, partner)))
    }

    pub(super) fn list(&self, filter: &Filter, as_of: AsOf, after: Option<&LicenseNumber>, limit: u32) -> Vec<Facts> {
        self.all(as_of)
            .filter(|facts| after.is_none_or(|after| facts.license > *after) && fits(facts, filter))
            .filter(|facts| self.is_kept_to(&facts.license, filter.kept_to.as_deref()))
            .take(count(limit))
            .cloned()
            .collect()
    }

    pub(super) fn expiring(&self, asked: &Expiring, limit: u32) -> Vec<Facts> {
        let as_of = AsOf { on: None, known_at: asked.known_at };
        let seen = self.all(as_of).filter(|facts| self.is_kept_to(&facts.license, asked.kept_to.as_deref()));
        let mut found: Vec<_> = seen.filter_map(|facts| Some((expiry(facts, asked)?, facts))).collect();
        found.sort_by_key(|(key, _)| *key);
        found.into_iter().take(count(limit)).map(|(_, facts)| facts.clone()).collect()
    }

    pub(super) fn history(&self, license: &LicenseNumber, after: u64, limit: u32) -> Vec<StoredEvent> {
        let events = self.events.get(license).into_iter().flat_map(|events| events.values());
        events.filter(|event| event.sequence > after).take(count(limit)).cloned().collect()
    }
}

impl Version {
    fn was_known(&self, as_of: AsOf) -> bool {
        as_of.on.is_none_or(|day| self.facts.on <= day) && as_of.known_at.is_none_or(|at| self.recorded_at <= at)
    }
}

fn fits(facts: &Facts, filter: &Filter) -> bool {
    filter.product.is_none_or(|product| facts.product == product)
        && filter.partner.as_deref().is_none_or(|name| is_through(facts, name))
        && filter.holder.as_deref().is_none_or(|holder| is_held_by(facts, holder))
        && filter.status.is_none_or(|status| has_status(facts, status))
        && filter.license_type.is_none_or(|license_type| facts.license_type == license_type)
        && filter.plugin.is_none_or(|plugin| facts.plugins.contains(plugin))
        && filter.swm_ends_from.is_none_or(|day| facts.swm.is_some_and(|swm| swm.ends >= day))
        && filter.swm_ends_before.is_none_or(|day| facts.swm.is_some_and(|swm| swm.ends < day))
}

fn is_through(facts: &Facts, partner: &str) -> bool {
    facts.partner.as_ref().is_some_and(|found| found.name == partner)
}

fn is_held_by(facts: &Facts, holder: &str) -> bool {
    facts.holder.name == holder || facts.holder.inn.as_deref() == Some(holder)
}

fn has_status(facts: &Facts, status: StatusFilter) -> bool {
    let trial_ends_after = |day| facts.status == Status::Trial && facts.trial_ends.is_some_and(|ends| ends > day);
    let trial_over_on = |day| facts.status == Status::Trial && facts.trial_ends.is_some_and(|ends| ends <= day);
    match status {
        StatusFilter::Ordered => facts.status == Status::Ordered,
        StatusFilter::TrialOn(day) => trial_ends_after(day),
        StatusFilter::TrialOverOn(day) => trial_over_on(day),
        StatusFilter::Active => facts.status == Status::Active,
        StatusFilter::Blocked => facts.status == Status::Blocked,
        StatusFilter::Closed => facts.status == Status::Closed,
    }
}

/// Where the license stands in the list of ends asked for, if it does.
fn expiry<'a>(facts: &'a Facts, asked: &Expiring) -> Option<(Date, &'a LicenseNumber)> {
    let ends = facts.swm?.ends;
    let key = (ends, &facts.license);
    let in_force = matches!(facts.status, Status::Active | Status::Blocked);
    let in_period = asked.from <= ends && ends < asked.to;
    let of_partner = asked.partner.as_deref().is_none_or(|name| is_through(facts, name));
    let comes_after = asked.after.as_ref().is_none_or(|(day, license)| key > (*day, license));
    (in_force && in_period && of_partner && comes_after).then_some(key)
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
