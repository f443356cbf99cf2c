//! Quoting: the same commands judged and priced by the same code, and nothing written.

use crate::ledger::Ledger;
use crate::post::{InputLine, PostContext, Posted};

/// What the commands quoted so far would have done: each is judged as if those before it had been posted.
#[derive(Debug, Default)]
pub struct QuoteSession {}

impl Ledger {
    /// Judges and prices a group of lines, in order; writes nothing.
    pub async fn quote(&self, _session: &mut QuoteSession, _lines: &[InputLine], _context: &PostContext) -> Posted {
        Posted::default()
    }
}
