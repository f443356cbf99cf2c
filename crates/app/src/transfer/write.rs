//! Writing a file that was checked, chunk by chunk. While some are written, the next is read and folded.

use std::io::BufRead;
use std::sync::Arc;

use ledger_domain::event::Event;
use ledger_domain::values::LicenseNumber;
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::spawn_blocking;

use super::blocks::{Blocks, Digests};
use super::check::{Checked, Licenses, leaf_of, parse};
use super::fold::{Folding, KEPT, ToFold};
use super::growing::Growing;
use super::import::{ImportError, Told};
use super::line::{Adoption, CheckpointLine, CommandLine, EditionLine, EventLine, Line, SealKey};
use super::{Chunk, Transfer};
use crate::audit::CommandRecord;
use crate::seal::{KeptCheckpoint, LogEntry};
use crate::sealing::root;
use crate::store::{EditionFiles, LICENSE_STREAM, StoreError};

/// How many blocks of the file are written in one transaction. Four such chunks are in memory at a time, each of some six
/// times their bytes.
const BLOCKS: usize = 8;

/// Writes what stands behind line `from`.
pub(super) async fn write<R: BufRead + Send>(
    store: &dyn Transfer,
    source: R,
    from: u64,
    checked: Checked,
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<(), ImportError> {
    let Checked { digest, events, root: expected, adoptions, licenses, .. } = checked;
    let (orders, taken) = mpsc::channel(1);
    let taken = Mutex::new(taken);
    let mut written = |written| tell(Told::Written { events: written, of: events });
    let chunks = Chunks::new(store, orders, from, licenses).await?;
    // Two at the same time, as far as they do not depend on each other.
    let lanes = async { tokio::try_join!(lane(store, &taken), lane(store, &taken)).map_err(ImportError::from) };
    let (lines, _) = tokio::try_join!(chunks.write(source, from, &digest, &mut written), lanes)?;
    end(store, (events, expected), &adoptions, lines).await
}

async fn end(
    store: &dyn Transfer,
    expected: (u64, Hash),
    adoptions: &[Adoption],
    lines: u64,
) -> Result<(), ImportError> {
    let size = store.sealed_log().sealed().await?;
    if (size, root(store.sealed_log(), size).await?) != expected {
        return Err(StoreError::Damaged("what was imported does not have the file's root".to_owned()).into());
    }
    Ok(store.finish_import(adoptions, lines).await?)
}

/// A chunk to write.
struct Order {
    chunk: Chunk,
    /// The line behind which it begins.
    from: u64,
    /// Its last line.
    to: u64,
    /// Comes when the chunk before it is written; none: it is.
    before: Option<oneshot::Receiver<()>>,
    /// To be told when it is.
    done: oneshot::Sender<()>,
}

/// Writes chunks, until no more come.
async fn lane(store: &dyn Transfer, orders: &Mutex<mpsc::Receiver<Order>>) -> Result<(), StoreError> {
    loop {
        let order = orders.lock().await.recv().await;
        let Some(Order { chunk, from, to, before, done }) = order else { return Ok(()) };
        let begun = store.begin_chunk(chunk).await?;
        if let Some(before) = before {
            before.await.map_err(|_| gone())?;
        }
        begun.end(from, to).await?;
        // Nobody waits for the last one.
        done.send(()).ok();
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the chunk before was not written".to_owned())
}

/// The chunks that a file's blocks become.
struct Chunks<'w> {
    store: &'w dyn Transfer,
    orders: mpsc::Sender<Order>,
    /// Up to which line chunks were handed over.
    line: u64,
    /// Comes when the last of them is written.
    last: Option<oneshot::Receiver<()>>,
    folding: Folding,
    tree: Growing,
    /// The keys that signed, oldest first.
    verifiers: Vec<Verifier>,
}

impl<'w> Chunks<'w> {
    async fn new(
        store: &'w dyn Transfer,
        orders: mpsc::Sender<Order>,
        line: u64,
        licenses: Licenses,
    ) -> Result<Self, StoreError> {
        let (tree, verifiers) = (Growing::of(store.sealed_log()).await?, store.sealed_log().seal_keys().await?);
        Ok(Self { store, orders, line, last: None, folding: Folding::new(licenses, KEPT), tree, verifiers })
    }

    /// Hands everything over; returns how many lines the file has. `digest` is what it must have.
    async fn write(
        mut self,
        source: impl BufRead,
        from: u64,
        digest: &[u8; 32],
        written: &mut (dyn FnMut(u64) + Send),
    ) -> Result<u64, ImportError> {
        let done = self.hand_over_all(source, from, digest, written).await;
        if done.is_err() {
            // What was handed over is written all the same: the same import goes on behind it.
            self.written().await?;
        }
        done
    }

    async fn hand_over_all(
        &mut self,
        source: impl BufRead,
        from: u64,
        digest: &[u8; 32],
        written: &mut (dyn FnMut(u64) + Send),
    ) -> Result<u64, ImportError> {
        let mut blocks =
            Blocks::new(source, Arc::new(move |number, line: Result<&[u8], &'static str>| look(number > from, line)));
        let (mut digests, mut gathered, mut count, mut last) = (Digests::default(), Gathered::default(), 0, 0);
        while let Some(block) = blocks.next().await? {
            digests.pass(&block);
            for (number, (_, line)) in (block.first..).zip(block.lines) {
                let added = line.and_then(|line| gathered.add(line, &mut self.verifiers));
                added.map_err(|what| ImportError::Damaged { line: number, what })?;
                last = number;
            }
            count += 1;
            if count >= BLOCKS && last > from {
                written(self.tree.size());
                self.hand_over(std::mem::take(&mut gathered), last).await?;
                count = 0;
            }
        }
        if digests.end() != *digest {
            return Err(ImportError::Damaged { line: last, what: CHANGED.to_owned() });
        }
        self.hand_over(gathered, last).await?;
        Ok(last)
    }

    async fn hand_over(&mut self, gathered: Gathered, to: u64) -> Result<(), ImportError> {
        let Gathered { mut chunk, events, leaves } = gathered;
        let missing = self.folding.missing(&events);
        if !missing.is_empty() {
            self.written().await?;
            self.folding.load(self.store, missing).await?;
        }
        chunk.runs = self.tree.grow(leaves).map_err(StoreError::from)?;
        let mut folding = std::mem::take(&mut self.folding);
        let folded = spawn_blocking(move || folding.fold(events, &mut chunk).map(|()| (folding, chunk)));
        let chunk;
        (self.folding, chunk) = folded.await.map_err(std::io::Error::from)??;
        let (done, last) = oneshot::channel();
        let before = self.last.replace(last);
        let from = std::mem::replace(&mut self.line, to);
        self.orders.send(Order { chunk, from, to, before, done }).await.map_err(|_| gone())?;
        Ok(())
    }

    /// Waits until all that was handed over is written.
    async fn written(&mut self) -> Result<(), StoreError> {
        match self.last.take() {
            Some(last) => last.await.map_err(|_| gone()),
            None => Ok(()),
        }
    }
}

const CHANGED: &str = "the file was changed while it was imported";

/// What a line says, to be written.
enum Said {
    Nothing,
    Edition(EditionFiles),
    Command(Box<CommandRecord>),
    Event(Box<ToFold>, Hash),
    SealKey(SealKey),
    Checkpoint(CheckpointLine),
}

/// Reads a line, if it is wanted.
fn look(is_wanted: bool, line: Result<&[u8], &'static str>) -> Result<Said, String> {
    let line = line.map_err(|_| CHANGED)?;
    if !is_wanted {
        return Ok(Said::Nothing);
    }
    Ok(match parse(line)? {
        Line::Export(_) | Line::Adoption(_) | Line::End(_) => Said::Nothing,
        Line::Edition(EditionLine { edition, catalog, prices }) => {
            Said::Edition(EditionFiles { edition, catalog, prices })
        }
        Line::Command(command) => Said::Command(Box::new(record(*command)?)),
        Line::Event(event) => event_of(*event)?,
        Line::SealKey(key) => Said::SealKey(key),
        Line::Checkpoint(line) => Said::Checkpoint(line),
    })
}

fn event_of(mut line: EventLine) -> Result<Said, String> {
    let hash = std::mem::take(&mut line.leaf).parse::<Hash>().map_err(|error| error.to_string())?;
    let position = line.position;
    let mut event = None;
    if line.stream_type == LICENSE_STREAM {
        let number: LicenseNumber = line.stream_id.parse().map_err(|error| format!("{error}"))?;
        let read: Event = serde_json::from_str(line.payload.get()).map_err(|error| error.to_string())?;
        event = Some((number, read));
    }
    // The leaf's hash came with the line; the digests in the leaf are not needed again.
    let entry = LogEntry { position, leaf: leaf_of(line), has_record: false };
    Ok(Said::Event(Box::new(ToFold { entry, event }), hash))
}

fn record(line: CommandLine) -> Result<CommandRecord, String> {
    let sealed = line.outcome_sealed.then(|| hex::decode(&line.outcome_digest));
    Ok(CommandRecord {
        command_id: line.command_id,
        license: line.license,
        on: line.on,
        recorded_at: line.recorded_at,
        actor_name: line.actor.name,
        actor_role: line.actor.role.to_string(),
        edition: line.edition,
        accepted: line.accepted,
        content_digest: hex::decode(&line.digest).map_err(|error| error.to_string())?,
        outcome_digest: sealed.transpose().map_err(|error| error.to_string())?,
        content: Box::<str>::from(line.content).into(),
        outcome: Box::<str>::from(line.outcome).into(),
    })
}

/// Lines that are to be written together.
#[derive(Default)]
struct Gathered {
    /// All but the events, and what they become.
    chunk: Chunk,
    events: Vec<ToFold>,
    leaves: Vec<Hash>,
}

impl Gathered {
    fn add(&mut self, said: Said, verifiers: &mut Vec<Verifier>) -> Result<(), String> {
        match said {
            Said::Nothing => {}
            Said::Edition(files) => self.chunk.editions.push(files),
            Said::Command(record) => self.chunk.commands.push(*record),
            Said::Event(event, hash) => {
                self.events.push(*event);
                self.leaves.push(hash);
            }
            Said::SealKey(key) => {
                verifiers.push(key.verifier.parse().map_err(|error| format!("{error}"))?);
                self.chunk.seal_keys.push(key);
            }
            Said::Checkpoint(line) => self.chunk.checkpoints.push(kept(line, verifiers)?),
        }
        Ok(())
    }
}

fn kept(line: CheckpointLine, verifiers: &[Verifier]) -> Result<KeptCheckpoint, String> {
    let index = usize::try_from(line.key).ok().and_then(|number| number.checked_sub(1));
    let signer = index.and_then(|index| verifiers.get(index)).ok_or("its key is not there")?;
    let checkpoint = Checkpoint::open(&line.note, signer.name(), std::slice::from_ref(signer));
    let checkpoint = checkpoint.map_err(|error| error.to_string())?;
    Ok(KeptCheckpoint { checkpoint, key: line.key, note: line.note, signed_at: line.signed_at })
}
