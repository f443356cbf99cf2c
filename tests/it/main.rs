//! The end-to-end tests of the whole workspace: one target.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is a finding; clippy allows it in test functions only"
)]

mod certificate;
mod command_line;
mod examples;
mod files;
mod golden;
mod memory;
mod portfolio;
mod postgres;
mod rebuilding;
mod redistribution;
mod replay;
mod reporting;
mod rule_pages;
mod schemas;
mod seal;
mod service;
mod sqlite;
mod standby;
mod transfer;
mod two_times;
mod use_cases;
mod writer;
