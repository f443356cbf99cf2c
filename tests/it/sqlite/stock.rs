//! Stock sqlite-es reads the ledger, and cannot write to it.

use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use ledger_app::aggregate::LicenseAggregate;
use ledger_app::store::LICENSE_STREAM;
use serde_json::json;
use sqlite_es::SqliteEventRepository;
use sqlx::{Row, SqlitePool};

use super::File;

/// The table of sqlite-es 0.5, from its migration.
const STOCK: &str = "CREATE TABLE stock (
    aggregate_type text                          NOT NULL,
    aggregate_id   text                          NOT NULL,
    sequence       integer CHECK (sequence >= 0) NOT NULL,
    event_type     text                          NOT NULL,
    event_version  text                          NOT NULL,
    payload        text                          NOT NULL,
    metadata       text                          NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT";

async fn pool(file: &File) -> SqlitePool {
    SqlitePool::connect(&format!("sqlite:{}", file.path())).await.unwrap()
}

#[tokio::test]
async fn the_stock_repository_reads_a_license() {
    let file = File::filled().await;
    let repository = SqliteEventRepository::new(pool(&file).await);
    let events = repository.get_events::<LicenseAggregate>("B-1").await.unwrap();
    let read: Vec<_> = events.iter().map(|event| (event.sequence, event.event_type.as_str())).collect();
    assert_eq!(read, [(1, "LicenseIssued"), (2, "LicenseActivated"), (3, "ServerCameOnline")]);
    assert_eq!(events[2].payload, json!({"ServerCameOnline": {"server": "a"}}));
    assert!(events.iter().all(|event| event.metadata == json!({})));
    assert_eq!(repository.get_last_events::<LicenseAggregate>("B-1", 2).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_stock_writer_is_refused() {
    let file = File::filled().await;
    let pool = pool(&file).await;
    let event = SerializedEvent::new(
        "B-1".to_owned(),
        4,
        LICENSE_STREAM.to_owned(),
        "ServerCameOnline".to_owned(),
        "1".to_owned(),
        json!({"ServerCameOnline": {"server": "b"}}),
        json!({}),
    );
    let repository = SqliteEventRepository::new(pool.clone());
    assert!(repository.persist::<LicenseAggregate>(&[event], None).await.is_err());
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&pool).await.unwrap();
    assert_eq!(count, 15);
}

#[tokio::test]
async fn the_first_seven_columns_are_the_stock_ones() {
    let file = File::filled().await;
    let pool = pool(&file).await;
    sqlx::query(STOCK).execute(&pool).await.unwrap();
    let columns = async |table: &str| {
        let sql = "SELECT cid, name, type, \"notnull\" AS required, pk FROM pragma_table_info(?) LIMIT 7";
        let rows = sqlx::query(sql).bind(table).fetch_all(&pool).await.unwrap();
        let column = |row: &sqlx::sqlite::SqliteRow| {
            let (name, kind): (String, String) = (row.get("name"), row.get("type"));
            let (required, key): (bool, i64) = (row.get("required"), row.get("pk"));
            (name, kind, required, key)
        };
        rows.iter().map(column).collect::<Vec<_>>()
    };
    assert_eq!(columns("events").await, columns("stock").await);
}
