//! The HTTP service: the contract's `/v1` over the same use cases as the command line. There is no second way to a
//! decision here: a handler reads, calls [`ledger_app`], and answers.
//!
//! Reading order: `routes` (every endpoint in one place), `edge` (what happens around every request: identity, limits,
//! panics, the log line), `access` (who comes in, as what), then a file for each endpoint, such as `commands`.
//! `problem` is the one file that turns a "no" into a status and a body. `server` listens, accepts and stops.
//!
//! TLS is the reverse proxy's: this service speaks plain HTTP/1.1.

mod accept;
pub mod access;
mod batch;
mod body;
mod commands;
pub mod config;
mod csv;
mod docs;
mod edge;
mod expiry;
mod feed;
mod head;
mod health;
mod if_match;
mod language;
mod licenses;
mod logs;
pub mod metrics;
mod next_commands;
pub mod openapi;
mod params;
pub mod problem;
mod quotes;
mod reached;
mod routes;
pub mod server;
mod service;
mod stalled;

pub use routes::router;
pub use service::Service;
