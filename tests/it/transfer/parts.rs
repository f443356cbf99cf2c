//! An import that stops in the middle: nothing but the same file goes on with it, and nobody uses the ledger meanwhile.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::rebuild::refold;
use ledger_app::store::{Store, StoreError};
use ledger_app::transfer::export::export;
use ledger_app::transfer::import::import;
use ledger_app::transfer::{ImportError, ImportState, Transfer};
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::server;
use crate::command_line::{envelope, license, purchase};
use crate::postgres::support::without_sealer;
use crate::seal::history;
use crate::use_cases::{answers, context, lines};

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_it_goes_on_where_it_stopped() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("target.db");
    let path = path.to_str().unwrap();
    let before = SqliteStore::open(path).await.unwrap();
    let target = SqliteStore::open_to_import(path).await.unwrap();
    stops_and_goes_on(&target, &before).await;
    assert!(SqliteStore::open(path).await.is_ok(), "it can be used");
    stops(&SqliteStore::open_to_import(folder.path().join("half.db").to_str().unwrap()).await.unwrap()).await;
    let half = SqliteStore::open(folder.path().join("half.db").to_str().unwrap()).await;
    assert!(matches!(half, Err(StoreError::HalfImported)));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_it_goes_on_where_it_stopped() {
    let url = server().await;
    let before = PostgresStore::connect(&url).await.unwrap();
    let target = PostgresStore::connect_to_import(&url).await.unwrap();
    stops_and_goes_on(&target, &before).await;
    assert!(PostgresStore::connect(&url).await.is_ok(), "it can be used");
    let half = server().await;
    stops(&PostgresStore::connect_to_import(&half).await.unwrap()).await;
    assert!(matches!(PostgresStore::connect(&half).await, Err(StoreError::HalfImported)));
}

/// A ledger of more than one chunk, as a file; the last event of each license stands near the end.
async fn file(licenses: u32) -> Vec<u8> {
    let folder = tempdir().unwrap();
    let from = Arc::new(SqliteStore::open(folder.path().join("from.db").to_str().unwrap()).await.unwrap());
    let all: Arc<dyn Store> = from.clone();
    history(&all, licenses).await;
    let ledger = Ledger::open(all, GivenFiles::default()).await.unwrap();
    let online = |number: u32| {
        let online = json!({"type": "report_server_online", "server": "A"});
        envelope(usize::try_from(number).unwrap(), &format!("MORE-{number}"), online)
    };
    let commands: Vec<_> = (0..licenses).map(online).collect();
    for group in commands.chunks(500) {
        let answered = answers(&ledger.post(&lines(group), &context("2013-07-31")).await);
        assert!(answered.iter().all(|outcome| outcome["outcome"] == "accepted"), "{answered:#?}");
    }
    exported(&*from).await
}

async fn exported(store: &dyn Transfer) -> Vec<u8> {
    let mut lines = Vec::new();
    export(&mut *store.snapshot().await.unwrap(), &mut lines, &mut |_, _| {}).await.unwrap();
    lines
}

/// Imports; the second time it is read, the file fails near its end.
async fn stopped(store: &dyn Transfer, file: &[u8]) -> ImportError {
    let reads = AtomicU32::new(0);
    let open = || {
        let is_first = reads.fetch_add(1, Ordering::Relaxed) == 0;
        let upto = if is_first { file.len() } else { file.len() - 1_000 };
        let broken = Broken { is_first };
        Ok(BufReader::new(Cursor::new(file[..upto].to_vec()).chain(broken)))
    };
    import(store, open, &[], &mut |_| {}).await.unwrap_err()
}

/// Where a file ends, or the disk it is on.
struct Broken {
    is_first: bool,
}

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        if self.is_first { Ok(0) } else { Err(io::Error::other("the disk is gone")) }
    }
}

async fn whole(store: &dyn Transfer, file: &[u8]) -> Result<bool, ImportError> {
    let open = || Ok(Box::new(Cursor::new(file.to_vec())) as Box<dyn BufRead + Send>);
    import(store, open, &[], &mut |_| {}).await.map(|imported| imported.was_there)
}

async fn stops(target: &dyn Transfer) {
    let file = file(1_500).await;
    assert!(matches!(stopped(target, &file).await, ImportError::Input(_)));
    let state = target.import_state().await.unwrap();
    assert!(matches!(state, ImportState::Begun { line, .. } if line > 1_000), "{state:?}");
}

async fn stops_and_goes_on(target: &dyn Transfer, before: &dyn Store) {
    let (file, other) = (file(1_500).await, file(1).await);
    assert!(matches!(stopped(target, &file).await, ImportError::Input(_)));
    let state = target.import_state().await.unwrap();
    assert!(matches!(state, ImportState::Begun { line, .. } if line > 1_000), "{state:?}");
    let refused = whole(target, &other).await;
    assert!(matches!(refused, Err(ImportError::OtherFile(_))), "{refused:?}");

    // Who opened it while it was empty cannot write either.
    let edition = ledger_app::edition::Edition::choose(before, GivenFiles::default()).await.unwrap();
    let kept_out = before.adopt_edition(&edition.files).await;
    assert!(matches!(kept_out, Err(StoreError::HalfImported | StoreError::Conflict(_))), "{kept_out:?}");

    assert!(matches!(stopped(target, &file).await, ImportError::Input(_)), "stopped again");
    assert!(!whole(target, &file).await.unwrap());
    assert!(exported(target).await == file, "it is not byte for byte the file");
    let compared = target.audit().compare_page(None, 10_000, refold).await.unwrap();
    assert_eq!((compared.licenses > 1_500, compared.mended), (true, vec![]), "the read models are those of the events");
    assert!(whole(target, &file).await.unwrap(), "it is there");
    assert!(matches!(whole(target, &other).await, Err(ImportError::OtherFile(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_of_the_moment_of_its_snapshot() {
    let folder = tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path().join("ledger.db").to_str().unwrap()).await.unwrap());
    let postgres = Arc::new(PostgresStore::connect(&server().await).await.unwrap());
    for store in [store as Arc<dyn Transfer>, postgres] {
        let all: Arc<dyn Store> = store.clone();
        history(&all, 3).await;
        store.settle().await.unwrap();
        let expected = exported(&*store).await;
        let mut snapshot = store.snapshot().await.unwrap();
        let ledger = Ledger::open(Arc::clone(&all), GivenFiles::default()).await.unwrap();
        let line = crate::command_line::purchase(77).to_string().into_bytes();
        let line = ledger_app::post::InputLine { number: 1, bytes: Some(line) };
        crate::use_cases::answers(&ledger.post(&[line], &crate::use_cases::context("2013-07-31")).await);
        store.settle().await.unwrap();
        let mut lines = Vec::new();
        export(&mut *snapshot, &mut lines, &mut |_, _| {}).await.unwrap();
        assert!(lines == expected, "what was posted later is in it");
        assert!(exported(&*store).await.len() > expected.len());
    }
}

/// A command without events is in an export if all that it was judged on is.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_waits_keeps_back_only_what_was_judged_on_it() {
    let store = Arc::new(PostgresStore::connect(&without_sealer().await).await.unwrap());
    let ledger = Ledger::open(store.clone(), GivenFiles::default()).await.unwrap();
    post(&ledger, &[purchase(1), is(2, "online"), is(3, "online")]).await;
    store.settle().await.unwrap();
    // All of one instant.
    post(&ledger, &[is(4, "online"), is(5, "offline"), is(6, "offline")]).await;
    let early = exported(&*store).await;
    assert_eq!(without_events(&early), [id(3), id(4)]);
    store.settle().await.unwrap();
    assert_eq!(without_events(&exported(&*store).await), [id(3), id(4), id(6)]);

    let folder = tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let path = path.to_str().unwrap();
    assert!(!whole(&SqliteStore::open_to_import(path).await.unwrap(), &early).await.unwrap());
    let copy = Arc::new(SqliteStore::open(path).await.unwrap());
    let ledger = Ledger::open(copy, GivenFiles::default()).await.unwrap();
    let again = post(&ledger, &[is(3, "online"), is(4, "online"), is(5, "offline"), is(6, "offline")]).await;
    let replayed: Vec<_> = again.iter().map(|outcome| outcome["replayed"] == true).collect();
    assert_eq!(replayed, [true, true, false, false]);
}

async fn post(ledger: &Ledger, commands: &[Value]) -> Vec<Value> {
    let answered = answers(&ledger.post(&lines(commands), &context("2013-07-31")).await);
    assert!(answered.iter().all(|outcome| outcome["outcome"] == "accepted"), "{answered:#?}");
    answered
}

/// A report about the one server of the license.
fn is(number: usize, what: &str) -> Value {
    envelope(number, &license(1), json!({"type": format!("report_server_{what}"), "server": "A"}))
}

fn id(number: usize) -> Value {
    is(number, "online")["command_id"].clone()
}

/// The ids of the commands without events in an export, in their order.
fn without_events(export: &[u8]) -> Vec<Value> {
    let lines = export.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let commands = lines.filter(|line| line["command"]["outcome"]["events"] == json!([]));
    commands.map(|line| line["command"]["command_id"].clone()).collect()
}
