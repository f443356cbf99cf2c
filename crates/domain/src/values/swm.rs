//! Software Maintenance periods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Date, add_years};

/// A Software Maintenance period `[starts, ends)`: on `ends` itself it has lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Swm {
    /// The day of activation, whatever is renewed later.
    pub starts: Date,
    /// The first day without maintenance.
    pub ends: Date,
}

impl Swm {
    /// The period of a purchase activated on `starts` (PUR-3, PUR-4).
    #[must_use]
    pub fn bought(starts: Date, years: u32) -> Self {
        Self { starts, ends: add_years(starts, years) }
    }

    /// Whether it is active on the date.
    #[must_use]
    pub fn is_active(&self, on: Date) -> bool {
        self.starts <= on && on < self.ends
    }

    /// The end that `years` more give: whole years from the old end, never from today (SWM-5, SWM-6).
    #[must_use]
    pub fn end_after_renewal(&self, years: u32) -> Date {
        add_years(self.ends, years)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_its_last_day_it_has_lapsed() {
        let swm = Swm::bought("2012-01-20".parse().unwrap(), 1);
        assert!(swm.is_active("2013-01-19".parse().unwrap()));
        assert!(!swm.is_active("2013-01-20".parse().unwrap()));
    }
}
