//! All that a line must be by itself, whatever stands before it.

use ledger_domain::event::{Event, RefusalEvent};
use ledger_domain::values::{Date, LicenseNumber};
use ledger_seal::leaf::Leaf;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::import::ImportError;
use super::super::line::{CommandLine, EventLine, FORMAT, Line, VERSION};
use super::Refused;
use crate::edition::edition_of;
use crate::outcome::OutcomeKind;
use crate::recorded::{KeptOutcome, NOT_WHOLE};
use crate::store::{LICENSE_STREAM, REFUSAL_STREAM};

/// A line as it was found by itself.
pub(super) enum Alone {
    Command(Box<Command>),
    Event(Box<Recorded>),
    /// Any other; an edition's files have the hash that it is called by.
    Other(Line),
}

/// A command, as far as its events are held against it.
pub(super) struct Command {
    /// Whose content and outcome are not kept.
    pub(super) line: CommandLine,
    /// SHA-256 of its content.
    pub(super) digest: [u8; 32],
    /// SHA-256 of its outcome, where the leaves of its events hold it.
    pub(super) outcome_digest: Option<[u8; 32]>,
    pub(super) outcome: KeptOutcome,
}

/// An event.
pub(super) struct Recorded {
    pub(super) position: u64,
    /// Its leaf, without the payload, and without the digests of its command.
    pub(super) leaf: Leaf,
    /// What it says, as canonical JSON.
    pub(super) data: String,
    /// The hash of its leaf, as the line names it.
    pub(super) hash: String,
    pub(super) event: Told,
}

/// An event of a license, or a refusal.
pub(super) enum Told {
    Event(LicenseNumber, Box<Event>),
    Refusal(RefusalEvent),
}

/// Why a line cannot be read.
pub(super) enum Unread {
    /// The file is of another format.
    Version(u32),
    /// The line is damaged.
    Damaged(Refused),
}

impl Unread {
    pub(super) fn at(self, line: u64) -> ImportError {
        match self {
            Self::Version(found) => ImportError::Version { found, known: VERSION },
            Self::Damaged(what) => ImportError::Damaged { line, what },
        }
    }
}

impl From<Refused> for Unread {
    fn from(what: Refused) -> Self {
        Self::Damaged(what)
    }
}

/// Looks at a line; its number is from 1.
pub(super) fn alone(number: u64, line: Result<&[u8], &'static str>) -> Result<Alone, Unread> {
    let bytes = line.map_err(str::to_owned)?;
    if number == 1 {
        header(bytes)?;
    }
    let line = parse(bytes)?;
    // It is written in one way only.
    if serde_json::to_vec(&line).map_err(|error| error.to_string())? != bytes {
        return Err("it is not written as an export writes it".to_owned().into());
    }
    Ok(match line {
        Line::Command(line) => Alone::Command(Box::new(command(*line)?)),
        Line::Event(line) => Alone::Event(Box::new(recorded(*line)?)),
        Line::Edition(line) if edition_of(&line.catalog, &line.prices) != line.edition => {
            return Err("its files do not have the SHA-256 that it is called by".to_owned().into());
        }
        other => Alone::Other(other),
    })
}

/// Parses a line.
pub(in crate::transfer) fn parse(bytes: &[u8]) -> Result<Line, Refused> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
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
        None => Err("it is not the first line of an export of a license-ledger".to_owned().into()),
        Some(head) if head.version != VERSION => Err(Unread::Version(head.version)),
        Some(_) => Ok(()),
    }
}

fn command(mut line: CommandLine) -> Result<Command, Refused> {
    let digest = content_digest(&line)?;
    let (outcome, outcome_digest) = outcome_of(&line)?;
    (line.content, line.outcome) = Default::default();
    let outcome_digest = line.outcome_sealed.then_some(outcome_digest);
    Ok(Command { line, digest, outcome_digest, outcome })
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

/// The outcome, and its SHA-256.
fn outcome_of(command: &CommandLine) -> Result<(KeptOutcome, [u8; 32]), Refused> {
    let text = command.outcome.get();
    let digest: [u8; 32] = Sha256::digest(text).into();
    if hex::encode(digest) != command.outcome_digest {
        return Err("its outcome is not what its digest stands for".to_owned());
    }
    let outcome: KeptOutcome = serde_json::from_str(text).map_err(|error| format!("its outcome: {error}"))?;
    let expected = if command.accepted { OutcomeKind::Accepted } else { OutcomeKind::Rejected };
    let is_its = (outcome.command_id, outcome.license.as_str(), outcome.outcome)
        == (command.command_id, command.license.as_str(), expected);
    if !is_its || outcome.replayed {
        return Err("its outcome is not the one that was given to it".to_owned());
    }
    if !outcome.is_whole() {
        return Err(NOT_WHOLE.to_owned());
    }
    if command.accepted && !outcome.tells_their_price() {
        return Err("its outcome tells another price than its events".to_owned());
    }
    Ok((outcome, digest))
}

fn recorded(line: EventLine) -> Result<Recorded, Refused> {
    let (position, hash) = (line.position, line.leaf.clone());
    let mut leaf = leaf_of(line);
    let data = leaf.data().map_err(|error| error.to_string())?;
    let event = told(&leaf)?;
    leaf.payload = String::new();
    Ok(Recorded { position, leaf, data, hash, event })
}

/// The event's leaf, but for the digests of its command.
pub(in crate::transfer) fn leaf_of(line: EventLine) -> Leaf {
    Leaf {
        stream_type: line.stream_type,
        stream_id: line.stream_id,
        sequence: line.sequence,
        event_type: line.event_type,
        event_version: line.event_version,
        on: line.on,
        recorded_at: line.recorded_at,
        actor_name: line.actor.name,
        actor_role: line.actor.role.to_string(),
        command_id: line.command_id,
        command_digest: [0; 32],
        outcome_digest: None,
        edition: line.edition,
        payload: Box::<str>::from(line.payload).into(),
    }
}

fn told(leaf: &Leaf) -> Result<Told, Refused> {
    let unreadable = |error| format!("its payload: {error}");
    match leaf.stream_type.as_str() {
        LICENSE_STREAM => {
            let event: Event = serde_json::from_str(&leaf.payload).map_err(unreadable)?;
            is_called(leaf, event.event_type(), event.event_version())?;
            Ok(Told::Event(number(&leaf.stream_id)?, Box::new(event)))
        }
        REFUSAL_STREAM => {
            let event: RefusalEvent = serde_json::from_str(&leaf.payload).map_err(unreadable)?;
            is_called(leaf, event.event_type(), event.event_version())?;
            if (leaf.stream_id.as_str(), leaf.sequence) != (leaf.command_id.to_string().as_str(), 1) {
                return Err("a refusal's only event is 1, under its command's id".to_owned());
            }
            Ok(Told::Refusal(event))
        }
        other => Err(format!("there is no kind of stream \"{other}\"")),
    }
}

fn is_called(leaf: &Leaf, name: &str, version: &str) -> Result<(), Refused> {
    let (called, said) = (leaf.event_type.as_str(), leaf.event_version.as_str());
    if (called, said) != (name, version) {
        return Err(format!("it is called {called} {said} and is a {name} {version}"));
    }
    Ok(())
}

/// A license number as it is stored.
fn number(text: &str) -> Result<LicenseNumber, Refused> {
    let number: LicenseNumber = text.parse().map_err(|error| format!("\"{text}\": {error}"))?;
    if number.as_str() == text { Ok(number) } else { Err(format!("\"{text}\" is not written in capital letters")) }
}
