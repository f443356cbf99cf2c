//! Commands over several licenses (VND-6): the vendor desk's, irreversible.

use schemars::JsonSchema;
use serde::Serialize;

use super::Irreversible;
use super::fields::LicenseNumberInput;
use crate::values::LicenseNumber;

/// Turn part of the license into new licenses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitLicense {
    /// The new licenses, each number once; their order means nothing.
    #[schemars(length(min = 1))]
    pub into: Vec<Part>,
    /// The reason, and the confirmation.
    #[serde(flatten)]
    pub irreversible: Irreversible,
}

/// A new license, and the users it gets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SplitPart")]
pub struct Part {
    /// Its number; must be free (PUR-8).
    #[schemars(with = "LicenseNumberInput")]
    pub license: LicenseNumber,
    /// Its users, 0 to 1,000,000; judged by VND-7.
    #[schemars(range(max = 1_000_000))]
    pub users: u32,
}

/// Take other licenses in and close them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeLicenses {
    /// The licenses taken in, each once; their order means nothing.
    #[schemars(length(min = 1), with = "Vec<LicenseNumberInput>")]
    pub from: Vec<LicenseNumber>,
    /// The reason, and the confirmation.
    #[serde(flatten)]
    pub irreversible: Irreversible,
}

/// Move users to another license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferUsers {
    /// The license that gets them.
    #[schemars(with = "LicenseNumberInput")]
    pub to: LicenseNumber,
    /// How many, 0 to 1,000,000; judged by VND-7.
    #[schemars(range(max = 1_000_000))]
    pub users: u32,
    /// The reason, and the confirmation.
    #[serde(flatten)]
    pub irreversible: Irreversible,
}
