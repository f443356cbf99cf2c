//! Quoting: the same commands judged and priced by the same code, and nothing written.

use ledger_domain::decide::Purpose;

use crate::judge::{Judge, Known};
use crate::ledger::Ledger;
use crate::outcome::Answered;
use crate::post::{InputLine, PostContext, Posted, read};
use crate::store::StoreError;

/// What the commands quoted so far would have done: each is judged as if those before it had been posted.
/// It keeps every license that they touch.
#[derive(Debug, Default)]
pub struct QuoteSession {
    known: Known,
}

impl Ledger {
    /// Judges and prices a group of lines, in order; writes nothing.
    pub async fn quote(&self, session: &mut QuoteSession, lines: &[InputLine], context: &PostContext) -> Posted {
        let mut answered = Vec::with_capacity(lines.len());
        let failed = self.quote_into(&mut answered, session, lines, context).await.err();
        Posted { answered, failed }
    }

    async fn quote_into(
        &self,
        answered: &mut Vec<Answered>,
        session: &mut QuoteSession,
        lines: &[InputLine],
        context: &PostContext,
    ) -> Result<(), StoreError> {
        let entries = read(lines, &context.poster)?;
        self.load(&entries, &mut session.known).await?;
        let judge = Judge { programme: &self.edition.programme, purpose: Purpose::Quote, context };
        for entry in &entries {
            answered.push(entry.judge(&judge, &mut session.known)?.answered);
        }
        Ok(())
    }
}
