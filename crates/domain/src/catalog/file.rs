//! Reading `catalog.toml`: sections of dated entries, every mistake named with its place.
//!
//! Each entry is read by itself, so that one mistake does not hide the next.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::period::Period;
use super::problem::Problem;
use crate::values::Date;

/// The catalog's text while it is read: what is left of it, and the mistakes found so far.
pub(super) struct File {
    sections: Table,
    pub(super) problems: Vec<Problem>,
}

/// An entry of a section: since when it holds, and what it says.
pub(super) struct Entry<T> {
    pub(super) place: String,
    pub(super) period: Period,
    pub(super) fact: T,
}

impl File {
    /// Reads the text as TOML.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let sections = text.parse().map_err(|error| not_toml(text, &error))?;
        Ok(Self { sections, problems: Vec::new() })
    }

    /// Takes the entries of a section (`[[name]]`).
    pub(super) fn entries<T: DeserializeOwned>(&mut self, name: &str) -> Vec<Entry<T>> {
        let found = match self.sections.remove(name) {
            Some(Value::Array(found)) => found,
            Some(_) => return self.wrong_shape(name, &format!("write each entry under [[{name}]]")),
            None => return self.missing(name, &format!("add it, or write `{name} = []` where there are none")),
        };
        let places = (1..).map(|number| format!("catalog, {name}, entry {number}"));
        places.zip(found).filter_map(|(place, value)| self.entry(place, value)).collect()
    }

    /// Takes a section that is one dated entry (`[name]`).
    pub(super) fn single<T: DeserializeOwned>(&mut self, name: &str) -> Option<Entry<T>> {
        match self.sections.remove(name) {
            Some(value) => self.entry(format!("catalog, {name}"), value),
            None => self.missing(name, "add it").pop(),
        }
    }

    /// Takes a section that is a table of named groups (`[name.group]`).
    pub(super) fn groups(&mut self, name: &str) -> Table {
        match self.sections.remove(name) {
            Some(Value::Table(groups)) => groups,
            Some(_) => self.wrong_shape(name, &format!("write each group under [{name}.GROUP]")).into_iter().collect(),
            None => self.missing(name, &format!("add it, or write an empty [{name}]")).into_iter().collect(),
        }
    }

    /// Reads a value into its type; unknown and missing keys are mistakes.
    pub(super) fn read<T: DeserializeOwned>(&mut self, place: &str, value: Value) -> Option<T> {
        let unreadable = match value.try_into() {
            Ok(read) => return Some(read),
            Err(error) => error.to_string().trim().replace('\n', " "),
        };
        self.report(place, unreadable, "correct it: days and whole numbers stand without quotes");
        None
    }

    /// Adds a mistake.
    pub(super) fn report(&mut self, place: &str, what: impl Into<String>, remedy: &str) {
        self.problems.push(Problem::new(place, what, remedy));
    }

    /// A fact without its source cannot be checked by anybody.
    pub(super) fn check_source(&mut self, place: &str, source: &str) {
        if source.trim().is_empty() {
            self.report(place, "`source` is empty", "name the document and the section");
        }
    }

    /// A period that ends before it begins holds on no day.
    pub(super) fn check_period(&mut self, place: &str, period: Period) {
        if let Some(until) = period.until.filter(|until| *until < period.from) {
            let what = format!("its last day, {until}, is before its first, {}", period.from);
            self.report(place, what, "exchange the two, or correct the wrong one");
        }
    }

    /// What nothing has taken is a section that does not exist.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for name in std::mem::take(&mut self.sections).keys() {
            self.report(&format!("catalog, {name}"), "unknown section", "correct its name, or remove it");
        }
        self.problems
    }

    /// Splits an entry into its days, its source and the rest, which is the fact.
    fn entry<T: DeserializeOwned>(&mut self, place: String, value: Value) -> Option<Entry<T>> {
        let Value::Table(mut fact) = value else {
            self.report(&place, "not an entry", "write it as a table with `from`, `source` and the fact");
            return None;
        };
        let keys = ["from", "until", "source"];
        let head: Table = keys.iter().filter_map(|key| fact.remove_entry(*key)).collect();
        let head = self.read::<Head>(&place, Value::Table(head));
        let fact = self.read(&place, Value::Table(fact));
        let head = head?;
        let period = Period { from: head.from.0, until: head.until.map(|day| day.0) };
        self.check_source(&place, &head.source);
        self.check_period(&place, period);
        Some(Entry { place, period, fact: fact? })
    }

    fn wrong_shape<T>(&mut self, name: &str, remedy: &str) -> Vec<T> {
        self.report(&format!("catalog, {name}"), "not written as this section is", remedy);
        Vec::new()
    }

    fn missing<T>(&mut self, name: &str, remedy: &str) -> Vec<T> {
        self.report("catalog", format!("section `{name}` is missing"), remedy);
        Vec::new()
    }
}

/// What every entry has.
#[derive(Deserialize)]
struct Head {
    from: Day,
    until: Option<Day>,
    source: String,
}

/// A day as TOML writes it, without quotes: `2012-07-30`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "toml::value::Date")]
pub(super) struct Day(pub(super) Date);

impl TryFrom<toml::value::Date> for Day {
    type Error = String;

    fn try_from(date: toml::value::Date) -> Result<Self, Self::Error> {
        let day = Date::from_ymd_opt(date.year.into(), date.month.into(), date.day.into());
        day.map(Self).ok_or_else(|| format!("{date} is no day of the calendar"))
    }
}

fn not_toml(text: &str, error: &toml::de::Error) -> Problem {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let place = format!("catalog, line {line}");
    Problem::new(place, format!("not TOML: {}", error.message()), "correct the line")
}
