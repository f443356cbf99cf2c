//! Reconciliation: a list of licenses (a portfolio's columns, or fewer) against the ledger. Each difference comes with the
//! commands that would settle it, judged by the code that judges posted commands.
//!
//! Both sides go by license number: the list sorted in memory, the ledger page by page.

mod compare;
mod listed;
mod settle;

use std::iter::Peekable;
use std::vec::IntoIter;

use ledger_domain::decide::Purpose;
use ledger_domain::license::{Facts, Status};
use ledger_domain::values::{Date, LicenseNumber};
use schemars::JsonSchema;
use serde::Serialize;

use crate::judge::{Judge, Known, unwritable};
use crate::ledger::Ledger;
use crate::next_commands::{Example, placeholders};
use crate::portfolio::sheet::Sheet;
use crate::portfolio::{Column, opening};
use crate::post::{Entry, PostContext};
use crate::promise::raw_value;
use crate::store::{AsOf, Filter, StoreError};

use compare::compared;
use listed::{Listed, listed, says};
use settle::Settlement;

/// How many licenses of the ledger are read at once.
const PAGE: u32 = 500;

/// A license that is not the same in the list and in the ledger.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Difference {
    /// The license, as the list writes it where it is unreadable.
    pub license: String,
    /// The line of the list, where it stands in it.
    pub line: Option<u64>,
    /// What is different.
    pub kind: Kind,
    /// Each column that differs.
    pub fields: Vec<FieldDifference>,
    /// What no command settles, and why.
    pub notes: Vec<String>,
    /// The commands that would settle it, each judged as if those before it had been posted: one that is refused says by
    /// which rules, and what leads on.
    pub settle: Vec<Example>,
}

/// What is different about a license.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The list has it, the ledger does not.
    MissingHere,
    /// The ledger has it, the list does not. Trials and closed licenses are not missed.
    MissingThere,
    /// Both have it, and not the same.
    Different,
    /// Its row in the list cannot be read.
    Unreadable,
}

/// A column in which the list and the ledger differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldDifference {
    /// The column, or `status`.
    pub field: String,
    /// What the ledger has; empty: nothing.
    pub here: String,
    /// What the list has.
    pub there: String,
}

/// A list against the ledger, on its way.
pub struct Reconciliation<'a> {
    ledger: &'a Ledger,
    sheet: &'a Sheet<'a>,
    on: Option<Date>,
    context: &'a PostContext,
    /// What the list has, by number.
    there: Peekable<IntoIter<Listed>>,
    /// What the ledger has, by number: the rest of a page.
    here: Peekable<IntoIter<Facts>>,
    /// The last license of the page.
    after: Option<LicenseNumber>,
    /// Whether that page was the last one.
    is_at_the_end: bool,
    /// Rows of the list that are told before all others.
    unreadable: IntoIter<Difference>,
}

impl<'a> Reconciliation<'a> {
    /// Reads the list. Without a day the ledger answers for today, by everything recorded.
    #[must_use]
    pub fn new(ledger: &'a Ledger, sheet: &'a Sheet<'a>, on: Option<Date>, context: &'a PostContext) -> Self {
        let (there, unreadable) = listed(sheet);
        Self {
            ledger,
            sheet,
            on,
            context,
            there: there.into_iter().peekable(),
            here: Vec::new().into_iter().peekable(),
            after: None,
            is_at_the_end: false,
            unreadable: unreadable.into_iter(),
        }
    }

    /// The next difference, by license number; `None` at the end.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn next(&mut self) -> Result<Option<Difference>, StoreError> {
        if let Some(difference) = self.unreadable.next() {
            return Ok(Some(difference));
        }
        loop {
            self.turn_the_page().await?;
            let found = match (self.here.peek().map(|facts| &facts.license), self.there.peek()) {
                (None, None) => return Ok(None),
                (Some(here), Some(there)) if *here == there.license => {
                    let Some((facts, row)) = self.here.next().zip(self.there.next()) else { return Ok(None) };
                    self.both(&facts, &row).await?
                }
                (Some(here), there) if there.is_none_or(|there| *here < there.license) => {
                    let Some(facts) = self.here.next() else { return Ok(None) };
                    self.only_here(&facts).await?
                }
                _ => {
                    let Some(row) = self.there.next() else { return Ok(None) };
                    self.only_there(row).await?
                }
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    async fn turn_the_page(&mut self) -> Result<(), StoreError> {
        if self.here.peek().is_some() || self.is_at_the_end {
            return Ok(());
        }
        let as_of = AsOf { on: self.on, known_at: None };
        let page = self.ledger.store.list(&Filter::default(), as_of, self.after.as_ref(), PAGE).await?;
        self.after = page.last().map(|last| last.license.clone());
        self.is_at_the_end = self.after.is_none();
        self.here = page.into_iter().peekable();
        Ok(())
    }

    async fn both(&self, facts: &Facts, row: &Listed) -> Result<Option<Difference>, StoreError> {
        let says = says(self.sheet, &row.row).unwrap_or_default();
        let (fields, notes) = compared(facts, &says);
        if fields.is_empty() {
            return Ok(None);
        }
        let told = Difference { notes, ..difference(&facts.license, Some(row.line), Kind::Different, fields) };
        if matches!(facts.status, Status::Closed | Status::Trial) {
            return Ok(Some(told));
        }
        let Settlement { commands, notes } = settle::different(facts, &says, self.day());
        let settle = self.judged(settle::requests(facts, self.day(), commands)?).await?;
        Ok(Some(Difference { notes, settle, ..told }))
    }

    async fn only_here(&self, facts: &Facts) -> Result<Option<Difference>, StoreError> {
        if matches!(facts.status, Status::Closed | Status::Trial) {
            return Ok(None);
        }
        let Settlement { commands, notes } = settle::missing_there(facts);
        let settle = self.judged(settle::requests(facts, self.day(), commands)?).await?;
        Ok(Some(Difference { notes, settle, ..difference(&facts.license, None, Kind::MissingThere, Vec::new()) }))
    }

    async fn only_there(&self, row: Listed) -> Result<Option<Difference>, StoreError> {
        let told = difference(&row.license, Some(row.line), Kind::MissingHere, Vec::new());
        let missing: Vec<_> = Column::REQUIRED.iter().filter(|column| !self.sheet.has(**column)).collect();
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|column| column.name()).collect();
            let note = format!("to open it, the list would have to say: {}", names.join(", "));
            return Ok(Some(Difference { notes: vec![note], ..told }));
        }
        Ok(Some(match opening(self.sheet, &row.row, self.day())? {
            Ok(request) => Difference { settle: self.judged(vec![Entry::of(request)?]).await?, ..told },
            Err(reason) => Difference { notes: vec![format!("it cannot be opened: {reason}")], ..told },
        }))
    }

    fn day(&self) -> Date {
        self.on.unwrap_or(self.context.today)
    }

    /// The commands with what each would give after those before it.
    async fn judged(&self, entries: Vec<Entry>) -> Result<Vec<Example>, StoreError> {
        let mut known = Known::default();
        self.ledger.load(&entries, &mut known).await?;
        // What was answered before does not count: the question is what would be answered now.
        known.answers.clear();
        let programme = &self.ledger.edition.programme;
        let judge = Judge { programme, purpose: Purpose::Post { today: self.context.today }, context: self.context };
        let mut examples = Vec::with_capacity(entries.len());
        for entry in entries {
            let outcome = raw_value(&entry.judge(&judge, &mut known)?.answered)?;
            let Entry::Command(mut request, _) = entry else { continue };
            request.actor = self.context.poster.may_name_another.then(|| self.context.poster.actor.clone());
            let value = serde_json::to_value(&request).map_err(|error| unwritable(&error))?;
            let mut fill_in = Vec::new();
            placeholders(&value, "", &mut fill_in);
            examples.push(Example { request: *request, fill_in, outcome });
        }
        Ok(examples)
    }
}

fn difference(license: &LicenseNumber, line: Option<u64>, kind: Kind, fields: Vec<FieldDifference>) -> Difference {
    Difference { license: license.to_string(), line, kind, fields, notes: Vec::new(), settle: Vec::new() }
}
