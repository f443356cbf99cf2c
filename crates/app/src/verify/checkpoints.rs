//! Checkpoints: those that the ledger keeps and those kept elsewhere, met in the order of their sizes.

use std::collections::{HashSet, VecDeque};

use ledger_seal::checkpoint::{Checkpoint, CheckpointError};
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use ledger_seal::note::SignedNote;

use super::Evidence;
use super::look::Look;
use crate::seal::KeptCheckpoint;
use crate::store::StoreError;

/// How many of the ledger's own are read at once.
const PAGE: u32 = 100;

/// A checkpoint to be met.
struct Due {
    name: String,
    size: u64,
    root: Hash,
}

/// The checkpoints not met yet.
pub(super) struct Checkpoints {
    /// The keys that the ledger lists.
    listed: Vec<Verifier>,
    /// Those given, by size.
    given: VecDeque<Due>,
    /// The next of the ledger's own, by size.
    kept: VecDeque<Due>,
    /// Up to which of the ledger's own they were read; none: there are no more.
    after: Option<Option<(u64, u64)>>,
    /// The keys that signed some.
    signed: HashSet<u64>,
    /// The largest size whose root was right.
    good: u64,
    count: u64,
}

impl Checkpoints {
    /// Reads those given; what is none, or of another log, is told.
    pub(super) async fn of(look: &mut Look, evidence: &Evidence) -> Result<Self, StoreError> {
        let listed = look.store.sealed_log().seal_keys().await?;
        let keys = if evidence.verifiers.is_empty() { &listed } else { &evidence.verifiers };
        let mut given = Vec::new();
        for (name, note) in &evidence.checkpoints {
            match opened(note, keys) {
                Ok(Checkpoint { size, root, .. }) => given.push(Due { name: name.clone(), size, root }),
                Err(error) => look.damage(format!("{name}: {error}")),
            }
        }
        given.sort_by_key(|due| due.size);
        let count = u64::try_from(evidence.checkpoints.len()).unwrap_or_default();
        let (kept, signed) = (VecDeque::new(), HashSet::new());
        Ok(Self { listed, given: given.into(), kept, after: Some(None), signed, good: 0, count })
    }

    /// How many there were.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Whether some are of that size, which is the next that is reached.
    pub(super) async fn is_due(&mut self, look: &mut Look, size: u64) -> Result<bool, StoreError> {
        while let (true, Some(after)) = (self.kept.is_empty(), self.after) {
            let page = look.store.sealed_log().checkpoints(after, PAGE).await?;
            self.after = page.last().map(|last| Some((last.checkpoint.size, last.key)));
            self.count += u64::try_from(page.len()).unwrap_or_default();
            self.signed.extend(page.iter().map(|kept| kept.key));
            for kept in page {
                self.kept.extend(self.due(look, &kept));
            }
        }
        let is_due = |due: Option<&Due>| due.is_some_and(|due| due.size <= size);
        Ok(is_due(self.given.front()) || is_due(self.kept.front()))
    }

    /// One of the ledger's own, if its row says what its note says.
    fn due(&self, look: &mut Look, kept: &KeptCheckpoint) -> Option<Due> {
        let KeptCheckpoint { checkpoint, key, note, .. } = kept;
        let name = format!("the ledger's checkpoint of {} events, signed with key {key}", checkpoint.size);
        let index = usize::try_from(*key).ok().and_then(|key| key.checked_sub(1));
        let signer = index.and_then(|index| self.listed.get(index)).map(std::slice::from_ref).unwrap_or_default();
        match opened(note, signer) {
            Ok(signed) if signed == *checkpoint => Some(Due { name, size: signed.size, root: signed.root }),
            Ok(_) => {
                look.damage(format!("{name}: its row does not say what its note says"));
                None
            }
            Err(error) => {
                look.damage(format!("{name}: {error}"));
                None
            }
        }
    }

    /// Checks those of that size; with no root, events before it are missing.
    pub(super) fn check(&mut self, look: &mut Look, size: u64, root: Option<Hash>) {
        let is_due = |due: &mut Due| due.size <= size;
        let mut is_good = true;
        while let Some(due) = self.kept.pop_front_if(is_due).or_else(|| self.given.pop_front_if(is_due)) {
            let Due { name, size: signed, root: expected } = due;
            if signed == size && root == Some(expected) {
                continue;
            }
            is_good = false;
            let (from, last) = (self.good, signed.saturating_sub(1));
            look.damage(match root {
                Some(_) => format!(
                    "{name}: the log does not begin with what was signed: at positions {from} to {last} something was \
                     changed, and sealed anew"
                ),
                None => format!("{name}: it cannot be checked, for events before it are gone"),
            });
        }
        if is_good {
            self.good = size;
        }
    }

    /// Tells of those that are longer than the log, and of keys that have signed nothing.
    pub(super) async fn end(&mut self, look: &mut Look, size: u64) -> Result<(), StoreError> {
        while self.is_due(look, u64::MAX).await? {
            // One of the ledger's own may have been signed meanwhile.
            let now = look.store.head().await?.map_or(0, |head| head + 1);
            let kept = self.kept.drain(..).filter(|due| due.size > now);
            for Due { name, size: signed, .. } in kept.chain(self.given.drain(..)) {
                look.damage(format!("{name}: {signed} events were signed, and the log has {size}: it was cut"));
            }
        }
        // A key is listed with its first checkpoint.
        for (number, _) in (1..).zip(&self.listed).filter(|(number, _)| !self.signed.contains(number)) {
            look.damage(format!("key {number} of the seal: the checkpoints that it signed are gone"));
        }
        Ok(())
    }
}

/// Reads a checkpoint that one of the keys has signed; the keys bear the log's name.
fn opened(note: &str, keys: &[Verifier]) -> Result<Checkpoint, CheckpointError> {
    let note = SignedNote::parse(note)?;
    let origin = match keys.first() {
        Some(key) => key.name().to_owned(),
        None => Checkpoint::read(note.text())?.origin,
    };
    Checkpoint::of_note(&note, &origin, keys)
}
