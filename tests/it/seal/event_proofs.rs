//! `seal proof`: one event, proved to somebody else's code.

use std::fs;
use std::path::Path;

use ct_merkle::{InclusionProof, RootHash};
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor};
use tempfile::tempdir;

use super::command_line::{ORIGIN, buy, refused, verifier};
use crate::command_line::{Cli, text};
use crate::files::root;

/// The file of a proof, read by hand: the index, the hashes, the signed checkpoint.
fn read(proof: &str) -> (u64, Vec<u8>, &str) {
    let (head, note) = proof.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let index = lines.next().and_then(|line| line.strip_prefix("index ")).unwrap().parse().unwrap();
    (index, lines.flat_map(|line| line.parse::<Hash>().unwrap().0).collect(), note)
}

/// Somebody else's code must believe that the leaf is in the log, and no other one.
fn another_implementation_agrees(proof: &str, leaf: &[u8], key: &Verifier) {
    let (index, hashes, note) = read(proof);
    let signed = Checkpoint::open(note, ORIGIN, std::slice::from_ref(key)).unwrap();
    let root: RootHash<Sha256> = RootHash::new(signed.root.0.into(), signed.size);
    let proof = InclusionProof::<Sha256>::try_from_bytes(hashes).unwrap();
    root.verify_inclusion(&leaf.to_vec(), index, &proof).unwrap();
    let mut other = leaf.to_vec();
    other[0] ^= 1;
    assert!(root.verify_inclusion(&other, index, &proof).is_err());
}

fn events_are_proved(cli: &Cli, folder: &Path) {
    let [key, to, leaf] = ["seal.key", "event.tlog-proof", "leaf.json"].map(|name| folder.join(name));
    let [key, to, leaf] = [&key, &to, &leaf].map(|path| path.to_str().unwrap());
    refused(cli, &["seal", "proof", "0"], 1, "there is no");
    cli.feed(&["post"], &fs::read(root().join("examples/year.ndjson")).unwrap());
    refused(cli, &["seal", "proof", "0"], 1, "`license-ledger seal init`");
    let made = cli.json(&["seal", "init", "--key", key, "--origin", ORIGIN]);
    let (verifier, size) = (verifier(&made), made["size"].as_u64().unwrap());

    let mut streams = Vec::new();
    for position in (0..size).step_by(5).chain([size - 1]) {
        let shown = cli.json(&["seal", "proof", &position.to_string(), "--to", to, "--leaf", leaf]);
        let (proof, leaf) = (fs::read_to_string(to).unwrap(), fs::read(leaf).unwrap());
        another_implementation_agrees(&proof, &leaf, &verifier);
        assert_eq!((&shown["proof"], &shown["leaf"]), (&json!(proof), &json!(text(&leaf))));
        let hash = Sha256::new().chain_update([0]).chain_update(&leaf).finalize();
        assert_eq!(shown["leaf_hash"], Hash(hash.into()).to_string());
        assert_eq!((&shown["position"], &shown["checkpoint"]["root"]), (&json!(position), &made["root"]));
        let said: Value = serde_json::from_slice(&leaf).unwrap();
        streams.push(said["stream_type"].as_str().unwrap().to_owned());
    }
    assert!(["license", "refusal"].iter().all(|kind| streams.iter().any(|stream| stream == kind)), "{streams:?}");
    what_is_not_signed_is_not_proved(cli, size, key);
}

fn what_is_not_signed_is_not_proved(cli: &Cli, size: u64, key: &str) {
    let next = size.to_string();
    let last = size - 1;
    refused(
        cli,
        &["seal", "proof", &next],
        1,
        &format!("no event at position {size}: the ledger has the positions 0 to {last}"),
    );
    refused(cli, &["seal", "proof", "first"], 2, "first");
    assert_eq!(cli.post(&buy("1")).1, 0);
    refused(cli, &["seal", "proof", &next], 1, &format!("event 1 of license NEW-1 (position {size}) is newer"));
    refused(cli, &["seal", "proof", "0", "--to", "/nowhere/file"], 2, "/nowhere/file");
    cli.json(&["seal", "checkpoint", "--key", key]);
    let shown = text(&cli.run(&["seal", "proof", &next, "--format", "table"]).stdout);
    assert!(shown.contains("event 1 of license NEW-1") && shown.contains(&format!("\nindex {next}\n")), "{shown}");
}

#[test]
fn events_are_proved_on_sqlite() {
    let folder = tempdir().unwrap();
    events_are_proved(&Cli::sqlite(folder.path()), folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_proved_on_postgresql() {
    let folder = tempdir().unwrap();
    events_are_proved(&Cli::postgres().await, folder.path());
}

/// What was changed behind the seal is not handed out as if it were proved.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_event_has_no_proof() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    assert_eq!(cli.post(&buy("1")).1, 0);
    let key = folder.path().join("seal.key");
    cli.json(&["seal", "init", "--key", key.to_str().unwrap(), "--origin", ORIGIN]);
    let file = SqliteConnectOptions::new().filename(folder.path().join("ledger.db"));
    let mut database = file.connect().await.unwrap();
    for change in [
        "DROP TRIGGER events_no_update",
        "UPDATE events SET payload = replace(payload, '\"users\":5', '\"users\":50') WHERE position = 0",
    ] {
        database.execute(change).await.unwrap();
    }
    refused(&cli, &["seal", "proof", "0"], 1, "event 1 of license NEW-1 (position 0) cannot be proved");
    cli.json(&["seal", "proof", "1"]);
}
