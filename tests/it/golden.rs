//! Stored events are a promise: one golden sample of every event version ever written, and histories whose fold is
//! kept for every fold number.

use std::collections::BTreeMap;
use std::fs;

use ledger_domain::event::{Event, RefusalEvent};
use ledger_domain::license::{EventPlace, FOLD, License, evolve};
use ledger_domain::values::{Date, LicenseNumber};
use serde::Deserialize;
use serde_json::Value;

use crate::files::{root, update_or_compare};
use crate::schemas::event_schemas;

#[test]
fn every_event_version_has_a_golden_sample_that_fits_its_schema() {
    for (name, schema) in event_schemas() {
        let sample = sample(&name);
        let (tag, data) = sample.as_object().and_then(|tagged| tagged.iter().next()).expect("externally tagged");
        assert_eq!(name, format!("{tag}.v1"), "the sample is of its type");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        assert!(
            validator.is_valid(data),
            "{name}: {:?}",
            validator.iter_errors(data).map(|e| e.to_string()).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_golden_sample_is_read_and_written_as_it_was() {
    for (name, _) in event_schemas() {
        let sample = sample(&name);
        let written = if name.starts_with("CommandRejected") {
            serde_json::to_value(serde_json::from_value::<RefusalEvent>(sample.clone()).expect(&name))
        } else {
            let event: Event = serde_json::from_value(sample.clone()).expect(&name);
            assert_eq!(name, format!("{}.v{}", event.event_type(), event.event_version()));
            serde_json::to_value(event)
        };
        assert_eq!(written.expect("JSON"), sample, "{name}");
    }
}

#[test]
fn there_is_no_golden_sample_without_its_event() {
    let known: Vec<_> = event_schemas().into_iter().map(|(name, _)| format!("{name}.json")).collect();
    for entry in fs::read_dir(root().join("tests/golden/events")).expect("the folder is there") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        assert!(known.contains(&name), "{name} is of no event");
    }
}

#[derive(Deserialize)]
struct Line {
    license: LicenseNumber,
    on: Date,
    event: Event,
}

/// When this fails because the fold has changed: raise `FOLD`, so that stored states are folded anew, and let
/// `just regen` write the snapshot of the new number. The old numbers' snapshots stay as they are.
#[test]
fn the_golden_histories_fold_to_what_is_kept_for_this_fold_number() {
    let text = fs::read_to_string(root().join("tests/golden/histories.ndjson")).expect("the histories are there");
    let mut licenses: BTreeMap<LicenseNumber, License> = BTreeMap::new();
    for line in text.lines() {
        let Line { license, on, event } = serde_json::from_str(line).expect(line);
        let before = licenses.remove(&license);
        let sequence = before.as_ref().map_or(0, |license| license.facts.version) + 1;
        let folded = evolve(before, &EventPlace { license: &license, sequence, on }, &event).expect("a history");
        licenses.insert(license, folded);
    }
    let kept = root().join(format!("tests/golden/fold-{FOLD}.json"));
    let folded = serde_json::to_string_pretty(&licenses).expect("JSON") + "\n";
    if !kept.exists() {
        update_or_compare(&kept, &folded);
    }
    assert_eq!(fs::read_to_string(&kept).expect("kept"), folded, "the fold has changed: raise FOLD");
}

fn sample(name: &str) -> Value {
    let path = root().join(format!("tests/golden/events/{name}.json"));
    let text =
        fs::read_to_string(&path).unwrap_or_else(|_| panic!("{name} has no golden sample at {}", path.display()));
    serde_json::from_str(&text).expect("a sample is JSON")
}
