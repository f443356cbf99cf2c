//! The same events have the same root, whatever database holds them.

use std::sync::Arc;

use ledger_app::sealing::{root, seal_all};
use ledger_app::store::Store;
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{ConnectOptions, PgPool, Row, SqliteConnection};
use tempfile::TempDir;
use throwaway_postgres::Server;

use super::history;

/// What of each table goes over: columns, each as what PostgreSQL takes its text for.
const TABLES: [(&str, &str); 3] = [
    ("editions", "edition:text catalog:text prices:text"),
    (
        "commands",
        "command_id:uuid license:text on_date:date recorded_at:timestamptz actor_name:text actor_role:text edition:text \
         content:text content_digest:bytea accepted:boolean outcome:text outcome_digest:bytea",
    ),
    (
        "events",
        "aggregate_type:text aggregate_id:text sequence:bigint event_type:text event_version:text payload:json \
         metadata:json on_date:date recorded_at:timestamptz actor_name:text actor_role:text command_id:uuid \
         edition:text order_number:text position:bigint",
    ),
];

/// Copies the recorded rows as they are: two ledgers that live by themselves never record at the same microsecond.
async fn copy(from: &mut SqliteConnection, to: &PgPool) {
    for (table, columns) in TABLES {
        let columns: Vec<_> = columns.split_whitespace().map(|column| column.split_once(':').unwrap()).collect();
        let read: Vec<_> = columns.iter().map(|(name, kind)| as_text(name, kind)).collect();
        let rows = sqlx::query(&format!("SELECT {} FROM {table}", read.join(","))).fetch_all(&mut *from).await.unwrap();
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let values: Vec<_> =
            columns.iter().zip(1..).map(|((_, kind), number)| format!("${number}::text::{kind}")).collect();
        let insert = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(","), values.join(","));
        for row in rows {
            bound(&insert, &row).execute(to).await.unwrap();
        }
    }
}

fn as_text(column: &str, kind: &str) -> String {
    match kind {
        "bytea" => format!("'\\x' || hex({column})"),
        _ => format!("cast({column} AS text)"),
    }
}

fn bound<'q>(insert: &'q str, row: &SqliteRow) -> sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments> {
    (0..row.len()).fold(sqlx::query(insert), |query, column| query.bind(row.get::<Option<String>, _>(column)))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_events_have_the_same_root_on_both() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let sqlite: Arc<dyn Store> = Arc::new(SqliteStore::open(path.to_str().unwrap()).await.unwrap());
    history(&sqlite, 150).await;
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    let postgres = PostgresStore::connect(&url).await.unwrap();
    let mut file = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    copy(&mut file, &PgPool::connect(&url).await.unwrap()).await;

    let size = seal_all(&*sqlite).await.unwrap();
    assert!(size > 300, "{size} events: more than a tile");
    assert_eq!(seal_all(&postgres).await.unwrap(), size);
    for size in [1, 7, size / 2, 256, size] {
        let expected = root(sqlite.sealed_log(), size).await.unwrap();
        assert_eq!(root(postgres.sealed_log(), size).await.unwrap(), expected, "{size}");
    }
    for (one, other) in (sqlite.sealed_log().entries(0, 10_000).await.unwrap().iter())
        .zip(&postgres.sealed_log().entries(0, 10_000).await.unwrap())
    {
        assert_eq!(one.leaf.canonical().unwrap(), other.leaf.canonical().unwrap());
    }
}
