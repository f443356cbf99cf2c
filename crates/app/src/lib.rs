//! The use cases of the ledger: load, decide, append; and the port to a store.

pub mod aggregate;
#[cfg(feature = "conformance")]
pub mod conformance;
mod content;
pub mod edition;
mod judge;
pub mod ledger;
pub mod lineage;
pub mod memory;
pub mod outcome;
pub mod post;
pub mod quote;
pub mod read;
pub mod rebuild;
pub mod store;
