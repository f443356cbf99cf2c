//! Verification: the whole ledger looked through, and every damage named.
//!
//! Two passes beside each other, each in pages: the log by position (`log`: leaves, checkpoints, conservation), with the
//! command records beside it as they lie (`commands`, held in `window` until their events come); and the licenses by
//! number (read models against a refold). Nothing is written but positions that were due.

mod checkpoints;
mod commands;
mod editions;
mod log;
mod look;
mod record;
mod window;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use tokio::sync::mpsc;

use self::look::Look;
use crate::ahead::beside;
use crate::rebuild::{PAGE_LICENSES, refold};
use crate::store::{Store, StoreError};

/// How many bytes of command records are held until their events come. Records lie in the order in which they were
/// written, so those of a few groups of commands would do.
pub const WINDOW_BYTES: usize = 16 << 20;

/// By how much clocks may differ: far less than what would make a false instant useful to anybody.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::days(1);

/// How much is told ahead of whoever hears it.
const TOLD: usize = 64;

/// What is brought along to check the ledger by.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The verifiers that checkpoints given must be signed by; none: those that the ledger lists itself, which whoever
    /// has the database can change.
    pub verifiers: Vec<Verifier>,
    /// Checkpoints kept elsewhere, each with its name for people.
    pub checkpoints: Vec<(String, String)>,
    /// What time it is to whoever looks: nothing can have been recorded, or be final, a day later. None: any time may be.
    pub now: Option<DateTime<Utc>>,
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

/// Looks through the whole ledger.
///
/// # Errors
/// The store's failure. What is damaged is told, and no error, unless it cannot be read at all.
pub async fn verify(
    store: &Arc<dyn Store>,
    evidence: &Evidence,
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<Verified, StoreError> {
    verify_within(store, evidence, WINDOW_BYTES, tell).await
}

/// As [`verify`], with so many bytes of command records, about, held until their events come. With fewer more is looked
/// up by keys: it takes longer, and finds the same.
///
/// # Errors
/// As there.
pub async fn verify_within(
    store: &Arc<dyn Store>,
    evidence: &Evidence,
    window_bytes: usize,
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<Verified, StoreError> {
    store.settle().await?;
    let (told, hearing) = mpsc::channel(TOLD);
    let look = Look::new(Arc::clone(store), told);
    let log = beside(log::look_through(look.clone(), evidence.clone(), window_bytes));
    let licenses = beside(licenses(look));
    let (log, licenses, damages) = tokio::try_join!(log, licenses, hear(hearing, tell))?;
    let log::Seen { events, sealed, root, commands, checkpoints } = log;
    Ok(Verified { events, sealed, root, licenses, commands, checkpoints, damages })
}

impl Evidence {
    /// Whether the instant is in the future, by more than clocks differ.
    fn is_to_come(&self, instant: DateTime<Utc>) -> bool {
        self.now.is_some_and(|now| instant > now + CLOCKS_DIFFER)
    }
}

/// Hands on what the passes tell, until all have ended; returns how many damages there were.
async fn hear(mut hearing: mpsc::Receiver<Told>, tell: &mut (dyn FnMut(Told) + Send)) -> Result<u64, StoreError> {
    let mut damages = 0;
    while let Some(told) = hearing.recv().await {
        damages += u64::from(matches!(told, Told::Damage(_)));
        tell(told);
    }
    Ok(damages)
}

/// Folds every license anew and compares its rows.
async fn licenses(mut look: Look) -> Result<u64, StoreError> {
    let (mut count, mut after) = (0, None::<String>);
    loop {
        let page = look.store.audit().compare_page(after.as_deref(), PAGE_LICENSES, refold).await?;
        page.mended.into_iter().for_each(|what| look.damage(what));
        count += page.licenses;
        look.progress("licenses", count, None).await;
        match page.last {
            Some(last) => after = Some(last),
            None => return Ok(count),
        }
    }
}
