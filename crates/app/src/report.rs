//! Reports: whole lists of one moment, read page by page, with the place in the sealed log that they were made at.
//!
//! A report counts what was recorded up to an instant that is final, so no page of it changes while it is read. All that
//! it counts is among the first [`Standpoint::position`] events of the log, whose root [`Standpoint::root`] is.

use chrono::{DateTime, SubsecRound, Utc};
use ledger_domain::entitlement::Entitlement;
use ledger_domain::values::{Date, LicenseNumber};
use serde::Serialize;

use crate::ledger::Ledger;
use crate::read::{When, instant};
use crate::sealing::{root, seal_all};
use crate::sheet::{ENTITLEMENT_COLUMNS, entitlement_cells};
use crate::store::{AsOf, Expiring, Filter, StoreError};

mod log;

pub use self::log::{Refusal, Sale};

/// How many rows, or events of the log, are read at a time.
const PAGE: u32 = 1_000;

/// What is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Active and blocked licenses whose SWM ends in the period, soonest first.
    SwmExpiry(Period),
    /// All licenses on the day, by number; `None`: today, by all that is recorded.
    Entitlements(Option<Date>),
    /// The lines sold with a business date in the period, in the order of the log.
    Sales(Period),
    /// The refusals with a business date in the period, in the order of the log.
    Refusals(Period),
}

/// Days: from the first one on, before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day; `None`: from the beginning.
    pub from: Option<Date>,
    /// The first day no longer asked about; `None`: to the end.
    pub to: Option<Date>,
}

impl Period {
    fn has(&self, day: Date) -> bool {
        self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day < to)
    }
}

/// The moment a report is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standpoint {
    /// Only what was recorded up to this instant counts.
    pub known_at: DateTime<Utc>,
    /// How many events the log had: all that counts is at positions below.
    pub position: u64,
    /// The root of the tree over them, in Base64, as checkpoints write it.
    pub root: String,
}

/// A row of a report.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Row {
    /// A license.
    Entitlement(Box<Entitlement>),
    /// A line sold.
    Sale(Sale),
    /// A refusal.
    Refusal(Refusal),
}

impl Row {
    /// The cells, in the order of [`Question::columns`].
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        match self {
            Self::Entitlement(entitlement) => entitlement_cells(entitlement).to_vec(),
            Self::Sale(sale) => sale.cells(),
            Self::Refusal(refusal) => refusal.cells(),
        }
    }
}

impl Question {
    /// The columns of its table. They stay as they are, in this order.
    #[must_use]
    pub const fn columns(&self) -> &'static [&'static str] {
        match self {
            Self::SwmExpiry(_) | Self::Entitlements(_) => &ENTITLEMENT_COLUMNS,
            Self::Sales(_) => &Sale::COLUMNS,
            Self::Refusals(_) => &Refusal::COLUMNS,
        }
    }
}

/// A report that is being read.
pub struct Report<'l> {
    ledger: &'l Ledger,
    question: Question,
    today: Date,
    /// The moment it is of.
    pub standpoint: Standpoint,
    next: Option<Place>,
}

/// Where a report goes on.
#[derive(Default)]
struct Place {
    position: u64,
    license: Option<LicenseNumber>,
    end: Option<(Date, LicenseNumber)>,
}

impl Ledger {
    /// Begins a report as known at the instant; `None`: now. The events that are there are sealed for it. A standby seals
    /// nothing: there, now is as far as the primary has said that nothing can be recorded any more.
    ///
    /// # Errors
    /// [`StoreError::NotYetFinal`] for an instant that may still change, [`StoreError::Standby`] where the seal has not
    /// come that far, or the store's failure.
    pub async fn report(
        &self,
        question: Question,
        today: Date,
        known_at: Option<DateTime<Utc>>,
    ) -> Result<Report<'_>, StoreError> {
        let known_at = self.final_instant(known_at).await?;
        let position = match self.store.is_standby().await? {
            true => self.store.sealed_log().sealed_up_to(known_at).await?,
            false => seal_all(self.store()).await?,
        };
        let root = root(self.store.sealed_log(), position).await?.to_string();
        let standpoint = Standpoint { known_at, position, root };
        Ok(Report { ledger: self, question, today, standpoint, next: Some(Place::default()) })
    }

    /// The instant given; else the latest one up to which the log is final: on a standby, or were the database's
    /// clock behind ours.
    async fn final_instant(&self, asked: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, StoreError> {
        let instant = asked.unwrap_or_else(Utc::now).trunc_subsecs(6);
        match self.store.wait_until_final(instant).await {
            Err(StoreError::NotYetFinal { final_until, .. }) if asked.is_none() => Ok(final_until),
            done => done.map(|()| instant),
        }
    }
}

impl Report<'_> {
    /// The next rows, which may be none; `None` at the end.
    ///
    /// # Errors
    /// The store's failure; [`StoreError::Damaged`] for an event that cannot be read.
    pub async fn page(&mut self) -> Result<Option<Vec<Row>>, StoreError> {
        let Some(place) = self.next.take() else { return Ok(None) };
        match self.question {
            Question::SwmExpiry(period) => self.ending(period, place).await,
            Question::Entitlements(on) => self.entitlements(on, place).await,
            Question::Sales(period) => self.sales(period, place.position).await,
            Question::Refusals(period) => self.refusals(period, place.position).await,
        }
        .map(Some)
    }

    async fn ending(&mut self, period: Period, place: Place) -> Result<Vec<Row>, StoreError> {
        let known_at = Some(self.standpoint.known_at);
        let from = period.from.unwrap_or(self.today);
        let asked = Expiring {
            from,
            to: period.to.unwrap_or(Date::MAX),
            partner: None,
            kept_to: None,
            known_at,
            after: place.end,
        };
        let facts = self.ledger.store.expiring(&asked, PAGE).await?;
        if is_full(facts.len()) {
            let end = facts.last().and_then(|last| Some((last.swm?.ends, last.license.clone())));
            self.next = Some(Place { end, ..Place::default() });
        }
        let when = When { today: self.today, on: None, known_at };
        Ok(facts.iter().map(|facts| Row::Entitlement(Box::new(self.ledger.entitled(facts, when)))).collect())
    }

    async fn entitlements(&mut self, on: Option<Date>, place: Place) -> Result<Vec<Row>, StoreError> {
        let known_at = Some(self.standpoint.known_at);
        let as_of = AsOf { on, known_at };
        let facts = self.ledger.store.list(&Filter::default(), as_of, place.license.as_ref(), PAGE).await?;
        if is_full(facts.len()) {
            let license = facts.last().map(|last| last.license.clone());
            self.next = Some(Place { license, ..Place::default() });
        }
        let when = When { today: self.today, on, known_at };
        Ok(facts.iter().map(|facts| Row::Entitlement(Box::new(self.ledger.entitled(facts, when)))).collect())
    }
}

fn is_full(rows: usize) -> bool {
    u32::try_from(rows) == Ok(PAGE)
}

/// The moment, as it is written into every row: `position`, `root`, `known_at`.
impl Standpoint {
    /// The names of its cells.
    pub const COLUMNS: [&str; 3] = ["position", "root", "known_at"];

    /// Its cells.
    #[must_use]
    pub fn cells(&self) -> [String; 3] {
        // A root may begin with a plus sign, which no spreadsheet is to take for a formula: so it names its hash.
        [self.position.to_string(), format!("sha256:{}", self.root), instant(self.known_at)]
    }
}
