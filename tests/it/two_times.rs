//! Two times: the answer for a past instant never changes again, whatever is recorded afterwards.

use std::fs;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use ledger_app::diff::Between;
use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::memory::MemoryStore;
use ledger_app::post::InputLine;
use ledger_app::read::{ListQuery, When};
use ledger_app::store::{AsOf, Expiring, Store};
use ledger_domain::values::{Date, LicenseNumber};
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use serde_json::{Value, json};
use tempfile::TempDir;
use throwaway_postgres::Server;

use crate::command_line::envelope;
use crate::files::root;
use crate::use_cases::{answers, context};

const TODAY: &str = "2013-07-31";
/// Days in the life of the example year; none: by everything that is known.
const DAYS: [Option<&str>; 4] = [None, Some("2011-06-30"), Some("2012-08-20"), Some("2013-07-31")];

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn number(text: &str) -> LicenseNumber {
    text.parse().unwrap()
}

async fn post(ledger: &Ledger, lines: impl IntoIterator<Item = String>) {
    let bytes = lines.into_iter().map(|line| Some(line.into_bytes()));
    let lines: Vec<_> = (1..).zip(bytes).map(|(number, bytes)| InputLine { number, bytes }).collect();
    answers(&ledger.post(&lines, &context(TODAY)).await);
}

fn purchase(id: usize, license: &str) -> String {
    let command = json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": 25,
        "holder": {"name": "ООО Ромашка"}, "registration": "automatic"});
    envelope(id, license, command).to_string()
}

fn enlargement(id: usize, license: &str, on: &str) -> String {
    let mut command = envelope(
        id,
        license,
        json!({"type": "add_users", "order": format!("PO-{id}"), "users": 10,
        "registration": "automatic"}),
    );
    command["on"] = json!(on);
    command.to_string()
}

/// An instant that is over, after everything recorded so far.
async fn after_all(store: &dyn Store) -> DateTime<Utc> {
    let instant = Utc::now();
    store.wait_until_final(instant).await.unwrap();
    instant
}

/// All that the ledger answers: each license on each day with its history, the lists, and the ends.
async fn all_answers(ledger: &Ledger, known_at: Option<DateTime<Utc>>) -> Vec<Value> {
    let mut all = Vec::new();
    for on in DAYS {
        let when = When { today: day(TODAY), on: on.map(day), known_at };
        let page = ledger.list(&ListQuery { limit: 1_000, ..ListQuery::default() }, when).await.unwrap();
        for license in page.items.iter().map(|item| &item.license) {
            all.push(json!(ledger.show(license, when).await.unwrap()));
            all.push(json!(ledger.history(license, 0, 1_000, when.as_of()).await.unwrap()));
        }
        all.push(json!(page));
    }
    let asked = Expiring {
        from: day("2008-01-01"),
        to: day("2020-01-01"),
        partner: None,
        kept_to: None,
        known_at,
        after: None,
    };
    let when = When { today: day(TODAY), on: None, known_at };
    all.push(json!(ledger.expiring(&asked, 1_000, when).await.unwrap()));
    all
}

async fn the_past_stays(store: Arc<dyn Store>) {
    let ledger = Ledger::open(Arc::clone(&store), GivenFiles::default()).await.unwrap();
    let year = fs::read_to_string(root().join("examples/year.ndjson")).unwrap();
    post(&ledger, year.lines().map(str::to_owned).chain([purchase(1, "OLD-1"), purchase(2, "OLD-2")])).await;
    let first = after_all(&*store).await;
    let (then, open) = (all_answers(&ledger, Some(first)).await, all_answers(&ledger, None).await);
    assert!(then == open, "at first nothing else is known");

    // Afterwards: of the day of the purchase, of a later one, and a license that nobody knew of, on a past day.
    post(&ledger, [enlargement(3, "OLD-1", "2012-08-20"), enlargement(4, "OLD-1", "2012-09-20"), purchase(5, "NEW-1")])
        .await;
    let second = after_all(&*store).await;
    assert!(all_answers(&ledger, Some(first)).await == then, "the past changed");
    assert!(all_answers(&ledger, None).await != then, "nothing was recorded");
    the_difference_is_told(&ledger, first, second).await;

    // What comes later still is no part of that difference, and it stays as it was.
    let between = Between { today: day(TODAY), on: None, from: first, to: second };
    let told = json!(ledger.diff_page(None, &between).await.unwrap().0);
    post(&ledger, [enlargement(6, "OLD-1", "2012-10-20"), enlargement(7, "NEW-1", "2012-10-20")]).await;
    assert!(json!(ledger.diff_page(None, &between).await.unwrap().0) == told, "the difference changed");
    let old = json!(ledger.diff_of(&number("OLD-1"), &between).await.unwrap());
    assert_eq!(old, told[1]);
    the_history_ends_with_the_day(&ledger).await;
}

/// Of the licenses' histories only what had come by the day.
async fn the_history_ends_with_the_day(ledger: &Ledger) {
    let upto = async |on: &str| {
        let as_of = AsOf { on: Some(day(on)), known_at: None };
        ledger.history(&number("OLD-1"), 0, 100, as_of).await.unwrap().len()
    };
    assert_eq!([upto("2012-08-20").await, upto("2012-09-19").await, upto("2012-09-20").await], [4, 4, 6]);
}

async fn the_difference_is_told(ledger: &Ledger, from: DateTime<Utc>, to: DateTime<Utc>) {
    let between = Between { today: day(TODAY), on: None, from, to };
    let (differences, next) = ledger.diff_page(None, &between).await.unwrap();
    let licenses: Vec<_> = differences.iter().map(|difference| difference.license.as_str()).collect();
    assert_eq!((licenses, next), (vec!["NEW-1", "OLD-1"], None));
    let [new, old] = &differences[..] else { panic!("two") };
    assert_eq!(json!(new.changed["users"]), json!({"before": null, "after": 25}));
    assert_eq!(json!(old.changed["users"]), json!({"before": 25, "after": 45}));
    assert!(!old.changed.contains_key("holder") && !old.changed.contains_key("on"), "{old:?}");
    let known = AsOf { on: None, known_at: Some(to) };
    let history = ledger.history(&number("OLD-1"), 2, 100, known).await.unwrap();
    assert_eq!(json!(old.events), json!(history), "exactly what was recorded in between");
    assert_eq!(history.len(), 4, "{history:?}");

    // On the day of the first enlargement the second had not come; and of one license the same is told.
    let on = Between { on: Some(day("2012-08-20")), ..between };
    let old = ledger.diff_of(&number("OLD-1"), &on).await.unwrap().unwrap();
    assert_eq!(json!(old.changed["users"]), json!({"before": 25, "after": 35}));
    assert_eq!(old.events.len(), 4);
    assert!(ledger.diff_of(&number("OLD-2"), &between).await.unwrap().is_none());
    assert!(ledger.diff_page(None, &Between { to: from, ..between }).await.unwrap().0.is_empty());
    let later = Utc::now() + chrono::TimeDelta::days(1);
    assert!(ledger.diff_page(None, &Between { to: later, ..between }).await.is_err(), "not final yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_stays_in_memory() {
    the_past_stays(Arc::new(MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_stays_in_a_file() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("ledger.db").to_str().unwrap()).await.unwrap();
    the_past_stays(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_stays_on_a_server() {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    the_past_stays(Arc::new(PostgresStore::connect(&url).await.unwrap())).await;
}
