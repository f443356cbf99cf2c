//! dev
#[path = "../../../tests/it/postgres.rs"]
mod postgres;
