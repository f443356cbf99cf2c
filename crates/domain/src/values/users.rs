//! Counts of licensed users.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The users of a license: a multiple of the pack size, at least one pack (PUR-1, PUR-2).
///
/// It has two constructors: [`Users::in_packs`] judges, [`Users::recorded`] takes what history says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Users(u32);

impl Users {
    /// `count` users where that is a whole number of packs, at least one.
    #[must_use]
    pub const fn in_packs(count: u32, pack_size: u32) -> Option<Self> {
        if count > 0 && pack_size > 0 && count.is_multiple_of(pack_size) { Some(Self(count)) } else { None }
    }

    /// What an accepted event says; never judges.
    #[must_use]
    pub const fn recorded(count: u32) -> Self {
        Self(count)
    }

    /// How many users.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0
    }

    /// How many packs of `pack_size`, a started one counted whole.
    #[must_use]
    pub const fn packs(self, pack_size: u32) -> u32 {
        if pack_size == 0 { self.0 } else { self.0.div_ceil(pack_size) }
    }
}

impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The smallest number of whole packs that holds `count` users, at least one pack, as users: CNT-5.
#[must_use]
pub const fn rounded_up_to_packs(count: u32, pack_size: u32) -> u32 {
    let packs = count.div_ceil(pack_size);
    let packs = if packs == 0 { 1 } else { packs };
    packs.saturating_mul(pack_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_packs_are_users() {
        assert_eq!(Users::in_packs(0, 5), None);
        assert_eq!(Users::in_packs(7, 5), None);
        assert_eq!(Users::in_packs(10, 5), Some(Users(10)));
    }

    #[test]
    fn a_started_pack_is_bought_whole() {
        assert_eq!(rounded_up_to_packs(0, 5), 5);
        assert_eq!(rounded_up_to_packs(5, 5), 5);
        assert_eq!(rounded_up_to_packs(6, 5), 10);
    }
}
