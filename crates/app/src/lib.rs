//! The use cases of the ledger: load, decide, append; and the port to a store.

pub mod aggregate;
pub mod audit;
pub mod commit_quote;
#[cfg(feature = "conformance")]
pub mod conformance;
mod content;
pub mod edition;
pub mod feed;
mod group;
mod judge;
pub mod kept;
pub mod keys;
pub mod ledger;
pub mod lineage;
pub mod lines;
pub mod memory;
pub mod next_commands;
pub mod outcome;
pub mod post;
pub mod poster;
pub mod promise;
pub mod quote;
pub mod read;
pub mod rebuild;
mod recent;
pub mod seal;
pub mod sealing;
pub mod store;
pub mod verify;
pub mod writer;
