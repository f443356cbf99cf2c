//! Which database holds the ledger. No other file knows.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use ledger_app::memory::MemoryStore;
use ledger_app::store::{Store, StoreError};
use ledger_app::transfer::Transfer;
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;

/// A database, as `--database` names it. Printed, it shows no user, password or parameter.
pub(crate) struct Database {
    place: Place,
    /// The file, once it is open: it must be closed.
    file: OnceLock<Arc<SqliteStore>>,
}

/// Where a ledger is.
#[derive(PartialEq, Eq)]
enum Place {
    /// A file.
    Sqlite(String),
    /// The URL of a PostgreSQL database.
    Postgres(String),
}

/// What a ledger is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenMode {
    /// To read and quote: where there is no ledger yet, none is made.
    Read,
    /// To post: where there is no ledger yet, one is made.
    Write,
}

impl Database {
    /// Connects to the database, and brings its tables up to date.
    ///
    /// To read, a SQLite file that does not exist is an empty ledger: a mistyped name leaves no file behind.
    pub(crate) async fn open(&self, mode: OpenMode) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match &self.place {
            Place::Sqlite(path) if mode == OpenMode::Read && !Path::new(path).exists() => Arc::new(MemoryStore::new()),
            Place::Sqlite(path) => self.kept(SqliteStore::open(path).await?),
            Place::Postgres(url) => Arc::new(PostgresStore::connect(url).await?),
        })
    }

    /// The ledger, to be taken out whole.
    pub(crate) async fn open_to_export(&self) -> Result<Arc<dyn Transfer>, StoreError> {
        Ok(match &self.place {
            Place::Sqlite(path) => self.kept(SqliteStore::open(path).await?),
            Place::Postgres(url) => Arc::new(PostgresStore::connect(url).await?),
        })
    }

    /// The ledger, to put another one into it; also where that has begun.
    pub(crate) async fn open_to_import(&self) -> Result<Arc<dyn Transfer>, StoreError> {
        Ok(match &self.place {
            Place::Sqlite(path) => self.kept(SqliteStore::open_to_import(path).await?),
            Place::Postgres(url) => Arc::new(PostgresStore::connect_to_import(url).await?),
        })
    }

    /// The file, which is closed at the end.
    fn kept(&self, store: SqliteStore) -> Arc<SqliteStore> {
        let store = Arc::new(store);
        Arc::clone(self.file.get_or_init(|| store))
    }

    /// Whether there is one. Of a server only opening it can tell.
    pub(crate) fn is_there(&self) -> bool {
        match &self.place {
            Place::Sqlite(path) => Path::new(path).exists(),
            Place::Postgres(_) => true,
        }
    }

    /// Closes the file when nobody uses it any more: one file then holds the whole ledger, and can be copied.
    pub(crate) async fn close(self) {
        if let Some(store) = self.file.into_inner().and_then(Arc::into_inner) {
            store.close().await;
        }
    }
}

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { place: text.parse()?, file: OnceLock::new() })
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.to_owned())),
            // What was given is not repeated: it may hold a password.
            _ => Err("the database (--database, or LICENSE_LEDGER_DATABASE) is none that is known here; \
                      write sqlite:PATH, or postgres://USER@HOST/NAME"
                .to_owned()),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Sqlite(path) => write!(f, "sqlite:{path}"),
            Place::Postgres(url) => write!(f, "postgres://{}", host_and_name(url)),
        }
    }
}

/// What of a URL may be shown. A password may hold any sign, also unescaped: where that is unclear, nothing is shown.
fn host_and_name(url: &str) -> &str {
    let behind_scheme = url.split_once("://").map_or("", |(_, behind)| behind);
    let (address, parameters) = behind_scheme.split_once(['?', '#']).unwrap_or((behind_scheme, ""));
    if parameters.contains('@') {
        return "…";
    }
    address.rsplit_once('@').map_or(address, |(_, shown)| shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Database>().unwrap().to_string()
    }

    #[test]
    fn a_file_is_named_in_three_ways() {
        for text in ["sqlite:a.db", "sqlite://a.db"] {
            assert!(text.parse() == Ok(Place::Sqlite("a.db".to_owned())), "{text}");
        }
        assert!("sqlite:///var/a.db".parse() == Ok(Place::Sqlite("/var/a.db".to_owned())));
    }

    #[test]
    fn anything_else_is_refused_and_not_repeated() {
        for text in ["", "license-ledger.db", "sqlite:", "mysql://root:secret@host/db"] {
            let Err(why) = text.parse::<Place>() else { panic!("{text}") };
            assert!(why.contains("sqlite:PATH") && !why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(shown("postgres://ledger:secret@db.example:5432/ledger"), "postgres://db.example:5432/ledger");
        assert_eq!(shown("postgresql://db.example/ledger?user=u&password=secret"), "postgres://db.example/ledger");
        assert_eq!(shown("postgres://db.example/ledger?password=se@cret"), "postgres://…");
        assert_eq!(shown("postgres://u:se?c@ret@db.example/ledger"), "postgres://…");
        assert_eq!(shown("postgres://u:se/c@ret@db.example/ledger"), "postgres://db.example/ledger");
    }
}
