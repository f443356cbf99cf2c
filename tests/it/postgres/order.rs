//! Positions are gapless and final, and instants become final only when nothing can be recorded before them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ledger_app::store::{Store, StoreError};
use sqlx::{Executor, PgPool};

use super::support::{Opened, Written, batch, bought, open, open_alone, open_at, without_sealer};

/// The positions given so far, with what they are of.
async fn positions(pool: &PgPool) -> Vec<(i64, String, i64)> {
    let query = "SELECT position, aggregate_id, sequence FROM events WHERE position IS NOT NULL ORDER BY position";
    sqlx::query_as(query).fetch_all(pool).await.unwrap()
}

async fn assert_gapless(pool: &PgPool) {
    let mut streams: BTreeMap<String, i64> = BTreeMap::new();
    for ((position, stream, sequence), expected) in positions(pool).await.into_iter().zip(0..) {
        assert_eq!(position, expected);
        let last = streams.insert(stream, sequence).unwrap_or(0);
        assert_eq!(sequence, last + 1, "a stream in its own order");
    }
}

/// Writes an event as the append does, in a transaction that the test keeps open.
const FREEZE: &str = "
    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, on_date,
        recorded_at, actor_name, actor_role, command_id, edition)
    VALUES ('refusal', 'frozen', 1, 'CommandRejected', '1', '{}', '{}', '2012-01-20', clock_timestamp(), 'a', 'vendor',
        gen_random_uuid(), 'e')";

#[tokio::test]
async fn a_frozen_transaction_loses_nothing() {
    let (opened, _alone) = open_alone().await;
    bought(&opened.store, "EX-1").await;
    opened.store.settle().await.unwrap();
    let mut frozen = opened.pool.begin().await.unwrap();
    frozen.execute(FREEZE).await.unwrap();
    for number in 2..6 {
        bought(&opened.store, &format!("EX-{number}")).await;
    }
    // What committed while an older transaction is open waits for it.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let before = positions(&opened.pool).await;
    assert_eq!(before.len(), 2);
    let refused = opened.store.settle().await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert_eq!(positions(&opened.pool).await, before);
    let oldest = sqlx::query_scalar("SELECT min(recorded_at) FROM events WHERE position IS NULL");
    let oldest: DateTime<Utc> = oldest.fetch_one(&opened.pool).await.unwrap();
    assert_eq!(opened.store.sealed_log().unsealed_since().await.unwrap(), Some(oldest));

    frozen.commit().await.unwrap();
    opened.store.settle().await.unwrap();
    let after = positions(&opened.pool).await;
    assert_eq!(after.len(), 11);
    assert_eq!(after[2], (2, "frozen".to_owned(), 1));
    assert_gapless(&opened.pool).await;
}

#[tokio::test]
async fn a_transaction_that_is_rolled_back_leaves_no_gap() {
    let (opened, _alone) = open_alone().await;
    let mut frozen = opened.pool.begin().await.unwrap();
    frozen.execute(FREEZE).await.unwrap();
    bought(&opened.store, "EX-1").await;
    frozen.rollback().await.unwrap();
    bought(&opened.store, "EX-2").await;
    opened.store.settle().await.unwrap();
    assert_eq!(positions(&opened.pool).await.len(), 4);
    assert_gapless(&opened.pool).await;
}

#[tokio::test]
async fn the_sealer_works_by_itself() {
    let opened = open().await;
    bought(&opened.store, "EX-1").await;
    for _ in 0..200 {
        if positions(&opened.pool).await.len() == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no positions were given");
}

#[tokio::test]
async fn after_a_restore_on_another_cluster_old_transaction_numbers_mean_nothing() {
    let (opened, _alone) = open_alone().await;
    // Frozen, so that what follows waits for its position.
    let mut frozen = opened.pool.begin().await.unwrap();
    frozen.execute("SELECT pg_current_xact_id()").await.unwrap();
    let mut license = bought(&opened.store, "EX-1").await;
    opened.pool.execute("UPDATE sealer SET system = system + 1").await.unwrap();
    pretend_from_the_future(&opened).await;
    opened.store.append(&batch(vec![license.use_once()])).await.unwrap();
    frozen.commit().await.unwrap();
    opened.store.settle().await.unwrap();
    assert_eq!(positions(&opened.pool).await.len(), 4);
    assert_gapless(&opened.pool).await;
}

/// A license was bought, and then all was restored on another cluster; nothing is written there yet.
async fn restored() -> Opened {
    let opened = open_at(without_sealer().await).await;
    bought(&opened.store, "EX-1").await;
    let elsewhere =
        "UPDATE sealer SET system = system + 1, candidate = clock_timestamp(), candidate_xmax = '999999999'";
    opened.pool.execute(elsewhere).await.unwrap();
    pretend_from_the_future(&opened).await;
    opened
}

#[tokio::test]
async fn what_waited_when_it_was_restored_is_settled_at_once() {
    let opened = restored().await;
    opened.store.settle().await.unwrap();
    assert_eq!(positions(&opened.pool).await.len(), 2);
    assert_gapless(&opened.pool).await;
}

#[tokio::test]
async fn an_instant_becomes_final_after_a_restore_although_nothing_is_written() {
    let opened = restored().await;
    let instant = now(&opened.pool).await;
    opened.store.wait_until_final(instant).await.unwrap();
    // What waits is taken over by then, and still waits.
    assert_eq!(positions(&opened.pool).await, []);
    opened.store.settle().await.unwrap();
    assert_eq!(positions(&opened.pool).await.len(), 2);
}

/// On the old cluster the transaction numbers were far higher.
async fn pretend_from_the_future(opened: &Opened) {
    let statements = "
        ALTER TABLE events DISABLE TRIGGER position_given_once;
        UPDATE events SET xid = '999999999';
        ALTER TABLE events ENABLE TRIGGER position_given_once;
        UPDATE sealer SET sealed_below = '999999999'";
    opened.pool.execute(statements).await.unwrap();
}

async fn number(pool: &PgPool, query: &str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

async fn now(pool: &PgPool) -> DateTime<Utc> {
    sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(pool).await.unwrap()
}

/// A stroke that is full may have left events of its last transaction.
#[tokio::test]
async fn a_stroke_seals_whole_transactions() {
    let (Opened { store, pool, .. }, _alone) = open_alone().await;
    // Frozen, so that all of it waits until the store, whose own sealer would be quicker, is gone.
    let mut frozen = pool.begin().await.unwrap();
    frozen.execute("SELECT pg_current_xact_id()").await.unwrap();
    for number in 1..=3 {
        bought(&store, &format!("EX-{number}")).await;
    }
    drop(store);
    frozen.commit().await.unwrap();
    let waiting = number(&pool, "SELECT count(*) FROM events WHERE position IS NULL").await;
    assert!(waiting > 3, "{waiting} wait, several of each transaction");
    let torn = "SELECT count(*) FROM (
                    SELECT xid FROM events GROUP BY xid HAVING count(position) NOT IN (0, count(*))) AS torn";
    let mut strokes = Vec::new();
    while strokes.iter().sum::<i64>() < waiting {
        strokes.push(number(&pool, "SELECT ledger_seal(2)").await);
        assert_eq!(number(&pool, torn).await, 0, "after {strokes:?}");
    }
    assert!(strokes.len() > 1 && strokes.iter().all(|given| *given > 1), "{strokes:?}");
    assert_eq!(number(&pool, "SELECT ledger_seal(2)").await, 0);
    assert_gapless(&pool).await;
}

#[tokio::test]
async fn an_instant_becomes_final_and_nothing_is_recorded_before_it() {
    let opened = open().await;
    let instant = now(&opened.pool).await;
    opened.store.wait_until_final(instant).await.unwrap();
    // The clock may be set back: what is final stays so.
    opened.pool.execute("UPDATE sealer SET final_until = clock_timestamp() + interval '1 hour'").await.unwrap();
    bought(&opened.store, "EX-1").await;
    let query = "SELECT min(recorded_at) > (SELECT final_until FROM sealer) FROM events";
    assert!(sqlx::query_scalar::<_, bool>(query).fetch_one(&opened.pool).await.unwrap());
}

#[tokio::test]
async fn an_instant_that_an_open_transaction_keeps_open_is_not_final() {
    let (opened, _alone) = open_alone().await;
    let mut frozen = opened.pool.begin().await.unwrap();
    frozen.execute(FREEZE).await.unwrap();
    let instant = now(&opened.pool).await;
    let refused = opened.store.wait_until_final(instant).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::NotYetFinal { asked, final_until } if asked == instant && final_until < asked)
    );
    frozen.commit().await.unwrap();
    opened.store.wait_until_final(instant).await.unwrap();
}

#[tokio::test]
async fn an_instant_to_come_is_not_final() {
    let opened = open().await;
    let instant = now(&opened.pool).await + chrono::TimeDelta::hours(1);
    let refused = opened.store.wait_until_final(instant).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotYetFinal { .. }), "{refused:?}");
}

#[tokio::test]
async fn two_stores_on_one_database_give_every_position_once() {
    let opened = open().await;
    let other = super::support::open_at(opened.url.clone()).await;
    let mut license = Written::none("EX-1");
    opened.store.append(&batch(vec![license.buy("PO-1")])).await.unwrap();
    for _ in 0..20 {
        opened.store.append(&batch(vec![license.use_once()])).await.unwrap();
        let (one, two) = tokio::join!(opened.store.settle(), other.store.settle());
        one.and(two).unwrap();
    }
    assert_eq!(positions(&opened.pool).await.len(), 42);
    assert_gapless(&opened.pool).await;
}
