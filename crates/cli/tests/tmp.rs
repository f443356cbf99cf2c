#![allow(missing_docs)]
#[path = "../../../tests/it/command_line/mod.rs"]
mod command_line;
#[path = "../../../tests/it/files.rs"]
mod files;
#[path = "../../../tests/it/golden.rs"]
mod golden;
#[path = "../../../tests/it/schemas.rs"]
mod schemas;
