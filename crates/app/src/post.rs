//! Posting commands: read, load, judge in order, append together, answer after the commit.

use ledger_domain::command::Actor;
use ledger_domain::values::Date;

use crate::ledger::Ledger;
use crate::outcome::Answered;
use crate::store::StoreError;

/// How many lines are judged and committed together at most.
pub const GROUP_LINES: usize = 500;

/// A line of input.
#[derive(Debug, Clone)]
pub struct InputLine {
    /// Its number, counted from 1, blank lines included.
    pub number: u64,
    /// Its bytes; `None` when it was over [`ledger_domain::command::MAX_LINE_BYTES`] and was skipped.
    pub bytes: Option<Vec<u8>>,
}

/// What stands around every command of a run.
#[derive(Debug, Clone)]
pub struct PostContext {
    /// Today, in the ledger's business time zone.
    pub today: Date,
    /// Who posts, where a command does not say so itself.
    pub actor: Actor,
}

/// The answers to a group of lines, in order. When the store failed, to those before the failure.
#[derive(Debug, Default)]
pub struct Posted {
    /// One answer per line.
    pub answered: Vec<Answered>,
    /// Why the rest has none: nothing of it was written.
    pub failed: Option<StoreError>,
}

impl Ledger {
    /// Posts a group of lines: each is accepted or refused by itself, all commit together.
    pub async fn post(&self, _lines: &[InputLine], _context: &PostContext) -> Posted {
        Posted::default()
    }
}
