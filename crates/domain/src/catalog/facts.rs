//! Dated facts about things: what holds for a product, a plugin or a country, and when (CAT-4).

use super::period::Period;
use super::problem::Problem;
use crate::values::Date;

/// What is said about each key, period by period. For one key the periods never overlap.
#[derive(Debug, Clone)]
pub(super) struct Facts<K, V>(Vec<(K, Period, V)>);

impl<K, V> Default for Facts<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq, V> Facts<K, V> {
    /// Adds a fact, or says that another already speaks for one of its days.
    pub(super) fn add(&mut self, place: &str, key: K, period: Period, value: V) -> Result<(), Problem> {
        if let Some((_, other, _)) = self.0.iter().find(|(known, other, _)| *known == key && other.overlaps(&period)) {
            let what = format!("an earlier entry, from {}, says something for the same days", other.from);
            return Err(Problem::new(place, what, "end that one with `until`, or remove one of the two"));
        }
        self.0.push((key, period, value));
        Ok(())
    }

    /// What holds for the key on the date.
    pub(super) fn get(&self, key: &K, on: Date) -> Option<&V> {
        self.0.iter().find(|(known, period, _)| known == key && period.holds(on)).map(|(_, _, value)| value)
    }

    /// Every fact that holds on the date.
    pub(super) fn all(&self, on: Date) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().filter(move |(_, period, _)| period.holds(on)).map(|(key, _, value)| (key, value))
    }

    /// Whether all that was ever said about the key, and something was, ended before the date.
    pub(super) fn is_over(&self, key: &K, on: Date) -> bool {
        let mut ends = self.0.iter().filter(|(known, _, _)| known == key).map(|(_, period, _)| period.until).peekable();
        ends.peek().is_some() && ends.all(|until| until.is_some_and(|until| until < on))
    }
}
