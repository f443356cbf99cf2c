//! The store on SQLite, the embedded default: one file, one writer, any number of readers.
//!
//! Reading order: [`SqliteStore`], `open` (files, migrations), `append` (the one write path), `load` and `read`,
//! `compare` and `rebuild`; `feed`, `keys` and `kept` for the service. `rows` says how facts are columns; the columns themselves are explained in `migrations/sqlite`.

mod append;
mod audit;
mod compare;
mod editions;
mod error;
mod export;
mod feed;
mod finality;
mod import;
mod insert;
mod kept;
mod keys;
mod load;
mod open;
mod pending;
mod read;
mod rebuild;
mod rows;
mod schema;
mod seal;
mod sealer;
mod transfer;
mod value;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use ledger_app::audit::Audit;
use ledger_app::seal::SealedLog;
use ledger_app::store::{
    AsOf, Batch, EditionFiles, Expiring, Filter, Loaded, RebuiltPage, Refold, Store, StoreError, StoredEvent, Wanted,
};
use ledger_domain::license::Facts;
use ledger_domain::values::LicenseNumber;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqlitePool};

use sealer::Sealer;
use writer::Writer;

/// A ledger in an SQLite file.
pub struct SqliteStore {
    readers: SqlitePool,
    writer: Arc<Writer>,
    /// None when the file is open for reading only.
    sealer: Option<Sealer>,
}

impl SqliteStore {
    /// Opens the ledger in the file, which is made when it is missing and migrated when it is older than this program.
    /// A file that cannot be written is opened for reading.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] for a folder, a file that is no ledger, or one that cannot be made;
    /// [`StoreError::Newer`] when a newer version of this program has migrated it; [`StoreError::Damaged`].
    /// [`StoreError::HalfImported`] while only a part of another ledger is in it.
    pub async fn open(path: &str) -> Result<Self, StoreError> {
        let store = Self::open_to_import(path).await?;
        match import::is_half_imported(&store.readers).await {
            Ok(false) => Ok(store),
            other => {
                store.close().await;
                Err(other.err().unwrap_or(StoreError::HalfImported))
            }
        }
    }

    /// As [`SqliteStore::open`], also where only a part of another ledger is in it: to import the rest.
    ///
    /// # Errors
    /// As there.
    pub async fn open_to_import(path: &str) -> Result<Self, StoreError> {
        open::open(path).await
    }

    /// Seals what is left to seal, and closes every connection; the last one to close a file tidies its write-ahead log
    /// away.
    pub async fn close(self) {
        if let Some(sealer) = self.sealer {
            sealer.finish().await;
        }
        self.readers.close().await;
        if let Some(writer) = Arc::into_inner(self.writer) {
            writer.close().await;
        }
    }
}

impl SqliteStore {
    /// Runs one statement, which is a transaction of its own, and returns how many rows it wrote.
    async fn write<'q>(&self, statement: Query<'q, Sqlite, SqliteArguments<'q>>) -> Result<u64, StoreError> {
        let mut lease = self.writer.lease().await?;
        let done = statement.execute(lease.connection()).await.map_err(error::failed);
        lease.end(done.map(|done| done.rows_affected()))
    }
}

/// The clock, to the microsecond that is stored.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[async_trait]
impl Store for SqliteStore {
    async fn load(&self, wanted: &[Wanted]) -> Result<Loaded, StoreError> {
        load::load(&self.readers, wanted).await
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.conserves_users()?;
        let mut lease = self.writer.lease().await?;
        let done = append::append(lease.connection(), batch).await;
        lease.end(done)?;
        if let Some(sealer) = &self.sealer {
            sealer.appended();
        }
        Ok(())
    }

    async fn facts(&self, license: &LicenseNumber, as_of: AsOf) -> Result<Option<Facts>, StoreError> {
        read::facts(&self.readers, license, as_of).await
    }

    async fn list(
        &self,
        filter: &Filter,
        as_of: AsOf,
        after: Option<&LicenseNumber>,
        limit: u32,
    ) -> Result<Vec<Facts>, StoreError> {
        read::list(&self.readers, filter, as_of, after, limit).await
    }

    async fn expiring(&self, asked: &Expiring, limit: u32) -> Result<Vec<Facts>, StoreError> {
        read::expiring(&self.readers, asked, limit).await
    }

    async fn history(&self, license: &LicenseNumber, after: u64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        read::history(&self.readers, license.as_str(), after, limit).await
    }

    async fn current_edition(&self) -> Result<Option<EditionFiles>, StoreError> {
        editions::current(&self.readers).await
    }

    async fn adopt_edition(&self, files: &EditionFiles) -> Result<(), StoreError> {
        let mut lease = self.writer.lease().await?;
        let done = editions::adopt(lease.connection(), files, false).await;
        lease.end(done)
    }

    async fn adopt_first_edition(&self, files: &EditionFiles) -> Result<(), StoreError> {
        let mut lease = self.writer.lease().await?;
        let done = editions::adopt(lease.connection(), files, true).await;
        lease.end(done)
    }

    async fn rebuild_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError> {
        let mut lease = self.writer.lease().await?;
        let done = rebuild::page(&self.readers, lease.connection(), after, limit, refold).await;
        lease.end(done)
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
        finality::wait_until_final(self, instant).await
    }
}
