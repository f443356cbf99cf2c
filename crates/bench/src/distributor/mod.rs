//! A distributor's licenses through the years, made up but realistic: what happens to each, and when.
//!
//! A [`Life`] is a license from its purchase on: orders, renewals, servers, versions, mistakes, and now and then the vendor
//! desk. It only asks; the ledger judges. [`season`] says when people buy, [`Lives`] puts many lives in the order of
//! their days, and a [`Book`] judges them in memory. The same seed gives the same commands. `seed` posts them, `simulate` decides them in memory.

mod ask;
mod book;
mod life;
mod lives;
mod season;

pub(crate) use book::{Book, Judged};
pub(crate) use life::{Asked, Life};
pub(crate) use lives::Lives;

use ledger_domain::values::Date;

/// Whose licenses: when they are bought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Distributor {
    /// Another seed, another distributor.
    pub(crate) seed: u64,
    /// The first day on which a license is bought.
    pub(crate) opens: Date,
    /// Within how many days all of them are.
    pub(crate) sells_for_days: u32,
}
