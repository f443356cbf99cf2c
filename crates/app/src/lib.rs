//! The use cases of the ledger: load, decide, append; and the port to a store.

pub mod aggregate;
#[cfg(feature = "conformance")]
pub mod conformance;
mod content;
pub mod edition;
pub mod feed;
mod judge;
pub mod kept;
pub mod keys;
pub mod ledger;
pub mod lineage;
pub mod memory;
pub mod outcome;
pub mod post;
pub mod poster;
pub mod quote;
pub mod read;
pub mod rebuild;
pub mod store;
