//! Where a license's users come from: what may never be brought together again (VND-9).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::LicenseNumber;

/// The lineage of a license's users. It follows them through splits, merges and transfers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// The splits that its users went through, each named by the license that was split. Licenses that share one never
    /// merge with each other or hand users to each other.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub splits: BTreeSet<LicenseNumber>,
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

    /// Adds what users bring along.
    pub fn add(&mut self, carried: &Self) {
        self.splits.extend(carried.splits.iter().cloned());
        self.came_from.extend(carried.came_from.iter().cloned());
    }

    /// Whether the users never moved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.splits.is_empty() && self.came_from.is_empty()
    }

    /// A split that both went through.
    #[must_use]
    pub fn shared_split<'a>(&'a self, other: &'a Self) -> Option<&'a LicenseNumber> {
        self.splits.intersection(&other.splits).next()
    }

    /// Whether users have come from the license.
    #[must_use]
    pub fn has_users_of(&self, license: &LicenseNumber) -> bool {
        self.came_from.contains(license)
    }
}
