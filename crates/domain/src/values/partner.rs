//! Partners and their levels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named;

/// The partner through whom a license is bought (UPG-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// Its name.
    pub name: String,
    /// Its level in the partner programme; decides the discount (PRC-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<PartnerLevel>,
}

/// A level of the partner programme (D1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartnerLevel {
    /// Authorized partner.
    Authorized,
    /// Certified partner.
    Certified,
    /// Preferred partner.
    Preferred,
}

named!(PartnerLevel { Authorized = "authorized", Certified = "certified", Preferred = "preferred" });
