//! What became of the commands of a run, counted.

use std::time::Instant;

use ledger_app::outcome::{Answered, OutcomeKind};

use crate::exit::{FINE, REFUSED};
use crate::output::words::{counted, grouped};

/// The counts.
#[derive(Debug)]
pub(crate) struct Tally {
    began: Instant,
    accepted: u64,
    rejected: u64,
    invalid: u64,
    conflicts: u64,
    forbidden: u64,
    replayed: u64,
}

impl Tally {
    /// Nothing so far.
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), accepted: 0, rejected: 0, invalid: 0, conflicts: 0, forbidden: 0, replayed: 0 }
    }

    /// Counts the answers.
    pub(crate) fn add(&mut self, answers: &[Answered]) {
        for answer in answers {
            *self.count_of(answer.kind) += 1;
            self.replayed += u64::from(answer.replayed);
        }
    }

    const fn count_of(&mut self, kind: OutcomeKind) -> &mut u64 {
        match kind {
            OutcomeKind::Accepted => &mut self.accepted,
            OutcomeKind::Rejected => &mut self.rejected,
            OutcomeKind::Invalid => &mut self.invalid,
            OutcomeKind::Conflict => &mut self.conflicts,
            OutcomeKind::Forbidden => &mut self.forbidden,
        }
    }

    /// How many commands there were.
    pub(crate) const fn commands(&self) -> u64 {
        self.accepted + self.rejected + self.invalid + self.conflicts + self.forbidden
    }

    /// The exit status: fine when all were accepted.
    pub(crate) const fn status(&self) -> u8 {
        if self.accepted == self.commands() { FINE } else { REFUSED }
    }

    /// `3 412 commands: 3 300 accepted, 100 rejected, 12 invalid; 40 replayed; 2.1 s`.
    pub(crate) fn summary(&self) -> String {
        let refused = [
            (self.rejected, "rejected"),
            (self.invalid, "invalid"),
            (self.conflicts, "in conflict"),
            (self.forbidden, "forbidden"),
        ];
        let mut summary =
            format!("{}: {} accepted", counted(self.commands(), "command", "commands"), grouped(self.accepted));
        for (count, what) in refused.into_iter().filter(|(count, _)| *count > 0) {
            summary += &format!(", {} {what}", grouped(count));
        }
        if self.replayed > 0 {
            summary += &format!("; {} replayed", grouped(self.replayed));
        }
        summary + &format!("; {:.1} s", self.began.elapsed().as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_leaves_out_what_did_not_happen() {
        let mut tally = Tally::new();
        assert!(tally.summary().starts_with("0 commands: 0 accepted; 0."));
        (tally.accepted, tally.rejected, tally.invalid, tally.replayed) = (3_300, 100, 12, 40);
        let summary = tally.summary();
        assert!(
            summary.starts_with("3 412 commands: 3 300 accepted, 100 rejected, 12 invalid; 40 replayed; "),
            "{summary}"
        );
        assert_eq!(tally.status(), REFUSED);
    }
}
