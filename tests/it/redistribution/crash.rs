//! SIGKILL in the middle of merges, of the process and of PostgreSQL: never a half merge.
//!
//! `LICENSE_LEDGER_KILLS` says how often (default 3; `just crash-long` says 100).

use std::collections::HashMap;
use std::io::Write;
use std::process::Child;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::tempdir;
use throwaway_postgres::Server;

use super::{asked, buy, merge, on};
use crate::command_line::{Cli, ndjson, outcomes, struck_after, text};

const DAY: &str = "2012-08-20";

/// How many merges are posted at a time, and how many go into a group.
const MERGES: usize = 200;
const TOGETHER: usize = 5;

/// The licenses of the merge: the absorber, and four that it takes in.
fn licenses(nth: usize) -> Vec<String> {
    (0..5).map(|member| format!("M{nth:03}-{member}")).collect()
}

/// Feeds the merges in small groups until the first outcomes are out and a little later, strikes, and returns what was
/// printed.
fn struck(cli: &Cli, merges: &[Value], later: Duration, strike: impl FnOnce(&mut Child)) -> Vec<Value> {
    let mut child = cli.spawn(&["post"]);
    let mut stdin = child.stdin.take().expect("a pipe");
    let groups: Vec<_> = merges.chunks(TOGETHER).map(|group| ndjson(group.iter().cloned())).collect();
    let feeder = std::thread::spawn(move || {
        for group in groups {
            if stdin.write_all(group.as_bytes()).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(4));
        }
    });
    let printed = struck_after(child, later, strike);
    feeder.join().expect("no panic");
    printed
}

fn by_the_vendor(mut command: Value) -> Value {
    command["actor"] = json!({"name": "desk", "role": "vendor"});
    command
}

/// The users of each license, and what absorbed it.
fn found(cli: &Cli) -> HashMap<String, (u64, Value)> {
    let page = cli.json(&["--format", "json", "list", "--limit", "1000000"]);
    let items = page["items"].as_array().expect("items").iter();
    let of = |item: &Value| {
        let license = item["license"].as_str().expect("a number").to_owned();
        (license, (item["users"].as_u64().expect("users"), item["merged_into"].clone()))
    };
    items.map(of).collect()
}

/// Which merges are there; each is there whole, or not at all.
fn whole_merges(cli: &Cli) -> Vec<bool> {
    let found = found(cli);
    let is_there = |nth: usize| {
        let licenses = licenses(nth);
        let now: Vec<_> = licenses.iter().map(|license| found[license].clone()).collect();
        let before = vec![(10, Value::Null); 5];
        let mut after = vec![(0, Value::from(licenses[0].as_str())); 5];
        after[0] = (50, Value::Null);
        assert!(now == before || now == after, "half of merge {nth}: {now:?}");
        now == after
    };
    (0..MERGES).map(is_there).collect()
}

fn killed_while_merging(cli: &Cli, kill: usize, strike: impl FnOnce(&mut Child), revive: impl FnOnce()) -> usize {
    let bought = (0..MERGES).flat_map(licenses).map(|license| on(DAY, &license, buy(10)));
    let (_, status) = cli.post(&ndjson(bought));
    assert_eq!(status, 0);
    let merged = |licenses: Vec<String>| by_the_vendor(on(DAY, &licenses[0], merge(&licenses[1..])));
    let merges: Vec<_> = (0..MERGES).map(|nth| merged(licenses(nth))).collect();

    let later = Duration::from_micros((kill as u64 * 7_919 + 137) % 60_000);
    let printed = struck(cli, &merges, later, strike);
    revive();
    let there = whole_merges(cli);
    assert!(
        printed.iter().zip(&there).all(|(outcome, there)| outcome["outcome"] == "accepted" && *there),
        "{printed:?}"
    );

    let again = cli.feed(&["post"], ndjson(merges).as_bytes());
    let again_told = outcomes(&again.stdout);
    assert_eq!(again_told.len(), MERGES, "{}", text(&again.stderr));
    for (outcome, there) in again_told.iter().zip(&there) {
        assert_eq!(outcome["outcome"], "accepted", "{outcome}");
        // A server that outlived the killed process may have committed what it was at, after the look.
        assert!(outcome["replayed"] == true || !there, "{outcome}");
    }
    assert!(whole_merges(cli).iter().all(|there| *there), "posting again completes");
    assert_eq!(cli.json(&["--format", "json", "rebuild"])["mended"], 0);
    there.iter().filter(|there| **there).count()
}

/// At least one of several kills must have come between the first and the last merge.
fn assert_in_the_middle(there: &[usize]) {
    eprintln!("merges there after each kill, of {MERGES}: {there:?}");
    assert!(there.iter().any(|there| (1..MERGES).contains(there)), "{there:?}");
}

fn kills() -> usize {
    usize::try_from(asked("LICENSE_LEDGER_KILLS", 3)).expect("a number")
}

#[test]
fn a_killed_process_leaves_no_half_merge_on_sqlite() {
    let kill = |kill| {
        let folder = tempdir().expect("a folder");
        killed_while_merging(&Cli::sqlite(folder.path()), kill, |child| child.kill().expect("a kill"), || {})
    };
    assert_in_the_middle(&(0..kills()).map(kill).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_no_half_merge_on_postgres() {
    let mut there = Vec::new();
    for kill in 0..kills() {
        let cli = Cli::postgres().await;
        there.push(killed_while_merging(&cli, kill, |child| child.kill().expect("a kill"), || {}));
    }
    assert_in_the_middle(&there);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgres_leaves_no_half_merge() {
    let server = Server::start_durable().expect("a server");
    let mut there = Vec::new();
    for kill in 0..kills() {
        let cli = Cli::on(server.new_database().await.expect("a database"));
        let strike = |_: &mut Child| server.kill().expect("a kill");
        let revive = || server.restart().expect("it starts again");
        there.push(killed_while_merging(&cli, kill, strike, revive));
    }
    assert_in_the_middle(&there);
}
