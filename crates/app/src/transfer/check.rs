//! All that a file must be before anything of it is written. The first damage ends it, named with its line.
//!
//! What grows with the ledger is little: some 20 bytes for each command and each order number, some 100 for each license.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use chrono::{DateTime, Utc};
use ledger_domain::event::{Event, RefusalEvent};
use ledger_domain::license::{EventPlace, evolve};
use ledger_domain::values::{Date, LicenseNumber};
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use ledger_seal::leaf::Leaf;
use ledger_seal::tree::Tree;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::import::{ImportError, Told};
use super::line::{
    Adoption, CheckpointLine, CommandLine, EditionLine, End, EventLine, FORMAT, Header, Line, SealKey, VERSION,
};
use super::outcome::KeptOutcome;
use super::reader::{Next, Reader};
use crate::edition::edition_of;
use crate::outcome::OutcomeKind;
use crate::store::{LICENSE_STREAM, REFUSAL_STREAM};

/// How many lines are read before somebody is told.
const TELLS_EVERY: u64 = 1_000;

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    /// SHA-256 of the whole file.
    pub(super) digest: [u8; 32],
    pub(super) events: u64,
    pub(super) commands: u64,
    pub(super) root: Hash,
    pub(super) adoptions: Vec<Adoption>,
}

/// Why a line is refused.
type Refused = String;

/// Looks through the file. `verifiers`, where there are any, must have signed its last checkpoint.
pub(super) fn check(
    source: impl BufRead,
    verifiers: &[Verifier],
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<Checked, ImportError> {
    let mut reader = Reader::new(source);
    let mut check = Check::default();
    loop {
        let before = reader.digest_if(check.awaits_the_end());
        let number = reader.number + 1;
        let refused = |what: String| ImportError::Damaged { line: number, what };
        match reader.next()? {
            Next::End => break,
            Next::Cut(what) => return Err(refused(what.to_owned())),
            Next::Line => {}
        }
        let line = read(reader.line(), number).map_err(|error| error.at(number))?;
        check.line(line, number, before).map_err(refused)?;
        if number.is_multiple_of(TELLS_EVERY) {
            let of = check.header.as_ref().map_or(0, |header| header.events);
            tell(Told::Checked { events: check.tree.size(), of });
        }
    }
    let number = reader.number;
    check.ended(verifiers).map_err(|what| ImportError::Damaged { line: number, what })?;
    Ok(Checked {
        digest: reader.digest(),
        events: check.tree.size(),
        commands: check.count,
        root: check.tree.root(),
        adoptions: check.adoptions,
    })
}

/// Why a line cannot be read.
pub(super) enum Unread {
    /// The file is of another format.
    Version(u32),
    /// The line is damaged.
    Damaged(String),
}

impl Unread {
    pub(super) fn at(self, line: u64) -> ImportError {
        match self {
            Self::Version(found) => ImportError::Version { found, known: VERSION },
            Self::Damaged(what) => ImportError::Damaged { line, what },
        }
    }
}

/// Reads a line. It is written in one way only: what is read is written again and compared.
fn read(bytes: &[u8], number: u64) -> Result<Line, Unread> {
    if number == 1 {
        header(bytes)?;
    }
    let line = parse(bytes)?;
    let written = serde_json::to_vec(&line).map_err(|error| Unread::Damaged(error.to_string()))?;
    if written != bytes {
        return Err(Unread::Damaged("it is not written as an export writes it".to_owned()));
    }
    Ok(line)
}

/// Parses a line.
pub(super) fn parse(bytes: &[u8]) -> Result<Line, Unread> {
    serde_json::from_slice(bytes).map_err(|error| Unread::Damaged(error.to_string()))
}

/// The version is looked at before anything else: another may have other lines.
fn header(bytes: &[u8]) -> Result<(), Unread> {
    #[derive(Deserialize)]
    struct First {
        export: Head,
    }
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u32,
    }
    let head = serde_json::from_slice::<First>(bytes).ok().map(|first| first.export);
    match head.filter(|head| head.format == FORMAT) {
        None => Err(Unread::Damaged("it is not the first line of an export of a license-ledger".to_owned())),
        Some(head) if head.version != VERSION => Err(Unread::Version(head.version)),
        Some(_) => Ok(()),
    }
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
    licenses: HashMap<Box<str>, Last>,
    /// The commands of which events are still to come.
    open: HashMap<Uuid, Open>,
    keys: Vec<Verifier>,
    /// The last checkpoint's place and note.
    checkpoint: Option<((u64, u64), String)>,
    adoptions: Vec<Adoption>,
    has_ended: bool,
}

/// A license's last event.
struct Last {
    sequence: u64,
    on: Date,
    recorded_at: DateTime<Utc>,
}

/// A command of which events are still to come.
struct Open {
    line: u64,
    command: CommandLine,
    digest: [u8; 32],
    outcome: KeptOutcome,
    left: usize,
    moved: i64,
}

impl Check {
    /// Whether the line that comes may be the last one.
    fn awaits_the_end(&self) -> bool {
        self.header.as_ref().is_some_and(|header| header.events == self.tree.size())
    }

    fn line(&mut self, line: Line, number: u64, before: Option<[u8; 32]>) -> Result<(), Refused> {
        if self.has_ended {
            return Err("it stands behind the file's last line".to_owned());
        }
        match line {
            Line::Export(header) if self.header.is_none() => {
                self.header = Some(header);
                Ok(())
            }
            Line::Export(_) => Err("it is a second first line".to_owned()),
            Line::Edition(edition) => self.edition(edition),
            Line::Command(command) => self.command(*command, number),
            Line::Event(event) => self.event(*event),
            Line::SealKey(key) => self.seal_key(&key),
            Line::Checkpoint(checkpoint) => self.checkpoint(checkpoint),
            Line::Adoption(adoption) => self.adoption(adoption),
            Line::End(end) => self.end(&end, before),
        }
    }

    fn edition(&mut self, line: EditionLine) -> Result<(), Refused> {
        if edition_of(&line.catalog, &line.prices) != line.edition {
            return Err("its files do not have the SHA-256 that it is called by".to_owned());
        }
        if !self.editions.insert(line.edition) {
            return Err("this edition stands before already".to_owned());
        }
        Ok(())
    }

    fn cites(&self, edition: &str) -> Result<(), Refused> {
        if self.editions.contains(edition) {
            return Ok(());
        }
        Err(format!("it cites edition {edition}, which does not stand before it"))
    }

    fn command(&mut self, command: CommandLine, line: u64) -> Result<(), Refused> {
        self.cites(&command.edition)?;
        let digest = content_digest(&command)?;
        let outcome = outcome_of(&command)?;
        if !self.commands.insert(command.command_id.as_u128()) {
            return Err(format!("command {} stands before already", command.command_id));
        }
        self.count += 1;
        let left = outcome.events_caused();
        if left > 0 {
            self.open.insert(command.command_id, Open { line, command, digest, outcome, left, moved: 0 });
        }
        Ok(())
    }

    fn event(&mut self, event: EventLine) -> Result<(), Refused> {
        let position = self.tree.size();
        if event.position != position {
            return Err(format!("it is at position {}, and {position} comes next", event.position));
        }
        let mut open = self.open.remove(&event.command_id).ok_or_else(|| {
            let id = event.command_id;
            format!("command {id} does not stand before it, or caused no more events")
        })?;
        let hash = leaf_hash(&event, &open)?;
        agrees(&event, &open.command)?;
        let payload: Value = serde_json::from_str(event.payload.get()).map_err(|error| error.to_string())?;
        match event.stream_type.as_str() {
            LICENSE_STREAM => open.moved += self.license_event(&event, &open.outcome, &payload)?,
            REFUSAL_STREAM => refusal(&event, &open)?,
            other => return Err(format!("there is no kind of stream \"{other}\"")),
        }
        self.tree.push(hash);
        open.left -= 1;
        if open.left > 0 {
            self.open.insert(event.command_id, open);
        } else if open.moved != 0 {
            let (id, moved) = (event.command_id, open.moved);
            return Err(format!("the events of command {id} sum to {moved} users, not to zero (VND-7)"));
        }
        Ok(())
    }

    /// Returns how many users it moves.
    fn license_event(&mut self, line: &EventLine, outcome: &KeptOutcome, payload: &Value) -> Result<i64, Refused> {
        let event: Event = serde_json::from_str(line.payload.get()).map_err(|error| format!("its payload: {error}"))?;
        is_called(line, event.event_type(), event.event_version())?;
        if !outcome.names(&line.stream_id, line.sequence, &line.event_type, payload) {
            return Err("the outcome of its command does not name it".to_owned());
        }
        self.follows(line, &event)?;
        if let Some(order) = event.order_number()
            && !self.orders.insert(order_key(&line.stream_id, order))
        {
            return Err(format!("license {} has used up the order number {order} before (UPG-5)", line.stream_id));
        }
        Ok(event.users_moved().unwrap_or_default())
    }

    /// The event must be the license's next, and no earlier than its last.
    fn follows(&mut self, line: &EventLine, event: &Event) -> Result<(), Refused> {
        let license = number(&line.stream_id)?;
        let last = self.licenses.get_mut(line.stream_id.as_str());
        let expected = last.as_ref().map_or(1, |last| last.sequence + 1);
        if line.sequence != expected {
            let found = line.sequence;
            return Err(format!("it is event {found} of license {license}, and event {expected} comes next"));
        }
        let here = Last { sequence: line.sequence, on: line.on, recorded_at: line.recorded_at };
        match last {
            Some(last) if here.on < last.on || here.recorded_at < last.recorded_at => {
                Err(format!("its date or instant is before the event before it of license {license}"))
            }
            Some(last) => {
                *last = here;
                Ok(())
            }
            None => {
                let place = EventPlace { license: &license, sequence: line.sequence, on: line.on };
                evolve(None, &place, event).map_err(|damaged| damaged.to_string())?;
                self.licenses.insert(line.stream_id.as_str().into(), here);
                Ok(())
            }
        }
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

    fn adoption(&mut self, adoption: Adoption) -> Result<(), Refused> {
        self.cites(&adoption.edition)?;
        self.adoptions.push(adoption);
        Ok(())
    }

    fn end(&mut self, end: &End, before: Option<[u8; 32]>) -> Result<(), Refused> {
        let open = self.open.values().min_by_key(|open| open.line);
        if let Some(Open { line, command, left, .. }) = open {
            let id = command.command_id;
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
        if before.map(hex::encode).as_deref() != Some(end.sha256.as_str()) {
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

impl<R: BufRead> Reader<R> {
    fn digest_if(&self, wanted: bool) -> Option<[u8; 32]> {
        wanted.then(|| self.digest())
    }
}

fn content_digest(command: &CommandLine) -> Result<[u8; 32], Refused> {
    #[derive(Deserialize)]
    struct Content {
        license: String,
        on: Option<Date>,
    }
    number(&command.license)?;
    let digest: [u8; 32] = Sha256::digest(command.content.get()).into();
    if hex::encode(digest) != command.digest {
        return Err("its content is not what its digest stands for".to_owned());
    }
    let content: Content =
        serde_json::from_str(command.content.get()).map_err(|error| format!("its content: {error}"))?;
    if content.license != command.license || content.on.is_some_and(|on| on != command.on) {
        return Err("its content is of another license or date".to_owned());
    }
    Ok(digest)
}

fn outcome_of(command: &CommandLine) -> Result<KeptOutcome, Refused> {
    let text = command.outcome.get();
    if hex::encode(Sha256::digest(text)) != command.outcome_digest {
        return Err("its outcome is not what its digest stands for".to_owned());
    }
    let outcome: KeptOutcome = serde_json::from_str(text).map_err(|error| format!("its outcome: {error}"))?;
    let expected = if command.accepted { OutcomeKind::Accepted } else { OutcomeKind::Rejected };
    let is_its = (outcome.command_id, outcome.license.as_str(), outcome.outcome)
        == (command.command_id, command.license.as_str(), expected);
    if !is_its || outcome.replayed {
        return Err("its outcome is not the one that was given to it".to_owned());
    }
    if command.accepted && !outcome.has_the_price_of_its_events() {
        return Err("its outcome tells another price than its events".to_owned());
    }
    Ok(outcome)
}

/// The hash of the event's leaf: the line names it too.
fn leaf_hash(event: &EventLine, open: &Open) -> Result<Hash, Refused> {
    let leaf = leaf_of(event, open.digest);
    let hash = leaf.hash().map_err(|error| error.to_string())?;
    if hash.to_string() != event.leaf {
        return Err("it is not what its leaf's hash stands for".to_owned());
    }
    Ok(hash)
}

/// The event's leaf.
pub(super) fn leaf_of(event: &EventLine, command_digest: [u8; 32]) -> Leaf {
    Leaf {
        stream_type: event.stream_type.clone(),
        stream_id: event.stream_id.clone(),
        sequence: event.sequence,
        event_type: event.event_type.clone(),
        event_version: event.event_version.clone(),
        on: event.on,
        recorded_at: event.recorded_at,
        actor_name: event.actor.name.clone(),
        actor_role: event.actor.role.to_string(),
        command_id: event.command_id,
        command_digest,
        edition: event.edition.clone(),
        payload: event.payload.get().to_owned(),
    }
}

fn agrees(event: &EventLine, command: &CommandLine) -> Result<(), Refused> {
    let stands = (event.on, event.recorded_at, &event.actor, &event.edition);
    if stands != (command.on, command.recorded_at, &command.actor, &command.edition) {
        return Err("its date, instant, actor or edition is not its command's".to_owned());
    }
    Ok(())
}

fn is_called(line: &EventLine, name: &str, version: &str) -> Result<(), Refused> {
    let (called, said) = (line.event_type.as_str(), line.event_version.as_str());
    if (called, said) != (name, version) {
        return Err(format!("it is called {called} {said} and is a {name} {version}"));
    }
    Ok(())
}

fn refusal(line: &EventLine, open: &Open) -> Result<(), Refused> {
    let event: RefusalEvent =
        serde_json::from_str(line.payload.get()).map_err(|error| format!("its payload: {error}"))?;
    is_called(line, event.event_type(), event.event_version())?;
    if (line.stream_id.as_str(), line.sequence) != (line.command_id.to_string().as_str(), 1) {
        return Err("a refusal's only event is 1, under its command's id".to_owned());
    }
    if open.command.accepted || !open.outcome.tells(&event) {
        return Err("the outcome of its command does not tell the same refusal".to_owned());
    }
    Ok(())
}

/// A license number as it is stored.
fn number(text: &str) -> Result<LicenseNumber, Refused> {
    let number: LicenseNumber = text.parse().map_err(|error| format!("\"{text}\": {error}"))?;
    if number.as_str() == text { Ok(number) } else { Err(format!("\"{text}\" is not written in capital letters")) }
}

fn order_key(license: &str, order: &str) -> u128 {
    let mut hash = Sha256::new();
    hash.update(license);
    hash.update([0]);
    hash.update(order);
    let bytes: [u8; 32] = hash.finalize().into();
    bytes.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte))
}
