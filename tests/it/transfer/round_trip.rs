//! Out of one store, into the other, and back.

use ledger_app::transfer::line::Line;
use serde_json::Value;
use tempfile::tempdir;

use super::{exported, file_database, filled, imported, said, server, year};
use crate::command_line::{Cli, envelope, license, ndjson, text};
use crate::use_cases::is_as_its_schema_says;

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_on_sqlite_goes_through_postgres_and_comes_back() {
    let folder = tempdir().unwrap();
    let first = Cli::on(file_database(folder.path(), "first.db"));
    let (second, third) = (Cli::on(server().await), Cli::on(file_database(folder.path(), "third.db")));
    goes_round(&first, &second, &third, folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_on_postgres_goes_through_sqlite_and_comes_back() {
    let folder = tempdir().unwrap();
    let second = Cli::on(file_database(folder.path(), "second.db"));
    goes_round(&Cli::on(server().await), &second, &Cli::on(server().await), folder.path());
}

fn goes_round(first: &Cli, second: &Cli, third: &Cli, folder: &std::path::Path) {
    let verifier = filled(first, folder, 900);
    let (file, lines) = exported(first, folder, "first.ndjson");
    assert!(lines.contains(r#"{"checkpoint":"#) && lines.contains(r#"{"adoption":"#), "everything is in it");
    assert!(!folder.join("first.ndjson.part").exists(), "nothing is left beside it");
    let root = first.json(&["seal", "status"])["checkpoint"]["root"].clone();
    for (to, name) in [(second, "second.ndjson"), (third, "third.ndjson")] {
        let told = imported(to, &file);
        assert_eq!((&told["root"], &told["was_there"]), (&root_of(&lines), &Value::from(false)));
        assert!(root.is_null() || told["root"] == root, "{root}");
        let (_, again) = exported(to, folder, name);
        assert!(again == lines, "{name} is not byte for byte the first file");
        is_the_same(first, to, &verifier);
        assert_eq!(imported(to, &file)["was_there"], true, "the same file once more changes nothing");
    }
    goes_on(second);
}

fn root_of(lines: &str) -> Value {
    let end: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    end["end"]["root"].clone()
}

/// Reads, histories, read models and the seal are those of the first ledger.
fn is_the_same(first: &Cli, to: &Cli, verifier: &str) {
    for args in [
        &["list", "--on", "2013-07-31", "--limit", "1000"][..],
        &["expiring", "--from", "2012-01-01", "--to", "2014-01-01", "--limit", "1000"],
        &["history", "LIC-000007"],
        &["show", "LIC-000007", "--on", "2012-08-20"],
    ] {
        assert_eq!(to.json(args), first.json(args), "{args:?}");
    }
    assert_eq!(to.json(&["rebuild"])["mended"], 0, "the read models are those that the events make");
    let verified = to.json(&["verify", "--key", verifier]);
    assert_eq!((&verified["damages"], &verified["sealed"]), (&Value::from(0), &verified["events"]));
    let (first, again) = (first.post(&year()).0, to.post(&year()).0);
    assert_eq!(first, again, "what was posted before is answered as replayed");
    assert!(again.iter().filter(|outcome| outcome["outcome"] == "accepted").all(|outcome| outcome["replayed"] == true));
}

/// The ledger can be used.
fn goes_on(cli: &Cli) {
    let offline = envelope(1_000_000, &license(7), serde_json::json!({"type": "report_server_offline", "server": "A"}));
    let (outcomes, status) = cli.post(&ndjson([offline]));
    assert_eq!((outcomes[0]["outcome"].as_str(), status), (Some("accepted"), 0), "{outcomes:#?}");
    assert_eq!(cli.json(&["verify"])["damages"], 0);
}

#[test]
fn through_a_pipe() {
    let folder = tempdir().unwrap();
    let (from, to) = (Cli::sqlite(folder.path()), Cli::on(file_database(folder.path(), "copy.db")));
    filled(&from, folder.path(), 2);
    let out = from.run(&["export"]);
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    let lines: Vec<Value> = text(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for kind in ["export", "edition", "command", "event", "seal_key", "checkpoint", "adoption", "end"] {
        is_as_its_schema_says::<Line>(lines.iter().find(|line| line.get(kind).is_some()).expect(kind));
    }
    let done = to.feed(&["import", "--format", "json"], &out.stdout);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert_eq!(text(&to.run(&["export", "-"]).stdout), text(&out.stdout));
}

#[test]
fn an_empty_ledger_is_exported_and_imported() {
    let folder = tempdir().unwrap();
    let (from, to) = (Cli::sqlite(folder.path()), Cli::on(file_database(folder.path(), "copy.db")));
    assert_eq!(from.run(&["export"]).status.code(), Some(1), "a ledger that is not there");
    from.post("{}\n");
    let (file, lines) = exported(&from, folder.path(), "empty.ndjson");
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert_eq!(imported(&to, &file)["events"], 0);
    let (outcomes, _) = to.post(&ndjson([crate::command_line::purchase(1)]));
    assert_eq!(outcomes[0]["outcome"], "accepted", "{outcomes:#?}");
}
