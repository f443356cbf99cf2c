#![allow(missing_docs)]
#[path = "../../../tests/it/examples.rs"]
mod examples;
#[path = "../../../tests/it/files.rs"]
mod files;
