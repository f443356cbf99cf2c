//! The rebuild mends what differs, says what, and leaves a healthy ledger as it was.

use ledger_app::rebuild::refold;
use ledger_app::store::{RebuiltPage, Store, StoreError};
use ledger_postgres::PostgresStore;
use sqlx::{Executor, PgPool};

use super::support::{Opened, batch, bought, everything, open, open_alone};

async fn rebuilt(store: &PostgresStore) -> Vec<RebuiltPage> {
    let mut pages: Vec<RebuiltPage> = Vec::new();
    loop {
        let after = pages.last().and_then(|page| page.last.clone());
        pages.push(store.rebuild_page(after.as_deref(), 2, refold).await.unwrap());
        if pages.last().is_none_or(|page| page.last.is_none()) {
            return pages;
        }
    }
}

async fn mended(store: &PostgresStore) -> Vec<String> {
    rebuilt(store).await.into_iter().flat_map(|page| page.mended).collect()
}

#[tokio::test]
async fn a_healthy_ledger_is_left_alone() {
    let opened = open().await;
    for number in 1..6 {
        let mut license = bought(&opened.store, &format!("EX-{number}")).await;
        opened.store.append(&batch(vec![license.use_once()])).await.unwrap();
    }
    let rows = "SELECT array_agg((xmin::text, ctid::text)::text ORDER BY license) FROM current_entitlement";
    let before: Vec<String> = sqlx::query_scalar(rows).fetch_one(&opened.pool).await.unwrap();
    let pages = rebuilt(&opened.store).await;
    assert_eq!(pages.iter().map(|page| page.licenses).sum::<u64>(), 5);
    assert_eq!(pages.iter().map(|page| page.events).sum::<u64>(), 20);
    assert!(pages.iter().all(|page| page.mended.is_empty()), "{pages:?}");
    // Locked, but not written: the very same row versions.
    let after: Vec<String> = sqlx::query_scalar(rows).fetch_one(&opened.pool).await.unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn whatever_differs_is_mended() {
    let opened = open().await;
    for number in 1..6 {
        bought(&opened.store, &format!("EX-{number}")).await;
    }
    let healthy = everything(&opened.pool).await;
    let damage = "
        UPDATE current_entitlement SET users = 30, recorded_at = 'epoch' WHERE license = 'EX-1';
        UPDATE current_entitlement SET state = '{}' WHERE license = 'EX-2';
        DELETE FROM current_entitlement WHERE license = 'EX-3';
        DELETE FROM entitlement_versions WHERE license = 'EX-3' AND version = 2;
        UPDATE entitlement_versions SET servers_online = '{X}' WHERE license = 'EX-4' AND version = 1;
        INSERT INTO entitlement_versions SELECT * FROM
            json_populate_record((SELECT v FROM entitlement_versions v WHERE license = 'EX-5' AND version = 2), '{\"version\": 3}');
        INSERT INTO current_entitlement SELECT * FROM
            json_populate_record((SELECT c FROM current_entitlement c WHERE license = 'EX-5'), '{\"license\": \"NONE-1\"}')";
    opened.pool.execute(damage).await.unwrap();
    assert_eq!(
        mended(&opened.store).await,
        [
            "EX-1: current_entitlement: differed: recorded_at, users",
            "EX-2: current_entitlement: differed: state",
            "EX-3: current_entitlement: was missing",
            "EX-3: entitlement_versions: version 2 was missing",
            "EX-4: entitlement_versions: version 1 differed: servers_online",
            "EX-5: entitlement_versions: version 3 has no event and was removed",
            "NONE-1: current_entitlement: has no event and was removed",
        ]
    );
    assert_eq!(everything(&opened.pool).await, healthy);
    assert_eq!(mended(&opened.store).await, [""; 0]);
}

#[tokio::test]
async fn a_newer_fold_is_left_to_the_newer_program() {
    let opened = open().await;
    bought(&opened.store, "EX-1").await;
    opened.pool.execute("UPDATE current_entitlement SET fold = 99").await.unwrap();
    let before = everything(&opened.pool).await;
    let refused = opened.store.rebuild_page(None, 10, refold).await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer(_)), "{refused:?}");
    assert_eq!(everything(&opened.pool).await, before);
}

/// Between the quick comparison and the lock others may write: what was in doubt is looked at once more, as it is then.
#[tokio::test]
async fn what_is_appended_while_it_waits_is_not_harmed() {
    let (opened, _alone) = open_alone().await;
    let mut license = bought(&opened.store, "EX-1").await;
    opened.pool.execute("UPDATE entitlement_versions SET holder_name = 'X' WHERE version = 1").await.unwrap();
    let mut held = opened.pool.begin().await.unwrap();
    held.execute("SELECT FROM current_entitlement FOR UPDATE").await.unwrap();
    let written = batch(vec![license.use_once()]);
    let rebuilding = async {
        waiting(&opened.pool, 1).await;
        opened.store.rebuild_page(None, 10, refold).await.unwrap()
    };
    let releasing = async {
        waiting(&opened.pool, 2).await;
        held.rollback().await.unwrap();
    };
    let (appended, page, ()) = tokio::join!(opened.store.append(&written), rebuilding, releasing);
    appended.unwrap();
    assert_eq!(page.mended, ["EX-1: entitlement_versions: version 1 differed: holder_name"]);
    let page = opened.store.rebuild_page(None, 10, refold).await.unwrap();
    assert_eq!(page, RebuiltPage { last: None, licenses: 1, events: 4, in_doubt: 0, mended: vec![] });
}

/// Its old row is gone and locks nobody out: it is the new one that must be locked.
#[tokio::test]
async fn who_only_reads_a_license_while_it_is_mended_keeps_others_off_it() {
    let (Opened { store, pool, .. }, _alone) = open_alone().await;
    let (read, mut changed) = (bought(&store, "EX-1").await, bought(&store, "EX-2").await);
    pool.execute("UPDATE current_entitlement SET users = 30 WHERE license = 'EX-1'").await.unwrap();
    let mut held = pool.begin().await.unwrap();
    held.execute("SELECT FROM current_entitlement WHERE license = 'EX-1' FOR UPDATE").await.unwrap();
    // The append goes no further than to its command's record, so that its locks can be looked at.
    let mut stop = pool.begin().await.unwrap();
    stop.execute("LOCK TABLE commands IN SHARE MODE").await.unwrap();
    let stops: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *stop).await.unwrap();
    let mut written = batch(vec![changed.use_once()]);
    written.guards.push((read.license.clone(), read.version()));
    let appending = async {
        waiting(&pool, 1).await;
        store.append(&written).await.unwrap();
    };
    let looking = async {
        waiting(&pool, 2).await;
        held.rollback().await.unwrap();
        stopped(&pool, stops).await;
        let free = "SELECT license FROM current_entitlement WHERE license = 'EX-1' FOR UPDATE SKIP LOCKED";
        let free: Vec<String> = sqlx::query_scalar(free).fetch_all(&pool).await.unwrap();
        stop.rollback().await.unwrap();
        free
    };
    let (page, (), free) = tokio::join!(store.rebuild_page(None, 10, refold), appending, looking);
    assert_eq!(page.unwrap().mended, ["EX-1: current_entitlement: differed: users"]);
    assert_eq!(free, [""; 0]);
}

/// What was judged on the wrong row is not written over the mended one.
#[tokio::test]
async fn who_changes_a_license_while_it_is_mended_is_told_so() {
    let (Opened { store, pool, .. }, _alone) = open_alone().await;
    let mut license = bought(&store, "EX-1").await;
    pool.execute("UPDATE current_entitlement SET users = 30").await.unwrap();
    let mut held = pool.begin().await.unwrap();
    held.execute("SELECT FROM current_entitlement FOR UPDATE").await.unwrap();
    let written = batch(vec![license.use_once()]);
    let appending = async {
        waiting(&pool, 1).await;
        store.append(&written).await
    };
    let releasing = async {
        waiting(&pool, 2).await;
        held.rollback().await.unwrap();
    };
    let (page, appended, ()) = tokio::join!(store.rebuild_page(None, 10, refold), appending, releasing);
    assert_eq!(page.unwrap().mended, ["EX-1: current_entitlement: differed: users"]);
    assert!(matches!(appended, Err(StoreError::Conflict(_))), "{appended:?}");
}

#[tokio::test]
async fn only_what_is_damaged_is_looked_at_column_by_column() {
    let opened = open().await;
    for number in 1..6 {
        bought(&opened.store, &format!("EX-{number}")).await;
    }
    let damage = "
        UPDATE entitlement_versions SET version = 3 WHERE license = 'EX-2' AND version = 2;
        INSERT INTO entitlement_versions SELECT * FROM
            json_populate_record((SELECT v FROM entitlement_versions v WHERE license = 'EX-4' AND version = 2), '{\"license\": \"o''d\\\\d\\tone\"}')";
    opened.pool.execute(damage).await.unwrap();
    let pages = rebuilt(&opened.store).await;
    assert_eq!(pages.iter().map(|page| page.in_doubt).sum::<u64>(), 2);
    let mended: Vec<_> = pages.into_iter().flat_map(|page| page.mended).collect();
    assert_eq!(
        mended,
        [
            "EX-2: entitlement_versions: version 2 was missing",
            "EX-2: entitlement_versions: version 3 has no event and was removed",
            "o'd\\d\tone: entitlement_versions: version 2 has no event and was removed",
        ]
    );
}

/// Waits until so many others wait for a lock in the database.
async fn waiting(pool: &PgPool, others: i64) {
    let query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while sqlx::query_scalar::<_, i64>(query).fetch_one(pool).await.unwrap() < others {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// Waits until somebody waits for a lock that this connection has.
async fn stopped(pool: &PgPool, by: i32) {
    let query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))";
    while !sqlx::query_scalar::<_, bool>(query).bind(by).fetch_one(pool).await.unwrap() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn it_runs_beside_writers() {
    let opened = open().await;
    let mut license = bought(&opened.store, "EX-1").await;
    let writing = async {
        for _ in 0..50 {
            opened.store.append(&batch(vec![license.use_once()])).await.unwrap();
        }
    };
    let rebuilding = async {
        for _ in 0..10 {
            assert_eq!(mended(&opened.store).await, [""; 0]);
        }
    };
    tokio::join!(writing, rebuilding);
    assert_eq!(license.version(), 102);
}
