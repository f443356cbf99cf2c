//! The log by position: no gap, every event as it was sealed, every checkpoint on the way.

use std::collections::{HashMap, HashSet};

use ledger_domain::event::{Event, RefusalEvent};
use ledger_seal::hash::Hash;
use ledger_seal::tiles::{TILE, TileId, Tiles};
use ledger_seal::tree::Tree;
use uuid::Uuid;

use super::checkpoints::Checkpoints;
use super::record::Outcome;
use super::{Evidence, Look};
use crate::audit::CommandRecord;
use crate::seal::LogEntry;
use crate::sealing::root;
use crate::store::{LICENSE_STREAM, StoreError};

/// How many events are read at once.
const PAGE: u32 = 1_000;
/// How many tiles of leaves are read at once: more than a page without a gap needs.
const TILES: u64 = 8;

/// Command records by id, each with its outcome, if that can be read.
type Records = HashMap<Uuid, (CommandRecord, Option<Outcome>)>;

/// What was looked at.
pub(super) struct Seen {
    pub(super) events: u64,
    pub(super) sealed: u64,
    pub(super) root: Option<Hash>,
    pub(super) checkpoints: u64,
}

/// The pass so far.
struct Pass<'l, 'a> {
    look: &'l mut Look<'a>,
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
    /// Users moved by operations that are not balanced so far. The events of one stand near each other.
    moved: HashMap<Uuid, i64>,
}

/// Goes through the log as it is when the pass begins.
pub(super) async fn look_through(look: &mut Look<'_>, evidence: &Evidence) -> Result<Seen, StoreError> {
    let (log, end) = (look.store.sealed_log(), look.store.head().await?.map_or(0, |head| head + 1));
    let sealed = log.sealed().await?;
    let checkpoints = Checkpoints::of(look, evidence).await?;
    let tree = Some(Tree::new());
    let mut pass = Pass { look, sealed, next: 0, events: 0, tree, root: None, checkpoints, moved: HashMap::new() };
    pass.reached().await?;
    while pass.next < end {
        let entries = log.entries(pass.next, PAGE).await?;
        let entries: Vec<_> = entries.into_iter().take_while(|entry| entry.position < end).collect();
        let Some(last) = entries.last() else { break };
        let leaves = leaves(pass.look, pass.next, last.position).await?;
        let outcomes = pass.outcomes(&entries).await?;
        for entry in &entries {
            pass.entry(entry, &leaves, &outcomes).await?;
        }
        pass.look.progress("events", pass.next, Some(end));
    }
    pass.end().await
}

/// The sealed leaves from a position on, as far as the tiles read reach.
async fn leaves(look: &Look<'_>, from: u64, to: u64) -> Result<Tiles, StoreError> {
    let (first, last) = (from / TILE, to / TILE);
    let ids: Vec<_> = (first..=last.min(first + TILES)).map(|number| TileId { level: 0, number }).collect();
    look.store.sealed_log().tiles(&ids).await
}

fn leaf_at(leaves: &Tiles, position: u64) -> Option<Hash> {
    let place = usize::try_from(position % TILE).ok()?;
    leaves.tile(TileId { level: 0, number: position / TILE }).get(place).copied()
}

impl Pass<'_, '_> {
    /// The outcomes of the commands behind the events; what is wrong with a record is told in its own pass.
    async fn outcomes(&self, entries: &[LogEntry]) -> Result<Records, StoreError> {
        let ids: HashSet<_> = entries.iter().map(|entry| entry.leaf.command_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let records = self.look.store.audit().records(&ids).await?;
        let read = |record: CommandRecord| {
            let outcome = Outcome::read(&record.outcome).ok();
            (record.command_id, (record, outcome))
        };
        Ok(records.into_iter().map(read).collect())
    }

    async fn entry(&mut self, entry: &LogEntry, leaves: &Tiles, outcomes: &Records) -> Result<(), StoreError> {
        self.gap(entry.position, leaves).await?;
        self.events += 1;
        let leaf = self.leaf(entry, leaf_at(leaves, entry.position));
        self.event(entry);
        match outcomes.get(&entry.leaf.command_id) {
            Some((record, outcome)) => self.command(entry, record, outcome.as_ref()),
            None => self.look.damage(format!("{}: its command {} has no record", entry.name(), entry.leaf.command_id)),
        }
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
    fn leaf(&mut self, entry: &LogEntry, sealed: Option<Hash>) -> Option<Hash> {
        let made = if entry.has_record { entry.leaf.hash() } else { return sealed };
        match (made, sealed) {
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
        if self.checkpoints.is_due(self.look, self.next).await? {
            let root = root();
            self.checkpoints.check(self.look, self.next, root);
        }
        Ok(())
    }

    /// What the event itself must be.
    fn event(&mut self, entry: &LogEntry) {
        let leaf = &entry.leaf;
        let (name, version, moved) = if leaf.stream_type == LICENSE_STREAM {
            match serde_json::from_str::<Event>(&leaf.payload) {
                Ok(event) => (event.event_type(), event.event_version(), event.users_moved()),
                Err(error) => return self.look.damage(format!("{}: its payload: {error}", entry.name())),
            }
        } else {
            match serde_json::from_str::<RefusalEvent>(&leaf.payload) {
                Ok(event) => (event.event_type(), event.event_version(), None),
                Err(error) => return self.look.damage(format!("{}: its payload: {error}", entry.name())),
            }
        };
        if (name, version) != (leaf.event_type.as_str(), leaf.event_version.as_str()) {
            let (called, said) = (&leaf.event_type, &leaf.event_version);
            self.look.damage(format!("{}: it is called {called} {said} and is a {name} {version}", entry.name()));
        }
        if leaf.stream_type != LICENSE_STREAM
            && (leaf.stream_id.as_str(), leaf.sequence) != (leaf.command_id.to_string().as_str(), 1)
        {
            self.look.damage(format!("{}: a refusal's only event is 1, under its command's id", entry.name()));
        }
        self.move_users(leaf.command_id, moved.unwrap_or_default());
    }

    fn move_users(&mut self, operation: Uuid, users: i64) {
        let sum = self.moved.remove(&operation).unwrap_or_default() + users;
        if sum != 0 {
            self.moved.insert(operation, sum);
        }
    }

    /// What the command's record must say of the event.
    fn command(&mut self, entry: &LogEntry, record: &CommandRecord, outcome: Option<&Outcome>) {
        let leaf = &entry.leaf;
        let stands = (leaf.on, leaf.recorded_at, &leaf.actor_name, &leaf.actor_role, &leaf.edition);
        let command = (record.on, record.recorded_at, &record.actor_name, &record.actor_role, &record.edition);
        if stands != command {
            let id = record.command_id;
            self.look.damage(format!("{}: date, instant, actor or edition is not its command's ({id})", entry.name()));
        }
        if let Some(what) = outcome.and_then(|outcome| outcome.differs(entry)) {
            let id = record.command_id;
            self.look.damage(format!("{}: the outcome of its command {id} {what}", entry.name()));
        }
    }

    async fn end(mut self) -> Result<Seen, StoreError> {
        if self.next < self.sealed {
            let (from, last) = (self.next, self.sealed - 1);
            self.look.damage(format!("the last events, at positions {from} to {last}, were sealed, and are gone"));
        }
        for (operation, users) in std::mem::take(&mut self.moved) {
            self.look.damage(format!("the events of command {operation} sum to {users} users, not to zero"));
        }
        self.checkpoints.end(self.look, self.next).await?;
        let stored = root(self.look.store.sealed_log(), self.sealed).await;
        if let Some(made) = self.root.filter(|made| !matches!(&stored, Ok(stored) if stored == made)) {
            let sealed = self.sealed;
            self.look.damage(format!(
                "the sealed log's stored hashes do not lead to the root {made} of its {sealed} leaves"
            ));
        }
        Ok(Seen { events: self.events, sealed: self.sealed, root: self.root, checkpoints: self.checkpoints.count() })
    }
}
