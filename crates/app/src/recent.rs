//! The licenses written last, in memory: a command on one of them needs no load.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use ledger_domain::license::License;
use ledger_domain::values::LicenseNumber;

use crate::judge::Held;
use crate::store::StateWrite;

/// How many licenses are remembered at least; twice as many at most. One takes about 2 KiB.
const LICENSES: usize = 2_048;

/// A state longer than this, in bytes, is not remembered: that of a license that was split and merged many times.
const STATE_BYTES: usize = 8_192;

/// How many groups are not remembered once another process was quicker: it writes the same licenses, and what is
/// remembered of them would be wrong every other time, which costs more than loading them.
const REST: u32 = 64;

/// The licenses remembered. Each is taken out to be used, and comes back once it is written.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    generations: Mutex<Generations>,
    /// How many groups are still not remembered.
    rest: AtomicU32,
}

/// Those written last, and those before; when the young are many, they become the old, and the old are forgotten.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<LicenseNumber, Remembered>,
    old: HashMap<LicenseNumber, Remembered>,
}

/// A license, and its state as it was written.
#[derive(Debug)]
struct Remembered {
    license: License,
    state: String,
}

impl Recent {
    /// Takes out those of the licenses that are remembered.
    pub(crate) fn take<'l>(&self, licenses: impl Iterator<Item = &'l LicenseNumber>) -> HashMap<LicenseNumber, Held> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        licenses.filter_map(|license| Some((license.clone(), generations.take(license)?.into()))).collect()
    }

    /// What was remembered was not so any more: for a while nothing is.
    pub(crate) fn was_wrong(&self) {
        self.rest.store(REST, Ordering::Relaxed);
    }

    /// Remembers the licenses that were written, unless it rests.
    pub(crate) fn remember(&self, written: Vec<StateWrite>, mut licenses: BTreeMap<LicenseNumber, Held>) {
        let rests = self.rest.try_update(Ordering::Relaxed, Ordering::Relaxed, |rest| rest.checked_sub(1));
        if rests.is_ok() {
            return;
        }
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        for StateWrite { state, facts, .. } in written {
            let license = licenses.remove(&facts.license).and_then(|held| held.license);
            if let Some(license) = license.filter(|_| state.len() <= STATE_BYTES) {
                generations.put(facts.license, Remembered { license, state });
            }
        }
    }
}

impl Generations {
    fn take(&mut self, license: &LicenseNumber) -> Option<Remembered> {
        // Both: an old one must not come to light again.
        let old = self.old.remove(license);
        self.young.remove(license).or(old)
    }

    fn put(&mut self, license: LicenseNumber, remembered: Remembered) {
        if self.young.len() >= LICENSES {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(license, remembered);
    }
}

impl From<Remembered> for Held {
    fn from(Remembered { license, state }: Remembered) -> Self {
        let base_version = license.facts.version;
        Self { license: Some(license), base_version, base_state: Some(state) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild::state_write;

    fn license(number: usize) -> License {
        let golden = include_str!("../../../tests/golden/fold-1.json");
        let mut golden: HashMap<String, License> = serde_json::from_str(golden).unwrap();
        let mut license = golden.remove("G-1").unwrap();
        license.facts.license = format!("LIC-{number}").parse().unwrap();
        license
    }

    fn remember(recent: &Recent, license: License) {
        let write = state_write(&license, license.facts.version - 1).unwrap();
        let number = license.facts.license.clone();
        recent.remember(vec![write], BTreeMap::from([(number, Held::loaded(license, 1))]));
    }

    fn takes(recent: &Recent, number: usize) -> bool {
        !recent.take([format!("LIC-{number}").parse().unwrap()].iter()).is_empty()
    }

    #[test]
    fn what_was_written_is_remembered_with_its_state_until_it_is_taken() {
        let recent = Recent::default();
        remember(&recent, license(1));
        let held = recent.take([license(1).facts.license].iter()).into_values().next().unwrap();
        assert_eq!(held.base_version, license(1).facts.version);
        assert_eq!(held.base_state, Some(state_write(&license(1), 0).unwrap().state));
        assert_eq!(held.license, Some(license(1)));
        assert!(!takes(&recent, 1));
    }

    #[test]
    fn those_written_long_ago_are_forgotten() {
        let recent = Recent::default();
        for number in 0..=2 * LICENSES {
            remember(&recent, license(number));
        }
        assert!(!takes(&recent, 0) && !takes(&recent, LICENSES - 1));
        assert!(takes(&recent, LICENSES) && takes(&recent, 2 * LICENSES));
    }

    #[test]
    fn an_older_state_does_not_come_to_light_again() {
        let recent = Recent::default();
        for number in [0].into_iter().chain(1..=LICENSES).chain([0]) {
            remember(&recent, license(number));
        }
        assert!(takes(&recent, 0));
        assert!(!takes(&recent, 0));
    }

    #[test]
    fn once_it_was_wrong_it_rests_for_a_while() {
        let recent = Recent::default();
        recent.was_wrong();
        for _ in 0..REST {
            remember(&recent, license(1));
            assert!(!takes(&recent, 1));
        }
        remember(&recent, license(1));
        assert!(takes(&recent, 1));
    }

    #[test]
    fn a_very_large_state_is_not_worth_its_place() {
        let recent = Recent::default();
        let mut large = license(1);
        large.facts.holder.name = "x".repeat(STATE_BYTES);
        remember(&recent, large);
        assert!(!takes(&recent, 1));
    }
}
