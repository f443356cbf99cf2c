//! The store on PostgreSQL: the conformance suite, and what it cannot ask of every store, on a real server.

mod append_only;
mod concurrency;
mod conformance;
mod feed;
mod log;
mod order;
mod rebuild;
mod schema;
mod staleness;
mod stock;
pub(crate) mod support;
mod trouble;
