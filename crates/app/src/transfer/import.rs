//! Import: a file into an empty ledger. It is read twice: first all of it is checked, then it is written, in large
//! chunks, each a transaction that also notes how far it went. So a run that was killed goes on where it stopped.

use std::io::{self, BufRead};

use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;

use super::check::{Checked, check};
use super::write::write;
use super::{ImportState, Transfer};
use crate::store::StoreError;

/// Why nothing, or not all, was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is not as an export wrote it. Nothing of it was written, unless it was changed during the import.
    #[error("line {line}: {what}")]
    Damaged {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The file is of another version of the format.
    #[error("the export is of version {found} of the format; this program reads version {known}")]
    Version {
        /// The file's.
        found: u32,
        /// This program's.
        known: u32,
    },
    /// Something is in the ledger.
    #[error("the ledger is in use: an import needs an empty one")]
    NotEmpty,
    /// Another file was imported, or begun.
    #[error("another file was {0} into this ledger: give that one, or an empty ledger")]
    OtherFile(&'static str),
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Input(#[from] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is told while a file is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// So many events are checked, of so many that the file announces.
    Checked {
        /// How many are.
        events: u64,
        /// How many there are.
        of: u64,
    },
    /// So many events are written, of so many.
    Written {
        /// How many are.
        events: u64,
        /// How many there are.
        of: u64,
    },
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Events.
    pub events: u64,
    /// Commands.
    pub commands: u64,
    /// The root over the events.
    pub root: Hash,
    /// Whether all of it was there before.
    pub was_there: bool,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Events.
    pub events: u64,
    /// Commands.
    pub commands: u64,
    /// The root over the events.
    pub root: Hash,
    /// How many of the events its last checkpoint covers.
    pub signed: u64,
}

/// Looks the file through as [`import`] does before it writes, without any ledger. `verifiers`, where there are any, must
/// have signed its last checkpoint.
///
/// # Errors
/// [`ImportError`]: the first damage.
pub async fn look_through(
    source: impl BufRead + Send,
    verifiers: &[Verifier],
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<Contents, ImportError> {
    let Checked { events, commands, root, signed, .. } = check(source, verifiers, tell).await?;
    Ok(Contents { events, commands, root, signed })
}

/// Imports the file, which `open` opens anew each time it is read. `verifiers`, where there are any, must have signed
/// its last checkpoint.
///
/// # Errors
/// [`ImportError`]; nothing was written, unless the store or the file failed in the middle: the same call goes on.
pub async fn import<R: BufRead + Send>(
    store: &dyn Transfer,
    open: impl Fn() -> io::Result<R> + Send,
    verifiers: &[Verifier],
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<Imported, ImportError> {
    // A ledger in use is refused before the file is read.
    if store.import_state().await? == ImportState::Used {
        return Err(ImportError::NotEmpty);
    }
    let checked = check(open()?, verifiers, tell).await?;
    let (events, commands, root) = (checked.events, checked.commands, checked.root);
    let imported = |was_there| Imported { events, commands, root, was_there };
    let from = match store.begin_import(&checked.digest).await? {
        ImportState::Begun { digest, line } if digest == checked.digest => line,
        ImportState::Finished { digest } if digest == checked.digest => return Ok(imported(true)),
        ImportState::Begun { .. } => return Err(ImportError::OtherFile("begun to be imported")),
        ImportState::Finished { .. } => return Err(ImportError::OtherFile("imported")),
        ImportState::Used | ImportState::Empty => return Err(ImportError::NotEmpty),
    };
    write(store, open()?, from, checked, tell).await?;
    Ok(imported(false))
}
