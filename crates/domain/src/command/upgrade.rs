//! Orders of upgrades: several lines, or a single one (UPG-1, UPG-4).

use schemars::JsonSchema;
use serde::Serialize;

use super::Command;
use crate::order::Registration;
use crate::values::{Partner, Plugin, PluginSet};

/// What every order of an upgrade says, whatever it buys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OrderTerms {
    /// The order number, unique within the license (UPG-5).
    pub order: String,
    /// The partner it comes through; becomes the license's (UPG-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
    /// How it is activated (ACT-1).
    #[serde(default)]
    pub registration: Registration,
}

/// An order of a single line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "{Line}Order")]
pub struct Order<Line> {
    /// Number, partner, registration.
    #[serde(flatten)]
    pub terms: OrderTerms,
    /// What is bought.
    #[serde(flatten)]
    pub line: Line,
}

/// More users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AddUsers {
    /// How many are added, 0 to 1,000,000; judged by USR-4.
    #[schemars(range(max = 1_000_000))]
    pub users: u32,
    /// The plugins of the license, asserted; empty names none (USR-3).
    #[serde(default)]
    pub plugins: PluginSet,
}

/// A plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AddPlugin {
    /// Which.
    pub plugin: Plugin,
    /// The users of the license, asserted (PLG-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1_000_000))]
    pub users: Option<u32>,
}

/// A renewal of SWM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RenewSwm {
    /// How many years, 1 to 1,000,000; judged by SWM-7 and SWM-8.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub years: u32,
    /// The users of the license, asserted (SWM-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1_000_000))]
    pub users: Option<u32>,
    /// The plugins of the license, asserted; an empty list asserts a clean license (SWM-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugins: Option<PluginSet>,
}

/// The switch to the FSTEK-certified edition: irreversible (VND-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchToFstek {
    /// Number, partner, registration.
    #[serde(flatten)]
    pub terms: OrderTerms,
    /// Must be true (VND-10).
    #[serde(default)]
    pub confirm_irreversible: bool,
}

/// An order of several lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderUpgrade {
    /// Number, partner, registration.
    #[serde(flatten)]
    pub terms: OrderTerms,
    /// The lines, in the judging sequence of UPG-4 whatever their order in the request.
    #[schemars(length(min = 1))]
    pub lines: Vec<UpgradeLine>,
    /// Must be true when a line is the FSTEK switch (VND-10).
    #[serde(default)]
    pub confirm_irreversible: bool,
}

/// One line of an order. The variants stand in the judging sequence of UPG-4.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UpgradeLine {
    /// A renewal of SWM.
    RenewSwm(RenewSwm),
    /// A plugin.
    AddPlugin(AddPlugin),
    /// The switch to the FSTEK-certified edition.
    SwitchToFstek,
    /// More users.
    AddUsers(AddUsers),
}

impl UpgradeLine {
    /// Its place in the judging sequence; two lines of one kind share it (UPG-4).
    #[must_use]
    pub const fn kind(&self) -> (u8, Option<Plugin>) {
        match self {
            Self::RenewSwm(_) => (0, None),
            Self::AddPlugin(line) => (1, Some(line.plugin)),
            Self::SwitchToFstek => (2, None),
            Self::AddUsers(_) => (3, None),
        }
    }
}

impl Command {
    /// The command as an order of lines, if it orders an upgrade.
    #[must_use]
    pub fn as_upgrade(&self) -> Option<OrderUpgrade> {
        let (terms, line, confirm_irreversible) = match self {
            Self::AddUsers(order) => (&order.terms, UpgradeLine::AddUsers(order.line.clone()), false),
            Self::AddPlugin(order) => (&order.terms, UpgradeLine::AddPlugin(order.line.clone()), false),
            Self::RenewSwm(order) => (&order.terms, UpgradeLine::RenewSwm(order.line.clone()), false),
            Self::SwitchToFstek(order) => (&order.terms, UpgradeLine::SwitchToFstek, order.confirm_irreversible),
            Self::OrderUpgrade(order) => return Some(order.clone()),
            _ => return None,
        };
        Some(OrderUpgrade { terms: terms.clone(), lines: vec![line], confirm_irreversible })
    }
}
