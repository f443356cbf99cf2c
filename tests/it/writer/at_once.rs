//! All that can happen to a group, at once: another process was quicker, a rule refuses, an id comes again, users move
//! between licenses, and the connection dies while it is written.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;

use super::trouble::{postgres, until_an_append_waits};
use super::{Tested, bought, installed, kinds, more_users};
use crate::redistribution::{Opened, TODAY, merge, nothing_to_mend, on};
use crate::use_cases::context;

#[tokio::test]
async fn each_gets_its_own_answer_and_nothing_is_done_twice() {
    let (tested, pool) = postgres().await;
    for license in ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"] {
        tested.post(&bought(license)).await;
    }
    let repeated = installed("AAA", "one");
    let before = tested.post(&repeated).await;
    let another_process = Tested::on(Opened::same(&tested.opened)).await;
    let mut expects_the_past = installed("FFF", "one");
    expects_the_past["expected_version"] = json!(1);
    let group = [
        installed("AAA", "two"),
        installed("BBB", "here"),
        more_users("CCC", "PO-7", 7),
        repeated,
        on("2012-08-20", "DDD", merge(&["EEE".to_owned()])),
        expects_the_past,
    ];

    let mut row = pool.begin().await.unwrap();
    let aaa = "SELECT license FROM current_entitlement WHERE license = 'AAA' FOR UPDATE";
    sqlx::query(aaa).execute(&mut *row).await.unwrap();
    let posting = tested.post_at_once(group.map(|command| (command, context(TODAY))).into());
    let (outcomes, ()) = tokio::join!(posting, async {
        // It is judged and on its way when another process is quicker, so it cannot be written as it is.
        until_an_append_waits(&pool).await;
        another_process.post(&installed("BBB", "elsewhere")).await;
        let mut table = pool.begin().await.unwrap();
        sqlx::query("LOCK TABLE commands IN SHARE ROW EXCLUSIVE MODE").execute(&mut *table).await.unwrap();
        row.rollback().await.unwrap();
        // Now each goes by itself, and the first one's connection dies.
        break_the_append(&pool).await;
        table.rollback().await.unwrap();
    });

    assert_eq!(kinds(&outcomes), ["accepted", "accepted", "rejected", "accepted", "accepted", "conflict"]);
    assert_eq!((&outcomes[3]["replayed"], &outcomes[3]["events"]), (&json!(true), &before["events"]));
    let mut events = Vec::new();
    for license in ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"] {
        events.push(tested.history(license).await.len());
    }
    // Two of a purchase, and: two versions, two versions (one elsewhere), none, and what the merge wrote on each side.
    assert_eq!((&events[..3], events[5]), (&[4, 4, 2][..], 2));
    let merged = outcomes[4]["events"].as_array().unwrap().len();
    assert_eq!(events[3] + events[4], 4 + merged);
    nothing_to_mend(&tested.ledger).await;
}

/// Ends the connection of the append that is held up.
async fn break_the_append(pool: &PgPool) {
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE '%ledger_append%' AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(kill).fetch_one(pool).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
