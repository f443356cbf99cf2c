//! The HTTP service, from outside: the real binary, and a client.

mod access;
mod backup;
mod batch;
mod client;
mod clients;
mod commands;
mod csv;
mod deploy;
mod faults;
mod feed;
mod hostile;
mod limits;
mod load;
mod next_commands;
mod openapi;
mod quotes;
mod reads;
mod room;
pub(crate) mod running;
mod shopper;
mod stop;
mod told;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::command_line::{Cli, last_line, text};
pub(crate) use client::{Caller, Expected};
use running::{Place, Running};

/// A running service on a ledger of its own.
pub(crate) struct Service {
    pub(crate) place: Place,
    pub(crate) running: Running,
    /// Calls it, with a key of the role vendor.
    pub(crate) vendor: Caller,
}

/// How long anything may take that is only waited for.
pub(crate) const SOON: Duration = Duration::from_secs(20);

impl Service {
    /// On a fresh SQLite file.
    pub(crate) fn on_sqlite(flags: &[&str]) -> Self {
        Self::start(Place::sqlite(), flags)
    }

    /// On a fresh PostgreSQL database.
    pub(crate) async fn on_postgres(flags: &[&str]) -> Self {
        Self::start(Place::postgres().await, flags)
    }

    fn start(place: Place, flags: &[&str]) -> Self {
        let key = place.key(&["--name", "desk", "--role", "vendor"]);
        let running = Running::start(&place, flags);
        let vendor = Caller::new(running.address, Some(&key));
        Self { place, running, vendor }
    }

    /// A caller with a new key, named after its role.
    pub(crate) fn with_role(&self, role: &str) -> Caller {
        self.vendor.with_key(&self.place.key(&["--name", role, "--role", role]))
    }

    /// A caller with a distributor's key that is kept to a partner.
    pub(crate) fn with_partner(&self, partner: &str) -> Caller {
        let key = self.place.key(&["--name", partner, "--role", "distributor", "--partner", partner]);
        self.vendor.with_key(&key)
    }

    /// The line of the log that fits, as soon as there is one. Every line must be JSON.
    pub(crate) fn logged(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + SOON;
        loop {
            let log = self.running.log();
            let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
            let found = whole.lines().map(|line| serde_json::from_str(line).expect(line)).find(|line| fits(line));
            if let Some(line) = found {
                return line;
            }
            assert!(Instant::now() < until, "{what} is not in the log: {log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A command with a new id.
pub(crate) fn command(license: &str, command: Value) -> Value {
    json!({"command_id": uuid::Uuid::now_v7(), "license": license, "command": command})
}

/// A purchase that is activated at once, through a partner.
pub(crate) fn purchase(license: &str, partner: Option<&str>) -> Value {
    let mut issue = json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": 25,
        "holder": {"name": "ООО Ромашка"}, "registration": "automatic"});
    if let Some(name) = partner {
        issue["partner"] = json!({"name": name});
    }
    command(license, issue)
}

/// A purchase of more users.
pub(crate) fn add_users(license: &str, order: &str, users: u32) -> Value {
    command(license, json!({"type": "add_users", "order": order, "users": users, "registration": "automatic"}))
}

#[test]
fn without_a_key_it_does_not_start_and_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    let output = cli.run(&["serve", "--listen", "127.0.0.1:0"]);
    let said = last_line(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let made = said.split('`').nth(1).expect("a command").replace("license-ledger ", "");
    assert!(made.contains("keys create --name ERP --role distributor"), "{said}");
    // The command it names works as it stands.
    let words: Vec<_> = made.split_whitespace().skip(2).collect();
    assert_eq!(cli.run(&words).status.code(), Some(0), "{made}");
}

#[test]
fn open_is_for_loopback_addresses_only() {
    let folder = tempfile::tempdir().unwrap();
    let output = Cli::sqlite(folder.path()).run(&["serve", "--open", "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(last_line(&output).contains("0.0.0.0"));
    assert!(!folder.path().join("ledger.db").exists(), "nothing was made");
}

#[test]
fn config_check_shows_what_comes_of_flags_environment_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("service.toml");
    std::fs::write(&file, "max_requests = 10\nmax_headers = 20\nrate_burst = 30\n").unwrap();
    let mut check = Cli::sqlite(folder.path()).command(&["config", "check", "--max-requests", "11"]);
    check.arg(&file).env("LICENSE_LEDGER_MAX_REQUESTS", "12").env("LICENSE_LEDGER_MAX_HEADERS", "21");
    let output = check.output().unwrap();
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for line in ["max_requests = 11", "max_headers = 21", "rate_burst = 30", "listen = \"127.0.0.1:8080\""] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
}

#[test]
fn what_the_environment_says_of_open_goes_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("service.toml");
    for (in_file, given, shown) in [
        ("true", None, "true"),
        ("true", Some("false"), "false"),
        ("false", Some("true"), "true"),
        ("false", None, "false"),
    ] {
        std::fs::write(&file, format!("open = {in_file}\n")).unwrap();
        let mut check = Cli::sqlite(folder.path()).command(&["config", "check", file.to_str().unwrap()]);
        check.env_remove("LICENSE_LEDGER_OPEN").envs(given.map(|given| ("LICENSE_LEDGER_OPEN", given)));
        let told = text(&check.output().unwrap().stdout);
        assert!(told.contains(&format!("\nopen = {shown}\n")), "{in_file}, {given:?}: {told}");
    }
}

#[test]
fn config_check_lists_every_problem_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("service.toml");
    std::fs::write(&file, "max_requests = 0\n\nmax_header = 5\nlisten = \"nowhere\"\nopen = 1\nrate_burst = \"x\"\n")
        .unwrap();
    let output = Cli::sqlite(folder.path()).run(&["config", "check", file.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for (line, what) in [(1, "max_requests"), (3, "max_header"), (4, "listen"), (5, "open"), (6, "rate_burst")] {
        assert!(said.contains(&format!("service.toml:{line}: ")) && said.contains(what), "{line} {what}: {said}");
    }
    assert_eq!(Cli::sqlite(folder.path()).run(&["serve", "--config", file.to_str().unwrap()]).status.code(), Some(2));
}
