//! Who holds a license.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The organization that holds a license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Its name.
    pub name: String,
    /// Its Russian taxpayer number, 10 or 12 digits, where it has one.
    pub inn: Option<String>,
    /// Its country, ISO 3166-1 alpha-2.
    pub country: String,
}

/// Whether an INN of 10 or 12 digits has the checksum that the tax service prescribes
/// (order `ММВ-7-6/435@` of 2012, appendix; the control digits' weights are fixed there).
#[must_use]
pub fn inn_checksum_holds(inn: &str) -> bool {
    const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    let digits: Option<Vec<u32>> = inn.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits else { return false };
    let control = |length: usize| {
        let weights = &WEIGHTS[WEIGHTS.len() - length..];
        digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 % 10
    };
    match digits.len() {
        10 => control(9) == digits[9],
        12 => control(10) == digits[10] && control(11) == digits[11],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_numbers_hold_and_changed_ones_do_not() {
        assert!(inn_checksum_holds("7204196795"), "the one on the partner guide's title page");
        assert!(inn_checksum_holds("7707083893"));
        assert!(inn_checksum_holds("500100732259"));
        assert!(!inn_checksum_holds("7204196794"));
        assert!(!inn_checksum_holds("500100732258"));
        assert!(!inn_checksum_holds("72041"));
    }
}
