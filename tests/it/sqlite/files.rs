//! What stands in the file.

use std::fs;
use std::sync::Arc;

use ledger_app::conformance::five_licenses;
use ledger_app::rebuild::refold;
use ledger_app::store::{RebuiltPage, Store};
use sqlx::{Row, SqliteConnection};

use super::File;

/// Every row of a table, as text.
async fn rows(connection: &mut SqliteConnection, table: &str) -> Vec<String> {
    let quoted: Vec<String> = sqlx::query_scalar("SELECT 'quote(' || name || ')' FROM pragma_table_info(?)")
        .bind(table)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    let sql = format!("SELECT {} FROM {table} ORDER BY 1", quoted.join(" || ' ' || "));
    sqlx::query_scalar(&sql).fetch_all(connection).await.unwrap()
}

#[tokio::test]
async fn what_is_recorded_can_be_neither_changed_nor_removed_nor_replaced() {
    let file = File::filled().await;
    let mut connection = file.connect().await;
    for (table, column) in
        [("events", "payload"), ("commands", "outcome"), ("editions", "prices"), ("edition_adoptions", "edition")]
    {
        let before = rows(&mut connection, table).await;
        assert!(!before.is_empty());
        for forbidden in [
            format!("UPDATE {table} SET {column} = 'x'"),
            format!("DELETE FROM {table}"),
            format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"),
        ] {
            let refused = sqlx::query(&forbidden).execute(&mut connection).await.unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{forbidden}: {refused}");
        }
        assert_eq!(rows(&mut connection, table).await, before);
    }
}

#[tokio::test]
async fn keys_and_kept_quotes_can_be_neither_changed_nor_removed_nor_replaced() {
    let file = File::filled().await;
    let mut connection = file.connect().await;
    for insert in [
        "INSERT INTO api_keys (id, name, role, digest, created_at, revoked_at)
         VALUES ('abc', 'orders', 'vendor', zeroblob(32), '2012-08-20T09:30:00.000000Z', '2012-08-21T09:30:00.000000Z')",
        "INSERT INTO kept_quotes (id, kept_at, kept_by, valid_until, commands, outcomes)
         VALUES ('1', '2012-08-20T09:30:00.000000Z', 'orders', '2012-08-20', '[]', '[]')",
    ] {
        sqlx::query(insert).execute(&mut connection).await.unwrap();
    }
    for (forbidden, why) in [
        ("DELETE FROM api_keys", "append-only"),
        ("UPDATE api_keys SET role = 'admin'", "append-only"),
        ("UPDATE api_keys SET digest = zeroblob(32)", "append-only"),
        ("UPDATE api_keys SET expires_at = NULL", "append-only"),
        ("UPDATE api_keys SET revoked_at = NULL", "append-only"),
        ("UPDATE api_keys SET revoked_at = '2013'", "append-only"),
        ("INSERT OR REPLACE INTO api_keys SELECT * FROM api_keys", "append-only"),
        ("UPDATE kept_quotes SET valid_until = '2999-01-01'", "append-only"),
        ("DELETE FROM kept_quotes", "append-only"),
        ("INSERT OR REPLACE INTO kept_quotes SELECT * FROM kept_quotes", "append-only"),
        ("INSERT INTO api_keys SELECT 'X', name, role, NULL, digest, '', '', '', '' FROM api_keys", "CHECK"),
        ("INSERT INTO api_keys SELECT 'x', name, 'root', NULL, digest, '', '', '', '' FROM api_keys", "CHECK"),
        ("INSERT INTO api_keys SELECT 'x', name, role, NULL, zeroblob(31), '', '', '', '' FROM api_keys", "CHECK"),
    ] {
        let refused = sqlx::query(forbidden).execute(&mut connection).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{forbidden}: {refused}");
    }
    let used = "UPDATE api_keys SET last_used_at = '2012-08-20T09:30:00.000000Z', revoked_at = revoked_at";
    sqlx::query(used).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn positions_have_no_gap_and_time_follows_them() {
    let file = File::filled().await;
    let sql = "SELECT position, recorded_at FROM events ORDER BY position";
    let found = sqlx::query(sql).fetch_all(&mut file.connect().await).await.unwrap();
    let positions: Vec<i64> = found.iter().map(|row| row.get("position")).collect();
    assert_eq!(positions, (0..15).collect::<Vec<_>>());
    let instants: Vec<String> = found.iter().map(|row| row.get("recorded_at")).collect();
    assert!(instants.is_sorted());
    assert!(instants.iter().all(|instant| instant.len() == "2012-08-20T09:30:00.000000Z".len()));
}

#[tokio::test]
async fn nothing_is_recorded_at_a_final_instant_whatever_the_clock_says() {
    let file = File::new();
    let store: Arc<dyn Store> = Arc::new(file.open().await);
    let set = "UPDATE sealer SET final_until = '2999-12-31T23:59:59.999999Z'";
    sqlx::query(set).execute(&mut file.connect().await).await.unwrap();
    five_licenses(&store).await;
    let history = store.history(&"A-1".parse().unwrap(), 0, 10).await.unwrap();
    let instants: Vec<_> = history.iter().map(|event| event.recorded_at.to_rfc3339()).collect();
    assert_eq!(instants, ["3000-01-01T00:00:00+00:00"; 3]);
}

#[tokio::test]
async fn a_healthy_file_comes_out_of_a_rebuild_byte_for_byte() {
    let file = File::filled().await;
    let before = fs::read(&file.path).unwrap();
    let store = file.open().await;
    let page = store.rebuild_page(None, 100, refold).await.unwrap();
    assert_eq!(page, RebuiltPage { last: None, licenses: 5, events: 15, in_doubt: 0, mended: vec![] });
    store.close().await;
    assert!(fs::read(&file.path).unwrap() == before, "a byte has changed");
}

#[tokio::test]
async fn the_ends_of_swm_are_read_from_their_index() {
    let file = File::filled().await;
    let sql = "EXPLAIN QUERY PLAN SELECT license FROM swm_expiry
                WHERE swm_ends >= '2013-01-01' AND swm_ends < '2014-01-01' ORDER BY swm_ends, license LIMIT 10";
    let plan = sqlx::query(sql).fetch_all(&mut file.connect().await).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    assert!(plan.len() == 1 && plan[0].contains("current_entitlement_swm_ends"), "{plan:?}");
}
