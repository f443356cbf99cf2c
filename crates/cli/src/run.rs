//! What a run works with: the ledger asked for, today, and how to answer.

use std::io::{IsTerminal, stdout};
use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use ledger_app::edition::{Edition, EditionError, GivenFiles, Origin};
use ledger_app::ledger::Ledger;
use ledger_app::read::When;
use ledger_app::store::{Store, StoreError};
use ledger_domain::catalog::{BUILT_IN_CATALOG, BUILT_IN_PRICES};
use ledger_domain::values::Date;

use crate::args::{Everywhere, Format, GivenFormat};
use crate::exit::{Failure, note};
use crate::store::{Database, OpenMode};

/// The options that stand everywhere, read.
pub(crate) struct Run<'a> {
    /// The ledger.
    pub(crate) database: &'a Database,
    /// How to print answers.
    pub(crate) format: Format,
    /// What was said about that.
    pub(crate) given_format: Option<GivenFormat>,
    given: GivenFiles,
    time_zone: Tz,
}

impl<'a> Run<'a> {
    /// Reads the options, and the files they name.
    pub(crate) fn new(everywhere: &Everywhere, database: &'a Database) -> Result<Self, Failure> {
        let format = match everywhere.format {
            Some(GivenFormat::Json) => Format::Json,
            None if !stdout().is_terminal() => Format::Json,
            _ => Format::Table,
        };
        let catalog = everywhere.catalog.as_ref().map(|file| file.read(BUILT_IN_CATALOG)).transpose()?;
        let prices = everywhere.prices.as_ref().map(|file| file.read(BUILT_IN_PRICES)).transpose()?;
        Ok(Self {
            database,
            format,
            given_format: everywhere.format,
            given: GivenFiles { catalog, prices },
            time_zone: everywhere.time_zone,
        })
    }

    /// Today, in the business time zone.
    pub(crate) fn today(&self) -> Date {
        Utc::now().with_timezone(&self.time_zone).date_naive()
    }

    /// When the day begins, in the business time zone. Where the clock skips midnight, it begins an hour later or so.
    pub(crate) fn start_of(&self, day: Date) -> DateTime<Utc> {
        let hours = (0..24).filter_map(|hour| day.and_hms_opt(hour, 0, 0));
        let first = hours.filter_map(|hour| self.time_zone.from_local_datetime(&hour).earliest()).next();
        first.map_or_else(|| day.and_time(NaiveTime::MIN).and_utc(), |first| first.to_utc())
    }

    /// The day and the instant that a question is about.
    pub(crate) fn when(&self, on: Option<Date>, known_at: Option<DateTime<Utc>>) -> When {
        When { today: self.today(), on, known_at }
    }

    /// The files given.
    pub(crate) const fn given(&self) -> &GivenFiles {
        &self.given
    }

    /// Whether files were given, which a `post` adopts.
    pub(crate) const fn files_are_given(&self) -> bool {
        self.given.catalog.is_some() || self.given.prices.is_some()
    }

    /// The catalog given, else the built-in one: for what is asked of no ledger.
    pub(crate) fn catalog_without_ledger(&self) -> &str {
        self.given.catalog.as_deref().unwrap_or(BUILT_IN_CATALOG)
    }

    /// For what is wrong to say of an empty ledger, when only the name was mistyped.
    pub(crate) fn needs_a_ledger(&self) -> Result<(), Failure> {
        if self.database.is_there() {
            return Ok(());
        }
        Err(Failure::Refused(format!("there is no ledger in {}; check the name", self.database)))
    }

    /// For lists: an empty one may only mean that the name was mistyped.
    pub(crate) fn note_if_there_is_none(&self) {
        if !self.database.is_there() {
            note(&format!("there is no ledger in {} yet; if there should be one, check the name", self.database));
        }
    }

    /// Opens the ledger to read: where there is none yet, it is empty, and none is made.
    pub(crate) async fn ledger(&self) -> Result<Ledger, EditionError> {
        Ledger::open(self.database.open(OpenMode::Read).await?, self.given.clone()).await
    }

    /// Opens the ledger to write: where there is none yet, one is made.
    pub(crate) async fn ledger_to_write(&self) -> Result<Ledger, EditionError> {
        Ledger::open(self.database.open(OpenMode::Write).await?, self.given.clone()).await
    }

    /// The ledger on a store that is open, for as long as it is served. Its facts are adopted at once: whatever another
    /// process adopts later is newer.
    pub(crate) async fn ledger_to_serve(&self, store: Arc<dyn Store>) -> Result<Ledger, EditionError> {
        let ledger = Ledger::open(Arc::clone(&store), self.given.clone()).await?;
        let files = &ledger.edition().files;
        let adopted = match ledger.edition().origin {
            Origin::Current => return Ok(ledger),
            Origin::Given => store.adopt_edition(files).await,
            Origin::BuiltIn => store.adopt_first_edition(files).await,
        };
        // Another process was quicker: what it has adopted is the ledger's.
        match adopted {
            Err(StoreError::Conflict(_)) => {}
            adopted => adopted?,
        }
        Ledger::open(store, GivenFiles::default()).await
    }

    /// Where it is today.
    pub(crate) const fn time_zone(&self) -> Tz {
        self.time_zone
    }

    /// Hands the edition of facts in use to `look`. Given both files, no database is needed.
    pub(crate) async fn with_edition<T>(&self, look: impl FnOnce(&Edition) -> T) -> Result<T, EditionError> {
        match self.given.clone() {
            GivenFiles { catalog: Some(catalog), prices: Some(prices) } => {
                Edition::parse(catalog, prices).map(|edition| look(&edition)).map_err(EditionError::Problems)
            }
            _ => Ok(look(self.ledger().await?.edition())),
        }
    }
}
