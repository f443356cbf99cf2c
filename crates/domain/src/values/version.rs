//! Versions of the products.

use std::cmp::Ordering;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A product version as the product reports it, such as `7.4.2` or `8.0.0 patch 1`.
///
/// Versions compare by their numeric parts (FST-6): `7.10` is above `7.9`, `7.2` equals `7.2.0`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ProductVersion(String);

impl ProductVersion {
    /// The version as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The numbers in it, in order, without trailing zeros. A number too large for `u64` counts as the largest.
    fn parts(&self) -> Vec<u64> {
        let digits = self.0.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        let mut parts: Vec<u64> = digits.map(|part| part.parse().unwrap_or(u64::MAX)).collect();
        while parts.last() == Some(&0) {
            parts.pop();
        }
        parts
    }
}

impl From<String> for ProductVersion {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for ProductVersion {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Ord for ProductVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl PartialOrd for ProductVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ProductVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ProductVersion {}

impl fmt::Display for ProductVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        let version = ProductVersion::from;
        assert!(version("7.10.0") > version("7.9.9"));
        assert!(version("7.2.1") > version("7.2"));
        assert_eq!(version("7.2"), version("7.2.0"));
        assert!(version("8.0.0 patch 1") > version("8.0.0"));
        assert!(version("99999999999999999999999") > version("7.2"));
    }
}
