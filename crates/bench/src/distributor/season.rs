//! When people buy: hardly at weekends and in the first days of January, more in campaigns, most before the year ends.

use chrono::{Datelike, Days, Weekday};
use fastrand::Rng;
use ledger_domain::values::Date;

/// How much busier the busiest days are than an ordinary one.
const MOST: f64 = 4.0;

/// How many orders a day gets, as a share of an ordinary working day.
fn demand(day: Date) -> f64 {
    match (day.month(), day.day()) {
        (1, 1..=8) => 0.05,
        _ if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) => 0.1,
        (12, 10..=28) => MOST,
        (11, 15..) | (12, 1..=9) => 2.5,
        _ if is_campaign(day) => 2.0,
        _ => 1.0,
    }
}

/// Two weeks in spring and two in autumn, in which renewals are advertised.
fn is_campaign(day: Date) -> bool {
    matches!((day.month(), day.day()), (4, 10..=23) | (9, 15..=28))
}

/// A day for an order, from the first on, within so many days.
pub(super) fn within(rng: &mut Rng, first: Date, days: u32) -> Date {
    loop {
        let day = first + Days::new(rng.u64(..u64::from(days.max(1))));
        if rng.f64() * MOST < demand(day) {
            return day;
        }
    }
}

/// A day for a renewal of what ends then: within the six weeks before or the two after, and in a campaign's days if
/// there is one before.
pub(super) fn renewal(rng: &mut Rng, ends: Date) -> Date {
    let first = ends - Days::new(45);
    let campaign: Vec<_> = first.iter_days().take(45).filter(|day| is_campaign(*day)).collect();
    match rng.choice(&campaign) {
        Some(day) if rng.bool() => *day,
        _ => within(rng, first, 60),
    }
}

/// The hour of the day at which people order, Moscow time.
pub(super) fn office_hour(rng: &mut Rng) -> u8 {
    // Most in the late morning and before the end of the day.
    const HOURS: [u8; 16] = [9, 10, 10, 11, 11, 11, 12, 12, 13, 14, 14, 15, 15, 16, 16, 17];
    HOURS[rng.usize(..HOURS.len())]
}

/// The hour at which servers report: any.
pub(super) fn any_hour(rng: &mut Rng) -> u8 {
    rng.u8(..24)
}

/// So many days later on average, as what happens by chance does.
pub(super) fn by_chance(rng: &mut Rng, after: Date, days_on_average: u32) -> Date {
    let days = -(1.0 - rng.f64()).ln() * f64::from(days_on_average);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand days")]
    let days = days as u64;
    after + Days::new(1 + days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_weeks_of_a_year_are_the_busiest() {
        let mut rng = Rng::with_seed(1);
        let days: Vec<_> = (0..10_000).map(|_| within(&mut rng, "2026-01-01".parse().unwrap(), 365)).collect();
        let of_month = |month| days.iter().filter(|day| day.month() == month).count();
        assert!(of_month(12) > 2 * of_month(7), "{} in December, {} in July", of_month(12), of_month(7));
        assert!(of_month(1) < of_month(7));
    }

    #[test]
    fn a_renewal_is_near_the_end() {
        let (mut rng, ends) = (Rng::with_seed(1), "2027-09-20".parse::<Date>().unwrap());
        let days: Vec<_> = (0..1_000).map(|_| renewal(&mut rng, ends)).collect();
        assert!(days.iter().all(|day| (*day - ends).num_days().abs() <= 45));
        assert!(days.iter().filter(|day| is_campaign(**day)).count() > 400);
    }
}
