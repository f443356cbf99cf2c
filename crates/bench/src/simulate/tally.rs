//! Commands and events, counted by the hour.

use chrono::Datelike;
use ledger_domain::values::Date;

/// Hours in a day.
const HOURS: usize = 24;

/// How many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) commands: u64,
    pub(crate) events: u64,
    pub(crate) refused: u64,
}

impl Count {
    pub(crate) const fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.events += other.events;
        self.refused += other.refused;
    }
}

/// A count for every hour from a first day on.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    first: Date,
    hours: Vec<Count>,
}

impl Tally {
    /// Nothing yet, of so many days.
    pub(crate) fn new(first: Date, days: usize) -> Self {
        Self { first, hours: vec![Count::default(); days * HOURS] }
    }

    /// One more; what is beyond the last day is not counted.
    pub(crate) fn count(&mut self, on: Date, hour: u8, count: Count) {
        let day = usize::try_from((on - self.first).num_days()).ok();
        let hour = day.and_then(|day| self.hours.get_mut(day * HOURS + usize::from(hour)));
        if let Some(hour) = hour {
            hour.add(count);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (hour, other) in self.hours.iter_mut().zip(&other.hours) {
            hour.add(*other);
        }
    }

    pub(crate) fn total(&self) -> Count {
        sum(&self.hours)
    }

    /// Each calendar year's, in order.
    pub(crate) fn years(&self) -> Vec<(i32, Count)> {
        let mut years: Vec<(i32, Count)> = Vec::new();
        for (day, count) in self.days() {
            match years.last_mut() {
                Some((year, total)) if *year == day.year() => total.add(count),
                _ => years.push((day.year(), count)),
            }
        }
        years
    }

    /// The day with the most commands.
    pub(crate) fn busiest_day(&self) -> Option<(Date, Count)> {
        self.days().max_by_key(|(_, count)| count.commands)
    }

    /// The hour with the most commands.
    pub(crate) fn busiest_hour(&self) -> Option<Count> {
        self.hours.iter().copied().max_by_key(|count| count.commands)
    }

    fn days(&self) -> impl Iterator<Item = (Date, Count)> + '_ {
        self.first.iter_days().zip(self.hours.chunks(HOURS).map(sum))
    }
}

fn sum(counts: &[Count]) -> Count {
    let mut total = Count::default();
    counts.iter().for_each(|count| total.add(*count));
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_make_days_and_days_make_years() {
        let first = Date::from_ymd_opt(2026, 12, 31).unwrap();
        let mut tally = Tally::new(first, 2);
        let one = Count { commands: 1, events: 2, refused: 0 };
        for (day, hour) in [(0, 9), (0, 9), (0, 10), (1, 0), (2, 0)] {
            tally.count(first + chrono::Days::new(day), hour, one);
        }
        let mut both = Tally::new(first, 2);
        both.add(&tally);
        assert_eq!(both.total(), Count { commands: 4, events: 8, refused: 0 });
        assert_eq!(both.busiest_day().map(|(day, count)| (day, count.commands)), Some((first, 3)));
        assert_eq!(both.busiest_hour().map(|count| count.events), Some(4));
        let years: Vec<_> = both.years().into_iter().map(|(year, count)| (year, count.commands)).collect();
        assert_eq!(years, [(2026, 3), (2027, 1)]);
    }
}
