//! `seal` and `verify`: a key is made, checkpoints are signed, the key is replaced, the ledger is audited.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::keys::{SecretKey, Verifier};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::command_line::{Cli, text};
use crate::files::root;

pub(super) const ORIGIN: &str = "ledger.example/licenses";

pub(super) fn verifier(shown: &Value) -> Verifier {
    shown["verifier"].as_str().unwrap().parse().unwrap()
}

fn opened(shown: &Value, key: &Verifier) -> Checkpoint {
    Checkpoint::open(shown["note"].as_str().unwrap(), ORIGIN, std::slice::from_ref(key)).unwrap()
}

/// Runs it; it must end with that status, and say this on standard error.
pub(super) fn refused(cli: &Cli, args: &[&str], status: i32, why: &str) {
    let output = cli.run(args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{args:?}: {said}");
    assert!(said.contains(why) && said.lines().count() == 1, "{args:?}: {said}");
}

fn a_seals_life(cli: &Cli, folder: &Path) {
    let (key, to) = (folder.join("seal.key"), folder.join("checkpoints"));
    let (key, to) = (key.to_str().unwrap(), to.to_str().unwrap());
    cli.feed(&["post"], &fs::read(root().join("examples/year.ndjson")).unwrap());
    let before = cli.json(&["seal", "status"]);
    assert_eq!((&before["keys"], &before["last"], &before["unsigned"]), (&json!([]), &Value::Null, &before["events"]));
    assert!(before["events"].as_u64().unwrap() > 50);
    refused(cli, &["seal", "checkpoint", "--key", key], 2, "seal.key");

    let first = cli.json(&["seal", "init", "--key", key, "--origin", ORIGIN]);
    let old = verifier(&first);
    assert_eq!(opened(&first, &old).size, before["events"].as_u64().unwrap());
    assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    let status = cli.json(&["seal", "status"]);
    assert_eq!((&status["lag"], &status["unsigned"], &status["last"]["root"]), (&json!(0), &json!(0), &first["root"]));
    refused(cli, &["seal", "init", "--key", key], 2, "never overwritten");
    let other = folder.join("other.key");
    refused(cli, &["seal", "init", "--key", other.to_str().unwrap()], 1, "seal rotate");
    assert!(!other.exists(), "a key that nothing is signed with is not left behind");
    refused(cli, &["seal", "init", "--origin", "two words", "--key", other.to_str().unwrap()], 2, "spaces");

    assert_eq!(cli.json(&["seal", "checkpoint", "--key", key])["note"], first["note"], "nothing new");
    assert_eq!(cli.post(&buy("1")).1, 0);
    for _ in 0..2 {
        let kept = cli.json(&["seal", "checkpoint", "--key", key, "--to", to]);
        assert_eq!(opened(&kept, &old).size, before["events"].as_u64().unwrap() + 2);
        let file = kept["file"].as_str().unwrap();
        assert_eq!(fs::read_to_string(file).unwrap(), kept["note"].as_str().unwrap());
        assert_eq!(fs::read_dir(to).unwrap().count(), 1);
    }
    the_key_is_replaced(cli, key, to, &old);
}

fn the_key_is_replaced(cli: &Cli, key: &str, to: &str, old: &Verifier) {
    fs::set_permissions(key, Permissions::from_mode(0o640)).unwrap();
    refused(cli, &["seal", "checkpoint", "--key", key], 2, "chmod 600");
    fs::set_permissions(key, Permissions::from_mode(0o600)).unwrap();
    let secret = fs::read_to_string(key).unwrap();
    let rotated = cli.json(&["seal", "rotate", "--key", key, "--to", to]);
    let new = verifier(&rotated);
    assert_eq!((opened(&rotated, old), new.name()), (opened(&rotated, &new), ORIGIN));
    assert_ne!(fs::read_to_string(key).unwrap(), secret);
    let keys = cli.json(&["seal", "status"])["keys"].clone();
    assert_eq!(keys, json!([{"number": 1, "verifier": old.to_string()}, {"number": 2, "verifier": new.to_string()}]));
    assert_eq!(cli.post(&buy("2")).1, 0);
    let last = cli.json(&["seal", "checkpoint", "--key", key]);
    assert!(Checkpoint::open(last["note"].as_str().unwrap(), ORIGIN, std::slice::from_ref(old)).is_err());
    opened(&last, &new);
    fs::write(key, &secret).unwrap();
    refused(cli, &["seal", "checkpoint", "--key", key], 1, "not the one that signs");
    fs::write(key, "PRIVATE+KEY+x").unwrap();
    refused(cli, &["seal", "checkpoint", "--key", key], 2, "holds no secret key");
    let shown = text(&cli.run(&["seal", "status", "--format", "table"]).stdout);
    assert!(shown.contains(&new.to_string()) && !shown.contains(secret.trim()), "{shown}");
}

/// A purchase in a license of its own: two events.
pub(super) fn buy(number: &str) -> String {
    json!({"command_id": format!("00000000-0000-7000-8000-00000000000{number}"), "license": format!("NEW-{number}"),
        "on": "2013-08-01", "command": {"type": "issue_license", "order": "PO-1", "product": "control", "users": 5,
        "holder": {"name": "ООО Ромашка"}, "registration": "automatic"}})
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_is_signed_on_sqlite() {
    let folder = tempdir().unwrap();
    a_seals_life(&Cli::sqlite(folder.path()), folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_is_signed_on_postgresql() {
    let folder = tempdir().unwrap();
    a_seals_life(&Cli::postgres().await, folder.path());
}

#[test]
fn status_and_checkpoint_make_no_ledger() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    assert_eq!(cli.json(&["seal", "status"])["events"], 0);
    let key = folder.path().join("seal.key");
    fs::write(&key, SecretKey::new(ORIGIN, &[1; 32]).unwrap().to_file()).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    refused(&cli, &["seal", "checkpoint", "--key", key.to_str().unwrap()], 1, "there is no ledger in sqlite:");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// What an auditor runs: the status says whether anything is wrong, standard error says what.
fn an_audit(cli: &Cli, folder: &Path) {
    let (key, to) = (folder.join("seal.key"), folder.join("checkpoints"));
    let (key, to) = (key.to_str().unwrap(), to.to_str().unwrap());
    cli.feed(&["post"], &fs::read(root().join("examples/year.ndjson")).unwrap());
    let made = cli.json(&["seal", "init", "--key", key, "--to", to]);
    let verifier = made["verifier"].as_str().unwrap();
    let verified = cli.json(&["verify", "--checkpoint", to, "--key", verifier]);
    assert_eq!(cli.json(&["verify", "--checkpoint", to, "--verifier", verifier]), verified, "its name before");
    assert_eq!((&verified["damages"], &verified["checkpoints"]), (&json!(0), &json!(2)));
    assert_eq!((&verified["events"], &verified["root"]), (&made["size"], &made["root"]));
    let size = made["size"].as_u64().unwrap();
    let shown = text(&cli.run(&["verify", "--format", "table"]).stdout);
    assert!(shown.contains(&format!("{size} events")) && shown.contains("all as it should be"), "{shown}");

    let file = made["file"].as_str().unwrap();
    fs::write(file, made["note"].as_str().unwrap().replacen(&format!("\n{size}\n"), "\n1\n", 1)).unwrap();
    let output = cli.run(&["verify", "--checkpoint", file]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("license-ledger: damaged: ") && said.contains("does not verify"), "{said}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["damages"], 1);
    refused(cli, &["verify", "--checkpoint", "nowhere.checkpoint"], 2, "nowhere.checkpoint");
    refused(cli, &["verify", "--key", "x"], 2, "name+id+key");
    refused(cli, &["verify", "--checkpoint", folder.to_str().unwrap()], 2, "*.checkpoint");
}

#[test]
fn a_ledger_is_verified_on_sqlite() {
    let folder = tempdir().unwrap();
    an_audit(&Cli::sqlite(folder.path()), folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_is_verified_on_postgresql() {
    let folder = tempdir().unwrap();
    an_audit(&Cli::postgres().await, folder.path());
}

#[test]
fn a_ledger_that_is_not_there_is_not_called_healthy() {
    let folder = tempdir().unwrap();
    refused(&Cli::sqlite(folder.path()), &["verify"], 1, "there is no ledger in sqlite:");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
