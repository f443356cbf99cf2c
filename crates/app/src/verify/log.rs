//! The log by position: no gap, every event as it was sealed, every checkpoint on the way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ledger_seal::hash::Hash;
use ledger_seal::leaf::LeafError;
use ledger_seal::tiles::{TILE, TileId, Tiles};
use ledger_seal::tree::Tree;
use uuid::Uuid;

use super::checkpoints::Checkpoints;
use super::look::Look;
use super::record::Record;
use super::window::Window;
use super::{Evidence, editions};
use crate::ahead::Ahead;
use crate::audit::AuditedEvent;
use crate::follow::Logged;
use crate::seal::LogEntry;
use crate::sealing::root;
use crate::store::{LICENSE_STREAM, Store, StoreError};

/// How many events are read at once.
const PAGE: u32 = 2_000;
/// How many tiles of leaves are read at once: more than a page without a gap needs.
const TILES: u64 = 16;

/// Events as they follow, and the sealed leaves at their positions.
struct Page {
    events: Vec<AuditedEvent>,
    leaves: Tiles,
}

/// What was looked at.
pub(super) struct Seen {
    pub(super) events: u64,
    pub(super) sealed: u64,
    pub(super) root: Option<Hash>,
    pub(super) commands: u64,
    pub(super) checkpoints: u64,
}

/// The pass so far.
struct Pass {
    look: Look,
    evidence: Evidence,
    /// The editions of facts that there are.
    editions: HashSet<String>,
    /// How many events were sealed when the pass began.
    sealed: u64,
    /// The position that comes next.
    next: u64,
    events: u64,
    /// The tree over what was sealed; none behind events of which not even the leaf is there.
    tree: Option<Tree>,
    /// The tree's root when it had all that is sealed.
    root: Option<Hash>,
    checkpoints: Checkpoints,
    records: Window,
    /// Users moved by operations that are not balanced so far. The events of one stand near each other.
    moved: HashMap<Uuid, i64>,
}

/// Goes through the log as it is when the pass begins, with so many bytes of command records held beside it.
pub(super) async fn look_through(mut look: Look, evidence: Evidence, window: usize) -> Result<Seen, StoreError> {
    let end = look.store.head().await?.map_or(0, |head| head + 1);
    let sealed = look.store.sealed_log().sealed().await?;
    is_final_by(&mut look, &evidence).await?;
    for what in look.store.audit().schema().await? {
        look.damage(format!("the database: {what}"));
    }
    for (stream, id, sequence) in look.store.audit().passed_over(PAGE).await? {
        look.damage(format!("event {sequence} of {stream} {id}: the sealer has passed it over, it has no position"));
    }
    let checkpoints = Checkpoints::of(&mut look, &evidence).await?;
    let editions = editions::check(&mut look).await?;
    let mut pages = pages(Arc::clone(&look.store), end);
    let (records, tree) = (Window::new(&look, window), Some(Tree::new()));
    let moved = HashMap::new();
    let mut pass =
        Pass { look, evidence, editions, sealed, next: 0, events: 0, tree, root: None, checkpoints, records, moved };
    pass.reached().await?;
    while let Some(Page { events, leaves }) = pages.next().await? {
        let commands = events.iter().map(|event| event.entry.leaf.command_id);
        pass.records.reach(&mut pass.look, commands).await?;
        for event in events {
            pass.entry(event, &leaves).await?;
        }
        pass.look.progress("events", pass.next, Some(end)).await;
    }
    pass.end().await
}

/// Checks up to when the ledger says that nothing can be recorded any more: all that is recorded comes later.
async fn is_final_by(look: &mut Look, evidence: &Evidence) -> Result<(), StoreError> {
    match look.store.audit().final_until().await? {
        None => look.damage("the sealer's row is gone: up to when the log is final is not known"),
        Some(until) if evidence.is_to_come(until) => {
            look.damage(format!("the log is said to be final up to {until}, which is to come"));
        }
        Some(_) => {}
    }
    Ok(())
}

/// The events at positions below the end.
fn pages(store: Arc<dyn Store>, end: u64) -> Ahead<Page> {
    Ahead::read(0, move |from| {
        let store = Arc::clone(&store);
        async move {
            let mut events = if from < end { store.audit().events(from, PAGE).await? } else { Vec::new() };
            events.retain(|event| event.entry.position < end);
            let last = events.last().map(|last| last.entry.position);
            let leaves = leaves(&*store, from, last.unwrap_or(from)).await?;
            Ok((Page { events, leaves }, last.map(|last| last + 1).filter(|next| *next < end)))
        }
    })
}

/// The sealed leaves from a position on, as far as the tiles read reach.
async fn leaves(store: &dyn Store, from: u64, to: u64) -> Result<Tiles, StoreError> {
    let (first, last) = (from / TILE, to / TILE);
    let ids: Vec<_> = (first..=last.min(first + TILES)).map(|number| TileId { level: 0, number }).collect();
    store.sealed_log().tiles(&ids).await
}

fn leaf_at(leaves: &Tiles, position: u64) -> Option<Hash> {
    let place = usize::try_from(position % TILE).ok()?;
    leaves.tile(TileId { level: 0, number: position / TILE }).get(place).copied()
}

impl Pass {
    async fn entry(&mut self, event: AuditedEvent, leaves: &Tiles) -> Result<(), StoreError> {
        let AuditedEvent { mut entry, order_number } = event;
        self.gap(entry.position, leaves).await?;
        self.events += 1;
        let record = self.records.get(entry.leaf.command_id);
        if let Some(digest) = record.and_then(|record| record.digest) {
            (entry.leaf.command_digest, entry.has_record) = (digest, true);
            entry.leaf.outcome_digest = record.and_then(|record| record.outcome_digest);
        }
        let data = entry.leaf.data();
        if let Some(what) = record.map(|record| of_command(&entry, record, data.as_deref().ok())) {
            what.into_iter().for_each(|what| self.look.damage(what));
        } else {
            self.look.damage(format!("{}: its command {} has no record", entry.name(), entry.leaf.command_id));
        }
        let leaf = self.leaf(&entry, data, leaf_at(leaves, entry.position));
        if self.evidence.is_to_come(entry.leaf.recorded_at) {
            self.look.damage(format!(
                "{}: it is recorded at {}, which is to come",
                entry.name(),
                entry.leaf.recorded_at
            ));
        }
        if !self.editions.contains(&entry.leaf.edition) {
            self.look.damage(format!("{}: its edition of facts {} is not there", entry.name(), entry.leaf.edition));
        }
        self.event(&entry, order_number.as_deref());
        self.records.meet(&entry);
        self.push(leaf).await
    }

    /// What is missing before the position: of what was sealed, the leaf at least is there.
    async fn gap(&mut self, to: u64, leaves: &Tiles) -> Result<(), StoreError> {
        if self.next >= to {
            return Ok(());
        }
        let (from, last) = (self.next, to - 1);
        let which =
            if from == last { format!("position {from} is") } else { format!("positions {from} to {last} are") };
        let was = if from < self.sealed { "an event was sealed there, and is gone" } else { "no event has it" };
        self.look.damage(format!("{which} empty: {was}"));
        while self.next < to && self.tree.is_some() {
            self.push(leaf_at(leaves, self.next)).await?;
        }
        self.next = to;
        Ok(())
    }

    /// The leaf that was sealed, else the event's own. An event that differs from it is damage.
    fn leaf(&mut self, entry: &LogEntry, data: Result<String, LeafError>, sealed: Option<Hash>) -> Option<Hash> {
        if !entry.has_record {
            return sealed;
        }
        match (data.and_then(|data| entry.leaf.hash_around(&data)), sealed) {
            (Ok(made), Some(sealed)) if made != sealed => {
                self.look.damage(format!("{}: it is not what was sealed", entry.name()));
                Some(sealed)
            }
            (Ok(made), _) => {
                if sealed.is_none() && entry.position < self.sealed {
                    self.look.damage(format!("{}: its leaf is gone from the sealed log", entry.name()));
                }
                Some(made)
            }
            (Err(error), sealed) => {
                self.look.damage(format!("{}: {error}", entry.name()));
                sealed
            }
        }
    }

    async fn push(&mut self, leaf: Option<Hash>) -> Result<(), StoreError> {
        match (leaf, &mut self.tree) {
            (Some(leaf), Some(tree)) => tree.push(leaf),
            _ => self.tree = None,
        }
        self.next += 1;
        self.reached().await
    }

    /// Checks the checkpoints of the size that is reached.
    async fn reached(&mut self) -> Result<(), StoreError> {
        let root = || self.tree.as_ref().map(Tree::root);
        if self.next == self.sealed {
            self.root = root();
        }
        if self.checkpoints.is_due(&mut self.look, self.next).await? {
            let root = root();
            self.checkpoints.check(&mut self.look, self.next, root);
        }
        Ok(())
    }

    /// What the event itself must be.
    fn event(&mut self, entry: &LogEntry, order_number: Option<&str>) {
        let leaf = &entry.leaf;
        let event = match Logged::read(&leaf.stream_type, &leaf.payload) {
            Ok(event) => event,
            Err(error) => return self.look.damage(format!("{}: its payload: {error}", entry.name())),
        };
        let (name, version) = (event.event_type(), event.event_version());
        if (name, version) != (leaf.event_type.as_str(), leaf.event_version.as_str()) {
            let (called, said) = (&leaf.event_type, &leaf.event_version);
            self.look.damage(format!("{}: it is called {called} {said} and is a {name} {version}", entry.name()));
        }
        if leaf.stream_type != LICENSE_STREAM
            && (leaf.stream_id.as_str(), leaf.sequence) != (leaf.command_id.to_string().as_str(), 1)
        {
            self.look.damage(format!("{}: a refusal's only event is 1, under its command's id", entry.name()));
        }
        let uses_up = match &event {
            Logged::License(event) => event.order_number(),
            Logged::Refusal(_) => None,
        };
        if order_number != uses_up {
            let [beside, uses_up] = [order_number, uses_up].map(|order| order.unwrap_or("no order"));
            self.look
                .damage(format!("{}: beside it stands {beside} as used up, and it uses up {uses_up}", entry.name()));
        }
        if let Logged::License(event) = event {
            self.move_users(leaf.command_id, event.users_moved().unwrap_or_default());
        }
    }

    fn move_users(&mut self, operation: Uuid, users: i64) {
        let sum = self.moved.remove(&operation).unwrap_or_default() + users;
        if sum != 0 {
            self.moved.insert(operation, sum);
        }
    }

    async fn end(mut self) -> Result<Seen, StoreError> {
        self.records.end(&mut self.look).await?;
        if self.next < self.sealed {
            let (from, last) = (self.next, self.sealed - 1);
            self.look.damage(format!("the last events, at positions {from} to {last}, were sealed, and are gone"));
        }
        for (operation, users) in std::mem::take(&mut self.moved) {
            self.look.damage(format!("the events of command {operation} sum to {users} users, not to zero"));
        }
        self.checkpoints.end(&mut self.look, self.next).await?;
        let stored = root(self.look.store.sealed_log(), self.sealed).await;
        if let Some(made) = self.root.filter(|made| !matches!(&stored, Ok(stored) if stored == made)) {
            let sealed = self.sealed;
            self.look.damage(format!(
                "the sealed log's stored hashes do not lead to the root {made} of its {sealed} leaves"
            ));
        }
        self.look.tell().await;
        let (commands, checkpoints) = (self.records.count(), self.checkpoints.count());
        Ok(Seen { events: self.events, sealed: self.sealed, root: self.root, commands, checkpoints })
    }
}

/// What the command's record says otherwise than its event, whose data, if it has any, are these.
fn of_command(entry: &LogEntry, record: &Record, data: Option<&str>) -> Vec<String> {
    let (leaf, row, id) = (&entry.leaf, &record.row, record.row.command_id);
    let mut damages = Vec::new();
    let stands = (leaf.on, leaf.recorded_at, &leaf.actor_name, &leaf.actor_role, &leaf.edition);
    if stands != (row.on, row.recorded_at, &row.actor_name, &row.actor_role, &row.edition) {
        damages.push(format!("{}: date, instant, actor or edition is not its command's ({id})", entry.name()));
    }
    if let Some(what) = record.differs(entry, data) {
        damages.push(format!("{}: the outcome of its command {id} {what}", entry.name()));
    }
    damages
}
