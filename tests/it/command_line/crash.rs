//! SIGKILL of the process and of PostgreSQL: every printed outcome is in the ledger, and posting again completes it.
//!
//! `LICENSE_LEDGER_KILLS` says how often (default 5; `just crash-long` says 100).

use std::process::Child;
use std::time::Duration;

use serde_json::Value;
use tempfile::tempdir;
use throwaway_postgres::Server;

use super::{Cli, license, ndjson, one_of_three, outcomes, struck_after, text};

fn kills() -> usize {
    std::env::var("LICENSE_LEDGER_KILLS").map_or(5, |kills| kills.parse().expect("a number"))
}

/// Commands of which some are refused, and several are about the same license.
fn commands(from: usize, count: usize) -> Vec<Value> {
    (from..from + count).map(|number| one_of_three(number, &license(number / 3), number % 3)).collect()
}

/// Starts posting, runs `strike` once the first outcomes are out and a little later, and returns what was printed.
fn struck(cli: &Cli, input: &str, later: Duration, strike: impl FnOnce(&mut Child)) -> Vec<Value> {
    let mut child = cli.spawn(&["post"]);
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let feeder = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, input.as_bytes()));
    let printed = struck_after(child, later, strike);
    let _ = feeder.join();
    printed
}

/// Posts again: what was printed is answered as replayed, word for word, the rest now, and the read models are right.
fn completes(cli: &Cli, input: &str, printed: &[Value]) {
    let output = cli.feed(&["post"], input.as_bytes());
    let again = outcomes(&output.stdout);
    assert_eq!(again.len(), input.lines().count(), "{}", text(&output.stderr));
    for (before, after) in printed.iter().zip(&again) {
        let mut expected = before.clone();
        expected["replayed"] = true.into();
        assert_eq!(after, &expected, "a printed outcome is in the ledger");
    }
    let rebuilt = cli.run(&["--format", "json", "rebuild"]);
    let rebuilt: Value = serde_json::from_slice(&rebuilt.stdout).expect("JSON");
    assert_eq!(
        rebuilt["mended"].as_u64().or(rebuilt["mended"].as_array().map(|l| l.len() as u64)),
        Some(0),
        "{rebuilt}"
    );
}

/// The moments of the kills: spread over the first second, without chance.
fn later(kill: usize) -> Duration {
    Duration::from_micros((kill as u64 * 7_919 + 137) % 60_000)
}

fn killed_again_and_again(cli: &Cli) {
    for kill in 0..kills() {
        let input = ndjson(commands(kill * 3_000, 3_000));
        let printed = struck(cli, &input, later(kill), |child| child.kill().expect("a kill"));
        completes(cli, &input, &printed);
    }
}

#[test]
fn a_killed_post_on_sqlite_loses_nothing_printed() {
    let folder = tempdir().expect("a folder");
    killed_again_and_again(&Cli::sqlite(folder.path()));
}

#[tokio::test]
async fn a_killed_post_on_postgres_loses_nothing_printed() {
    killed_again_and_again(&Cli::postgres().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgres_loses_nothing_printed_and_the_post_ends_in_one_line() {
    let server = Server::start_durable().expect("a server");
    let cli = Cli::on(server.new_database().await.expect("a database"));
    for kill in 0..kills() {
        let input = ndjson(commands(kill * 3_000, 3_000));
        let printed = struck(&cli, &input, later(kill), |_| server.kill().expect("a kill"));
        server.restart().expect("it starts again");
        completes(&cli, &input, &printed);
    }
}
