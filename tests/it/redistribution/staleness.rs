//! All or nothing: whichever license of a redistribution is stale, and whatever does not sum to zero, nothing is written.

use ledger_app::store::{Batch, Store, StoreError, Wanted};
use serde_json::{Value, json};

use super::captured::batch;
use super::{Opened, accept, all_facts, buy, merge, number, on, post, split, transfer};

const BOUGHT: &str = "2012-08-20";
const DAY: &str = "2012-09-20";

fn family(name: &str) -> [String; 4] {
    [0, 1, 2, 3].map(|nth| format!("{name}-{nth}"))
}

/// A family of four, bought on one day.
async fn bought(opened: &Opened, name: &str) -> [String; 4] {
    let family = family(name);
    accept(&opened.ledger().await, &family.clone().map(|license| on(BOUGHT, &license, buy(10)))).await;
    family
}

/// All that can be read of the licenses and of the commands in the batch.
async fn everything(store: &dyn Store, of: &Batch) -> String {
    let facts = all_facts(store).await;
    let mut histories = Vec::new();
    for license in facts.keys() {
        histories.push(store.history(&number(license), 0, 1000).await.expect("the store works"));
    }
    let wanted = |command: &ledger_app::store::JudgedCommand| Wanted {
        command_id: command.command_id,
        license: command.license.clone(),
        order: None,
    };
    let wanted: Vec<_> = of.commands.iter().map(wanted).collect();
    let answers = store.load(&wanted).await.expect("the store works").answers;
    assert!(answers.is_empty(), "none of its commands is answered");
    format!("{facts:?} {histories:?}")
}

/// Whether the append is refused in this way, and writes nothing.
async fn is_refused(opened: &Opened, batch: &Batch, fits: impl Fn(&StoreError) -> bool, told: &str) {
    let before = everything(opened.store.as_ref(), batch).await;
    let refused = opened.store.append(batch).await.expect_err(told);
    assert!(fits(&refused), "{told}: {refused:?}");
    assert_eq!(everything(opened.store.as_ref(), batch).await, before, "{told}");
}

async fn is_stale(opened: &Opened, batch: &Batch, told: &str) {
    is_refused(opened, batch, |error| matches!(error, StoreError::Conflict(_)), told).await;
}

/// A command that another client was faster with.
fn meanwhile(license: &str) -> Value {
    on(DAY, license, json!({"type": "report_server_online", "server": "A"}))
}

/// Each license in turn goes ahead between the judging and the append; the batch is the last of several commands.
async fn each_participant_in_turn(opened: &Opened, name: &str, judged: impl Fn(&[String; 4]) -> Value) {
    let ledger = opened.ledger().await;
    for nth in 0..4 {
        let family = bought(opened, &format!("{name}{nth}")).await;
        let other = on(DAY, &format!("{name}{nth}-NEW"), buy(25));
        let batch = batch(&opened.store, &[other, judged(&family)]).await;
        accept(&ledger, &[meanwhile(&family[nth])]).await;
        is_stale(opened, &batch, &format!("{} was overtaken", family[nth])).await;
    }
    let family = bought(opened, &format!("{name}-HOLDS")).await;
    opened.store.append(&batch(&opened.store, &[judged(&family)]).await).await.expect("nobody was faster");
}

async fn nothing_is_written_where_one_is_stale(opened: Opened) {
    each_participant_in_turn(&opened, "MERGE", |family| on(DAY, &family[0], merge(&family[1..]))).await;
    // One of the four is closed already in none of these; a license that is named on both sides refuses each of them.
    each_participant_in_turn(&opened, "GUARD", |family| on(DAY, &family[1], merge(family))).await;
    let four = |family: &[String; 4]| on("2012-08-19", &family[3], merge(&family[..3]));
    each_participant_in_turn(&opened, "EARLY", four).await;
}

async fn a_refusal_holds_only_as_long_as_what_it_saw(opened: Opened) {
    let ledger = opened.ledger().await;
    let family = bought(&opened, "SEEN").await;
    let absent = batch(&opened.store, &[on(DAY, &family[0], merge(&["SEEN-9".to_owned()]))]).await;
    assert!(!absent.commands[0].accepted && absent.states.is_empty());
    assert_eq!(absent.guards, [(number(&family[0]), 2), (number("SEEN-9"), 0)]);
    let both = batch(&opened.store, &[on(DAY, &family[0], transfer(&family[1], 10))]).await;
    let part = batch(&opened.store, &[on(DAY, &family[0], split(&[("SEEN-9".to_owned(), 5)]))]).await;
    assert!(part.commands[0].accepted);
    accept(&ledger, &[on(DAY, "SEEN-9", buy(25))]).await;
    is_stale(&opened, &absent, "the license that was not there is there").await;
    is_stale(&opened, &part, "the number of the part was taken").await;
    accept(&ledger, &[meanwhile(&family[1])]).await;
    is_stale(&opened, &both, "the license that would have got users went ahead").await;
}

/// The stores look themselves: neither the domain nor the use case has a part in this.
async fn users_come_from_nowhere_on_no_store(opened: Opened) {
    let family = bought(&opened, "SUM").await;
    let parts = [("SUM-8".to_owned(), 5)];
    let commands = [
        on(DAY, &family[0], merge(&family[1..])),
        on(DAY, &family[0], split(&parts)),
        on(DAY, &family[0], transfer(&family[1], 5)),
    ];
    for command in commands {
        let good = batch(&opened.store, std::slice::from_ref(&command)).await;
        for nth in 0..good.commands[0].events.len() {
            for change in [Some(5), Some(-5), None] {
                let mut wrong = good.clone();
                let moved = &mut wrong.commands[0].events[nth].users_moved;
                *moved = change.map(|change| moved.expect("users move") + change);
                let is_damaged = |error: &StoreError| matches!(error, StoreError::Damaged(_));
                is_refused(&opened, &wrong, is_damaged, &format!("event {nth} of {command}")).await;
            }
        }
    }
    // Two wrong commands that make up for each other are still two wrong ones.
    let other = [on(DAY, &family[2], transfer(&family[3], 5)), on(DAY, &family[0], transfer(&family[1], 5))];
    let mut wrong = batch(&opened.store, &other).await;
    wrong.commands[0].events[0].users_moved = Some(-10);
    wrong.commands[1].events[0].users_moved = Some(0);
    is_refused(&opened, &wrong, |error| matches!(error, StoreError::Damaged(_)), "over two commands").await;
}

/// The order in which a command names licenses is no part of it: said again in another, it is the same command.
#[tokio::test]
async fn the_order_of_the_licenses_means_nothing() {
    let opened = Opened::memory();
    let ledger = opened.ledger().await;
    let mut family = bought(&opened, "ORDER").await;
    let mut command = on(DAY, "ORDER-0", merge(&family[1..]));
    let first = post(&ledger, std::slice::from_ref(&command)).await;
    family.reverse();
    command["command"]["from"] = json!(family[..3].iter().map(|license| license.to_lowercase()).collect::<Vec<_>>());
    let again = post(&ledger, &[command]).await;
    assert_eq!((&again[0]["replayed"], &again[0]["events"]), (&json!(true), &first[0]["events"]));
}

#[tokio::test]
async fn nothing_is_written_where_one_is_stale_in_memory() {
    nothing_is_written_where_one_is_stale(Opened::memory()).await;
}

#[tokio::test]
async fn nothing_is_written_where_one_is_stale_on_sqlite() {
    nothing_is_written_where_one_is_stale(Opened::sqlite().await).await;
}

#[tokio::test]
async fn nothing_is_written_where_one_is_stale_on_postgres() {
    nothing_is_written_where_one_is_stale(Opened::postgres().await).await;
}

#[tokio::test]
async fn a_refusal_holds_only_as_long_as_what_it_saw_on_sqlite() {
    a_refusal_holds_only_as_long_as_what_it_saw(Opened::sqlite().await).await;
}

#[tokio::test]
async fn a_refusal_holds_only_as_long_as_what_it_saw_on_postgres() {
    a_refusal_holds_only_as_long_as_what_it_saw(Opened::postgres().await).await;
}

#[tokio::test]
async fn users_come_from_nowhere_in_no_memory() {
    users_come_from_nowhere_on_no_store(Opened::memory()).await;
}

#[tokio::test]
async fn users_come_from_nowhere_on_no_sqlite() {
    users_come_from_nowhere_on_no_store(Opened::sqlite().await).await;
}

#[tokio::test]
async fn users_come_from_nowhere_on_no_postgres() {
    users_come_from_nowhere_on_no_store(Opened::postgres().await).await;
}
