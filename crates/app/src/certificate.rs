//! Certificates: what a license is worth on a day, with all that proves it to people who have no database.
//!
//! A certificate is one JSON file (`schemas/certificate.json`, docs/audit.md): the entitlement, the license's events that
//! it follows from, each with its proof in the sealed log, and a signed checkpoint of that log. [`check()`] needs nothing
//! but the file, the verifier of the key, and the catalog.
//!
//! No certificate proves that there is no further event behind its last one: a log can prove what is in it, and not what
//! is absent. Whoever makes one may stop early; what it says is then what the license was before.

mod check;

use chrono::{DateTime, Utc};
use ledger_domain::entitlement::Entitlement;
use ledger_domain::values::{Date, LicenseNumber};
use ledger_seal::hash::{Hash, leaf_hash};
use ledger_seal::json::Json;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use self::check::check;
use crate::ledger::Ledger;
use crate::read::When;
use crate::seal::{KeptCheckpoint, LogEntry};
use crate::sealing::{prove_inclusion, signer};
use crate::store::StoreError;

/// What a license is worth on a day, and the proof of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Which format this is.
    pub format: CertificateFormat,
    /// The instant up to which events were counted; null: all that were sealed when it was made.
    pub known_at: Option<DateTime<Utc>>,
    /// What the license is worth on the day.
    pub entitlement: Entitlement,
    /// The events that it follows from: those of the license from the first on, without a gap.
    pub events: Vec<CertifiedEvent>,
    /// The signed checkpoint that the proofs lead to: a C2SP signed note, byte for byte.
    pub checkpoint: String,
}

/// The formats of certificates. A format that was ever written stays readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CertificateFormat {
    /// The first.
    #[serde(rename = "license-ledger-certificate/1")]
    V1,
}

/// An event with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertifiedEvent {
    /// Its place in the sealed log: the index of its leaf.
    pub position: u64,
    /// The leaf. Its hash is SHA-256 over a zero byte and this object as canonical JSON (RFC 8785).
    pub leaf: CertifiedLeaf,
    /// The RFC 6962 inclusion proof, in Base64, the leaf's sibling first.
    pub proof: Vec<String>,
}

/// All that the ledger says about an event: what [`ledger_seal::leaf::Leaf`] seals, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertifiedLeaf {
    /// The kind of its stream: `license`.
    pub stream_type: String,
    /// The license number.
    pub stream_id: String,
    /// Its sequence within the license, from 1.
    pub sequence: u64,
    /// Its type.
    pub event_type: String,
    /// The version of its format.
    pub event_version: String,
    /// The business date.
    pub on: Date,
    /// When the ledger wrote it, in UTC, to the microsecond. It is hashed as it is written here.
    pub recorded_at: String,
    /// Who posted the command.
    pub actor: CertifiedActor,
    /// The command.
    pub command_id: Uuid,
    /// SHA-256 of the command's canonical content, in hex.
    pub command_digest: String,
    /// SHA-256 of the command's outcome, in hex; left out of commands from before outcomes were sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_digest: Option<String>,
    /// The edition of facts that the command was judged by.
    pub edition: String,
    /// The operation that the event is part of: the command's id.
    pub operation: Uuid,
    /// What the event says, as `schemas/events` describes it.
    pub data: Value,
}

/// Who posted a command, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertifiedActor {
    /// The name.
    pub name: String,
    /// The role.
    pub role: String,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Nothing was ever signed.
    #[error("nothing of this ledger is signed yet; `license-ledger seal init` makes the key and signs what is there")]
    NoCheckpoint,
    /// The events are newer than what is signed.
    #[error(
        "event {sequence} of license {license} is newer than the last signed checkpoint, which covers the first {size} \
         events of the ledger; run `license-ledger seal checkpoint`, and ask again"
    )]
    NotSigned {
        /// The license.
        license: LicenseNumber,
        /// The first of its events that is not covered.
        sequence: u64,
        /// How many events the checkpoint covers.
        size: u64,
    },
    /// The store failed, or what it holds does not prove what it says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Certificate {
    /// Reads a certificate. It is not checked yet: [`check()`] does.
    ///
    /// # Errors
    /// Anything that is not exactly one, or that could be read in two ways: a name twice in an object, an integer that
    /// not every reader keeps.
    pub fn read(text: &str) -> serde_json::Result<Self> {
        Json::read(text)?;
        serde_json::from_str(text)
    }
}

impl CertifiedLeaf {
    /// The hash of the leaf, as the sealed log has it.
    ///
    /// # Errors
    /// Numbers that canonical JSON cannot hold; [`Certificate::read`] lets none in.
    pub fn hash(&self) -> serde_json::Result<Hash> {
        Ok(leaf_hash(serde_json_canonicalizer::to_string(self)?.as_bytes()))
    }
}

impl Ledger {
    /// The certificate of a license on a day, with only what was known at the instant, if one is given. `None`: there is
    /// no such license then. Nothing is written but positions that were due, and nothing is signed.
    ///
    /// # Errors
    /// [`CertificateError::NoCheckpoint`] and [`CertificateError::NotSigned`] when a checkpoint has to be signed first;
    /// the store's failure; [`StoreError::Damaged`] when the certificate would not stand up to [`check()`].
    pub async fn certificate(
        &self,
        license: &LicenseNumber,
        on: Date,
        known_at: Option<DateTime<Utc>>,
    ) -> Result<Option<Certificate>, CertificateError> {
        let when = When { today: on, on: Some(on), known_at };
        let Some(entitlement) = self.show(license, when).await? else { return Ok(None) };
        self.store.settle().await?;
        let log = self.store.sealed_log();
        let kept = log.last_checkpoint().await?.ok_or(CertificateError::NoCheckpoint)?;
        let entries = log.entries_of(license, entitlement.version).await?;
        check_is_signed(&entitlement, &entries, &kept)?;
        let mut events = Vec::with_capacity(entries.len());
        for entry in &entries {
            events.push(self.certified(entry, kept.checkpoint.size).await?);
        }
        let format = CertificateFormat::V1;
        let certificate = Certificate { format, known_at, entitlement, events, checkpoint: kept.note.clone() };
        self.check_own(&certificate, &kept).await?;
        Ok(Some(certificate))
    }

    async fn certified(&self, entry: &LogEntry, size: u64) -> Result<CertifiedEvent, StoreError> {
        let damaged = |error: &dyn std::fmt::Display| StoreError::Damaged(format!("{}: {error}", entry.name()));
        let canonical = entry.leaf.canonical().map_err(|error| damaged(&error))?;
        let leaf = serde_json::from_str(&canonical).map_err(|error| damaged(&error))?;
        let proof = prove_inclusion(self.store.sealed_log(), entry.position, size).await?;
        Ok(CertifiedEvent { position: entry.position, leaf, proof: proof.iter().map(Hash::to_string).collect() })
    }

    /// Nothing leaves the house that would not be believed there: read models, events or tree are damaged then.
    async fn check_own(&self, certificate: &Certificate, kept: &KeptCheckpoint) -> Result<(), StoreError> {
        let signer = signer(self.store.sealed_log(), kept).await?;
        let checked = check(certificate, &signer, &self.edition.programme.catalog);
        let license = &certificate.entitlement.license;
        checked.map(|_| ()).map_err(|flaws| {
            StoreError::Damaged(format!("license {license} cannot be certified: {}", flaws.join("; ")))
        })
    }
}

/// A checkpoint covers the events at positions below its size. Those of a license have theirs in sequence.
fn check_is_signed(
    entitlement: &Entitlement,
    entries: &[LogEntry],
    kept: &KeptCheckpoint,
) -> Result<(), CertificateError> {
    let size = kept.checkpoint.size;
    let covered = entries.iter().filter(|entry| entry.position < size).map(|entry| entry.leaf.sequence).max();
    match covered.unwrap_or_default() {
        last if last >= entitlement.version => Ok(()),
        last => {
            let license = entitlement.license.clone();
            Err(CertificateError::NotSigned { license, sequence: last + 1, size })
        }
    }
}
