//! Export: the ledger as lines, each after all that it refers to.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, Write};

use ledger_domain::command::Actor;
use ledger_seal::hash::Hash;
use ledger_seal::tree::Tree;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Snapshot;
use super::line::{
    Adoption, CheckpointLine, CommandLine, EditionLine, End, EventLine, FORMAT, Header, Line, SealKey, VERSION,
};
use crate::audit::CommandRecord;
use crate::recorded::KeptOutcome;
use crate::seal::{KeptCheckpoint, LogEntry};
use crate::store::StoreError;

/// How many events are read at once.
const PAGE: u32 = 1_000;
/// How many commands without events are read at once: each time all commands are gone through.
const WITHOUT_EVENTS: u32 = 5_000;
/// How many checkpoints are read at once.
const CHECKPOINTS: u32 = 100;

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store failed, or what it holds cannot be exported.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Events: the moment of the export is the position of the last.
    pub events: u64,
    /// Commands.
    pub commands: u64,
    /// The root over the events.
    pub root: Hash,
}

/// Writes the ledger as it was when the snapshot was taken. `progress` is told of the events written, and of how many.
///
/// # Errors
/// [`StoreError::Damaged`] for a ledger that cannot be exported whole, for what refers to nothing in it.
pub async fn export(
    snapshot: &mut dyn Snapshot,
    out: &mut (dyn Write + Send),
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Exported, ExportError> {
    let size = snapshot.size().await?;
    let keys = snapshot.seal_keys().await?.into();
    let mut export = Export {
        snapshot,
        out: Lines { out, hash: Sha256::new() },
        editions: HashSet::new(),
        open: HashMap::new(),
        keys,
        checkpoints: VecDeque::new(),
        after: Some(None),
        tree: Tree::new(),
        commands: 0,
    };
    export.out.write(&Line::Export(Header { format: FORMAT.to_owned(), version: VERSION, events: size }))?;
    export.checkpoints().await?;
    while export.tree.size() < size {
        export.page().await?;
        progress(export.tree.size(), size);
    }
    export.without_events().await?;
    export.end().await
}

/// An export so far.
struct Export<'e> {
    snapshot: &'e mut dyn Snapshot,
    out: Lines<'e>,
    /// The editions that were written.
    editions: HashSet<String>,
    /// The commands of which events are still to come, and how many.
    open: HashMap<Uuid, usize>,
    /// The keys not written yet, oldest first.
    keys: VecDeque<SealKey>,
    /// The next checkpoints.
    checkpoints: VecDeque<KeptCheckpoint>,
    /// Up to which they were read; none: there are no more.
    after: Option<Option<(u64, u64)>>,
    tree: Tree,
    commands: u64,
}

impl Export<'_> {
    async fn page(&mut self) -> Result<(), ExportError> {
        let entries = self.snapshot.events(self.tree.size(), PAGE).await?;
        if entries.is_empty() {
            return Err(damaged(format!("there is no event at position {}", self.tree.size())));
        }
        let ids: HashSet<_> = entries.iter().map(|entry| entry.leaf.command_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let records = self.snapshot.records(&ids).await?;
        let records: HashMap<_, _> = records.into_iter().map(|record| (record.command_id, record)).collect();
        for entry in entries {
            let record = records.get(&entry.leaf.command_id);
            let record = record.ok_or_else(|| damaged(format!("{}: its command has no record", entry.name())))?;
            self.event(entry, record).await?;
            self.checkpoints().await?;
        }
        Ok(())
    }

    async fn event(&mut self, mut entry: LogEntry, record: &CommandRecord) -> Result<(), ExportError> {
        if entry.position != self.tree.size() {
            return Err(damaged(format!("there is no event at position {}", self.tree.size())));
        }
        let left = match self.open.remove(&record.command_id) {
            Some(left) => left,
            None => {
                self.command(record).await?;
                outcome(record)?.events_caused()
            }
        };
        if left > 1 {
            self.open.insert(record.command_id, left - 1);
        }
        let digest: Result<[u8; 32], _> = record.content_digest.as_slice().try_into();
        entry.leaf.command_digest =
            digest.map_err(|_| damaged(format!("the digest of command {}", record.command_id)))?;
        let digest = record.outcome_digest.as_deref().map(<[u8; 32]>::try_from).transpose();
        entry.leaf.outcome_digest =
            digest.map_err(|_| damaged(format!("the digest of the outcome of command {}", record.command_id)))?;
        entry.has_record = true;
        let hash = entry.leaf_hash()?;
        self.out.write(&Line::Event(Box::new(event_line(entry, hash)?)))?;
        self.tree.push(hash);
        Ok(())
    }

    async fn command(&mut self, record: &CommandRecord) -> Result<(), ExportError> {
        self.edition(&record.edition).await?;
        self.out.write(&Line::Command(Box::new(command_line(record)?)))?;
        self.commands += 1;
        Ok(())
    }

    async fn edition(&mut self, edition: &str) -> Result<(), ExportError> {
        if self.editions.contains(edition) {
            return Ok(());
        }
        let files = self.snapshot.edition(edition).await?;
        let files = files.ok_or_else(|| damaged(format!("edition {edition} is cited, and not there")))?;
        self.editions.insert(edition.to_owned());
        let line = EditionLine { edition: files.edition, catalog: files.catalog, prices: files.prices };
        Ok(self.out.write(&Line::Edition(line))?)
    }

    /// Writes the checkpoints of the size that is reached, each behind its key.
    async fn checkpoints(&mut self) -> Result<(), ExportError> {
        loop {
            if let (true, Some(after)) = (self.checkpoints.is_empty(), self.after) {
                self.checkpoints.extend(self.snapshot.checkpoints(after, CHECKPOINTS).await?);
                self.after = self.checkpoints.back().map(|last| Some((last.checkpoint.size, last.key)));
            }
            let size = self.tree.size();
            let Some(due) = self.checkpoints.pop_front_if(|next| next.checkpoint.size <= size) else { return Ok(()) };
            while let Some(key) = self.keys.pop_front_if(|key| key.number <= due.key) {
                self.out.write(&Line::SealKey(key))?;
            }
            let KeptCheckpoint { checkpoint, key, note, signed_at } = due;
            self.out.write(&Line::Checkpoint(CheckpointLine { size: checkpoint.size, key, signed_at, note }))?;
        }
    }

    async fn without_events(&mut self) -> Result<(), ExportError> {
        let mut after = None;
        loop {
            let records = self.snapshot.without_events(after, WITHOUT_EVENTS).await?;
            let Some(last) = records.last() else { return Ok(()) };
            after = Some((last.recorded_at, last.command_id));
            for record in &records {
                if outcome(record)?.events_caused() == 0 {
                    self.command(record).await?;
                }
            }
        }
    }

    async fn end(mut self) -> Result<Exported, ExportError> {
        for adoption in self.snapshot.adoptions().await? {
            let Adoption { edition, .. } = &adoption;
            self.edition(edition).await?;
            self.out.write(&Line::Adoption(adoption))?;
        }
        let (events, commands, root) = (self.tree.size(), self.commands, self.tree.root());
        let sha256 = hex::encode(self.out.hash.clone().finalize());
        self.out.write(&Line::End(End { events, commands, root: root.to_string(), sha256 }))?;
        self.out.out.flush()?;
        Ok(Exported { events, commands, root })
    }
}

/// The file, and the hash of what is in it.
struct Lines<'e> {
    out: &'e mut (dyn Write + Send),
    hash: Sha256,
}

impl Lines<'_> {
    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.hash.update(&bytes);
        self.out.write_all(&bytes)
    }
}

fn damaged(what: String) -> ExportError {
    StoreError::Damaged(what).into()
}

fn outcome(record: &CommandRecord) -> Result<KeptOutcome, ExportError> {
    serde_json::from_str(&record.outcome)
        .map_err(|error| damaged(format!("the outcome of command {}: {error}", record.command_id)))
}

fn command_line(record: &CommandRecord) -> Result<CommandLine, ExportError> {
    let what = format!("command {}", record.command_id);
    let outcome_digest = Sha256::digest(&record.outcome);
    if record.outcome_digest.as_ref().is_some_and(|kept| outcome_digest.as_slice() != *kept) {
        return Err(damaged(format!("{what}: its outcome is not what its digest stands for")));
    }
    Ok(CommandLine {
        command_id: record.command_id,
        license: record.license.clone(),
        on: record.on,
        recorded_at: record.recorded_at,
        actor: actor(&record.actor_name, &record.actor_role, &what)?,
        edition: record.edition.clone(),
        accepted: record.accepted,
        digest: hex::encode(&record.content_digest),
        content: raw(record.content.clone(), &what)?,
        outcome_digest: hex::encode(outcome_digest),
        outcome: raw(record.outcome.clone(), &what)?,
        outcome_sealed: record.outcome_digest.is_some(),
    })
}

fn event_line(entry: LogEntry, hash: Hash) -> Result<EventLine, ExportError> {
    let (what, leaf) = (entry.name(), entry.leaf);
    Ok(EventLine {
        position: entry.position,
        actor: actor(&leaf.actor_name, &leaf.actor_role, &what)?,
        stream_type: leaf.stream_type,
        stream_id: leaf.stream_id,
        sequence: leaf.sequence,
        event_type: leaf.event_type,
        event_version: leaf.event_version,
        on: leaf.on,
        recorded_at: leaf.recorded_at,
        command_id: leaf.command_id,
        edition: leaf.edition,
        leaf: hash.to_string(),
        payload: raw(leaf.payload, &what)?,
    })
}

fn actor(name: &str, role: &str, what: &str) -> Result<Actor, ExportError> {
    let role = role.parse().map_err(|error| damaged(format!("{what}: its actor: {error}")))?;
    Ok(Actor { name: name.to_owned(), role })
}

/// The JSON as it is stored: it must stand in one line.
fn raw(json: String, what: &str) -> Result<Box<RawValue>, ExportError> {
    if json.contains(['\n', '\r']) {
        return Err(damaged(format!("{what}: its JSON has several lines")));
    }
    RawValue::from_string(json).map_err(|error| damaged(format!("{what}: {error}")))
}
