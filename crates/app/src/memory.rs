//! The store in memory: for tests, and for looking at what commands would do. Nothing outlives the process.
//!
//! It is the plainest reading of the [`Store`] port; the stores on databases are held to the same conformance suite.

mod append;
mod audit;
mod feed;
mod kept;
mod keys;
mod read;
mod rebuild;
mod seal;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use ledger_domain::license::Facts;
use ledger_domain::values::LicenseNumber;
use uuid::Uuid;

use crate::audit::{Audit, CommandRecord};
use crate::edition::another_edition;
use crate::feed::FeedEvent;
use crate::kept::KeptQuote;
use crate::keys::ApiKey;
use crate::seal::SealedLog;
use crate::store::{
    Answer, AsOf, Batch, EditionFiles, Expiring, Filter, Loaded, RebuiltPage, Refold, StateRow, Store, StoreError,
    StoredEvent, Wanted,
};

/// A ledger in memory.
pub struct MemoryStore {
    held: Mutex<Held>,
    clock: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

/// What the ledger holds.
#[derive(Debug, Default)]
struct Held {
    /// The licenses' events, by sequence.
    events: BTreeMap<LicenseNumber, BTreeMap<u64, StoredEvent>>,
    /// Every event, refusals too, at its position.
    log: Vec<FeedEvent>,
    /// The ids of the refused commands, which are their streams.
    refusals: HashSet<String>,
    answers: HashMap<Uuid, Answer>,
    /// What the commands were, for whoever verifies.
    records: BTreeMap<Uuid, CommandRecord>,
    orders: HashSet<(LicenseNumber, String)>,
    current: BTreeMap<LicenseNumber, Current>,
    versions: BTreeMap<LicenseNumber, BTreeMap<u64, Version>>,
    editions: HashMap<String, EditionFiles>,
    current_edition: Option<String>,
    keys: Vec<ApiKey>,
    quotes: HashMap<Uuid, KeptQuote>,
    sealed: seal::Sealed,
    /// Nothing is recorded at or before this instant any more.
    final_until: DateTime<Utc>,
}

/// A row of the current entitlements.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Current {
    row: StateRow,
    facts: Facts,
}

/// A row of the entitlement versions.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    recorded_at: DateTime<Utc>,
    facts: Facts,
}

impl MemoryStore {
    /// An empty ledger on the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Utc::now)
    }

    /// An empty ledger on a clock of its own.
    #[must_use]
    pub fn with_clock(clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { held: Mutex::default(), clock: Box::new(clock) }
    }

    /// What is held. A thread that panicked cannot have left half a batch: everything is checked before it is written.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock, to the microsecond, as databases keep it.
    fn now(&self) -> DateTime<Utc> {
        (self.clock)().trunc_subsecs(6)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, wanted: &[Wanted]) -> Result<Loaded, StoreError> {
        Ok(self.held().load(wanted))
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.conserves_users()?;
        self.held().append(batch, self.now())
    }

    async fn facts(&self, license: &LicenseNumber, as_of: AsOf) -> Result<Option<Facts>, StoreError> {
        Ok(self.held().facts(license, as_of).cloned())
    }

    async fn list(
        &self,
        filter: &Filter,
        as_of: AsOf,
        after: Option<&LicenseNumber>,
        limit: u32,
    ) -> Result<Vec<Facts>, StoreError> {
        Ok(self.held().list(filter, as_of, after, limit))
    }

    async fn expiring(&self, asked: &Expiring, limit: u32) -> Result<Vec<Facts>, StoreError> {
        Ok(self.held().expiring(asked, limit))
    }

    async fn history(&self, license: &LicenseNumber, after: u64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(self.held().history(license, after, limit))
    }

    async fn current_edition(&self) -> Result<Option<EditionFiles>, StoreError> {
        let held = self.held();
        Ok(held.current_edition.as_ref().and_then(|edition| held.editions.get(edition)).cloned())
    }

    async fn adopt_edition(&self, files: &EditionFiles) -> Result<(), StoreError> {
        let mut held = self.held();
        held.editions.entry(files.edition.clone()).or_insert_with(|| files.clone());
        held.current_edition = Some(files.edition.clone());
        Ok(())
    }

    async fn adopt_first_edition(&self, files: &EditionFiles) -> Result<(), StoreError> {
        let mut held = self.held();
        if held.current_edition.as_ref().is_some_and(|current| *current != files.edition) {
            return Err(another_edition());
        }
        held.editions.insert(files.edition.clone(), files.clone());
        held.current_edition = Some(files.edition.clone());
        Ok(())
    }

    async fn rebuild_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError> {
        self.held().rebuild_page(after, limit, refold)
    }

    fn sealed_log(&self) -> &dyn SealedLog {
        self
    }

    fn audit(&self) -> &dyn Audit {
        self
    }

    async fn settle(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn wait_until_final(&self, instant: DateTime<Utc>) -> Result<(), StoreError> {
        let now = self.now();
        if instant.trunc_subsecs(6) > now {
            return Err(StoreError::NotYetFinal { asked: instant, final_until: now });
        }
        let mut held = self.held();
        held.final_until = held.final_until.max(instant.trunc_subsecs(6));
        Ok(())
    }
}
