//! Numbers of the terms, each within the bounds that keep later arithmetic safe.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::amount::{self, Written};
use crate::values::{Money, PartnerLevel};

/// A count of users, devices or extensions: 1 to 1,000,000, the largest that a command can name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Count(pub(super) u32);

impl TryFrom<i64> for Count {
    type Error = String;

    fn try_from(count: i64) -> Result<Self, Self::Error> {
        within(count, 1, 1_000_000).map(Self)
    }
}

/// A count of days: 0 to 36,500, a hundred years, so that no date leaves the calendar.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Days(pub(super) u32);

impl TryFrom<i64> for Days {
    type Error = String;

    fn try_from(days: i64) -> Result<Self, Self::Error> {
        within(days, 0, 36_500).map(Self)
    }
}

fn within(number: i64, least: u32, most: u32) -> Result<u32, String> {
    let allowed = u32::try_from(number).ok().filter(|number| (least..=most).contains(number));
    allowed.ok_or_else(|| format!("{number} is not between {least} and {most}"))
}

/// A fee: an amount of whole cents.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct Fee(pub(super) Money);

impl TryFrom<Written> for Fee {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let amount = amount::amount(&written.text())?;
        let fee = Money::rounded(amount);
        if fee.amount() == amount {
            Ok(Self(fee))
        } else {
            Err(format!("{amount} has more than 2 places behind the point"))
        }
    }
}

/// A percentage: 0 to 100.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Written")]
struct Percent(Decimal);

impl TryFrom<Written> for Percent {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        amount::percent(&written.text()).map(Self)
    }
}

/// The discounts of all partner levels.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Discounts {
    authorized: Percent,
    certified: Percent,
    preferred: Percent,
}

impl Discounts {
    /// The percentages by level.
    pub(super) fn by_level(self) -> BTreeMap<PartnerLevel, Decimal> {
        BTreeMap::from([
            (PartnerLevel::Authorized, self.authorized.0),
            (PartnerLevel::Certified, self.certified.0),
            (PartnerLevel::Preferred, self.preferred.0),
        ])
    }
}
