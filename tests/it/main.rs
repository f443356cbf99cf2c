//! The end-to-end tests of the whole workspace: one target.

mod command_line;
mod examples;
mod files;
mod golden;
mod memory;
mod postgres;
mod rule_pages;
mod schemas;
mod sqlite;
mod use_cases;
