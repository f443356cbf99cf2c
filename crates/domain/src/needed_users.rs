//! How many users a customer needs (CNT-1…CNT-5): a calculator, no state change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog::Terms;
use crate::values::rounded_up_to_packs;

/// What a customer has, to be counted as the product counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installation {
    /// Kerio Connect: mailboxes over all domains (CNT-1).
    Connect {
        /// Mailboxes; aliases, lists, groups, domains and resources do not count.
        mailboxes: u32,
    },
    /// Kerio Control: accounts with access (CNT-2).
    Control {
        /// Accounts; the admin account and the guest network do not count.
        accounts: u32,
        /// The devices at a time of each account that has more than one user covers; others may be left out.
        devices_over: Vec<u32>,
    },
    /// Kerio Operator: accounts and extensions (CNT-3).
    Operator {
        /// Accounts.
        accounts: u32,
        /// Extensions.
        extensions: u32,
    },
}

/// The answer: what is needed, what must be bought, what a license has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NeededUsers {
    /// Users needed.
    pub needed: u32,
    /// The need rounded up to whole packs, at least one (CNT-5); against a license, what is missing of it.
    pub to_buy: u32,
    /// The users of the license compared with; null without one, and for a trial (unlimited).
    pub licensed: Option<u32>,
    /// Users needed beyond those licensed; null where nothing is compared.
    pub short: Option<u32>,
}

/// How many users the installation needs (CNT-1…CNT-3).
#[must_use]
pub fn needed(installation: &Installation, terms: &Terms) -> u32 {
    match installation {
        Installation::Connect { mailboxes } => *mailboxes,
        Installation::Control { accounts, devices_over } => {
            let further =
                |devices: &u32| devices.saturating_sub(terms.devices_per_user).div_ceil(terms.devices_per_user);
            devices_over.iter().map(further).fold(*accounts, u32::saturating_add)
        }
        Installation::Operator { accounts, extensions } => {
            (*accounts).max(extensions.div_ceil(terms.extensions_per_user))
        }
    }
}

/// What a new customer must buy (CNT-5).
#[must_use]
pub fn for_a_new_license(installation: &Installation, terms: &Terms) -> NeededUsers {
    let needed = needed(installation, terms);
    let to_buy = rounded_up_to_packs(needed, terms.pack_size);
    NeededUsers { needed, to_buy, licensed: None, short: None }
}

/// The need compared with the users that a license has; `licensed` is `None` for a trial, which is unlimited.
#[must_use]
pub fn compared(installation: &Installation, terms: &Terms, licensed: Option<u32>) -> NeededUsers {
    let needed = needed(installation, terms);
    let short = licensed.map(|licensed| needed.saturating_sub(licensed));
    let to_buy = match short.unwrap_or(0) {
        0 => 0,
        short => rounded_up_to_packs(short, terms.pack_size),
    };
    NeededUsers { needed, to_buy, licensed, short }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Programme;
    use crate::values::Date;

    fn needs(installation: &Installation) -> (u32, u32) {
        let programme = Programme::built_in().unwrap();
        let answer = for_a_new_license(installation, programme.catalog.terms(Date::MAX));
        (answer.needed, answer.to_buy)
    }

    #[test]
    fn mailboxes_are_rounded_up_to_packs() {
        assert_eq!(needs(&Installation::Connect { mailboxes: 23 }), (23, 25));
        assert_eq!(needs(&Installation::Connect { mailboxes: 0 }), (0, 5));
    }

    #[test]
    fn every_further_five_devices_need_a_user() {
        let control =
            |devices_over: &[u32]| Installation::Control { accounts: 30, devices_over: devices_over.to_vec() };
        assert_eq!(needs(&control(&[])), (30, 30));
        assert_eq!(needs(&control(&[5])), (30, 30));
        assert_eq!(needs(&control(&[6, 10])), (32, 35));
        assert_eq!(needs(&control(&[7, 12])), (33, 35));
        assert_eq!(needs(&control(&[u32::MAX; 6])), (u32::MAX, u32::MAX), "huge figures saturate, and do not panic");
    }

    #[test]
    fn extensions_are_three_a_user() {
        assert_eq!(needs(&Installation::Operator { accounts: 4, extensions: 20 }), (7, 10));
        assert_eq!(needs(&Installation::Operator { accounts: 9, extensions: 20 }), (9, 10));
    }
}
