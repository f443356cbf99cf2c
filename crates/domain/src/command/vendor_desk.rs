//! The vendor desk's commands (VND-1…5, PIR-2).

use schemars::JsonSchema;
use serde::Serialize;

use crate::values::{LicenseType, PluginSet};

/// Rename the holder, or pass the rights on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameHolder {
    /// The new name.
    pub name: String,
    /// The new INN; absent: as it was, null: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("pattern" = "^\\s*([0-9]{10}|[0-9]{12})\\s*$"))]
    pub inn: Option<Option<String>>,
    /// The new country; absent: as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Must be true (VND-10).
    #[serde(default)]
    pub confirm_irreversible: bool,
}

/// Change the license type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeLicenseType {
    /// The new type.
    pub to: LicenseType,
    /// Why; must be there (VND-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Must be true (VND-10).
    #[serde(default)]
    pub confirm_irreversible: bool,
}

/// Reduce the users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReduceUsers {
    /// The users that remain, 0 to 1,000,000; judged by VND-3.
    #[schemars(range(max = 1_000_000))]
    pub to: u32,
    /// Why; must be there (VND-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Must be true (VND-10).
    #[serde(default)]
    pub confirm_irreversible: bool,
}

/// Remove plugins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovePlugins {
    /// Which; at least one.
    pub plugins: PluginSet,
    /// Why; must be there (VND-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Must be true (VND-10).
    #[serde(default)]
    pub confirm_irreversible: bool,
}

/// Activate an order placed before 2012-07-30.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivateLegacyOrder {
    /// The order number.
    pub order: String,
    /// Why; must be there (VND-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Must be true (VND-10).
    #[serde(default)]
    pub confirm_irreversible: bool,
}

/// Unblock a license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnblockLicense {
    /// Why; must be there (PIR-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
