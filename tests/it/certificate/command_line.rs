//! A certificate's life on the command line, on both databases.

use std::fs;

use ct_merkle::{InclusionProof, RootHash};
use ledger_app::certificate::Certificate;
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::Hash;
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor};
use tempfile::tempdir;

use super::{DAY, House, LICENSE, ORIGIN, commands, on};
use crate::command_line::{Cli, envelope, last_line, ndjson};
use crate::use_cases::is_as_its_schema_says;

/// The certificate, and the same without what two ledgers that live by themselves never share.
fn a_certificates_life(cli: &Cli, folder: &std::path::Path) -> Value {
    let house = House::filled(cli, folder);
    let certificate = house.certificate(&[]);
    is_as_its_schema_says::<Certificate>(&certificate);
    assert_eq!(certificate["entitlement"], cli.json(&["show", LICENSE, "--on", DAY]));
    let types: Vec<_> =
        certificate["events"].as_array().unwrap().iter().map(|event| &event["leaf"]["event_type"]).collect();
    assert_eq!(types, ["LicenseIssued", "LicenseActivated", "UpgradeOrdered"], "the server came online a day later");

    let proved = house.proved(&certificate.to_string());
    assert_eq!((&proved["entitlement"], &proved["events"]), (&certificate["entitlement"], &json!(3)));
    assert_eq!((&proved["origin"], &proved["size"]), (&json!(ORIGIN), &json!(9)));
    let not_proved = proved["not_proved"].as_str().unwrap();
    assert!(not_proved.contains("no event after event 3 that counts on 2012-08-20"), "{not_proved}");
    another_implementation_agrees(&certificate);
    the_past_stays_what_it_was(&house, &certificate);
    what_is_not_signed_is_not_certified(&house);
    without_times(certificate)
}

fn without_times(mut certificate: Value) -> Value {
    certificate.as_object_mut().unwrap().remove("checkpoint");
    for event in certificate["events"].as_array_mut().unwrap() {
        event.as_object_mut().unwrap().remove("proof");
        event["leaf"].as_object_mut().unwrap().remove("recorded_at");
    }
    certificate
}

/// Leaves are hashed and proofs checked by somebody else's code, and canonical JSON is made by hand.
fn another_implementation_agrees(certificate: &Value) {
    let note = certificate["checkpoint"].as_str().unwrap();
    let Checkpoint { size, root, .. } =
        Checkpoint::read(note.split_once("\n\n").map(|(text, _)| format!("{text}\n")).unwrap().as_str()).unwrap();
    let root: RootHash<Sha256> = RootHash::new(root.0.into(), size);
    for event in certificate["events"].as_array().unwrap() {
        let hashes =
            event["proof"].as_array().unwrap().iter().map(|hash| hash.as_str().unwrap().parse::<Hash>().unwrap());
        let proof = InclusionProof::<Sha256>::try_from_bytes(hashes.flat_map(|hash| hash.0).collect()).unwrap();
        let leaf = canonical(&event["leaf"]).into_bytes();
        root.verify_inclusion(&leaf, event["position"].as_u64().unwrap(), &proof).unwrap();
        let other = canonical(&json!({"leaf": event["leaf"]})).into_bytes();
        assert!(root.verify_inclusion(&other, event["position"].as_u64().unwrap(), &proof).is_err());
    }
}

/// Canonical JSON of ASCII names and integers: names sorted, no spaces.
fn canonical(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(",");
    match value {
        Value::Array(items) => format!("[{}]", joined(items.iter().map(canonical).collect())),
        Value::Object(fields) => {
            let mut names: Vec<_> = fields.keys().collect();
            names.sort();
            format!(
                "{{{}}}",
                joined(names.into_iter().map(|name| format!("\"{name}\":{}", canonical(&fields[name]))).collect())
            )
        }
        plain => plain.to_string(),
    }
}

fn the_past_stays_what_it_was(house: &House<'_>, now: &Value) {
    let history = house.cli.json(&["history", LICENSE]);
    let then = history[1]["recorded_at"].as_str().unwrap();
    let before = house.certificate(&["--known-at", then]);
    assert_eq!((&before["entitlement"]["version"], &before["entitlement"]["users"]), (&json!(2), &json!(25)));
    assert_ne!(before["entitlement"], now["entitlement"]);
    let proved = house.proved(&before.to_string());
    let not_proved = proved["not_proved"].as_str().unwrap();
    assert!(not_proved.contains(&format!("known at {then}")), "{not_proved}");

    let renamed =
        json!({"type": "rename_holder", "name": "ООО Новое имя", "confirm_irreversible": true, "reason": "x"});
    let mut renamed = on("2012-08-22", envelope(20, LICENSE, renamed));
    renamed["actor"] = json!({"name": "desk", "role": "vendor"});
    assert_eq!(house.cli.post(&ndjson([renamed])).1, 0);
    house.sign();
    let again = house.certificate(&["--known-at", then]);
    assert_eq!(again["entitlement"], before["entitlement"]);
    assert_eq!(again["events"].as_array().unwrap().len(), 2);
    house.proved(&again.to_string());
}

fn what_is_not_signed_is_not_certified(house: &House<'_>) {
    let offline = json!({"type": "report_server_offline", "server": "A"});
    assert_eq!(house.cli.post(&ndjson([on("2012-08-23", envelope(21, LICENSE, offline))])).1, 0);
    let output = house.cli.run(&["certificate", LICENSE, "--on", "2012-08-23"]);
    let said = last_line(&output);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
    assert!(
        said.contains("event 6 of license LIC-000001 is newer") && said.contains("`license-ledger seal checkpoint`"),
        "{said}"
    );
    house.proved(&house.certificate(&[]).to_string());
    house.sign();
    let signed = house.cli.json(&["certificate", LICENSE, "--on", "2012-08-23"]);
    assert_eq!(house.proved(&signed.to_string())["events"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_give_the_same_certificate() {
    let (folder, other) = (tempdir().unwrap(), tempdir().unwrap());
    let on_sqlite = a_certificates_life(&Cli::sqlite(folder.path()), folder.path());
    let on_postgres = a_certificates_life(&Cli::postgres().await, other.path());
    assert_eq!(on_sqlite, on_postgres);
}

#[test]
fn what_there_is_not_is_not_certified() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    cli.post(&ndjson(commands()));
    let refused = |args: &[&str], status, why: &str| {
        let output = cli.run(args);
        let said = last_line(&output);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(status), 0), "{args:?}: {said}");
        assert!(said.contains(why), "{args:?}: {said}");
    };
    refused(&["certificate", LICENSE, "--on", DAY], 1, "`license-ledger seal init`");
    refused(&["certificate", LICENSE, "--on", "2012-07-31"], 1, "there is no license LIC-000001");
    refused(&["certificate", "LIC-000009", "--on", DAY], 1, "there is no license LIC-000009");
    refused(&["certificate", LICENSE], 2, "--on");
    refused(&["certificate", LICENSE, "--on", DAY, "--language", "en"], 2, "--html");
    refused(&["verify-certificate", "nowhere.json", "--key", "x"], 2, "name+id+key");
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    refused(&["verify-certificate", "nowhere.json", "--key", key], 2, "nowhere.json");
}

#[test]
fn a_file_is_written_whole_and_replaced() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    let house = House::filled(&cli, folder.path());
    let file = folder.path().join("one.json");
    fs::write(&file, "something else").unwrap();
    let output = cli.run(&["certificate", LICENSE, "--on", DAY, "--to", file.to_str().unwrap()]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    assert!(last_line(&output).contains("3 events"), "{}", last_line(&output));
    let written: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(written, house.certificate(&[]));
    let nowhere = folder.path().join("no/folder/one.json");
    let output = cli.run(&["certificate", LICENSE, "--on", DAY, "--to", nowhere.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", last_line(&output));
}

/// What a damaged ledger says of a license does not leave the house with a signature on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ledger_certifies_nothing() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    House::filled(&cli, folder.path());
    let file = SqliteConnectOptions::new().filename(folder.path().join("ledger.db"));
    let mut behind = file.foreign_keys(false).connect().await.unwrap();
    let triggers: Vec<String> =
        sqlx::query_scalar("SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'")
            .fetch_all(&mut behind)
            .await
            .unwrap();
    for trigger in triggers {
        behind.execute(trigger.as_str()).await.unwrap();
    }
    let certified = |status, why: &str| {
        let output = cli.run(&["certificate", LICENSE, "--on", DAY]);
        let said = last_line(&output);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(status), status != 0), "{said}");
        assert!(said.contains(why), "{said}");
    };
    certified(0, "");
    let changed = format!("UPDATE entitlement_versions SET users = 500 WHERE license = '{LICENSE}' AND version = 3");
    behind.execute(changed.as_str()).await.unwrap();
    certified(1, "it says users 500, and its events make it 25");
    behind.execute("UPDATE entitlement_versions SET users = 25 WHERE users = 500").await.unwrap();
    certified(0, "");
    let changed = format!("UPDATE events SET actor_name = 'nobody' WHERE aggregate_id = '{LICENSE}' AND sequence = 1");
    behind.execute(changed.as_str()).await.unwrap();
    certified(1, "event 1 of license LIC-000001 (position 0): it is not in the log");
}
