//! The opening of a license from before the ledger.

use schemars::JsonSchema;
use serde::Serialize;

use super::fields;
use crate::values::{Date, Holder, LicenseType, Partner, PluginSet, ProductVersion, RequestedProduct};

/// Take a license in as it stands, bought and activated before the ledger began. Nothing is sold (LIC-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenLicense {
    /// The product; only some are server licenses (CAT-1).
    pub product: RequestedProduct,
    /// The users, 0 to 1,000,000; judged by PUR-1 and PUR-2.
    #[schemars(range(max = 1_000_000))]
    pub users: u32,
    /// Who holds the license.
    #[schemars(with = "fields::HolderInput")]
    pub holder: Holder,
    /// The first day of its SWM: the day of its activation.
    pub swm_starts: Date,
    /// The first day without SWM; it may lie in the past.
    pub swm_ends: Date,
    /// The plugins, for all users.
    #[serde(default)]
    pub plugins: PluginSet,
    /// The license type; also `fstek`, which was switched to before (CAT-3).
    #[serde(default)]
    pub license_type: LicenseType,
    /// Through whom it was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
    /// For type `fstek` alone: whether it still counts as certified (FST-4); absent: as the installed version says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified: Option<bool>,
    /// The version that is installed, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_version: Option<ProductVersion>,
}
