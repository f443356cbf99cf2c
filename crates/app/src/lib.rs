//! The use cases of the ledger: load, decide, append; and the port to a store.

pub mod store;
