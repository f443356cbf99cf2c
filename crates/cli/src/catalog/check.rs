//! `catalog check`: every problem of the files, and every price row that looks mistaken.

use ledger_app::edition::{Edition, EditionError};
use ledger_domain::catalog::{Finding, Problem};
use serde::Serialize;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::output::words::counted;
use crate::output::{self, table};
use crate::run::Run;

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Checked {
    /// The edition that the files make; null when they cannot be used.
    edition: Option<String>,
    /// Why they cannot be used.
    problems: Vec<ProblemView>,
    /// What looks mistaken.
    findings: Vec<FindingView>,
}

#[derive(Debug, Serialize)]
struct ProblemView {
    place: String,
    what: String,
    remedy: String,
}

#[derive(Debug, Serialize)]
struct FindingView {
    rule: &'static str,
    line: u64,
    message: String,
}

impl From<Problem> for ProblemView {
    fn from(problem: Problem) -> Self {
        let Problem { place, what, remedy } = problem;
        Self { place, what, remedy }
    }
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        Self { rule: Finding::RULE, line: finding.line, message: finding.to_string() }
    }
}

impl From<&Edition> for Checked {
    fn from(edition: &Edition) -> Self {
        let findings = edition.findings.iter().map(FindingView::from).collect();
        Self { edition: Some(edition.files.edition.clone()), problems: Vec::new(), findings }
    }
}

/// Prints what was found; a problem is a failure.
pub(super) async fn check(run: &Run<'_>) -> Ended {
    let checked = match run.with_edition(|edition| Checked::from(edition)).await {
        Ok(checked) => checked,
        Err(EditionError::Problems(problems)) => {
            Checked { problems: problems.into_iter().map(ProblemView::from).collect(), ..Checked::default() }
        }
        Err(EditionError::Store(error)) => return Err(error.into()),
    };
    match run.format {
        Format::Json => output::json(&checked)?,
        Format::Table => output::text(&checked.in_words())?,
    }
    match checked.problems.len() {
        0 => Ok(FINE),
        count => {
            let problems = counted(u64::try_from(count).unwrap_or(u64::MAX), "problem", "problems");
            Err(Failure::Refused(format!("the files cannot be used: {problems}; mend them where the list says")))
        }
    }
}

impl Checked {
    fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if !self.problems.is_empty() {
            let mut table = table::table(&[], &["place", "what is wrong", "what to do"]);
            for problem in &self.problems {
                table.add_row([&problem.place, &problem.what, &problem.remedy]);
            }
            parts.push(table::rendered(table));
        }
        parts.extend(self.findings.iter().map(|finding| finding.message.clone()));
        parts.extend(self.edition.as_ref().map(|edition| format!("can be used, as edition {edition}")));
        parts.join("\n")
    }
}
