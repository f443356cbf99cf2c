//! The store on PostgreSQL (15 or later).
//!
//! Reading order: the migrations (`migrations/postgres`: every table and column is explained there, and the append and
//! the sealer are functions of the database), then [`PostgresStore`], `load` and `append` (the write path; `appended` its rows), `rows`
//! (facts as columns), `read`, `editions`, `sealer` (positions and the final instant), `compare` and `rebuild`, `error`;
//! `feed`, `keys` and `kept` for the service.

mod append;
mod appended;
mod audit;
mod compare;
mod connections;
mod copy;
mod copy_facts;
mod copy_out;
mod current;
mod editions;
mod error;
mod expected;
mod export;
mod feed;
mod import;
mod kept;
mod keys;
mod load;
mod log;
mod read;
mod rebuild;
mod rows;
pub mod schema;
mod seal;
mod sealer;
mod standby;
mod store;
mod transfer;

pub use store::PostgresStore;
