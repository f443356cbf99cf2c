//! The seal: a tamper-evident log over the ledger's events, and what verifies it without any database.
//!
//! Reading order: [`leaf`] (what of an event is sealed), [`tree`] (RFC 6962 hashes), [`proof`] (inclusion and
//! consistency), [`tiles`] (the tree as it is stored), [`keys`] and [`note`] (signatures), [`checkpoint`] (the log's
//! signed size and root), [`tlog_proof`] (a proof as a file). Formats: RFC 6962, RFC 8785, and C2SP's signed-note,
//! tlog-checkpoint, tlog-tiles (its tree of tiles) and tlog-proof.

pub mod checkpoint;
pub mod hash;
pub mod json;
pub mod keys;
pub mod leaf;
pub mod note;
pub mod proof;
pub mod ranges;
pub mod tiles;
pub mod tlog_proof;
pub mod tree;
