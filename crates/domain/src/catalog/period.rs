//! The days on which a fact of the catalog holds (CAT-4).

use crate::values::Date;

/// From a first day to a last one, both included; without a last day it holds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day, where there is one.
    pub until: Option<Date>,
}

impl Period {
    /// Whether the date lies in it.
    #[must_use]
    pub fn holds(&self, on: Date) -> bool {
        self.from <= on && self.until.is_none_or(|until| on <= until)
    }

    /// Whether a day lies in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.holds(other.from) || other.holds(self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, until: Option<&str>) -> Period {
        Period { from: from.parse().unwrap(), until: until.map(|day| day.parse().unwrap()) }
    }

    #[test]
    fn the_first_and_the_last_day_belong_to_it() {
        let period = period("2008-01-01", Some("2009-08-17"));
        let holds = |on: &str| period.holds(on.parse().unwrap());
        assert!(!holds("2007-12-31"));
        assert!(holds("2008-01-01"));
        assert!(holds("2009-08-17"));
        assert!(!holds("2009-08-18"));
    }

    #[test]
    fn periods_that_share_a_day_overlap() {
        let first = period("2008-01-01", Some("2009-08-17"));
        assert!(first.overlaps(&period("2009-08-17", None)));
        assert!(!first.overlaps(&period("2009-08-18", None)));
        assert!(period("2000-01-01", None).overlaps(&first));
    }
}
