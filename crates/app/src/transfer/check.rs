//! All that a file must be before anything of it is written. The first damage ends it, named with its line.
//!
//! What a line must be by itself is looked at on other threads ([`mod@alone`]); here it is held against what stands before it.
//! What grows with the ledger is little: some 20 bytes for each command and each order number, some 100 for each license.

mod alone;

use std::collections::{HashMap, HashSet};
use std::io::BufRead;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use ledger_domain::event::{Event, RefusalEvent};
use ledger_domain::license::{EventPlace, evolve};
use ledger_domain::values::{Date, LicenseNumber};
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use ledger_seal::leaf::Leaf;
use ledger_seal::tree::Tree;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::blocks::{Blocks, Digests};
use super::import::{ImportError, Told as Progress};
use super::line::{Adoption, CheckpointLine, End, Header, Line, SealKey};
use alone::{Alone, Command, Recorded, Told, alone};

pub(super) use alone::{leaf_of, parse};

/// What a file turned out to be.
pub(super) struct Checked {
    /// SHA-256 of the whole file.
    pub(super) digest: [u8; 32],
    pub(super) events: u64,
    pub(super) commands: u64,
    pub(super) root: Hash,
    /// How many events its last checkpoint covers.
    pub(super) signed: u64,
    pub(super) adoptions: Vec<Adoption>,
    pub(super) licenses: Licenses,
}

/// Every license with its last event.
pub(super) type Licenses = HashMap<LicenseNumber, Last>;

/// A license's last event.
pub(super) struct Last {
    pub(super) sequence: u64,
    on: Date,
    recorded_at: DateTime<Utc>,
}

#[cfg(test)]
impl Last {
    /// An event with that sequence, at some time.
    pub(super) const fn at(sequence: u64) -> Self {
        Self { sequence, on: Date::MIN, recorded_at: DateTime::<Utc>::MIN_UTC }
    }
}

/// Why a line is refused.
type Refused = String;

/// Looks through the file. `verifiers`, where there are any, must have signed its last checkpoint.
pub(super) async fn check(
    source: impl BufRead + Send,
    verifiers: &[Verifier],
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Checked, ImportError> {
    let mut blocks = Blocks::new(source, Arc::new(alone));
    let (mut check, mut digests, mut last) = (Check::default(), Digests::default(), 0);
    while let Some(mut block) = blocks.next().await? {
        let mut begin = 0;
        for (number, (end, line)) in (block.first..).zip(std::mem::take(&mut block.lines)) {
            let line = line.map_err(|error| error.at(number))?;
            let before = || digests.within(&block, begin);
            check.line(line, number, &before).map_err(|what| ImportError::Damaged { line: number, what })?;
            (begin, last) = (end, number);
        }
        digests.pass(&block);
        let of = check.header.as_ref().map_or(0, |header| header.events);
        tell(Progress::Checked { events: check.tree.size(), of });
    }
    check.ended(verifiers).map_err(|what| ImportError::Damaged { line: last, what })?;
    Ok(Checked {
        digest: digests.end(),
        events: check.tree.size(),
        commands: check.count,
        root: check.tree.root(),
        signed: check.checkpoint.map_or(0, |((size, _), _)| size),
        adoptions: check.adoptions,
        licenses: check.licenses,
    })
}

/// What was seen so far.
#[derive(Default)]
struct Check {
    header: Option<Header>,
    tree: Tree,
    editions: HashSet<String>,
    /// The ids of the commands.
    commands: HashSet<u128>,
    count: u64,
    /// The order numbers, each with its license, hashed.
    orders: HashSet<u128>,
    licenses: Licenses,
    /// The commands of which events are still to come.
    open: HashMap<Uuid, Open>,
    keys: Vec<Verifier>,
    /// The last checkpoint's place and note.
    checkpoint: Option<((u64, u64), String)>,
    adoptions: Vec<Adoption>,
    has_ended: bool,
}

/// A command of which events are still to come.
struct Open {
    line: u64,
    command: Box<Command>,
    left: usize,
    moved: i64,
}

impl Check {
    /// Takes a line. `before` is SHA-256 of all bytes before it.
    fn line(&mut self, line: Alone, number: u64, before: &dyn Fn() -> [u8; 32]) -> Result<(), Refused> {
        if self.has_ended {
            return Err("it stands behind the file's last line".to_owned());
        }
        match line {
            Alone::Command(command) => self.command(command, number),
            Alone::Event(event) => self.event(*event),
            Alone::Other(line) => self.other(line, before),
        }
    }

    fn other(&mut self, line: Line, before: &dyn Fn() -> [u8; 32]) -> Result<(), Refused> {
        match line {
            Line::Export(_) if self.header.is_some() => return Err("it is a second first line".to_owned()),
            Line::Export(header) => self.header = Some(header),
            Line::Edition(edition) => {
                if !self.editions.insert(edition.edition) {
                    return Err("this edition stands before already".to_owned());
                }
            }
            Line::Adoption(adoption) => {
                self.cites(&adoption.edition)?;
                self.adoptions.push(adoption);
            }
            Line::SealKey(key) => self.seal_key(&key)?,
            Line::Checkpoint(checkpoint) => self.checkpoint(checkpoint)?,
            Line::End(end) => self.end(&end, before)?,
            // They are no others.
            Line::Command(_) | Line::Event(_) => {}
        }
        Ok(())
    }

    fn cites(&self, edition: &str) -> Result<(), Refused> {
        if self.editions.contains(edition) {
            return Ok(());
        }
        Err(format!("it cites edition {edition}, which does not stand before it"))
    }

    fn command(&mut self, command: Box<Command>, line: u64) -> Result<(), Refused> {
        self.cites(&command.line.edition)?;
        let id = command.line.command_id;
        if !self.commands.insert(id.as_u128()) {
            return Err(format!("command {id} stands before already"));
        }
        self.count += 1;
        let left = command.outcome.events_caused();
        if left > 0 {
            self.open.insert(id, Open { line, command, left, moved: 0 });
        }
        Ok(())
    }

    fn event(&mut self, event: Recorded) -> Result<(), Refused> {
        let (position, id) = (self.tree.size(), event.leaf.command_id);
        if event.position != position {
            return Err(format!("it is at position {}, and {position} comes next", event.position));
        }
        let mut open = self
            .open
            .remove(&id)
            .ok_or_else(|| format!("command {id} does not stand before it, or caused no more events"))?;
        let Recorded { mut leaf, data, hash: named, event, .. } = event;
        (leaf.command_digest, leaf.outcome_digest) = (open.command.digest, open.command.outcome_digest);
        let hash = leaf.hash_around(&data).map_err(|error| error.to_string())?;
        if hash.to_string() != named {
            return Err("it is not what its leaf's hash stands for".to_owned());
        }
        agrees(&leaf, &open.command)?;
        match event {
            Told::Event(license, event) => {
                let named = open.command.outcome.named(&leaf.stream_id, leaf.sequence);
                if !named.is_some_and(|(_, named)| named.says(&leaf.event_type, &data)) {
                    return Err("the outcome of its command does not name it".to_owned());
                }
                open.moved += self.license_event(&license, &leaf, &event)?;
            }
            Told::Refusal(event) => refusal(&event, &open.command)?,
        }
        self.tree.push(hash);
        self.caused(id, open)
    }

    /// One event less of this command is still to come.
    fn caused(&mut self, id: Uuid, mut open: Open) -> Result<(), Refused> {
        open.left -= 1;
        if open.left > 0 {
            self.open.insert(id, open);
        } else if open.moved != 0 {
            let moved = open.moved;
            return Err(format!("the events of command {id} sum to {moved} users, not to zero (VND-7)"));
        }
        Ok(())
    }

    /// Returns how many users it moves.
    fn license_event(&mut self, license: &LicenseNumber, leaf: &Leaf, event: &Event) -> Result<i64, Refused> {
        self.follows(license, leaf, event)?;
        if let Some(order) = event.order_number()
            && !self.orders.insert(order_key(&leaf.stream_id, order))
        {
            return Err(format!("license {license} has used up the order number {order} before (UPG-5)"));
        }
        Ok(event.users_moved().unwrap_or_default())
    }

    /// The event must be the license's next, and no earlier than its last.
    fn follows(&mut self, license: &LicenseNumber, leaf: &Leaf, event: &Event) -> Result<(), Refused> {
        let last = self.licenses.get_mut(license);
        let expected = last.as_ref().map_or(1, |last| last.sequence + 1);
        if leaf.sequence != expected {
            let found = leaf.sequence;
            return Err(format!("it is event {found} of license {license}, and event {expected} comes next"));
        }
        let here = Last { sequence: leaf.sequence, on: leaf.on, recorded_at: leaf.recorded_at };
        match last {
            Some(last) if here.on < last.on || here.recorded_at < last.recorded_at => {
                return Err(format!("its date or instant is before the event before it of license {license}"));
            }
            Some(last) => *last = here,
            None => {
                let place = EventPlace { license, sequence: leaf.sequence, on: leaf.on };
                evolve(None, &place, event).map_err(|damaged| damaged.to_string())?;
                self.licenses.insert(license.clone(), here);
            }
        }
        Ok(())
    }

    fn seal_key(&mut self, key: &SealKey) -> Result<(), Refused> {
        let expected = self.keys.len() + 1;
        if u64::try_from(expected) != Ok(key.number) {
            return Err(format!("it is key {}, and key {expected} comes next", key.number));
        }
        self.keys.push(key.verifier.parse().map_err(|error| format!("the verifier: {error}"))?);
        Ok(())
    }

    fn checkpoint(&mut self, line: CheckpointLine) -> Result<(), Refused> {
        let index = usize::try_from(line.key).ok().and_then(|number| number.checked_sub(1));
        let signer = index.and_then(|index| self.keys.get(index));
        let signer = signer.ok_or_else(|| format!("key {} does not stand before it", line.key))?;
        let signed = Checkpoint::open(&line.note, signer.name(), std::slice::from_ref(signer))
            .map_err(|error| error.to_string())?;
        if signed.size != line.size || signed.size != self.tree.size() {
            let (said, stand) = (signed.size, self.tree.size());
            return Err(format!("it covers {said} events, and {stand} stand before it"));
        }
        if signed.root != self.tree.root() {
            return Err("the events before it are not those that were signed".to_owned());
        }
        let place = (line.size, line.key);
        if self.checkpoint.as_ref().is_some_and(|(last, _)| *last >= place) {
            return Err("it is not behind the checkpoint before it".to_owned());
        }
        self.checkpoint = Some((place, line.note));
        Ok(())
    }

    fn end(&mut self, end: &End, before: &dyn Fn() -> [u8; 32]) -> Result<(), Refused> {
        let open = self.open.values().min_by_key(|open| open.line);
        if let Some(Open { line, command, left, .. }) = open {
            let id = command.line.command_id;
            return Err(format!("command {id}, of line {line}, has events that are not there: {left}"));
        }
        let announced = self.header.as_ref().map(|header| header.events);
        let (events, commands) = (self.tree.size(), self.count);
        if announced != Some(events) || end.events != events || end.commands != commands {
            return Err(format!("{events} events and {commands} commands stand before it, and there were others"));
        }
        if end.root != self.tree.root().to_string() {
            return Err("the events before it do not have the root that it names".to_owned());
        }
        if hex::encode(before()) != end.sha256 {
            return Err("the lines before it do not have the SHA-256 that it names: one of them was changed".to_owned());
        }
        self.has_ended = true;
        Ok(())
    }

    fn ended(&self, verifiers: &[Verifier]) -> Result<(), Refused> {
        if !self.has_ended {
            return Err("the file was cut here: its last line is missing".to_owned());
        }
        let Some(first) = verifiers.first() else { return Ok(()) };
        let (_, note) = self.checkpoint.as_ref().ok_or("the file has no checkpoint that the key could have signed")?;
        Checkpoint::open(note, first.name(), verifiers)
            .map(|_| ())
            .map_err(|error| format!("its last checkpoint: {error}"))
    }
}

fn agrees(leaf: &Leaf, command: &Command) -> Result<(), Refused> {
    let Command { line, .. } = command;
    let is_its = (leaf.on, leaf.recorded_at, &leaf.edition) == (line.on, line.recorded_at, &line.edition)
        && leaf.actor_name == line.actor.name
        && leaf.actor_role == line.actor.role.name();
    if is_its { Ok(()) } else { Err("its date, instant, actor or edition is not its command's".to_owned()) }
}

fn refusal(event: &RefusalEvent, command: &Command) -> Result<(), Refused> {
    if command.line.accepted || !command.outcome.tells(event) {
        return Err("the outcome of its command does not tell the same refusal".to_owned());
    }
    Ok(())
}

fn order_key(license: &str, order: &str) -> u128 {
    let mut hash = Sha256::new();
    hash.update(license);
    hash.update([0]);
    hash.update(order);
    let bytes: [u8; 32] = hash.finalize().into();
    bytes.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte))
}
