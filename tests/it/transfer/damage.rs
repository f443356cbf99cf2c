//! What is wrong with a file is told with its line, and nothing of it is written.

use std::fs;
use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::tempdir;

use super::{exported, file_database, filled, import, imported, said, server};
use crate::command_line::{Cli, ndjson, purchase};

/// An export's lines.
type Lines = Vec<String>;

/// A way to damage them; returns the line that must be named, from 1.
type Damage = fn(&mut Lines) -> usize;

/// Each with what must be said of it.
const DAMAGES: &[(Damage, &str)] = &[
    (|lines| edited(lines, "event", 40, r#""users":25"#, r#""users":35"#), "leaf's hash"),
    (|lines| edited(lines, "event", 40, r#""sequence":"#, r#""sequence":1"#), ""),
    (|lines| edited(lines, "event", 40, r#""name":""#, r#""name":"x"#), "leaf's hash"),
    (|lines| edited(lines, "event", 40, r#""recorded_at":"2"#, r#""recorded_at":"3"#), "leaf's hash"),
    (|lines| edited(lines, "event", 40, r#""event_type":""#, r#""event_type":"X"#), ""),
    (|lines| edited(lines, "event", 40, r#""position":"#, r#""position": "#), "not written as an export writes it"),
    (|lines| edited(lines, "command", 40, r#""content":{"#, r#""content":{ "#), "digest"),
    (|lines| edited(lines, "command", 40, r#""warnings":[],"#, r#""warnings":[{}],"#), "outcome"),
    (outcome_and_its_digest, "leaf's hash"),
    (outcome_of_another_version, "another version than its events"),
    (|lines| edited(lines, "edition", 0, "Kerio", "Cerio"), "SHA-256"),
    (|lines| edited(lines, "checkpoint", 0, "ledger.example/licenses\\n", "ledger.example/licenses\\n1"), ""),
    (|lines| edited(lines, "checkpoint", 1, "\"size\":", "\"size\":1"), "covers"),
    (|lines| edited(lines, "adoption", 0, "\"edition\":\"", "\"edition\":\"0"), "does not stand before it"),
    (|lines| edited(lines, "adoption", 0, "\"adopted_at\":\"2", "\"adopted_at\":\"3"), "SHA-256"),
    (|lines| edited(lines, "seal_key", 0, "\"number\":1", "\"number\":2"), "key 1 comes next"),
    (|lines| edited(lines, "end", 0, "\"root\":\"", "\"root\":\"A"), "root"),
    (|lines| edited(lines, "export", 0, "license-ledger", "license-lodger"), "first line"),
    (|lines| edited(lines, "export", 0, "\"version\":1", "\"version\":2"), "version 2"),
    (|lines| edited(lines, "command", 3, "{\"command\"", "{\"commend\""), "unknown variant"),
    (deleted_event, "comes next"),
    (swapped_events, "comes next"),
    (deleted_command, "does not stand before it"),
    (repeated_command, "stands before already"),
    (without_events_gone, "SHA-256"),
    (refusal_of_another, ""),
    (cut_after_an_event, "last line is missing"),
    (behind_the_end, "behind the file's last line"),
];

/// The number of the `nth` line of that kind, from 0.
fn nth(lines: &Lines, kind: &str, nth: usize) -> usize {
    let begins = format!("{{\"{kind}\":");
    let mut found = lines.iter().enumerate().filter(|(_, line)| line.starts_with(&begins)).map(|(number, _)| number);
    found.nth(nth).unwrap_or_else(|| panic!("{nth} lines {kind}"))
}

fn edited(lines: &mut Lines, kind: &str, number: usize, from: &str, to: &str) -> usize {
    let number = nth(lines, kind, number);
    // A line of the kind that has it, from that one on.
    let found = (number..lines.len())
        .find(|number| lines[*number].starts_with(&format!("{{\"{kind}\":")) && lines[*number].contains(from));
    let number = found.unwrap_or_else(|| panic!("{from} in {kind}"));
    lines[number] = lines[number].replacen(from, to, 1);
    // What the end says of the file's bytes is not what finds it, but for what nothing else covers.
    number + 1 + usize::from(to.contains("adopted_at")) * (lines.len() - number - 1)
}

/// Somebody changes an outcome, and its digest with it: the event says otherwise.
fn outcome_and_its_digest(lines: &mut Lines) -> usize {
    let command = changed_outcome(lines, "\"type\":\"", "\"type\":\"X");
    event_after(lines, command) + 1
}

/// As before, and it tells another version than its own event made.
fn outcome_of_another_version(lines: &mut Lines) -> usize {
    changed_outcome(lines, "\"version\":", "\"version\":9") + 1
}

/// Changes the outcome of an accepted command, and its digest; returns which line that is, from 0.
fn changed_outcome(lines: &mut Lines, from: &str, to: &str) -> usize {
    let names = |line: &String| line.starts_with("{\"command\"") && text_of(line).contains("\"sequence\":");
    let command = (100..lines.len()).find(|number| names(&lines[*number])).unwrap();
    let old = text_of(&lines[command]);
    let new = old.replacen(from, to, 1);
    let digest = |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    lines[command] = lines[command].replacen(&old, &new, 1).replacen(&digest(&old), &digest(&new), 1);
    command
}

/// An outcome as it stands in its line.
fn text_of(line: &str) -> String {
    let begin = line.rfind("\"outcome\":{\"command_id\"").unwrap() + "\"outcome\":".len();
    line[begin..line.len() - 2].to_owned()
}

fn event_after(lines: &Lines, from: usize) -> usize {
    (from..lines.len()).find(|number| lines[*number].starts_with("{\"event\"")).unwrap()
}

fn deleted_event(lines: &mut Lines) -> usize {
    let number = nth(lines, "event", 30);
    lines.remove(number);
    event_after(lines, number) + 1
}

fn swapped_events(lines: &mut Lines) -> usize {
    let (one, other) = (nth(lines, "event", 30), nth(lines, "event", 31));
    lines.swap(one, other);
    one + 1
}

fn deleted_command(lines: &mut Lines) -> usize {
    let number = nth(lines, "command", 30);
    lines.remove(number);
    event_after(lines, number) + 1
}

fn repeated_command(lines: &mut Lines) -> usize {
    let number = nth(lines, "command", 30);
    lines.insert(number, lines[number].clone());
    number + 2
}

/// Nothing else tells of a command without events.
fn without_events_gone(lines: &mut Lines) -> usize {
    let last = (0..lines.len()).rev().find(|number| lines[*number].starts_with("{\"command\"")).unwrap();
    lines.remove(last);
    let end = lines.len() - 1;
    let count: usize = lines.iter().filter(|line| line.starts_with("{\"command\"")).count();
    lines[end] = lines[end].replacen(&format!("\"commands\":{}", count + 1), &format!("\"commands\":{count}"), 1);
    lines.len()
}

fn refusal_of_another(lines: &mut Lines) -> usize {
    let number = lines.iter().position(|line| line.contains(r#""stream_type":"refusal""#)).unwrap();
    lines[number] = lines[number].replacen(r#""stream_type":"refusal""#, r#""stream_type":"license""#, 1);
    number + 1
}

fn cut_after_an_event(lines: &mut Lines) -> usize {
    let number = nth(lines, "event", 100);
    lines.truncate(number + 1);
    number + 1
}

fn behind_the_end(lines: &mut Lines) -> usize {
    lines.push(lines[0].clone());
    lines.len()
}

#[test]
fn on_sqlite_every_damage_is_named_and_nothing_is_written() {
    let folder = tempdir().unwrap();
    every_damage_is_named(&Cli::on(file_database(folder.path(), "target.db")), folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_every_damage_is_named_and_nothing_is_written() {
    let folder = tempdir().unwrap();
    every_damage_is_named(&Cli::on(server().await), folder.path());
}

fn every_damage_is_named(target: &Cli, folder: &Path) {
    let from = Cli::on(file_database(folder, "from.db"));
    filled(&from, folder, 20);
    let (good, text) = exported(&from, folder, "good.ndjson");
    let damaged = folder.join("damaged.ndjson");
    for (number, (damage, what)) in DAMAGES.iter().enumerate() {
        let mut lines: Lines = text.lines().map(str::to_owned).collect();
        let line = damage(&mut lines);
        fs::write(&damaged, lines.join("\n") + "\n").unwrap();
        let output = import(target, &damaged);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "damage {number}: {said}");
        let is_named = said.contains(&format!("line {line}: ")) || said.contains("version 2");
        assert!(is_named && said.contains(what), "damage {number}, line {line}, {what}: {said}");
    }
    for cut in [1, text.len() / 3, text.len() - 1] {
        fs::write(&damaged, &text.as_bytes()[..cut]).unwrap();
        let output = import(target, &damaged);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("it was cut"), "{}", said(&output));
    }
    // Only an empty ledger takes it.
    assert_eq!(imported(target, &good)["was_there"], false);
}

#[test]
fn only_a_checkpoint_of_the_key_given_is_believed() {
    let folder = tempdir().unwrap();
    let (from, to) = (Cli::sqlite(folder.path()), Cli::on(file_database(folder.path(), "copy.db")));
    let verifier = filled(&from, folder.path(), 2);
    let (file, _) = exported(&from, folder.path(), "good.ndjson");
    let stranger = Cli::on(file_database(folder.path(), "stranger.db"));
    let key = folder.path().join("stranger.key");
    let made = stranger.json(&["seal", "init", "--key", key.to_str().unwrap(), "--origin", "ledger.example/licenses"]);
    let file = file.to_str().unwrap();
    let strangers = made["verifier"].as_str().unwrap();
    for asked in [
        ["import", "--key", strangers, file],
        ["import", "--verifier", strangers, file],
        ["verify-export", "--key", strangers, file],
    ] {
        let refused = to.run(&asked);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains("its last checkpoint"), "{}", said(&refused));
    }
    assert_eq!(to.json(&["import", "--key", &verifier, file])["was_there"], false);
}

#[test]
fn an_export_is_checked_without_a_ledger() {
    let folder = tempdir().unwrap();
    let (from, none) = (Cli::sqlite(folder.path()), Cli::on(file_database(folder.path(), "none.db")));
    let verifier = filled(&from, folder.path(), 20);
    let (file, text) = exported(&from, folder.path(), "good.ndjson");
    let found = none.json(&["verify-export", file.to_str().unwrap(), "--key", &verifier]);
    assert_eq!(
        (&found["events"], &found["commands"]),
        (&found["signed"], &json!(text.lines().filter(|line| line.starts_with("{\"command\":")).count()))
    );
    from.post(&ndjson([purchase(1_000)]));
    let (later, _) = exported(&from, folder.path(), "later.ndjson");
    let output = none.run(&["verify-export", later.to_str().unwrap(), "--key", &verifier]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("its last checkpoint does not cover the last 2 events"), "{}", said(&output));
    let damaged = folder.path().join("damaged.ndjson");
    for (number, (damage, what)) in DAMAGES.iter().enumerate() {
        let mut lines: Lines = text.lines().map(str::to_owned).collect();
        let line = damage(&mut lines);
        fs::write(&damaged, lines.join("\n") + "\n").unwrap();
        let output = none.run(&["verify-export", damaged.to_str().unwrap(), "--key", &verifier]);
        let is_named = said(&output).contains(&format!("line {line}: ")) || said(&output).contains("version 2");
        assert_eq!(output.status.code(), Some(1), "damage {number}: {}", said(&output));
        assert!(is_named && said(&output).contains(what), "damage {number}, {what}: {}", said(&output));
    }
    assert!(!folder.path().join("none.db").exists());
}

#[test]
fn a_ledger_in_use_takes_none() {
    let folder = tempdir().unwrap();
    let (from, to) = (Cli::sqlite(folder.path()), Cli::on(file_database(folder.path(), "copy.db")));
    filled(&from, folder.path(), 2);
    let (file, _) = exported(&from, folder.path(), "good.ndjson");
    to.post(&ndjson([purchase(1)]));
    let output = import(&to, &file);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("needs an empty one"), "{}", said(&output));
    assert_eq!(to.json(&["list"])["items"].as_array().unwrap().len(), 1);
}
