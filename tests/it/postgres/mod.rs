//! The store on PostgreSQL: what the conformance suite cannot ask of every store, on a real server.

mod append_only;
mod concurrency;
mod order;
mod rebuild;
mod staleness;
mod stock;
mod support;
mod trouble;
