//! The command records beside the log. Both lie about in the order in which they were written: so records are read as
//! they lie, a little ahead of the events, and held until all their events have come.
//!
//! Wherever that order does not hold, records and events are looked up by their keys. Then it takes longer, and finds the
//! same.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::commands::{checked, look_up};
use super::look::Look;
use super::record::Record;
use crate::ahead::Ahead;
use crate::seal::LogEntry;
use crate::store::StoreError;

/// Of how many records at most the events are looked up at once.
const LOOK_UP: usize = 1_000;

/// Records, each with what is wrong with it.
type Checked = Vec<(Box<Record>, Vec<String>)>;

/// The records whose events have not all come.
pub(super) struct Window {
    /// Those that follow, as they lie; none behind the last.
    coming: Option<Ahead<Checked>>,
    /// Those held, each with its turn.
    held: HashMap<Uuid, (u64, Box<Record>)>,
    /// Their ids by turn.
    turns: BTreeMap<u64, Uuid>,
    /// The ids of those whose events have all come: they stay until the next page, which an event that they do not name may
    /// come before.
    done: Vec<Uuid>,
    /// Of events whose command's record is not held: their records, until the next page.
    looked_up: HashMap<Uuid, Record>,
    /// How many bytes are held, about, and how many may be.
    bytes: usize,
    limit: usize,
    /// How many records came.
    count: u64,
}

impl Window {
    /// Begins with the first record.
    pub(super) fn new(look: &Look, limit: usize) -> Self {
        let store = Arc::clone(&look.store);
        let coming = Ahead::read(0, move |place| {
            let store = Arc::clone(&store);
            async move {
                let page = store.audit().records_from(place).await?;
                Ok((page.records.into_iter().map(checked).collect(), page.next))
            }
        });
        let (held, turns, looked_up) = (HashMap::new(), BTreeMap::new(), HashMap::new());
        Self { coming: Some(coming), held, turns, done: Vec::new(), looked_up, bytes: 0, limit, count: 0 }
    }

    /// How many records there were.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Gets the records of these commands, as many as there are.
    pub(super) async fn reach(
        &mut self,
        look: &mut Look,
        ids: impl Iterator<Item = Uuid> + Clone,
    ) -> Result<(), StoreError> {
        for id in std::mem::take(&mut self.done) {
            self.forget(id);
        }
        let is_missing = |held: &HashMap<_, _>, id: &Uuid| !held.contains_key(id);
        if self.bytes >= self.limit && ids.clone().any(|id| is_missing(&self.held, &id)) {
            self.make_room(look).await?;
        }
        let mut missing: HashSet<Uuid> = ids.filter(|id| is_missing(&self.held, id)).collect();
        while !missing.is_empty() && self.bytes < self.limit && self.take(look).await? {
            missing.retain(|id| is_missing(&self.held, id));
        }
        let missing: Vec<_> = missing.into_iter().collect();
        self.looked_up.clear();
        if !missing.is_empty() {
            let rows = look.store.audit().records(&missing).await?;
            // What is wrong with such a record is told when it comes by itself.
            self.looked_up.extend(rows.into_iter().map(|row| (row.command_id, Record::read(row).0)));
        }
        Ok(())
    }

    /// The record of a command, if it was reached.
    pub(super) fn get(&self, id: Uuid) -> Option<&Record> {
        self.held.get(&id).map(|(_, record)| &**record).or_else(|| self.looked_up.get(&id))
    }

    /// Notes that an event of the record is in the log; with its last one the record is done.
    pub(super) fn meet(&mut self, entry: &LogEntry) {
        let id = entry.leaf.command_id;
        let Some((_, record)) = self.held.get_mut(&id) else { return };
        record.meet(entry);
        if record.is_done() {
            self.done.push(id);
        }
    }

    /// Goes through the records that are left, at the end of the log.
    pub(super) async fn end(&mut self, look: &mut Look) -> Result<(), StoreError> {
        loop {
            self.let_go(look, 0).await?;
            if !self.take(look).await? {
                return Ok(());
            }
        }
    }

    /// Takes the next records in; whether there were any to come.
    async fn take(&mut self, look: &mut Look) -> Result<bool, StoreError> {
        let Some(coming) = &mut self.coming else { return Ok(false) };
        let Some(page) = coming.next().await? else {
            self.coming = None;
            return Ok(false);
        };
        for (record, damages) in page {
            damages.into_iter().for_each(|what| look.damage(what));
            self.hold(record);
        }
        look.progress("commands", self.count, None).await;
        Ok(true)
    }

    fn forget(&mut self, id: Uuid) {
        if let Some((turn, record)) = self.held.remove(&id) {
            self.turns.remove(&turn);
            self.bytes = self.bytes.saturating_sub(record.size());
        }
    }

    fn hold(&mut self, record: Box<Record>) {
        self.count += 1;
        if record.is_done() {
            return;
        }
        let (id, turn) = (record.row.command_id, self.count);
        self.bytes += record.size();
        self.turns.insert(turn, id);
        self.held.insert(id, (turn, record));
    }

    /// Lets the oldest go, so that something can come in.
    async fn make_room(&mut self, look: &mut Look) -> Result<(), StoreError> {
        self.let_go(look, self.limit / 2).await
    }

    /// Lets the oldest go until no more than so many bytes are held. Their events are looked up.
    async fn let_go(&mut self, look: &mut Look, bytes: usize) -> Result<(), StoreError> {
        while self.bytes > bytes {
            let mut gone = Vec::new();
            while let Some((_, id)) = self.turns.pop_first() {
                let Some((_, record)) = self.held.remove(&id) else { continue };
                self.bytes = self.bytes.saturating_sub(record.size());
                gone.push(record);
                if self.bytes <= bytes || gone.len() == LOOK_UP {
                    break;
                }
            }
            if gone.is_empty() {
                break;
            }
            look_up(look, &gone).await?;
            look.tell().await;
        }
        Ok(())
    }
}
