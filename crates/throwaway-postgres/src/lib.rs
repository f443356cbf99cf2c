//! A PostgreSQL server for one run of tests or benchmarks, from the installed binaries.
//!
//! [`Server::shared`] is the one server of a whole test process; [`Server::new_database`] gives every test a database
//! of its own. Where `LICENSE_LEDGER_TEST_DATABASE` names a server (a `postgres://` URL of one where databases may be
//! created), that one is used instead. [`Server::start`] and [`Server::start_durable`] start a server of their own, for
//! tests that would disturb others, to measure, or to kill; [`Server::standby`] starts a streaming standby of such a one.
//!
//! Nothing stays behind, not even when the process is killed: a watchdog reads a pipe that only this process holds
//! open, and stops the server and removes its folder when the pipe closes.

mod binaries;
mod cluster;
mod database;
mod server;
mod watchdog;

pub use binaries::bin_dir;
pub use server::Server;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is installed that could be started.
    #[error(
        "no PostgreSQL server of version 15 or later is installed: run `apt-get install postgresql`, \
         or name a server in LICENSE_LEDGER_TEST_DATABASE"
    )]
    NotInstalled,
    /// A program could not be run, or failed.
    #[error("{program} failed: {reason}")]
    Failed {
        /// Which program.
        program: String,
        /// What it said.
        reason: String,
    },
    /// The server's folder could not be made.
    #[error("the server's folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The shared server could not be started before; the reason is the first attempt's.
    #[error("{0}")]
    Shared(String),
    /// The server is up and refused what was asked.
    #[error("the test server: {0}")]
    Database(#[from] sqlx::Error),
}
