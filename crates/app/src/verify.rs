//! Verification: the whole ledger looked through, and every damage named.
//!
//! Three passes, each in pages: the log by position (`log`: leaves, checkpoints, the commands behind the events,
//! conservation), the command records by id (`commands`), the licenses by number (read models against a refold).
//! Nothing is written but positions that were due.

mod checkpoints;
mod commands;
mod log;
mod record;

use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;

use crate::rebuild::refold;
use crate::store::{Store, StoreError};

/// How many licenses are compared at once.
const LICENSES: u32 = 100;

/// What is brought along to check the ledger by.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The verifiers that checkpoints given must be signed by; none: those that the ledger lists itself, which whoever
    /// has the database can change.
    pub verifiers: Vec<Verifier>,
    /// Checkpoints kept elsewhere, each with its name for people.
    pub checkpoints: Vec<(String, String)>,
}

/// What is told while the ledger is looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// So many of a pass are done; of how many, where that is known.
    Progress {
        /// What is counted.
        what: &'static str,
        /// How many are done.
        done: u64,
        /// How many there are.
        total: Option<u64>,
    },
    /// Something is wrong: which event, which license, what.
    Damage(String),
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Events, refusals included.
    pub events: u64,
    /// Of those, how many are sealed.
    pub sealed: u64,
    /// The root over the sealed events, made from the events themselves; none, where some are missing.
    pub root: Option<Hash>,
    /// Licenses.
    pub licenses: u64,
    /// Command records.
    pub commands: u64,
    /// Checkpoints, the ledger's and those given.
    pub checkpoints: u64,
    /// How often something was wrong.
    pub damages: u64,
}

/// The passes' common ground: the store, and whom to tell.
struct Look<'a> {
    store: &'a dyn Store,
    tell: &'a mut (dyn FnMut(Told) + Send),
    damages: u64,
}

impl Look<'_> {
    fn damage(&mut self, what: impl Into<String>) {
        self.damages += 1;
        (self.tell)(Told::Damage(what.into()));
    }

    fn progress(&mut self, what: &'static str, done: u64, total: Option<u64>) {
        (self.tell)(Told::Progress { what, done, total });
    }
}

/// Looks through the whole ledger.
///
/// # Errors
/// The store's failure. What is damaged is told, and no error, unless it cannot be read at all.
pub async fn verify(
    store: &dyn Store,
    evidence: &Evidence,
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<Verified, StoreError> {
    store.settle().await?;
    let mut look = Look { store, tell, damages: 0 };
    let log = log::look_through(&mut look, evidence).await?;
    let commands = commands::look_through(&mut look).await?;
    let licenses = licenses(&mut look).await?;
    let log::Seen { events, sealed, root, checkpoints } = log;
    Ok(Verified { events, sealed, root, licenses, commands, checkpoints, damages: look.damages })
}

/// Folds every license anew and compares its rows.
async fn licenses(look: &mut Look<'_>) -> Result<u64, StoreError> {
    let (mut count, mut after) = (0, None::<String>);
    loop {
        let page = look.store.audit().compare_page(after.as_deref(), LICENSES, refold).await?;
        page.mended.into_iter().for_each(|what| look.damage(what));
        count += page.licenses;
        look.progress("licenses", count, None);
        match page.last {
            Some(last) => after = Some(last),
            None => return Ok(count),
        }
    }
}
