//! `keys`: made and shown once, listed without secrets, revoked for good.

use std::fs;
use std::process::Output;

use chrono::{DateTime, TimeDelta, Utc};
use ledger_app::keys::PresentedKey;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{Cli, last_line, text};

fn create(cli: &Cli, more: &[&str]) -> Value {
    cli.json(&[&["keys", "create"], more].concat())
}

fn list(cli: &Cli) -> Vec<Value> {
    cli.json(&["keys", "list"])["items"].as_array().expect("a list").clone()
}

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().expect("an instant").parse().expect("RFC 3339")
}

/// What stands behind the id.
fn secret(key: &Value) -> &str {
    key["key"].as_str().and_then(|key| key.get(16..)).expect("a key")
}

fn printed(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

fn a_keys_life(cli: &Cli) {
    let made = create(cli, &["--name", " orders@distributor ", "--role", "distributor", "--partner", "Softline"]);
    let id = made["id"].as_str().expect("an id");
    let presented = PresentedKey::parse(made["key"].as_str().expect("a key")).expect("a key");
    assert_eq!((presented.id, &made["name"]), (id, &json!("orders@distributor")));
    let other = create(cli, &["--name", "auditors", "--role", "auditor", "--days", "365"]);
    assert_eq!(instant(&other["expires_at"]) - instant(&other["created_at"]), TimeDelta::days(365));

    let listed = list(cli);
    let expected = json!({"id": id, "name": "orders@distributor", "role": "distributor", "partner": "Softline",
        "in_force": true, "created_at": made["created_at"], "expires_at": null, "revoked_at": null,
        "last_used_at": null});
    assert_eq!((listed.len(), &listed[0]), (2, &expected));
    assert_eq!((&listed[1]["id"], &listed[1]["expires_at"]), (&other["id"], &other["expires_at"]));
    for format in ["json", "table"] {
        let listed = printed(&cli.run(&["keys", "list", "--format", format]));
        assert!(listed.contains(id) && !listed.contains(secret(&made)), "{listed}");
    }

    let revoked = cli.json(&["keys", "revoke", id]);
    assert_eq!((&revoked["id"], &revoked["in_force"]), (&json!(id), &json!(false)));
    assert!(Utc::now() - instant(&revoked["revoked_at"]) < TimeDelta::minutes(1));
    assert_eq!(cli.json(&["keys", "revoke", id]), revoked, "once is enough");
    let listed = list(cli);
    assert_eq!((&listed[0], &listed[1]["in_force"]), (&revoked, &json!(true)));
}

#[test]
fn a_keys_life_on_sqlite() {
    let folder = tempdir().expect("a folder");
    a_keys_life(&Cli::sqlite(folder.path()));
}

#[tokio::test]
async fn a_keys_life_on_postgres() {
    a_keys_life(&Cli::postgres().await);
}

#[test]
fn the_secret_is_nowhere_but_in_what_was_printed() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    let made = create(&cli, &["--name", "orders", "--role", "distributor"]);
    let files: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").map(|file| file.expect("a file").path()).collect();
    let bytes: Vec<u8> = files.iter().flat_map(|file| fs::read(file).expect("bytes")).collect();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(made["id"].as_str().expect("an id")));
    assert!(!holds(secret(&made)));
}

#[test]
fn a_key_is_shown_on_a_line_of_its_own() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    let output = cli.run(&["keys", "create", "--name", "bi", "--role", "reporter", "--format", "table"]);
    let printed = text(&output.stdout);
    let key = printed.lines().next().and_then(PresentedKey::parse).expect("a key");
    assert!(printed.contains("only now") && printed.matches(key.id).count() == 2, "{printed}");
    assert_eq!(list(&cli)[0]["id"], key.id);
}

#[test]
fn a_key_expires_when_the_day_begins_where_the_business_is() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    let expiring = |zone: &str| {
        let words = ["--name", "bi", "--role", "reporter", "--expires", "2999-06-01", "--time-zone", zone];
        create(&cli, &words)["expires_at"].clone()
    };
    assert_eq!(expiring("Europe/Moscow"), "2999-05-31T21:00:00.000000Z");
    assert_eq!(expiring("UTC"), "2999-06-01T00:00:00.000000Z");
}

#[test]
fn what_makes_no_sense_is_refused_and_makes_no_key() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    create(&cli, &["--name", "orders", "--role", "distributor"]);
    let cases: [(&[&str], i32, &str); 11] = [
        (&["--name", "desk", "--role", "vendor", "--partner", "Softline"], 2, "every license"),
        (&["--name", "audit", "--role", "auditor", "--partner", "Softline"], 2, "every license"),
        (&["--name", "admin", "--role", "admin", "--partner", "Softline"], 2, "every license"),
        (&["--name", "late", "--role", "reporter", "--expires", "2012-08-20"], 2, "which is over"),
        (&["--name", "none", "--role", "root"], 2, "root"),
        (&["--name", "  ", "--role", "reporter"], 2, "is empty"),
        (&["--name", "a\tb", "--role", "reporter"], 2, "control character"),
        (&["--name", "both", "--role", "reporter", "--expires", "2999-01-01", "--days", "1"], 2, "--days"),
        (&["--name", "zero", "--role", "reporter", "--days", "0"], 2, "--days"),
        (&["--name", "orders", "--role", "vendor"], 1, "another name"),
        (&["--name", "orders", "--role", "distributor", "--partner", "Softline"], 1, "another name"),
    ];
    for (words, status, why) in cases {
        let output = cli.run(&[&["keys", "create"], words].concat());
        assert_eq!(output.status.code(), Some(status), "{words:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(why) && output.stdout.is_empty(), "{words:?}: {}", text(&output.stderr));
    }
    assert_eq!(list(&cli).len(), 1);
    create(&cli, &["--name", "orders", "--role", "distributor"]);
    assert_eq!(list(&cli).len(), 2, "a key that takes over has the same name");
}

#[test]
fn an_unknown_key_is_not_revoked_and_a_whole_key_is_not_repeated() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    let made = create(&cli, &["--name", "orders", "--role", "distributor"]);
    for unknown in ["abc", "", "ll_abcdefghijkl_secret-and-more"] {
        let output = cli.run(&["keys", "revoke", unknown]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            last_line(&output).contains("no key") && !printed(&output).contains("secret-and"),
            "{}",
            printed(&output)
        );
    }
    assert_eq!(list(&cli)[0]["in_force"], true);
    let output = cli.run(&["keys", "revoke", made["key"].as_str().expect("a key")]);
    assert_eq!(output.status.code(), Some(0));
    assert!(!printed(&output).contains(secret(&made)));
    assert_eq!(list(&cli)[0]["in_force"], false);
}

#[test]
fn only_making_a_key_makes_a_ledger() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    let is_empty = || fs::read_dir(folder.path()).expect("a folder").next().is_none();
    assert!(list(&cli).is_empty() && is_empty());
    assert_eq!(text(&cli.run(&["keys", "list", "--format", "table"]).stdout), "no keys\n");
    assert_eq!(cli.run(&["keys", "revoke", "abcdefghijkl"]).status.code(), Some(1));
    assert!(is_empty());
    create(&cli, &["--name", "orders", "--role", "distributor"]);
    assert!(!is_empty());
    assert_eq!(list(&cli).len(), 1);
}
