//! Rebuilding the read models from the events.

use std::collections::{BTreeMap, BTreeSet};

use ledger_domain::values::LicenseNumber;

use super::append::newer_fold;
use super::{Current, Held, Version};
use crate::store::{RebuiltPage, Refold, Refolded, StoreError, StoredEvent};

impl Held {
    pub(super) fn rebuild_page(
        &mut self,
        after: Option<&str>,
        limit: u32,
        refold: Refold,
    ) -> Result<RebuiltPage, StoreError> {
        let page = self.page_of_licenses(after, limit);
        let mut rebuilt = RebuiltPage::default();
        let mut folded = Vec::new();
        for license in &page {
            let events = self.history(license, 0, u32::MAX);
            rebuilt.events += u64::try_from(events.len()).unwrap_or(u64::MAX);
            rebuilt.licenses += 1;
            folded.push((license, self.fold(license, &events, refold)?));
        }
        for (license, (current, versions)) in folded {
            rebuilt.mended.extend(self.mend_current(license, current));
            rebuilt.mended.extend(self.mend_versions(license, versions));
        }
        let is_full = u32::try_from(page.len()).is_ok_and(|count| count == limit);
        rebuilt.last = page.last().filter(|_| is_full).map(ToString::to_string);
        Ok(rebuilt)
    }

    /// Every license with events or with a row, so that strays are found too.
    fn page_of_licenses(&self, after: Option<&str>, limit: u32) -> Vec<LicenseNumber> {
        let all: BTreeSet<_> = self.events.keys().chain(self.current.keys()).chain(self.versions.keys()).collect();
        let rest = all.into_iter().filter(|license| after.is_none_or(|after| license.as_str() > after));
        rest.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect()
    }

    /// What the license's rows must be: none when it has no events.
    fn fold(
        &self,
        license: &LicenseNumber,
        events: &[StoredEvent],
        refold: Refold,
    ) -> Result<(Option<Current>, BTreeMap<u64, Version>), StoreError> {
        if events.is_empty() {
            return Ok((None, BTreeMap::new()));
        }
        let refolded = Refolded::of(license, events, refold)?;
        let stored = self.current.get(license).map_or(0, |current| current.row.fold);
        if stored > refolded.state.fold {
            return Err(newer_fold(license, stored));
        }
        let versions = refolded.versions.into_iter().zip(events).map(|(facts, event)| {
            let recorded_at = event.recorded_at;
            (event.sequence, Version { recorded_at, facts })
        });
        Ok((Some(Current::from(&refolded.state)), versions.collect()))
    }

    fn mend_current(&mut self, license: &LicenseNumber, wanted: Option<Current>) -> Option<String> {
        let what = mended(self.current.get(license), wanted.as_ref())?;
        match wanted {
            Some(current) => self.current.insert(license.clone(), current),
            None => self.current.remove(license),
        };
        Some(format!("{license}: current_entitlement: {what}"))
    }

    fn mend_versions(&mut self, license: &LicenseNumber, wanted: BTreeMap<u64, Version>) -> Vec<String> {
        let stored = self.versions.remove(license).unwrap_or_default();
        let numbers: BTreeSet<_> = stored.keys().chain(wanted.keys()).collect();
        let lines = numbers.into_iter().filter_map(|number| {
            let what = mended(stored.get(number), wanted.get(number))?;
            Some(format!("{license}: entitlement_versions: version {number} {what}"))
        });
        let lines = lines.collect();
        if !wanted.is_empty() {
            self.versions.insert(license.clone(), wanted);
        }
        lines
    }
}

/// What has to be done so that a row is as wanted; nothing when it is.
fn mended<Row: PartialEq>(stored: Option<&Row>, wanted: Option<&Row>) -> Option<&'static str> {
    match (stored, wanted) {
        (None, Some(_)) => Some("was missing"),
        (Some(_), None) => Some("has no event and was removed"),
        (Some(stored), Some(wanted)) if stored != wanted => Some("differed"),
        _ => None,
    }
}

#[cfg(feature = "conformance")]
mod damage {
    use ledger_domain::license::Status;
    use ledger_domain::values::{LicenseNumber, Users};

    use super::{Current, Held};
    use crate::conformance::Damage;
    use crate::memory::MemoryStore;

    impl MemoryStore {
        /// Does to the rows what [`Damage::sql`] does to a database's.
        pub fn damage(&self, damage: Damage) {
            let (Ok(license), Ok(stray)) = ("B-1".parse(), "STRAY-1".parse()) else { return };
            self.held().damage(damage, &license, stray);
        }
    }

    impl Held {
        fn damage(&mut self, damage: Damage, license: &LicenseNumber, stray: LicenseNumber) {
            match damage {
                Damage::CurrentChanged => {
                    if let Some(Current { facts, .. }) = self.current.get_mut(license) {
                        facts.users = Some(Users::recorded(5));
                        facts.status = Status::Closed;
                    }
                }
                Damage::CurrentMoved => {
                    let current = self.current.remove(license);
                    self.current.extend(current.map(|current| (stray, current)));
                }
                Damage::VersionChanged | Damage::VersionMoved | Damage::VersionStrayed => {
                    self.damage_versions(damage, license, stray);
                }
            }
        }

        fn damage_versions(&mut self, damage: Damage, license: &LicenseNumber, stray: LicenseNumber) {
            let Some(versions) = self.versions.get_mut(license) else { return };
            if damage == Damage::VersionChanged {
                versions.entry(1).and_modify(|version| version.facts.holder.name = "X".to_owned());
                return;
            }
            let moved = versions.remove(&2);
            if damage == Damage::VersionMoved {
                versions.extend(moved.map(|version| (9, version)));
            } else {
                self.versions.entry(stray).or_default().extend(moved.map(|version| (2, version)));
            }
        }
    }
}
