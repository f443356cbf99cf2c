#![allow(missing_docs)]
#[path = "../../../tests/it/files.rs"]
mod files;
#[path = "../../../tests/it/golden.rs"]
mod golden;
#[path = "../../../tests/it/rule_pages/mod.rs"]
mod rule_pages;
#[path = "../../../tests/it/schemas.rs"]
mod schemas;
#[path = "../../../tests/it/use_cases/mod.rs"]
mod use_cases;
