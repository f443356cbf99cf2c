//! The store on PostgreSQL (15 or later).
//!
//! Reading order: the migrations (`migrations/postgres`: every table and column is explained there, and the append and
//! the sealer are functions of the database), then [`PostgresStore`], `load` and `append` (the write path), `rows`
//! (facts as columns), `read`, `sealer` (positions and the final instant), `rebuild`, `error`.

mod append;
mod connections;
mod error;
mod load;
mod read;
mod rebuild;
mod rows;
mod sealer;
mod store;
mod together;

pub use store::PostgresStore;
