//! What is handed out to run the service with fits the service.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use ledger_http::config::Settings;

use super::Service;
use crate::command_line::{Cli, text};
use crate::files::{root, update_or_compare};

const HEADER: &str = "\
# Configuration of `license-ledger serve`. Every setting with its default: take the `#` away from what is to differ, and look
# at the whole with `license-ledger config check FILE`. Flags and environment variables (LICENSE_LEDGER_MAX_REQUESTS=…) go
# before this file. The database, its password and keys do not stand here.
";

#[test]
fn the_example_configuration_names_every_setting_with_its_default() {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = text(&Cli::sqlite(folder.path()).run(&["config", "check"]).stdout);
    let line = |line: &str| match line.strip_prefix("# ") {
        Some(says) => format!("\n# {says}\n"),
        None => format!("#{line}\n"),
    };
    let example: String = shown.lines().map(line).collect();
    let path = root().join("deploy/license-ledger.toml");
    update_or_compare(&path, &format!("{HEADER}{example}"));

    let uncommented = fs::read_to_string(&path).expect("the example").replace("\n#", "\n");
    let all = uncommented.lines().filter(|line| line.contains(" = ") && !line.starts_with([' ', '#']));
    let file = folder.path().join("all.toml");
    fs::write(&file, all.collect::<Vec<_>>().join("\n")).expect("written");
    let output = Cli::sqlite(folder.path()).run(&["config", "check", file.to_str().expect("a path")]);
    assert_eq!((text(&output.stdout), output.status.code()), (shown, Some(0)), "{}", text(&output.stderr));
}

/// The value of a key of the systemd unit.
fn unit(key: &str) -> String {
    let unit = fs::read_to_string(root().join("deploy/license-ledger.service")).expect("the unit");
    let value = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("the unit says no {key}")).to_owned()
}

#[test]
fn the_unit_gives_the_service_what_its_limits_need() {
    let settings = Settings::default();
    let seconds: u64 = unit("TimeoutStopSec").parse().expect("seconds");
    assert!(seconds >= settings.stop_seconds + 10, "a stop may take stop_seconds, and a little for what comes after");
    let files: u64 = unit("LimitNOFILE").parse().expect("a number");
    assert!(files >= settings.max_connections + 500, "every connection is a file");
    assert_eq!(unit("RestartPreventExitStatus"), "1 2", "what does not pass by itself, by docs/operations.md");
}

/// The command of the Dockerfile's `HEALTHCHECK`, for another port.
fn health_check(port: u16) -> Command {
    let file = fs::read_to_string(root().join("deploy/Dockerfile")).expect("the Dockerfile");
    let words = file.split("HEALTHCHECK").nth(1).and_then(|check| check.split("CMD ").nth(1)?.lines().next());
    let words: Vec<String> = serde_json::from_str(words.expect("a health check")).expect("a list");
    let mut command = Command::new(&words[0]);
    command.args(words[1..].iter().map(|word| word.replace("/8080", &format!("/{port}"))));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_containers_health_check_asks_the_service() {
    let service = Service::on_sqlite(&[]);
    assert!(health_check(service.running.address.port()).status().expect("bash runs").success());
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    assert!(!health_check(nobody).status().expect("bash runs").success());
}
