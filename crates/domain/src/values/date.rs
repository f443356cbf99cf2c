//! Business dates and their month arithmetic.

use chrono::{Datelike, Months};

/// A business date: a day without a time of day.
pub type Date = chrono::NaiveDate;

/// The date `months` later, clamped to the month's last day (31 January + 1 month = 28 or 29 February).
///
/// Saturates at the calendar's last day, far beyond any date that a command can name.
#[must_use]
pub fn add_months(date: Date, months: u32) -> Date {
    date.checked_add_months(Months::new(months)).unwrap_or(Date::MAX)
}

/// The date `years` × 12 months later, clamped as [`add_months`] does (29 February + 1 year = 28 February).
#[must_use]
pub fn add_years(date: Date, years: u32) -> Date {
    add_months(date, years.saturating_mul(12))
}

/// The smallest whole n with `from + n months ≥ until`: PRC-2's months left. 0 when `until` is not after `from`.
#[must_use]
pub fn months_until(from: Date, until: Date) -> u32 {
    if until <= from {
        return 0;
    }
    let months = (until.year() - from.year()) * 12 + until.month() as i32 - from.month() as i32;
    let months = months.unsigned_abs();
    if add_months(from, months) >= until { months } else { months + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_from_a_leap_day_ends_on_28_february() {
        assert_eq!(add_years(date("2012-02-29"), 1), date("2013-02-28"));
        assert_eq!(add_months(date("2012-01-31"), 1), date("2012-02-29"));
    }

    #[test]
    fn a_started_month_counts_as_a_whole_one() {
        assert_eq!(months_until(date("2012-08-20"), date("2013-01-20")), 5);
        assert_eq!(months_until(date("2012-08-20"), date("2013-01-21")), 6);
        assert_eq!(months_until(date("2012-08-31"), date("2012-09-30")), 1);
        assert_eq!(months_until(date("2012-08-20"), date("2012-08-21")), 1);
        assert_eq!(months_until(date("2012-08-20"), date("2012-08-20")), 0);
        assert_eq!(months_until(date("2012-08-20"), date("2012-08-19")), 0);
    }

    proptest::proptest! {
        #[test]
        fn months_left_is_the_smallest_that_reaches(start in 0i64..20_000, days in 1i64..2_000) {
            let from = date("1990-01-01") + chrono::Duration::days(start);
            let until = from + chrono::Duration::days(days);
            let n = months_until(from, until);
            proptest::prop_assert!(add_months(from, n) >= until);
            proptest::prop_assert!(n == 0 || add_months(from, n - 1) < until);
        }
    }
}
