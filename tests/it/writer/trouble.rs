//! Rows that are damaged or mended, and connections that die, on PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use ledger_app::store::StoreError;
use ledger_postgres::PostgresStore;
use serde_json::Value;
use sqlx::PgPool;
use throwaway_postgres::Server;
use tokio::task::JoinSet;

use super::{Tested, bought, installed, kinds, post};
use crate::redistribution::{Opened, TODAY, ledger_on, nothing_to_mend};
use crate::use_cases::{context, lines};

/// A writer on PostgreSQL, and the same database bare.
pub(super) async fn postgres() -> (Tested, PgPool) {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    let tested = Tested::on(Opened::of(Arc::new(PostgresStore::connect(&url).await.unwrap()))).await;
    (tested, PgPool::connect(&url).await.unwrap())
}

/// Eight callers at the same time, each with a license of its own; what each was told.
async fn all_post(tested: &Tested) -> Vec<(String, Result<Value, StoreError>)> {
    let mut posting = JoinSet::new();
    for license in 0..8 {
        let (writer, license) = (tested.writer.clone(), format!("LIC-{license}"));
        posting.spawn(async move {
            let posted = post(&writer, &installed(&license, "one"), context(TODAY)).await;
            (license, posted)
        });
    }
    posting.join_all().await
}

async fn eight_licenses() -> (Tested, PgPool) {
    let (tested, pool) = postgres().await;
    for license in 0..8 {
        tested.post(&bought(&format!("LIC-{license}"))).await;
    }
    (tested, pool)
}

#[tokio::test]
async fn a_damaged_license_fails_alone() {
    let (tested, pool) = eight_licenses().await;
    let damage = "UPDATE current_entitlement SET state = 'no JSON', version = version WHERE license = 'LIC-3'";
    sqlx::query(damage).execute(&pool).await.unwrap();
    for (license, posted) in all_post(&tested).await {
        match posted {
            Err(StoreError::Damaged(what)) if license == "LIC-3" => assert!(what.contains("LIC-3"), "{what}"),
            posted => assert_eq!(posted.unwrap()["outcome"], "accepted", "{license}"),
        }
    }
}

#[tokio::test]
async fn a_license_that_somebody_else_has_locked_fails_alone() {
    let (tested, pool) = eight_licenses().await;
    let mut other = pool.begin().await.unwrap();
    let lock = "SELECT license FROM current_entitlement WHERE license = 'LIC-3' FOR UPDATE";
    sqlx::query(lock).execute(&mut *other).await.unwrap();
    // The server gives up for whoever waits; by itself it would after ten seconds.
    let impatient = tokio::spawn(async move {
        let give_up = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        loop {
            sqlx::query(give_up).execute(&pool).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    for (license, posted) in all_post(&tested).await {
        match posted {
            Err(StoreError::Held(_)) if license == "LIC-3" => {}
            posted => assert_eq!(posted.unwrap()["outcome"], "accepted", "{license}"),
        }
    }
    impatient.abort();
    other.rollback().await.unwrap();
    tested.post(&installed("LIC-3", "two")).await;
}

#[tokio::test]
async fn a_damaged_state_that_is_mended_does_not_come_back_from_memory() {
    let (tested, pool) = postgres().await;
    tested.post(&bought("AAA")).await;
    let damage = "UPDATE current_entitlement SET state = replace(state, '\"users\":20', '\"users\":95')";
    assert_eq!(sqlx::query(damage).execute(&pool).await.unwrap().rows_affected(), 1);
    // A ledger that loads what is damaged, and remembers it.
    let misled = Tested::on(Opened::same(&tested.opened)).await;
    misled.post(&installed("AAA", "one")).await;
    let mender = ledger_on(Arc::clone(&tested.opened.store)).await;
    assert!(mender.rebuild(|_| ()).await.unwrap().mended > 0);
    misled.post(&installed("AAA", "two")).await;
    nothing_to_mend(&mender).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_die_lose_and_double_nothing() {
    let (tested, pool) = postgres().await;
    let mut callers = JoinSet::new();
    for caller in 0..16 {
        let writer = tested.writer.clone();
        callers.spawn(async move {
            let license = format!("LIC-{caller}");
            let mut commands = vec![bought(&license)];
            commands.extend((0..40).map(|i| installed(&license, &i.to_string())));
            for command in commands {
                // Whoever is told that the database failed posts the same again.
                while let Err(error) = post(&writer, &command, context(TODAY)).await {
                    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
                }
            }
        });
    }
    let mut killed = 0;
    while !callers.is_empty() {
        let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND query LIKE '%ledger_append%' AND pid <> pg_backend_pid()";
        killed += sqlx::query_scalar::<_, i64>(kill).fetch_one(&pool).await.unwrap();
        while let Some(done) = callers.try_join_next() {
            done.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    assert!(killed > 0);
    for caller in 0..16 {
        assert_eq!(tested.history(&format!("LIC-{caller}")).await.len(), 42);
    }
    nothing_to_mend(&tested.ledger).await;
}

#[tokio::test]
async fn a_group_that_is_held_up_holds_up_nobody_who_comes_alone() {
    let (tested, pool) = postgres().await;
    for license in ["AAA", "BBB", "CCC", "DDD"] {
        tested.post(&bought(license)).await;
    }
    let mut holder = pool.begin().await.unwrap();
    let lock = "SELECT FROM current_entitlement WHERE license = 'AAA' FOR UPDATE";
    sqlx::query(lock).execute(&mut *holder).await.unwrap();
    let group = ["AAA", "BBB", "CCC"].map(|license| (installed(license, "one"), context(TODAY)));
    let (outcomes, ()) = tokio::join!(tested.post_at_once(group.into()), async {
        until_an_append_waits(&pool).await;
        assert_eq!(tested.post(&installed("DDD", "one")).await["outcome"], "accepted");
        holder.rollback().await.unwrap();
    });
    assert_eq!(kinds(&outcomes), ["accepted"; 3]);
}

/// What came first is done first, although its other license was free all the time for who came later.
#[tokio::test]
async fn nobody_is_overtaken_by_who_came_later() {
    let (tested, pool) = postgres().await;
    for license in ["AAA", "BBB", "CCC"] {
        tested.post(&bought(license)).await;
    }
    let mut holder = pool.begin().await.unwrap();
    let lock = "SELECT FROM current_entitlement WHERE license = 'AAA' FOR UPDATE";
    sqlx::query(lock).execute(&mut *holder).await.unwrap();
    let alone = installed("AAA", "one");
    let both = lines(&[installed("AAA", "two"), installed("BBB", "one")]);
    let last = installed("BBB", "two");
    let (first, (both, later, ())) = tokio::join!(post(&tested.writer, &alone, context(TODAY)), async {
        until_an_append_waits(&pool).await;
        // They come in this order.
        tokio::join!(tested.writer.post_all(&both, context(TODAY)), tested.post(&last), async {
            // Who is about something else is done meanwhile.
            tested.post(&installed("CCC", "one")).await;
            holder.rollback().await.unwrap();
        })
    });
    let versions = both.answered.iter().map(|answered| answered.version);
    assert_eq!(versions.collect::<Vec<_>>(), [Some(4), Some(3)]);
    assert_eq!((&first.unwrap()["version"], &later["version"]), (&3.into(), &4.into()));
}

pub(super) async fn until_an_append_waits(pool: &PgPool) {
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity
                 WHERE datname = current_database() AND query LIKE '%ledger_append%' AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(pool).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_clock_set_back_sets_no_record_of_a_group_back() {
    let (tested, pool) = postgres().await;
    for license in ["AAA", "BBB", "CCC"] {
        tested.post(&bought(license)).await;
    }
    // As if BBB had been written while the clock was an hour ahead.
    let ahead = "UPDATE current_entitlement SET recorded_at = recorded_at + interval '1 hour' WHERE license = 'BBB'";
    sqlx::query(ahead).execute(&pool).await.unwrap();
    let group = ["AAA", "BBB", "CCC"].map(|license| installed(license, "one"));
    let posted = tested.ledger.post(&lines(&group), &context(TODAY)).await;
    assert!(posted.failed.is_none(), "{:?}", posted.failed);
    let instants = "SELECT count(DISTINCT recorded_at), min(recorded_at) > clock_timestamp() + interval '50 minutes'
        FROM (SELECT recorded_at FROM current_entitlement
            UNION ALL SELECT recorded_at FROM events WHERE sequence = 3
            UNION ALL SELECT recorded_at FROM entitlement_versions WHERE version = 3
            UNION ALL SELECT recorded_at FROM commands WHERE license IN ('AAA', 'BBB', 'CCC')
                AND content LIKE '%record_installed%') AS written";
    let (instants, is_ahead): (i64, bool) = sqlx::query_as(instants).fetch_one(&pool).await.unwrap();
    assert_eq!((instants, is_ahead), (1, true));
}
