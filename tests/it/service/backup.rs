//! Backups as docs/operations.md says: taken while clients are at work, restored, and gone on with.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use throwaway_postgres::{Server, bin_dir};

use super::load::UNHINDERED;
use super::running::{Place, Running};
use super::{Caller, Expected, purchase};
use crate::command_line::text;

/// Buys licenses until the time is over; the purchases, each answered.
async fn buy_until(caller: Caller, writer: usize, end: Instant) -> Vec<Value> {
    let mut bought = Vec::new();
    while Instant::now() < end {
        let purchase = purchase(&format!("LIC-{writer}-{:04}", bought.len()), None);
        caller.command(&purchase).await.fine();
        bought.push(purchase);
    }
    bought
}

fn run(program: impl AsRef<std::ffi::OsStr>, words: &[&str]) {
    let output = Command::new(program).args(words).output().expect("it runs");
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
}

/// Takes a backup half way through the clients' work, restores it, and posts everything again there.
async fn restored(place: Place, key: &str, back_up: impl FnOnce(), restore: impl AsyncFnOnce() -> Place) {
    let running = Running::start(&place, &UNHINDERED);
    let caller = Caller::new(running.address, Some(key));
    let end = Instant::now() + Duration::from_secs(4);
    let buying = [0, 1].map(|writer| tokio::spawn(buy_until(caller.another(), writer, end)));
    tokio::time::sleep(Duration::from_secs(2)).await;
    back_up();
    let mut bought = Vec::new();
    for buying in buying {
        bought.extend(buying.await.unwrap());
    }
    drop(running);

    let restored = restore().await;
    let rebuilt = restored.cli.json(&["rebuild", "--format", "json"]);
    assert_eq!(rebuilt["mended"], 0, "{rebuilt:#}");
    let running = Running::start(&restored, &UNHINDERED);
    let caller = Caller::new(running.address, Some(key));
    let mut replayed = 0;
    for purchase in &bought {
        let outcome = caller.command(purchase).await.fine();
        replayed += usize::from(outcome["replayed"] == true);
    }
    assert!((1..bought.len()).contains(&replayed), "{replayed} of {} were in it", bought.len());
    let feed = super::told::pages(&mut running.client(key), "/v1/events?limit=1000").await;
    assert_eq!(feed.len(), 2 * bought.len(), "each once");
    assert_eq!(running.stop().code(), Some(0));
    let verified = restored.cli.run(&["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_postgres_is_restored_into_another_cluster() {
    let (server, other) = (Server::start_durable().unwrap(), Server::start_durable().unwrap());
    let url = server.new_database().await.unwrap();
    let place = Place::on(url.clone());
    let key = place.distributor();
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("ledger.dump");
    let (dump, bin) = (dump.to_str().unwrap(), bin_dir().unwrap());
    let back_up = || run(bin.join("pg_dump"), &["--format=custom", &format!("--file={dump}"), &url]);
    let restore = async || {
        let url = other.new_database().await.unwrap();
        run(bin.join("pg_restore"), &["--exit-on-error", &format!("--dbname={url}"), dump]);
        Place::on(url)
    };
    restored(place, &key, back_up, restore).await;
}

/// What `sqlite3 FILE ".backup COPY"` does, by the same function of SQLite.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_file_in_use_is_a_ledger() {
    const BACKUP: &str = "
import sqlite3, sys
sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))
";
    let place = Place::sqlite();
    let key = place.distributor();
    let copied = Place::sqlite();
    let [from, to] = [place.file("ledger.db"), copied.file("ledger.db")];
    let back_up = move || run("python3", &["-c", BACKUP, from.to_str().unwrap(), to.to_str().unwrap()]);
    restored(place, &key, back_up, async || copied).await;
}
