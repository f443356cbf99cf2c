//! License numbers.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The number that identifies a license for life (PUR-6): 3 to 40 characters of `A-Z 0-9 -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Z0-9-]{3,40}$"))]
pub struct LicenseNumber(String);

impl LicenseNumber {
    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no license number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a license number: 3 to 40 characters of A-Z, 0-9 and \"-\"")]
pub struct InvalidLicenseNumber;

impl FromStr for LicenseNumber {
    type Err = InvalidLicenseNumber;

    /// Trims and upper-cases, then checks.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().to_ascii_uppercase();
        let allowed = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'-';
        if (3..=40).contains(&number.len()) && number.bytes().all(allowed) {
            Ok(Self(number))
        } else {
            Err(InvalidLicenseNumber)
        }
    }
}

impl TryFrom<String> for LicenseNumber {
    type Error = InvalidLicenseNumber;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LicenseNumber> for String {
    fn from(number: LicenseNumber) -> Self {
        number.0
    }
}

impl fmt::Display for LicenseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_upper_cased() {
        assert_eq!("10101-abc12".parse::<LicenseNumber>().unwrap().as_str(), "10101-ABC12");
    }

    #[test]
    fn other_characters_and_lengths_are_refused() {
        for text in ["", "AB", "A B C", "АБВ", "ABC_D", &"A".repeat(41)] {
            assert_eq!(text.parse::<LicenseNumber>(), Err(InvalidLicenseNumber), "{text}");
        }
    }
}
