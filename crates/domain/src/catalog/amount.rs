//! Amounts and percentages as the files write them: in plain digits, and small enough that no later sum overflows.

use rust_decimal::Decimal;
use serde::Deserialize;

/// The highest price that a file may give.
const HIGHEST_AMOUNT: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// The most places behind the point: two for money, two more for prices of parts.
const MOST_PLACES: usize = 4;

/// A price: 0 to 1,000,000,000, at most 4 places behind the point.
pub(super) fn amount(text: &str) -> Result<Decimal, String> {
    let amount = plain_decimal(text)?;
    if amount <= HIGHEST_AMOUNT { Ok(amount) } else { Err(format!("{text} is more than {HIGHEST_AMOUNT}")) }
}

/// A percentage: 0 to 100, at most 4 places behind the point.
pub(super) fn percent(text: &str) -> Result<Decimal, String> {
    let percent = plain_decimal(text)?;
    if percent <= Decimal::ONE_HUNDRED { Ok(percent) } else { Err(format!("{text} is more than 100 percent")) }
}

/// Digits with a point and nothing else: no sign, exponent, blank or separator of thousands.
fn plain_decimal(text: &str) -> Result<Decimal, String> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(places) {
        return Err(format!("\"{text}\" is not an amount"));
    }
    if places.len() > MOST_PLACES {
        return Err(format!("{text} has more than {MOST_PLACES} places behind the point"));
    }
    Decimal::from_str_exact(text).map_err(|_| format!("{text} is too large"))
}

/// An amount in the catalog: a whole number, or text where it has places behind the point.
///
/// TOML's own decimals are binary floats, which cannot hold 0.10.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a whole number, or a decimal in quotes such as \"12.50\"")]
pub(super) enum Written {
    /// `15`
    Whole(i64),
    /// `"12.50"`
    Text(String),
}

impl Written {
    /// As it was written.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_digits_are_an_amount() {
        for text in ["0", "124", "124.00", "0.1234", "1000000000"] {
            assert_eq!(amount(text), Ok(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1_000", "1 000", "1,5", "1.2.3", "NaN", "１"] {
            assert_eq!(amount(text), Err(format!("\"{text}\" is not an amount")));
        }
    }

    #[test]
    fn what_could_overflow_later_is_refused() {
        assert_eq!(amount("1000000000.01").unwrap_err(), "1000000000.01 is more than 1000000000");
        assert_eq!(amount("0.12345").unwrap_err(), "0.12345 has more than 4 places behind the point");
        let digits = "9".repeat(40);
        assert_eq!(amount(&digits).unwrap_err(), format!("{digits} is too large"));
        assert_eq!(percent("100.01").unwrap_err(), "100.01 is more than 100 percent");
    }
}
