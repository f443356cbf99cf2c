//! The store on PostgreSQL: the conformance suite, and what it cannot ask of every store, on a real server.

mod append_only;
mod concurrency;
mod conformance;
mod feed;
mod lie;
mod order;
mod rebuild;
mod staleness;
mod stock;
pub(crate) mod support;
mod trouble;
