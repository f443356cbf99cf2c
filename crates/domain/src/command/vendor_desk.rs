//! The vendor desk's commands (VND-1…5, PIR-2).

use schemars::JsonSchema;
use serde::Serialize;

use super::Command;
use crate::values::{LicenseType, PluginSet};

/// What a command that cannot be undone says (VND-10).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Irreversible {
    /// Why; VND-2…6 must say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Must be true; without, the answer shows what would happen.
    #[serde(default)]
    pub confirm_irreversible: bool,
}

impl Irreversible {
    /// The reason as events record it.
    pub(crate) fn recorded_reason(&self) -> String {
        self.reason.clone().unwrap_or_default()
    }
}

impl Command {
    /// What the command says of its irreversibility, if it is one of the vendor desk's that cannot be undone.
    pub(crate) const fn irreversible_mut(&mut self) -> Option<&mut Irreversible> {
        Some(match self {
            Self::RenameHolder(command) => &mut command.irreversible,
            Self::ChangeLicenseType(command) => &mut command.irreversible,
            Self::ReduceUsers(command) => &mut command.irreversible,
            Self::RemovePlugins(command) => &mut command.irreversible,
            Self::ActivateLegacyOrder(command) => &mut command.irreversible,
            Self::SplitLicense(command) => &mut command.irreversible,
            Self::MergeLicenses(command) => &mut command.irreversible,
            Self::TransferUsers(command) => &mut command.irreversible,
            _ => return None,
        })
    }
}

/// Rename the holder, or pass the rights on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameHolder {
    /// The new name.
    pub name: String,
    /// The new INN; absent: as it was, null: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("pattern" = "^ *([0-9]{10}|[0-9]{12}) *$"))]
    pub inn: Option<Option<String>>,
    /// The new country; absent: as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The reason, and the confirmation.
    #[serde(flatten)]
    pub irreversible: Irreversible,
}

/// Change the license type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeLicenseType {
    /// The new type.
    pub to: LicenseType,
    /// The reason, and the confirmation.
    #[serde(flatten)]
    pub irreversible: Irreversible,
}

/// Reduce the users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReduceUsers {
    /// The users that remain, 0 to 1,000,000; judged by VND-3.
    #[schemars(range(max = 1_000_000))]
    pub to: u32,
    /// The reason, and the confirmation.
    #[serde(flatten)]
    pub irreversible: Irreversible,
}

/// Remove plugins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovePlugins {
    /// Which; at least one.
    #[schemars(extend("minItems" = 1))]
    pub plugins: PluginSet,
    /// The reason, and the confirmation.
    #[serde(flatten)]
    pub irreversible: Irreversible,
}

/// Activate an order placed before 2012-07-30.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivateLegacyOrder {
    /// The order number.
    pub order: String,
    /// The reason, and the confirmation.
    #[serde(flatten)]
    pub irreversible: Irreversible,
}

/// Unblock a license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnblockLicense {
    /// Why; must be there (PIR-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
