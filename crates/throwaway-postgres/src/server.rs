//! A server, started or given.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::cluster::Cluster;
use crate::watchdog::Watchdog;
use crate::{Error, database};

/// Names a server to use instead of starting one.
const GIVEN_SERVER: &str = "LICENSE_LEDGER_TEST_DATABASE";

static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();

/// A PostgreSQL server. One that was started here stops, and its folder goes, when it is dropped.
#[derive(Debug)]
pub struct Server {
    /// A URL of a database that exists from the start.
    url: String,
    /// None for a given server.
    own: Option<Own>,
}

/// What a started server consists of.
#[derive(Debug)]
struct Own {
    cluster: Cluster,
    /// Held for its end.
    _watchdog: Watchdog,
}

impl Server {
    /// The one server of this process, started at the first call. It is not durable: a crash of the machine loses it.
    ///
    /// # Errors
    /// Where no server is given and none can be started; the message says what to install.
    pub async fn shared() -> Result<&'static Self, Error> {
        let server = SHARED.get_or_init(|| Self::given_or_started().map_err(|error| error.to_string()));
        server.as_ref().map_err(|reason| Error::Shared(reason.clone()))
    }

    /// Starts a server of its own, for a test that would disturb the others on a shared one. It is not durable.
    ///
    /// # Errors
    /// Where none can be started; the message says what to install.
    pub fn start() -> Result<Self, Error> {
        Self::start_with(false)
    }

    /// Starts a server of its own with PostgreSQL's defaults for durability, to measure or to [`Self::kill`].
    ///
    /// # Errors
    /// Where none can be started; the message says what to install.
    pub fn start_durable() -> Result<Self, Error> {
        Self::start_with(true)
    }

    /// Makes an empty database, and returns its URL.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses.
    pub async fn new_database(&self) -> Result<String, Error> {
        database::create(&self.url).await
    }

    /// Starts a streaming standby of this server: a server of its own, which holds what this one holds, a moment later.
    ///
    /// # Errors
    /// When this server is not this process's own, or the other one cannot be started.
    pub fn standby(&self) -> Result<Self, Error> {
        let primary = &self.own()?.cluster;
        Self::start_in(new_folder()?, |folder| primary.standby(folder))
    }

    /// The URL, on this server, of the database that another server has by that URL: the primary's, on its standby.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        database::on_server(&self.url, database)
    }

    /// Stops the server as an administrator would: its clients are told, and cut off. [`Self::restart`] starts it again.
    ///
    /// # Errors
    /// When it is not this process's own, or does not stop.
    pub fn stop(&self) -> Result<(), Error> {
        self.own()?.cluster.shut_down()
    }

    /// Kills the server with SIGKILL, as a crash would. [`Self::restart`] starts it again on the same data.
    ///
    /// # Errors
    /// When it is not this process's own, or not running.
    pub fn kill(&self) -> Result<(), Error> {
        self.own()?.cluster.kill()
    }

    /// Starts the server again on the same data, and returns when it has recovered.
    ///
    /// # Errors
    /// When it is not this process's own, or does not start.
    pub fn restart(&self) -> Result<(), Error> {
        self.own()?.cluster.restart()
    }

    fn own(&self) -> Result<&Own, Error> {
        self.own.as_ref().ok_or_else(|| Error::Failed {
            program: GIVEN_SERVER.to_owned(),
            reason: "the server given there is not ours to stop or start".to_owned(),
        })
    }

    fn given_or_started() -> Result<Self, Error> {
        match std::env::var(GIVEN_SERVER) {
            Ok(url) if !url.is_empty() => Ok(Self { url, own: None }),
            _ => Self::start(),
        }
    }

    fn start_with(durable: bool) -> Result<Self, Error> {
        Self::start_in(new_folder()?, |folder| Cluster::new(folder, durable))
    }

    fn start_in(folder: PathBuf, cluster: impl FnOnce(&Path) -> Result<Cluster, Error>) -> Result<Self, Error> {
        let cluster = cluster(&folder).inspect_err(|_| {
            // The first error is the one to tell of.
            let _ = std::fs::remove_dir_all(&folder);
        })?;
        // It watches before there is anything to stop: an end in between leaves nothing behind.
        let watchdog = Watchdog::over(&cluster, &folder)?;
        cluster.start()?;
        let url = format!("postgres://postgres@localhost/postgres?host={}", folder.display());
        Ok(Self { url, own: Some(Own { cluster, _watchdog: watchdog }) })
    }
}

/// A folder with a short name, whatever `TMPDIR` says: a socket's path has at most 107 bytes.
fn new_folder() -> Result<PathBuf, Error> {
    Ok(tempfile::Builder::new().prefix("pg-").tempdir_in("/tmp")?.keep())
}
