//! The license policy, pure: no I/O, no clock, no database.
//!
//! Reading order: [`rules`] (the policy, one file per family), [`command`] (what can be asked), [`event`] (what has
//! happened), [`license`] (what the events made of a license), then `decide` and `entitlement`.
//! Time, ids, catalog and prices arrive as arguments.

pub mod catalog;
pub mod command;
pub mod decide;
pub mod entitlement;
pub mod event;
pub mod license;
pub mod lineage;
pub mod needed_users;
pub mod order;
pub mod price;
mod pricing;
pub mod rule;
pub mod rules;
pub mod support;
pub mod values;
pub mod violation;
