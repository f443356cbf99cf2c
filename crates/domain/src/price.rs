//! What an order costs: the result of pricing, as outcomes show it and events record it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{Currency, Date, Money};

/// The price of an order: its lines, each rounded by itself, and their sum (PRC-8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The price list's one currency.
    pub currency: Currency,
    /// The first day of the price list in force on the order's date.
    pub price_list: Date,
    /// One entry for each line of the order, in the order they are judged (UPG-4).
    pub lines: Vec<PriceLine>,
    /// The sum of the lines' totals, with VAT.
    pub total: Money,
}

/// The price of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceLine {
    /// The command that orders such a line: `add_users`, for a purchase `issue_license`.
    pub line: String,
    /// By the price list, with VAT (PRC-7).
    pub list: Money,
    /// The partner's discount (PRC-10).
    pub discount: Money,
    /// The total without VAT.
    pub net: Money,
    /// The VAT in the total.
    pub vat: Money,
    /// What is paid: list − discount, with VAT.
    pub total: Money,
}
