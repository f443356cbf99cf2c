//! Checking a certificate without any database: every flaw named, in a sentence for people.

use chrono::{DateTime, Utc};
use ledger_domain::catalog::Catalog;
use ledger_domain::entitlement::{Entitlement, entitlement};
use ledger_domain::event::Event;
use ledger_domain::license::{EventPlace, License, evolve};
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use ledger_seal::proof::verify_inclusion;
use serde_json::{Value, json};

use super::{Certificate, CertifiedEvent, CertifiedLeaf};
use crate::store::LICENSE_STREAM;

/// Checks that the key has signed the checkpoint, that every event is in the log that it stands for, that the events are
/// those of the license from the first on, and that they make the license what the certificate says. Returns the
/// checkpoint.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check(certificate: &Certificate, key: &Verifier, catalog: &Catalog) -> Result<Checkpoint, Vec<String>> {
    let mut flaws = Vec::new();
    let checkpoint = Checkpoint::open(&certificate.checkpoint, key.name(), std::slice::from_ref(key));
    match &checkpoint {
        Ok(checkpoint) => flaws.extend(certificate.events.iter().filter_map(|event| not_in(checkpoint, event))),
        Err(error) => flaws.push(format!("its checkpoint is not believed, and so none of its proofs: {error}")),
    }
    let misplaced = misplaced(certificate);
    if misplaced.is_empty() {
        flaws.extend(wrongly_told(certificate, catalog));
    }
    flaws.extend(misplaced);
    match checkpoint {
        Ok(checkpoint) if flaws.is_empty() => Ok(checkpoint),
        _ => Err(flaws),
    }
}

/// Why the event is not in the log that the checkpoint stands for.
fn not_in(checkpoint: &Checkpoint, event: &CertifiedEvent) -> Option<String> {
    let proof: Result<Vec<Hash>, _> = event.proof.iter().map(|hash| hash.parse()).collect();
    let why = match (proof, event.leaf.hash()) {
        (Err(error), _) => error.to_string(),
        (_, Err(error)) => error.to_string(),
        (Ok(proof), Ok(leaf)) => {
            verify_inclusion(leaf, event.position, checkpoint.size, checkpoint.root, &proof).err()?.to_string()
        }
    };
    let size = checkpoint.size;
    Some(format!("{}: it is not in the log as its first {size} events were signed: {why}", name(event)))
}

/// Events that cannot be those of the license up to the day and the instant.
fn misplaced(certificate: &Certificate) -> Vec<String> {
    let Entitlement { license, on, version, .. } = &certificate.entitlement;
    let mut flaws = Vec::new();
    for (event, expected) in certificate.events.iter().zip(1..) {
        let CertifiedLeaf { stream_type, stream_id, sequence, .. } = &event.leaf;
        if (stream_type.as_str(), stream_id.as_str()) != (LICENSE_STREAM, license.as_str()) {
            flaws.push(format!("{}: it is not an event of license {license}", name(event)));
        } else if *sequence != expected {
            flaws.push(format!(
                "{}: event {expected} of license {license} must stand there: one is missing",
                name(event)
            ));
        }
        if event.leaf.on > *on {
            flaws.push(format!("{}: it is of {}, and so does not count on {on}", name(event), event.leaf.on));
        }
        flaws.extend(unknown_then(event, certificate.known_at));
    }
    let last = certificate.events.last().map_or(0, |event| event.leaf.sequence);
    if last < *version {
        flaws.push(format!(
            "its last events were left off: the entitlement is that of event {version} of license {license}, and the \
             events end with {last}"
        ));
    } else if last > *version {
        flaws.push(format!(
            "its entitlement leaves off events: it is that of event {version} of license {license}, and the events go \
             on to {last}"
        ));
    }
    flaws
}

/// Why the event was not known at the instant.
fn unknown_then(event: &CertifiedEvent, known_at: Option<DateTime<Utc>>) -> Option<String> {
    let recorded_at = &event.leaf.recorded_at;
    match (DateTime::parse_from_rfc3339(recorded_at), known_at) {
        (Err(_), _) => Some(format!("{}: {recorded_at} is no instant", name(event))),
        (Ok(recorded), Some(known_at)) if recorded > known_at => {
            Some(format!("{}: it was recorded at {recorded_at}, after {known_at}", name(event)))
        }
        (Ok(_), _) => None,
    }
}

/// What the entitlement says otherwise than its events.
fn wrongly_told(certificate: &Certificate, catalog: &Catalog) -> Vec<String> {
    let said = &certificate.entitlement;
    match folded(certificate) {
        Ok(Some(license)) => differences(said, &entitlement(&license.facts, said.on, catalog)),
        Ok(None) => vec!["it has no events, and nothing follows from none".to_owned()],
        Err(flaw) => vec![flaw],
    }
}

fn folded(certificate: &Certificate) -> Result<Option<License>, String> {
    let mut license = None;
    for event in &certificate.events {
        let place =
            EventPlace { license: &certificate.entitlement.license, sequence: event.leaf.sequence, on: event.leaf.on };
        let folded = evolve(license, &place, &read(event)?).map_err(|damaged| damaged.to_string())?;
        license = Some(folded);
    }
    Ok(license)
}

fn read(event: &CertifiedEvent) -> Result<Event, String> {
    let CertifiedLeaf { event_type, event_version, data, .. } = &event.leaf;
    let read: Event = serde_json::from_value(json!({ event_type: data })).map_err(|error| {
        format!("{}: what it says cannot be read: {error}; if the ledger is newer, use its version", name(event))
    })?;
    if read.event_version() == event_version {
        Ok(read)
    } else {
        Err(format!("{}: version {event_version} of {event_type} needs a newer license-ledger", name(event)))
    }
}

fn differences(said: &Entitlement, made: &Entitlement) -> Vec<String> {
    let fields = |entitlement| match serde_json::to_value(entitlement) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (said, made) = (fields(said), fields(made));
    let differing = made.iter().filter(|(name, value)| said.get(*name) != Some(value));
    let told = differing.map(|(name, made)| {
        let said = said.get(name).unwrap_or(&Value::Null);
        // How long the antivirus works on is a term of the catalog (EXP-3); all else follows from the events alone.
        let remedy =
            if name == "works" { "; if the ledger has a catalog of its own, give it with --catalog" } else { "" };
        format!("the entitlement was changed: it says {name} {said}, and its events make it {made}{remedy}")
    });
    told.collect()
}

/// The event, for people.
fn name(event: &CertifiedEvent) -> String {
    let CertifiedLeaf { stream_type, stream_id, sequence, .. } = &event.leaf;
    format!("event {sequence} of {stream_type} {stream_id} (position {})", event.position)
}
