//! A whole ledger taken out, and put in: files, stores, crashes, damage.

mod crash;
mod damage;
mod parts;
mod round_trip;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use throwaway_postgres::Server;

use crate::command_line::{Cli, envelope, license, ndjson, purchase, text};
use crate::files::root;

/// The URL of a fresh database on the tests' server.
async fn server() -> String {
    Server::shared().await.unwrap().new_database().await.unwrap()
}

fn file_database(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(name).display())
}

/// The example year, and so many licenses more, each with a command that causes no event; signed in the middle and at
/// the end. Returns the verifier.
fn filled(cli: &Cli, folder: &Path, licenses: usize) -> String {
    let key = folder.join("seal.key");
    let key = key.to_str().unwrap();
    cli.post(&year());
    let made = cli.json(&["seal", "init", "--key", key, "--origin", "ledger.example/licenses"]);
    let online = |number: usize| {
        envelope(number * 3 + 1, &license(number), json!({"type": "report_server_online", "server": "A"}))
    };
    let again = |number: usize| {
        envelope(number * 3 + 2, &license(number), json!({"type": "report_server_online", "server": "A"}))
    };
    let bought = |number: usize| {
        let mut bought = purchase(number * 3);
        bought["license"] = license(number).into();
        bought
    };
    let commands = (0..licenses).flat_map(|number| [bought(number), online(number), again(number)]);
    let (outcomes, _) = cli.post(&ndjson(commands));
    let accepted = outcomes.iter().filter(|outcome| outcome["outcome"] == "accepted");
    let without_events = accepted.filter(|outcome| outcome["events"].as_array().unwrap().is_empty());
    assert_eq!(without_events.count(), licenses, "a server that is online already");
    cli.json(&["seal", "checkpoint", "--key", key]);
    made["verifier"].as_str().unwrap().to_owned()
}

fn year() -> String {
    fs::read_to_string(root().join("examples/year.ndjson")).unwrap()
}

/// Exports to a file of that name.
fn exported(cli: &Cli, folder: &Path, name: &str) -> (PathBuf, String) {
    let file = folder.join(name);
    cli.json(&["export", file.to_str().unwrap()]);
    let lines = fs::read_to_string(&file).unwrap();
    (file, lines)
}

fn imported(cli: &Cli, file: &Path) -> Value {
    cli.json(&["import", file.to_str().unwrap()])
}

fn import(cli: &Cli, file: &Path) -> Output {
    cli.run(&["import", file.to_str().unwrap()])
}

fn said(output: &Output) -> String {
    text(&output.stderr)
}
