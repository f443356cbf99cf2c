//! The file's lines. `docs/export.md` explains each; the schema is generated from these types.
//!
//! A line is one JSON object with one name, which says what it is. It is written in one way only: whoever reads it
//! writes it again, and finds the same bytes.

use chrono::{DateTime, Utc};
use ledger_domain::command::Actor;
use ledger_domain::values::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

/// What the first line calls the file.
pub const FORMAT: &str = "license-ledger";
/// The version of the format.
pub const VERSION: u32 = 1;

/// A line of an export.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// The first line.
    Export(Header),
    /// Facts that commands were judged by: before the first line that cites them.
    Edition(EditionLine),
    /// A command's record: before its first event; those without events come behind all events.
    Command(Box<CommandLine>),
    /// An event, in the order of the positions.
    Event(Box<EventLine>),
    /// A key that signed: before its first checkpoint.
    SealKey(SealKey),
    /// A checkpoint: where as many events stand before it as it covers.
    Checkpoint(CheckpointLine),
    /// An edition became the current one.
    Adoption(Adoption),
    /// The last line.
    End(End),
}

/// What the file is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// `license-ledger`.
    pub format: String,
    /// The version of the format: 1.
    pub version: u32,
    /// How many events the ledger had at the moment of the export.
    pub events: u64,
}

/// A catalog and a price list, byte for byte.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditionLine {
    /// SHA-256 over both files, each behind its length in 8 bytes, in hex.
    pub edition: String,
    /// The catalog (TOML).
    pub catalog: String,
    /// The price list (CSV).
    pub prices: String,
}

/// A command that was accepted, or refused by a rule.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandLine {
    /// Its id.
    pub command_id: Uuid,
    /// The license it is about.
    pub license: String,
    /// Its business date.
    pub on: Date,
    /// When the ledger wrote it.
    #[serde(with = "micros")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub recorded_at: DateTime<Utc>,
    /// Who posted it.
    pub actor: Actor,
    /// The edition that it was judged by.
    pub edition: String,
    /// Whether it was accepted.
    pub accepted: bool,
    /// SHA-256 of `content`, in hex.
    pub digest: String,
    /// Its canonical content (RFC 8785), byte for byte.
    #[schemars(with = "Value")]
    pub content: Box<RawValue>,
    /// Whether the leaves of its events hold `outcome_digest`; left out of commands from before they did.
    #[serde(default, skip_serializing_if = "is_not")]
    pub outcome_sealed: bool,
    /// SHA-256 of `outcome`, in hex.
    pub outcome_digest: String,
    /// What it was answered with, byte for byte.
    #[schemars(with = "Value")]
    pub outcome: Box<RawValue>,
}

/// Serde hands over a reference.
#[expect(clippy::trivially_copy_pass_by_ref)]
const fn is_not(flag: &bool) -> bool {
    !*flag
}

/// An event.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventLine {
    /// Its place in the log, from 0.
    pub position: u64,
    /// `license` or `refusal`.
    pub stream_type: String,
    /// The license number; of a refusal the command's id.
    pub stream_id: String,
    /// Its number within the stream, from 1.
    pub sequence: u64,
    /// What happened.
    pub event_type: String,
    /// The version of the payload's format.
    pub event_version: String,
    /// The business date.
    pub on: Date,
    /// When the ledger wrote it.
    #[serde(with = "micros")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub recorded_at: DateTime<Utc>,
    /// Who posted the command.
    pub actor: Actor,
    /// The command.
    pub command_id: Uuid,
    /// The edition that it was judged by.
    pub edition: String,
    /// The hash of its leaf (RFC 6962), in Base64.
    pub leaf: String,
    /// The event, byte for byte: `{"UsersReduced": {…}}`.
    #[schemars(with = "Value")]
    pub payload: Box<RawValue>,
}

/// A key that signs checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealKey {
    /// Its number, from 1.
    pub number: u64,
    /// What signatures are checked with: name+id+key.
    pub verifier: String,
    /// Since when it signs.
    #[serde(with = "micros")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: DateTime<Utc>,
}

/// A signed checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointLine {
    /// How many events it covers.
    pub size: u64,
    /// The number of the key that signed it.
    pub key: u64,
    /// When it was signed.
    #[serde(with = "micros")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub signed_at: DateTime<Utc>,
    /// The signed note (c2sp.org/tlog-checkpoint), byte for byte.
    pub note: String,
}

/// An edition became the current one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// The edition.
    pub edition: String,
    /// When.
    #[serde(with = "micros")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub adopted_at: DateTime<Utc>,
}

/// What the file must have come to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// How many events.
    pub events: u64,
    /// How many commands.
    pub commands: u64,
    /// The root over all events, in Base64.
    pub root: String,
    /// SHA-256 of all bytes before this line, in hex.
    pub sha256: String,
}

/// Instants as the contract writes them: in UTC, to the microsecond.
mod micros {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::read::instant;

    pub(super) fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&instant(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        DateTime::deserialize(deserializer)
    }
}
