//! How a run ends: its exit status, and the one line on standard error that says why.

use std::io::{self, Write};
use std::process::ExitCode;

use ledger_app::edition::EditionError;
use ledger_app::keys::KeyError;
use ledger_app::sealing::SealError;
use ledger_app::store::StoreError;

/// Everything was accepted, or what was asked for was found.
pub(crate) const FINE: u8 = 0;
/// Something was refused (rejected, invalid, conflict, forbidden), not found, or found damaged.
pub(crate) const REFUSED: u8 = 1;
/// Wrong usage, an input that cannot be read, or a standard output that cannot be written.
pub(crate) const USAGE: u8 = 2;
/// The database failed, was written by a newer version, or cannot tell yet: the same call may work later.
pub(crate) const DATABASE: u8 = 3;

/// Why a run ends before it has done what was asked. Its text says what is wrong, where, and what to do.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The ledger's answer is no: not found, or files that cannot be used.
    Refused(String),
    /// It was called wrongly, or an input cannot be read.
    Usage(String),
    /// The store failed. The text says what to do, where it is not what its kind always asks for.
    Store(StoreError, Option<String>),
    /// Standard output cannot be written.
    Output(io::Error),
}

/// What the subcommands return: the exit status, or why there is none of their own.
pub(crate) type Ended = Result<u8, Failure>;

impl Failure {
    /// Writes its line to standard error; returns the exit status.
    ///
    /// A reader that has closed its end of a pipe (`… list | head -3`) has what it wanted: that ends quietly.
    pub(crate) fn report(&self, database: &str) -> ExitCode {
        match self {
            Self::Refused(why) => failed(REFUSED, why),
            Self::Usage(why) => failed(USAGE, why),
            Self::Store(error, remedy) => {
                // On a standby there is but one thing to do.
                let remedy = remedy.as_deref().filter(|_| !matches!(error, StoreError::Standby(_)));
                let remedy = remedy.unwrap_or_else(|| remedy_of(error));
                failed(store_status(error), &format!("{database}: {error}; {remedy}"))
            }
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(FINE),
            Self::Output(error) => failed(
                USAGE,
                &format!("standard output cannot be written: {error}; free some space, or write elsewhere"),
            ),
        }
    }
}

const fn store_status(error: &StoreError) -> u8 {
    match error {
        StoreError::Damaged(_) => REFUSED,
        StoreError::Conflict(_)
        | StoreError::Unavailable(_)
        | StoreError::Held(_)
        | StoreError::Standby(_)
        | StoreError::Newer(_)
        | StoreError::HalfImported
        | StoreError::NotYetFinal { .. } => DATABASE,
    }
}

const fn remedy_of(error: &StoreError) -> &'static str {
    match error {
        StoreError::Conflict(_) => "run the same command again",
        StoreError::Unavailable(_) => {
            "check that the database can be reached and written, and run the same command again"
        }
        StoreError::Held(_) => {
            "end what holds it (pg_stat_activity shows open transactions), and run the same command again"
        }
        StoreError::Standby(_) => "run the same command on the primary",
        StoreError::Damaged(_) => {
            "post nothing more, and have it looked at: `license-ledger rebuild` mends read models"
        }
        StoreError::Newer(_) => "install that version",
        StoreError::HalfImported => "run `license-ledger import` with the same file again: it goes on where it stopped",
        StoreError::NotYetFinal { .. } => "ask again later, or about an earlier instant",
    }
}

/// Writes one line to standard error: what a library says over several lines is joined.
fn failed(status: u8, why: &str) -> ExitCode {
    note(&why.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" "));
    ExitCode::from(status)
}

/// Writes a line about the run to standard error. Where nobody reads it, there is nobody to tell.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "license-ledger: {line}");
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error, None)
    }
}

impl From<EditionError> for Failure {
    fn from(error: EditionError) -> Self {
        match error {
            EditionError::Store(error) => error.into(),
            EditionError::Problems(problems) => {
                let first = problems.first().map(ToString::to_string).unwrap_or_default();
                let more = match problems.len() {
                    0 | 1 => String::new(),
                    count => format!(" ({} more)", count - 1),
                };
                Self::Usage(format!(
                    "the given files cannot be used: {first}{more}; `license-ledger catalog check` with them lists all"
                ))
            }
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::NotForPartners(_) | KeyError::ExpiredAlready(_) => Self::Usage(error.to_string()),
            KeyError::NameOfAnother { .. } | KeyError::NotRandom(_) => Self::Refused(error.to_string()),
        }
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Store(error) => error.into(),
            SealError::Name(_) | SealError::Checkpoint(_) => Self::Usage(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}
