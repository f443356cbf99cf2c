//! What can be wrong with the programme's files.

use std::fmt;

use rust_decimal::Decimal;

use super::PriceRow;

/// Why a file cannot be used: where, what, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}; {remedy}")]
pub struct Problem {
    /// The place in the file: `catalog, plugins, entry 2` or `price list, line 12`.
    pub place: String,
    /// What is wrong there.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    pub(super) fn new(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), remedy: remedy.into() }
    }
}

/// A price row that can be used but looks mistaken: its maintenance is not about a third of its license (SWM-4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line of the price list, counted from 1.
    pub line: u64,
    /// The row.
    pub row: PriceRow,
    /// Its maintenance in percent of its license; `None` where the license costs nothing.
    pub percent: Option<Decimal>,
}

impl Finding {
    /// The rule that finds it.
    pub const RULE: &'static str = "SWM-4";
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PriceRow { product, item, license_type, license, maintenance, .. } = &self.row;
        write!(f, "price list, line {}: {product} {item} {license_type}: maintenance {maintenance} ", self.line)?;
        match self.percent {
            Some(percent) => write!(f, "is {} % of the license price {license}, ", percent.round_dp(2).normalize())?,
            None => write!(f, "for a license that costs nothing, ")?,
        }
        write!(f, "expected are 30–36 % ({}); check the row", Self::RULE)
    }
}
