//! Opening a file: for writing where that is possible, else for reading.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger_app::store::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::SqliteStore;
use crate::error::{failed, is_busy, is_unwritable};
use crate::schema::{self, Schema};
use crate::sealer::Sealer;
use crate::writer::Writer;

/// How long a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait before trying again where SQLite does not wait itself.
const PAUSE: Duration = Duration::from_millis(20);
/// How much of the file the writer keeps in memory, in KiB (SQLite wants it negative): the pages that a group of
/// commands on licenses far apart touches, so that they are not written out and read again within a transaction.
const WRITER_CACHE_KIB: &str = "-32768";
/// After how many pages of 4 KiB the write-ahead log goes back into the file. A page that many commands touch is
/// written back once; a crash costs reading at most so much again.
const LOG_PAGES: &str = "10000";
/// How many readers a process has at once.
const READERS: u32 = 4;

/// Why a file could not be opened in one way; another may do.
enum Failed {
    Database(sqlx::Error),
    Store(StoreError),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub(crate) async fn open(path: &str) -> Result<SqliteStore, StoreError> {
    opened(path).await.map_err(|error| named(error, path))
}

async fn opened(path: &str) -> Result<SqliteStore, StoreError> {
    let file = plain_path(path);
    let found = fs::metadata(&file).ok();
    if found.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(StoreError::Unavailable("it is a folder, not a database file".to_owned()));
    }
    let is_marked_read_only = found.as_ref().is_some_and(|found| found.permissions().readonly());
    if is_marked_read_only {
        return for_reading(&file).await;
    }
    match for_writing_with_patience(&file).await {
        Ok(store) => Ok(store),
        Err(Failed::Database(error)) if found.is_some() && is_unwritable(&error) => for_reading(&file).await,
        Err(Failed::Database(error)) => Err(failed(error)),
        Err(Failed::Store(error)) => Err(error),
    }
}

/// The path as one: SQLite reads names like `:memory:` and `file:…` in its own way.
fn plain_path(path: &str) -> PathBuf {
    if Path::new(path).is_absolute() { path.into() } else { Path::new(".").join(path) }
}

/// The switch to WAL, alone, does not wait for other connections' locks.
async fn for_writing_with_patience(file: &Path) -> Result<SqliteStore, Failed> {
    let started = Instant::now();
    loop {
        match for_writing(file).await {
            Err(Failed::Database(error)) if is_busy(&error) && started.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

async fn for_writing(file: &Path) -> Result<SqliteStore, Failed> {
    let options = options(file)
        .create_if_missing(true)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("cache_size", WRITER_CACHE_KIB)
        // What a failing statement would put back is noted in memory, not in a file.
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", LOG_PAGES);
    let mut connection = options.connect().await?;
    let schema = usable(&mut connection).await?;
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut connection).await?;
    if schema == Schema::Older {
        schema::migrate(&mut connection).await?;
    }
    let writer = Arc::new(Writer::new(options, connection));
    let sealer = Sealer::start(Arc::clone(&writer));
    Ok(SqliteStore { readers: readers(self::options(file)), writer, sealer: Some(sealer) })
}

/// Reads need the files beside the database, which a folder that cannot be written may lack; then the database is
/// read by itself, which is right as long as nothing of it is still in the write-ahead log.
async fn for_reading(file: &Path) -> Result<SqliteStore, StoreError> {
    match as_it_is(options(file)).await {
        Err(Failed::Database(error)) if is_unwritable(&error) => {}
        Err(Failed::Database(error)) => return Err(failed(error)),
        Err(Failed::Store(error)) => return Err(error),
        Ok(store) => return Ok(store),
    }
    if has_log(file) {
        let advice = "its write-ahead log (-wal) cannot be read where its folder cannot be written";
        return Err(StoreError::Unavailable(advice.to_owned()));
    }
    as_it_is(options(file).immutable(true)).await.map_err(|error| match error {
        Failed::Database(error) => failed(error),
        Failed::Store(error) => error,
    })
}

fn has_log(file: &Path) -> bool {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(PathBuf::from(log)).is_ok_and(|log| log.len() > 0)
}

async fn as_it_is(options: SqliteConnectOptions) -> Result<SqliteStore, Failed> {
    let options = options.read_only(true);
    let mut connection = options.connect().await?;
    if usable(&mut connection).await? == Schema::Older {
        return Err(StoreError::Unavailable("it must be migrated first, and cannot be written".to_owned()).into());
    }
    Ok(SqliteStore { readers: readers(options), writer: Arc::new(Writer::none()), sealer: None })
}

/// What the file is, if it is a ledger that this program can use.
async fn usable(connection: &mut SqliteConnection) -> Result<Schema, Failed> {
    match schema::look_at(connection).await? {
        Schema::Foreign => Err(StoreError::Unavailable("it is a database of something else".to_owned()).into()),
        Schema::Newer => Err(StoreError::Newer("a newer version has migrated it".to_owned()).into()),
        schema => Ok(schema),
    }
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).busy_timeout(BUSY_TIMEOUT).disable_statement_logging()
}

fn readers(options: SqliteConnectOptions) -> sqlx::SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(READERS).test_before_acquire(false);
    pool.connect_lazy_with(options.read_only(true))
}

/// The error with the file's name in front.
fn named(error: StoreError, path: &str) -> StoreError {
    match error {
        StoreError::Unavailable(what) => StoreError::Unavailable(format!("{path}: {what}")),
        StoreError::Damaged(what) => StoreError::Damaged(format!("{path}: {what}")),
        StoreError::Newer(what) => StoreError::Newer(format!("{path}: {what}")),
        other => other,
    }
}
