//! The year under `examples/`, posted through the program itself, on both databases.
//!
//! `just regen` (`UPDATE_EXAMPLES=1`) writes what is expected anew: read the difference, line by line.

use std::collections::BTreeSet;
use std::process::Command as Process;
use std::{env, fs};

use ledger_domain::command::Command;
use serde_json::Value;
use tempfile::TempDir;
use throwaway_postgres::Server;

use crate::files::root;

/// The last day of the year's last month: no later day changes the answers about it.
const DAY: &str = "2013-07-31";

#[tokio::test]
async fn the_year_comes_out_as_expected_on_sqlite() {
    let folder = TempDir::new().unwrap();
    the_year_comes_out_as_expected(&Program {
        database: format!("sqlite:{}", folder.path().join("year.db").display()),
    });
}

#[tokio::test]
async fn the_year_comes_out_as_expected_on_postgresql() {
    let server = Server::shared().await.unwrap();
    the_year_comes_out_as_expected(&Program { database: server.new_database().await.unwrap() });
}

fn the_year_comes_out_as_expected(program: &Program) {
    let outcomes = program.post_the_year();
    compare("year.outcomes.ndjson", &outcomes);
    let entitlements = program.entitlements();
    compare("year.entitlements.json", &entitlements);
    compare("year.expiring.json", &program.expiring());

    let histories = program.histories(&entitlements);
    let again = program.post_the_year();
    for (number, (first, second)) in (1..).zip(outcomes.lines().zip(again.lines())) {
        assert_repeats(number, first, second);
    }
    assert!(program.histories(&entitlements) == histories, "posting the year again has changed a history");
    assert!(program.entitlements() == entitlements, "posting the year again has changed an entitlement");
}

/// An accepted or rejected command gets its first outcome again; any other is refused in the same way.
fn assert_repeats(number: usize, first: &str, second: &str) {
    let kind = |outcome: &str| read(outcome)["outcome"].clone();
    if kind(first) == "accepted" || kind(first) == "rejected" {
        let replayed = first.replacen("\"replayed\":false", "\"replayed\":true", 1);
        assert_eq!(second, replayed, "line {number}, posted again");
    } else {
        assert_eq!(kind(second), kind(first), "line {number}, posted again");
    }
}

#[test]
fn the_year_shows_what_there_is() {
    let (commands, outcomes) = (example("year.ndjson"), example("year.outcomes.ndjson"));
    let (mut licenses, mut products, mut types, mut rules) = <(Words, Words, Words, Words)>::default();
    for (line, outcome) in commands.lines().zip(outcomes.lines().map(read)) {
        rules.extend(outcome["violations"].as_array().into_iter().flatten().map(|violation| text(&violation["rule"])));
        if outcome["outcome"] == "accepted" {
            let line = read(line);
            assert!(line["on"].is_string(), "an outcome must not depend on today: {line}");
            let command = &line["command"];
            licenses.insert(text(&line["license"]));
            products.extend(command["product"].as_str().map(str::to_owned));
            types.insert(text(&command["type"]));
        }
    }
    assert_eq!(commands.lines().count(), outcomes.lines().count(), "an outcome for each line");
    assert!(licenses.len() >= 40, "{} licenses", licenses.len());
    assert_eq!(products.into_iter().collect::<Vec<_>>(), ["connect", "control", "operator"]);
    assert_eq!(types, command_types(), "every command is accepted at least once");
    assert!(rules.len() >= 20, "only these rules refuse: {rules:?}");
}

type Words = BTreeSet<String>;

/// The types of all commands, as their schema has them.
fn command_types() -> Words {
    let schema = schemars::schema_for!(Command).to_value();
    schema["oneOf"]
        .as_array()
        .expect("one schema a command")
        .iter()
        .map(|one| text(&one["properties"]["type"]["const"]))
        .collect()
}

/// The program on a database.
struct Program {
    database: String,
}

impl Program {
    /// What it prints. That something was refused is no failure here: refusals are part of the year.
    fn prints(&self, args: &[&str]) -> String {
        let mut process = Process::new(env!("CARGO_BIN_EXE_license-ledger"));
        let output = process.args(["--database", &self.database]).args(args).current_dir(root()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?}: {:?}: {told}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    fn post_the_year(&self) -> String {
        self.prints(&["post", "examples/year.ndjson"])
    }

    fn entitlements(&self) -> String {
        self.prints(&["list", "--on", DAY, "--limit", "1000"])
    }

    /// The SWM that ends in 2013, without what depends on today.
    fn expiring(&self) -> String {
        let mut page =
            read(&self.prints(&["expiring", "--from", "2013-01-01", "--to", "2014-01-01", "--limit", "1000"]));
        for item in page["items"].as_array_mut().expect("items") {
            without(item, &["on", "works"]);
            without(&mut item["swm"], &["state", "days_left"]);
        }
        serde_json::to_string_pretty(&page).unwrap() + "\n"
    }

    /// The events of the first licenses, those of the documents' examples; the others' versions stand in `entitlements`.
    fn histories(&self, entitlements: &str) -> Vec<String> {
        let page = read(entitlements);
        let first = page["items"].as_array().expect("items").iter().take(10);
        first.map(|item| self.prints(&["history", &text(&item["license"])])).collect()
    }
}

/// Compares line by line with the file; with `UPDATE_EXAMPLES=1` writes it.
fn compare(file: &str, found: &str) {
    let path = root().join("examples").join(file);
    if env::var_os("UPDATE_EXAMPLES").is_some() {
        fs::write(path, found).unwrap();
        return;
    }
    let expected = example(file);
    let lines = (1..).zip(expected.lines().zip(found.lines()));
    let wrong: Vec<_> = lines.filter(|(_, (expected, found))| expected != found).collect();
    let told = wrong.iter().take(5).map(|(number, (expected, found))| {
        format!("examples/{file}:{number}\n  expected: {expected}\n  got:      {found}\n")
    });
    assert!(wrong.is_empty(), "{} lines differ; the first ones:\n{}", wrong.len(), told.collect::<String>());
    assert_eq!(found.lines().count(), expected.lines().count(), "the number of lines of examples/{file}");
}

fn example(file: &str) -> String {
    let path = root().join("examples").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn without(value: &mut Value, keys: &[&str]) {
    let object = value.as_object_mut().expect("an object");
    object.retain(|key, _| !keys.contains(&key.as_str()));
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
