//! Where a license's users come from: what may never be brought together again (VND-9).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::LicenseNumber;

/// The lineage of a license's users. It follows them through splits, merges and transfers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// The splits that its users went through, each named by the license that was split, with the side or sides of it
    /// that they came out on: the license that was split itself, or one of its parts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub splits: BTreeMap<LicenseNumber, BTreeSet<LicenseNumber>>,
    /// The licenses that users have come from, directly or through others: none ever goes back there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub came_from: BTreeSet<LicenseNumber>,
}

impl Lineage {
    /// The lineage that users bring along from a license of this lineage.
    #[must_use]
    pub fn carried_from(&self, license: &LicenseNumber) -> Self {
        let mut carried = self.clone();
        carried.came_from.insert(license.clone());
        carried
    }

    /// Notes that the license was split, and that these users came out on the given side of it.
    pub fn split(&mut self, license: &LicenseNumber, side: &LicenseNumber) {
        self.splits.insert(license.clone(), BTreeSet::from([side.clone()]));
    }

    /// Adds what users bring along.
    pub fn add(&mut self, carried: &Self) {
        for (license, sides) in &carried.splits {
            self.splits.entry(license.clone()).or_default().extend(sides.iter().cloned());
        }
        self.came_from.extend(carried.came_from.iter().cloned());
    }

    /// A split of which the two hold different sides: together they would undo it.
    #[must_use]
    pub fn opposite_sides<'a>(&'a self, other: &'a Self) -> Option<&'a LicenseNumber> {
        let opposite = |(license, sides): &(&LicenseNumber, &BTreeSet<LicenseNumber>)| {
            other.splits.get(*license).is_some_and(|others| others != *sides)
        };
        self.splits.iter().find(opposite).map(|(license, _)| license)
    }

    /// Whether users have come from the license.
    #[must_use]
    pub fn has_users_of(&self, license: &LicenseNumber) -> bool {
        self.came_from.contains(license)
    }

    /// Whether the users never moved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.splits.is_empty() && self.came_from.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> LicenseNumber {
        text.parse().unwrap()
    }

    fn side(of: &str, side: &str) -> Lineage {
        let mut lineage = Lineage::default();
        lineage.split(&number(of), &number(side));
        lineage
    }

    #[test]
    fn different_sides_of_a_split_are_opposite_and_one_side_is_not() {
        assert_eq!(side("SRC", "SRC").opposite_sides(&side("SRC", "P-1")), Some(&number("SRC")));
        assert_eq!(side("SRC", "P-1").opposite_sides(&side("SRC", "P-2")), Some(&number("SRC")));
        assert_eq!(side("SRC", "P-1").opposite_sides(&side("SRC", "P-1")), None);
        assert_eq!(side("SRC", "P-1").opposite_sides(&side("OTHER", "P-1")), None);
        assert_eq!(side("SRC", "P-1").opposite_sides(&Lineage::default()), None);
    }
}
