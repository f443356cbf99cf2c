//! dev
#[path = "../../../tests/it/postgres/mod.rs"]
mod postgres;
