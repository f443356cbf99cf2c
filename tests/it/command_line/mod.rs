//! The real binary, from outside.

mod bad_input;
mod crash;
mod failures;
mod keys;
mod large;
mod reads;
mod two_times;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use throwaway_postgres::Server;

/// The binary with a database.
pub(crate) struct Cli {
    database: String,
}

impl Cli {
    pub(crate) fn on(database: impl Into<String>) -> Self {
        Self { database: database.into() }
    }

    pub(crate) fn sqlite(folder: &Path) -> Self {
        Self::on(format!("sqlite:{}", folder.join("ledger.db").display()))
    }

    /// A fresh database on the tests' server.
    pub(crate) async fn postgres() -> Self {
        Self::on(Server::shared().await.expect("a server").new_database().await.expect("a database"))
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_license-ledger"));
        command.args(["--database", &self.database]).args(args).env_remove("LICENSE_LEDGER_DATABASE");
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().expect("the binary runs")
    }

    /// Runs with the input on standard input.
    pub(crate) fn feed(&self, args: &[&str], input: &[u8]) -> Output {
        let mut child = self.spawn(args);
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        let feeder = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().expect("it ends");
        let _ = feeder.join().expect("no panic");
        output
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
    }

    /// The JSON that a call prints; it must succeed.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// The outcomes of posting the lines, and the exit status.
    pub(crate) fn post(&self, lines: &str) -> (Vec<Value>, i32) {
        let output = self.feed(&["post"], lines.as_bytes());
        (outcomes(&output.stdout), output.status.code().expect("a status"))
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The outcomes printed; a last line that was cut off is none.
pub(crate) fn outcomes(printed: &[u8]) -> Vec<Value> {
    let whole = printed.iter().rposition(|byte| *byte == b'\n').map_or(&printed[..0], |end| &printed[..end]);
    let lines = whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("an outcome")).collect()
}

/// The one line that a failed run must end with on standard error.
pub(crate) fn last_line(output: &Output) -> String {
    text(&output.stderr).lines().last().unwrap_or_default().to_owned()
}

/// The `number`th purchase: a license of its own, dated, automatic.
pub(crate) fn purchase(number: usize) -> Value {
    envelope(
        number,
        &license(number),
        json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": 25,
        "holder": {"name": "ООО Ромашка"}, "registration": "automatic"}),
    )
}

/// A purchase, more users for it, or a number of users that is refused, by the step.
pub(crate) fn one_of_three(number: usize, license: &str, step: usize) -> Value {
    let add = |command: Value| envelope(number, license, command);
    match step {
        0 => {
            let mut bought = purchase(number);
            bought["license"] = license.into();
            bought
        }
        1 => add(json!({"type": "add_users", "order": "PO-2", "users": 10, "registration": "automatic"})),
        _ => add(json!({"type": "add_users", "order": "PO-3", "users": 7})),
    }
}

/// Runs `strike` once the first outcomes are out and a little later; returns what was printed until the end.
pub(crate) fn struck_after(mut child: Child, later: Duration, strike: impl FnOnce(&mut Child)) -> Vec<Value> {
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut printed = vec![0];
    stdout.read_exact(&mut printed).expect("the first outcome");
    std::thread::sleep(later);
    strike(&mut child);
    stdout.read_to_end(&mut printed).expect("the rest");
    let _ = child.wait();
    outcomes(&printed)
}

pub(crate) fn envelope(number: usize, license: &str, command: Value) -> Value {
    json!({"command_id": format!("00000000-0000-7000-8000-{number:012}"), "license": license, "on": "2012-08-20",
        "command": command})
}

pub(crate) fn license(number: usize) -> String {
    format!("LIC-{number:06}")
}

pub(crate) fn ndjson(commands: impl IntoIterator<Item = Value>) -> String {
    commands.into_iter().map(|command| format!("{command}\n")).collect()
}
