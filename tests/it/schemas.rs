//! The JSON Schemas under `schemas/` are generated from the types; these tests keep them fresh and true.

use std::collections::BTreeSet;
use std::fs;

use ledger_app::certificate::Certificate;
use ledger_app::lineage::Family;
use ledger_app::next_commands::NextCommands;
use ledger_app::outcome::Outcome;
use ledger_app::promise::{QuoteAnswer, QuoteChanged, QuoteCommitted};
use ledger_app::read::{HistoryEntry, Page};
use ledger_app::reconcile::Difference;
use ledger_app::replay;
use ledger_app::transfer::line::Line;
use ledger_domain::command::{Request, say_limits};
use ledger_domain::entitlement::Entitlement;
use ledger_domain::event;
use ledger_domain::needed_users::NeededUsers;
use ledger_domain::support::Support;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::files::{root, update_or_compare};

/// What is read in is described as it may be given, what is written out as it always is.
pub(crate) fn schema<T: JsonSchema>(written: bool) -> Value {
    let settings = SchemaSettings::draft2020_12();
    let settings = if written { settings.for_serialize() } else { settings.for_deserialize() };
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// The schema of a command, with the limits that the reader keeps.
fn command_schema() -> Value {
    let mut whole = schema::<Request>(false);
    let definitions = whole.as_object_mut().and_then(|whole| whole.remove("$defs"));
    let mut schemas = definitions.as_ref().and_then(Value::as_object).cloned().expect("definitions");
    schemas.insert("Request".to_owned(), whole);
    say_limits(&mut schemas);
    let mut whole = schemas.remove("Request").expect("it was put there");
    whole["$defs"] = schemas.into();
    whole
}

/// The schema of every event version ever written: `UsersReduced.v1` and so on.
pub(crate) fn event_schemas() -> Vec<(String, Value)> {
    let v1 = |name: &str, schema: Value| (format!("{name}.v1"), schema);
    vec![
        v1("LicenseIssued", schema::<event::LicenseIssued>(false)),
        v1("LicenseActivated", schema::<event::LicenseActivated>(false)),
        v1("UpgradeOrdered", schema::<event::UpgradeOrdered>(false)),
        v1("UpgradeActivated", schema::<event::OrderActivated>(false)),
        v1("LegacyOrderActivated", schema::<event::LegacyOrderActivated>(false)),
        v1("OrderCancelled", schema::<event::OrderCancelled>(false)),
        v1("LicenseClosed", schema::<event::LicenseClosed>(false)),
        v1("HolderRenamed", schema::<event::HolderRenamed>(false)),
        v1("LicenseTypeChanged", schema::<event::LicenseTypeChanged>(false)),
        v1("UsersReduced", schema::<event::UsersReduced>(false)),
        v1("PluginsRemoved", schema::<event::PluginsRemoved>(false)),
        v1("ServerCameOnline", schema::<event::Server>(false)),
        v1("ServerWentOffline", schema::<event::Server>(false)),
        v1("LicenseBlocked", schema::<event::LicenseBlocked>(false)),
        v1("LicenseUnblocked", schema::<event::LicenseUnblocked>(false)),
        v1("VersionInstalled", schema::<event::VersionInstalled>(false)),
        v1("CertificationLost", schema::<event::CertificationLost>(false)),
        v1("TrialRegistered", schema::<event::TrialRegistered>(false)),
        v1("LicenseSplit", schema::<event::LicenseSplit>(false)),
        v1("LicenseSplitOff", schema::<event::LicenseSplitOff>(false)),
        v1("LicensesMerged", schema::<event::LicensesMerged>(false)),
        v1("LicenseAbsorbed", schema::<event::LicenseAbsorbed>(false)),
        v1("UsersTransferred", schema::<event::UsersTransferred>(false)),
        v1("UsersReceived", schema::<event::UsersReceived>(false)),
        v1("LicenseOpened", schema::<event::LicenseOpened>(false)),
        v1("CommandRejected", schema::<event::CommandRejected>(false)),
    ]
}

fn all() -> Vec<(String, Value)> {
    let events = event_schemas().into_iter().map(|(name, schema)| (format!("events/{name}.json"), schema));
    let others = [
        ("command.json", command_schema()),
        ("outcome.json", schema::<Outcome>(true)),
        ("entitlement.json", schema::<Entitlement>(true)),
        ("list.json", schema::<Page>(true)),
        ("history.json", schema::<Vec<HistoryEntry>>(true)),
        ("lineage.json", schema::<Family>(true)),
        ("certificate.json", schema::<Certificate>(true)),
        ("export.json", schema::<Line>(true)),
        ("replay.json", schema::<replay::Difference>(true)),
        ("needed-users.json", schema::<NeededUsers>(true)),
        ("support.json", schema::<Support>(true)),
        ("next-commands.json", schema::<NextCommands>(true)),
        ("reconcile.json", schema::<Difference>(true)),
        ("quote.json", schema::<QuoteAnswer>(true)),
        ("quote-committed.json", schema::<QuoteCommitted>(true)),
        ("quote-changed.json", schema::<QuoteChanged>(true)),
    ];
    let openapi = ("openapi.json".to_owned(), ledger_http::openapi::document());
    events.chain([openapi]).chain(others.map(|(name, schema)| (name.to_owned(), schema))).collect()
}

#[test]
fn the_schemas_are_fresh() {
    for (name, schema) in all() {
        let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
        update_or_compare(&root().join("schemas").join(name), &text);
    }
}

#[test]
fn every_event_type_has_a_schema() {
    let listed: BTreeSet<_> = event_schemas().into_iter().map(|(name, _)| name).collect();
    let events = schema::<event::Event>(false);
    let variants = events["oneOf"].as_array().expect("an enum");
    for variant in variants {
        let name = variant["required"][0].as_str().expect("externally tagged");
        assert!(listed.contains(&format!("{name}.v1")), "{name} has no schema");
    }
    assert_eq!(listed.len(), variants.len() + 1, "CommandRejected is the one of another stream");
}

/// Dates and UUIDs are checked too, which JSON Schema leaves open.
fn command_validator() -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(&command_schema()).expect("a schema")
}

#[test]
fn the_command_schema_takes_what_the_reader_takes() {
    let validator = command_validator();
    let year = fs::read(root().join("examples/year.ndjson")).expect("the examples are there");
    for (number, line) in year.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let Ok(value) = serde_json::from_slice::<Value>(line) else { continue };
        let read = ledger_domain::command::read(line);
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(read.is_ok(), errors.is_empty(), "line {}: {read:?} {errors:?}", number + 1);
        if let Ok(request) = read {
            let again = serde_json::to_value(request).expect("JSON");
            assert!(validator.is_valid(&again), "line {}, normalised: {again}", number + 1);
        }
    }
}

#[test]
fn the_command_schema_refuses_what_the_reader_refuses() {
    let validator = command_validator();
    let add_users = json!({"type": "add_users", "order": "PO-1", "users": 10});
    let with = |key: &str, value: Value| {
        let mut command = add_users.clone();
        command[key] = value;
        json!({"command_id": "0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d", "license": "ABC-1", "command": command})
    };
    assert!(validator.is_valid(&with("users", json!(10))));
    let bad = [
        ("users", json!("10")),
        ("users", json!(-5)),
        ("users", json!(1_000_001)),
        ("user", json!(1)),
        ("order", json!("")),
        ("order", json!("  ")),
        ("order", json!("PO\u{7}1")),
        ("order", json!("x".repeat(201))),
        ("type", json!("add_user")),
    ];
    for (key, value) in bad {
        let command = with(key, value);
        assert!(ledger_domain::command::read(command.to_string().as_bytes()).is_err(), "{command}");
        assert!(!validator.is_valid(&command), "{command}");
    }
}
