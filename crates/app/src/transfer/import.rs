//! Import: a file into an empty ledger. It is read twice: first all of it is checked, then it is written, in large
//! chunks, each a transaction that also notes how far it went. So a run that was killed goes on where it stopped.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use chrono::{DateTime, Utc};
use ledger_domain::event::Event;
use ledger_domain::license::{EventPlace, FOLD, License, evolve};
use ledger_domain::values::LicenseNumber;
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use ledger_seal::tiles::{begun, grow};
use uuid::Uuid;

use super::check::{Checked, Unread, check, leaf_of, parse};
use super::line::{CheckpointLine, CommandLine, EditionLine, EventLine, Line, SealKey};
use super::reader::{Next, Reader};
use super::{Chunk, ImportState, ImportedEvent, Transfer};
use crate::audit::CommandRecord;
use crate::rebuild::state_write;
use crate::seal::{KeptCheckpoint, LogEntry};
use crate::sealing::root;
use crate::store::{EditionFiles, LICENSE_STREAM, StoreError, Wanted};

/// How many events are written in one transaction.
const EVENTS: usize = 2_000;
/// How many bytes of lines are written in one transaction, whatever they are.
const BYTES: u64 = 8 << 20;

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
    let checked = check(open()?, verifiers, tell)?;
    let imported =
        |was_there| Imported { events: checked.events, commands: checked.commands, root: checked.root, was_there };
    let from = match store.begin_import(&checked.digest).await? {
        ImportState::Begun { digest, line } if digest == checked.digest => line,
        ImportState::Finished { digest } if digest == checked.digest => return Ok(imported(true)),
        ImportState::Begun { .. } => return Err(ImportError::OtherFile("begun to be imported")),
        ImportState::Finished { .. } => return Err(ImportError::OtherFile("imported")),
        ImportState::Used | ImportState::Empty => return Err(ImportError::NotEmpty),
    };
    write(store, open()?, from, &checked, tell).await?;
    Ok(imported(false))
}

/// Writes what stands behind the line.
async fn write<R: BufRead + Send>(
    store: &dyn Transfer,
    source: R,
    from: u64,
    checked: &Checked,
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<(), ImportError> {
    let mut reader = Reader::new(source);
    let mut gathered = Gathered { verifiers: verifiers(store).await?, ..Gathered::default() };
    let (mut written, mut bytes, mut events) = (from, 0, store.sealed_log().sealed().await?);
    loop {
        match reader.next()? {
            Next::Line if reader.number <= from => {
                bytes = reader.bytes;
                continue;
            }
            Next::Line => gathered.add(parse(reader.line())).map_err(|error| error.at(reader.number))?,
            Next::Cut(_) => return Err(changed(reader.number)),
            Next::End => break,
        }
        if gathered.events.len() >= EVENTS || reader.bytes - bytes >= BYTES {
            events += gathered.write(store, written, reader.number).await?;
            (written, bytes) = (reader.number, reader.bytes);
            tell(Told::Written { events, of: checked.events });
        }
    }
    if reader.digest() != checked.digest {
        return Err(changed(reader.number));
    }
    events += gathered.write(store, written, reader.number.max(written)).await?;
    let stored = root(store.sealed_log(), events).await?;
    if (events, stored) != (checked.events, checked.root) {
        return Err(StoreError::Damaged("what was imported does not have the file's root".to_owned()).into());
    }
    Ok(store.finish_import(&checked.adoptions, reader.number.max(written)).await?)
}

fn changed(line: u64) -> ImportError {
    ImportError::Damaged { line, what: "the file was changed while it was imported".to_owned() }
}

async fn verifiers(store: &dyn Transfer) -> Result<Vec<Verifier>, StoreError> {
    store.sealed_log().seal_keys().await
}

/// Lines that are to be written together.
#[derive(Default)]
struct Gathered {
    editions: Vec<EditionFiles>,
    commands: Vec<CommandRecord>,
    events: Vec<EventLine>,
    seal_keys: Vec<SealKey>,
    checkpoints: Vec<KeptCheckpoint>,
    /// All keys so far, oldest first.
    verifiers: Vec<Verifier>,
}

impl Gathered {
    /// Takes a line, which has been checked.
    fn add(&mut self, line: Result<Line, Unread>) -> Result<(), Unread> {
        match line? {
            Line::Export(_) | Line::Adoption(_) | Line::End(_) => {}
            Line::Edition(EditionLine { edition, catalog, prices }) => {
                self.editions.push(EditionFiles { edition, catalog, prices });
            }
            Line::Command(command) => self.commands.push(record(*command)?),
            Line::Event(event) => self.events.push(*event),
            Line::SealKey(key) => {
                let verifier = key.verifier.parse::<Verifier>();
                self.verifiers.push(verifier.map_err(|error| Unread::Damaged(error.to_string()))?);
                self.seal_keys.push(key);
            }
            Line::Checkpoint(line) => {
                let kept = self.kept(line).map_err(Unread::Damaged)?;
                self.checkpoints.push(kept);
            }
        }
        Ok(())
    }

    fn kept(&self, line: CheckpointLine) -> Result<KeptCheckpoint, String> {
        let index = usize::try_from(line.key).ok().and_then(|number| number.checked_sub(1));
        let signer = index.and_then(|index| self.verifiers.get(index)).ok_or("its key is not there")?;
        let checkpoint = Checkpoint::open(&line.note, signer.name(), std::slice::from_ref(signer));
        let checkpoint = checkpoint.map_err(|error| error.to_string())?;
        Ok(KeptCheckpoint { checkpoint, key: line.key, note: line.note, signed_at: line.signed_at })
    }

    /// Writes what was gathered; returns how many events that were.
    async fn write(&mut self, store: &dyn Transfer, from: u64, to: u64) -> Result<u64, ImportError> {
        let events = std::mem::take(&mut self.events);
        let mut chunk = Chunk {
            editions: std::mem::take(&mut self.editions),
            commands: std::mem::take(&mut self.commands),
            seal_keys: std::mem::take(&mut self.seal_keys),
            checkpoints: std::mem::take(&mut self.checkpoints),
            ..Chunk::default()
        };
        if let Some(first) = events.first() {
            let size = first.position;
            let tiles = store.sealed_log().tiles(&begun(size)).await?;
            let leaves: Result<Vec<Hash>, _> = events.iter().map(|event| event.leaf.parse()).collect();
            let leaves = leaves.map_err(|_| StoreError::Damaged("the hash of a leaf cannot be read".to_owned()))?;
            chunk.runs = grow(size, &tiles, leaves).map_err(StoreError::from)?;
        }
        fold(store, events, &mut chunk).await?;
        store.import_chunk(&chunk, from, to).await?;
        Ok(u64::try_from(chunk.events.len()).unwrap_or_default())
    }
}

/// A license while its events are folded.
struct Folded {
    license: License,
    base_version: u64,
    recorded_at: DateTime<Utc>,
}

/// Folds the events into what is stored of their licenses.
async fn fold(store: &dyn Transfer, events: Vec<EventLine>, chunk: &mut Chunk) -> Result<(), StoreError> {
    let mut licenses = loaded(store, &events).await?;
    for line in events {
        let (mut order_number, mut facts) = (None, None);
        if line.stream_type == LICENSE_STREAM {
            let event: Event = serde_json::from_str(line.payload.get()).map_err(unreadable)?;
            let number: LicenseNumber = line.stream_id.parse().map_err(unreadable)?;
            let before = licenses.remove(&number);
            let base_version = before.as_ref().map_or(0, |before| before.base_version);
            let place = EventPlace { license: &number, sequence: line.sequence, on: line.on };
            let license = evolve(before.map(|before| before.license), &place, &event).map_err(unreadable)?;
            facts = Some(license.facts.clone());
            order_number = event.order_number().map(str::to_owned);
            licenses.insert(number, Folded { license, base_version, recorded_at: line.recorded_at });
        }
        // The leaf's hash came with the line; the digest in the leaf is not needed again.
        let entry = LogEntry { position: line.position, leaf: leaf_of(&line, [0; 32]), has_record: false };
        chunk.events.push(ImportedEvent { entry, order_number, facts });
    }
    for Folded { license, base_version, recorded_at } in licenses.into_values() {
        chunk.states.push((state_write(&license, base_version)?, recorded_at));
    }
    Ok(())
}

/// The states that go on with these events.
async fn loaded(store: &dyn Transfer, events: &[EventLine]) -> Result<BTreeMap<LicenseNumber, Folded>, StoreError> {
    let mut firsts: BTreeMap<LicenseNumber, &EventLine> = BTreeMap::new();
    for line in events.iter().filter(|line| line.stream_type == LICENSE_STREAM) {
        firsts.entry(line.stream_id.parse().map_err(unreadable)?).or_insert(line);
    }
    firsts.retain(|_, first| first.sequence > 1);
    let wanted: Vec<_> = firsts
        .keys()
        .map(|license| Wanted { command_id: Uuid::nil(), license: license.clone(), order: None })
        .collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut states = store.load(&wanted).await?.states;
    let state = |(number, first): (LicenseNumber, &EventLine)| {
        let row = states.remove(&number).filter(|row| (row.version + 1, row.fold) == (first.sequence, FOLD));
        let row = row.ok_or_else(|| {
            StoreError::Damaged(format!(
                "the imported part of license {number} is not as this program wrote it; import into a new ledger"
            ))
        })?;
        let license = serde_json::from_slice(&row.state).map_err(unreadable)?;
        Ok((number, Folded { license, base_version: row.version, recorded_at: first.recorded_at }))
    };
    firsts.into_iter().map(state).collect()
}

fn record(line: CommandLine) -> Result<CommandRecord, Unread> {
    Ok(CommandRecord {
        command_id: line.command_id,
        license: line.license,
        on: line.on,
        recorded_at: line.recorded_at,
        actor_name: line.actor.name,
        actor_role: line.actor.role.to_string(),
        edition: line.edition,
        accepted: line.accepted,
        digest: hex::decode(&line.digest).map_err(|error| Unread::Damaged(error.to_string()))?,
        content: line.content.get().to_owned(),
        outcome: line.outcome.get().to_owned(),
    })
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(error.to_string())
}
