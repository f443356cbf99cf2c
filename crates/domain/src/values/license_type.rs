//! License types (CAT-3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named;

/// The type of a license (CAT-3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenseType {
    /// For everybody.
    #[default]
    Commercial,
    /// GOV: government and non-profit organizations.
    Government,
    /// EDU: the education sector.
    Education,
    /// The edition certified by FSTEK, for Control only, never bought as a new license (FST-1).
    Fstek,
}

named!(LicenseType {
    Commercial = "commercial",
    Government = "government",
    Education = "education",
    Fstek = "fstek",
});
