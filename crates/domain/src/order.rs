//! Orders: what was bought, waiting for its activation or activated at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{Date, Partner, Plugin, PluginSet, Users, named};

/// One line of an order: what it changes, fixed when it is ordered (ACT-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum OrderLine {
    /// The purchase of the license itself.
    IssueLicense {
        /// The users bought.
        users: Users,
        /// The plugins bought, for all users.
        plugins: PluginSet,
        /// Years of SWM: 1 or 2 (PUR-4).
        swm_years: u32,
    },
    /// SWM renewed by whole years.
    RenewSwm {
        /// How many years.
        years: u32,
    },
    /// A plugin for all users.
    AddPlugin {
        /// Which.
        plugin: Plugin,
    },
    /// The switch to the FSTEK-certified edition.
    SwitchToFstek,
    /// More users.
    AddUsers {
        /// How many are added.
        users: Users,
    },
}

impl OrderLine {
    /// The name of the command that orders such a line; price lines are named after it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::IssueLicense { .. } => "issue_license",
            Self::RenewSwm { .. } => "renew_swm",
            Self::AddPlugin { .. } => "add_plugin",
            Self::SwitchToFstek => "switch_to_fstek",
            Self::AddUsers { .. } => "add_users",
        }
    }
}

/// An order that waits for its activation. A license has at most one (UPG-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PendingOrder {
    /// Its number, unique within the license (UPG-5).
    pub order: String,
    /// The day it was ordered.
    pub on: Date,
    /// What it changes.
    pub lines: Vec<OrderLine>,
    /// The partner who becomes the license's when the order is activated (UPG-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
}

/// How an order is activated (ACT-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// At once, where the policy allows it.
    Automatic,
    /// By a command of its own.
    #[default]
    Manual,
}

named!(Registration { Automatic = "automatic", Manual = "manual" });
