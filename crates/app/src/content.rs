//! A command's canonical content: what its id stands for.

use ledger_domain::command::{Command, Request};
use ledger_domain::values::{Date, LicenseNumber};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// `license`, `expected_version`, `on` and `command`, normalised; the actor is no part of it.
#[derive(Serialize)]
struct Content<'a> {
    license: &'a LicenseNumber,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<Date>,
    command: &'a Command,
}

/// The canonical JSON (RFC 8785) of a command's content, and its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Canonical {
    /// The JSON.
    pub json: String,
    /// Its SHA-256.
    pub digest: [u8; 32],
}

/// The canonical content of the command.
///
/// # Errors
/// Never for a command that was read; a number that JSON cannot hold would be one.
pub(crate) fn canonical(request: &Request) -> serde_json::Result<Canonical> {
    let Request { license, expected_version, on, command, .. } = request;
    let content = Content { license, expected_version: *expected_version, on: *on, command };
    let json = serde_json_canonicalizer::to_string(&content)?;
    let digest = Sha256::digest(json.as_bytes()).into();
    Ok(Canonical { json, digest })
}
