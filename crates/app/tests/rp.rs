#[path = "../../../tests/it/rule_pages/mod.rs"]
mod rule_pages;
