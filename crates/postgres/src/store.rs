//! The store: its connections, and the port's methods handed on to the modules that do them.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::audit::Audit;
use ledger_app::patience::in_time;
use ledger_app::seal::SealedLog;
use ledger_app::store::{
    AsOf, Batch, EditionFiles, Expiring, Filter, Loaded, RebuiltPage, Refold, Store, StoreError, StoredEvent, Wanted,
};
use ledger_domain::license::Facts;
use ledger_domain::values::LicenseNumber;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor};

use crate::connections::{Connections, READ_COMMITTED};
use crate::current::Current;
use crate::error::{migration_failed, store_error};
use crate::sealer::{self, Sealer};
use crate::standby::{is_standby, must_be_up_to_date};
use crate::{append, editions, import, load, read, rebuild};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How many reads run at once; further ones wait.
const READ_CONNECTIONS: u32 = 8;

/// How many appends go well at the same time: while one waits for the log to be safe on the disk, another is computed.
const WRITERS: usize = 2;

/// How long a read waits for a connection before the database counts as unavailable.
const READ_WAITS: Duration = Duration::from_secs(5);

/// The ledger on PostgreSQL. Any number of processes can work on one database.
///
/// While it lives, a task of its own gives committed events their positions, unless another process does.
pub struct PostgresStore {
    pub(crate) reads: PgPool,
    current: Current,
    writes: Connections,
    _sealer: Sealer,
}

impl PostgresStore {
    /// Connects to the database of a `postgres://` URL, and brings its tables up to date. A streaming standby can be read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached, [`StoreError::Newer`] when a newer version of this
    /// program made its tables, [`StoreError::Damaged`] when its tables are not as this program made them.
    /// [`StoreError::HalfImported`] while only a part of another ledger is in it.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let store = Self::connect_to_import(url).await?;
        if import::is_half_imported(&store.reads).await? {
            return Err(StoreError::HalfImported);
        }
        Ok(store)
    }

    /// As [`PostgresStore::connect`], also where only a part of another ledger is in it: to import the rest.
    ///
    /// # Errors
    /// As there.
    pub async fn connect_to_import(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(store_error)?;
        let options = options.disable_statement_logging();
        migrate(&options).await?;
        let reads = reads(&options);
        let sealer = Sealer::start(reads.clone());
        let current = Current::start(Connections::new(options.clone()));
        Ok(Self { reads, current, writes: Connections::new(options), _sealer: sealer })
    }
}

/// The connections for reads, and for what the sealer and the rebuild do.
fn reads(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(READ_CONNECTIONS)
        .acquire_timeout(READ_WAITS)
        .after_connect(|connection, _| Box::pin(async { connection.execute(READ_COMMITTED).await.map(|_| ()) }))
        .connect_lazy_with(options.clone())
}

async fn migrate(options: &PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = options.connect().await.map_err(store_error)?;
    if is_standby(&mut connection).await? {
        must_be_up_to_date(&mut connection, &MIGRATIONS).await?;
    } else {
        MIGRATIONS.run(&mut connection).await.map_err(migration_failed)?;
    }
    connection.close().await.map_err(store_error)
}

#[async_trait]
impl Store for PostgresStore {
    fn writers(&self) -> usize {
        WRITERS
    }

    async fn is_standby(&self) -> Result<bool, StoreError> {
        is_standby(&mut *self.reads.acquire().await.map_err(store_error)?).await
    }

    async fn load(&self, wanted: &[Wanted]) -> Result<Loaded, StoreError> {
        load::load(&self.writes, wanted).await
    }

    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.conserves_users()?;
        append::append(&self.writes, batch).await
    }

    async fn facts(&self, license: &LicenseNumber, as_of: AsOf) -> Result<Option<Facts>, StoreError> {
        if as_of == AsOf::default() {
            return self.current.facts(license).await;
        }
        read::facts(&self.reads, license, as_of).await
    }

    async fn list(
        &self,
        filter: &Filter,
        as_of: AsOf,
        after: Option<&LicenseNumber>,
        limit: u32,
    ) -> Result<Vec<Facts>, StoreError> {
        read::list(&self.reads, filter, as_of, after, limit).await
    }

    async fn expiring(&self, asked: &Expiring, limit: u32) -> Result<Vec<Facts>, StoreError> {
        read::expiring(&self.reads, asked, limit).await
    }

    async fn history(&self, license: &LicenseNumber, after: u64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        read::history(&self.reads, license, after, limit).await
    }

    async fn current_edition(&self) -> Result<Option<EditionFiles>, StoreError> {
        editions::current(&self.reads).await
    }

    async fn adopt_edition(&self, files: &EditionFiles) -> Result<(), StoreError> {
        in_time(editions::adopt(&self.reads, files, false)).await
    }

    async fn adopt_first_edition(&self, files: &EditionFiles) -> Result<(), StoreError> {
        in_time(editions::adopt(&self.reads, files, true)).await
    }

    async fn rebuild_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError> {
        rebuild::page(&self.reads, after, limit, refold).await
    }

    fn sealed_log(&self) -> &dyn SealedLog {
        self
    }

    fn audit(&self) -> &dyn Audit {
        self
    }

    async fn settle(&self) -> Result<(), StoreError> {
        sealer::settle(&self.reads).await
    }

    async fn wait_until_final(&self, instant: DateTime<Utc>) -> Result<(), StoreError> {
        sealer::wait_until_final(&self.reads, instant).await
    }
}
