//! What a store says when it cannot serve.

use std::process::Command;
use std::time::{Duration, Instant};

use ledger_app::store::{AsOf, Store, StoreError};
use ledger_postgres::PostgresStore;
use sqlx::Executor;

use super::support::{batch, bought, number, open, open_at};

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let begun = Instant::now();
    let refused = PostgresStore::connect("postgres://nobody@localhost:1/none").await.err().unwrap();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_newer_database_is_refused_in_one_line() {
    let opened = open().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'to come', true, '', 0)";
    opened.pool.execute(newer).await.unwrap();
    let refused = PostgresStore::connect(&opened.url).await.err().unwrap();
    assert!(matches!(refused, StoreError::Newer(_)), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        "this database needs a newer license-ledger: its tables are at migration 9999, which this version does not know"
    );
}

#[tokio::test]
async fn a_read_only_database_takes_nothing() {
    let opened = open().await;
    let mut license = bought(&opened.store, "EX-1").await;
    let name = opened.url.split(['/', '?']).nth(3).unwrap();
    opened.pool.execute(&*format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await.unwrap();
    let other = PostgresStore::connect(&opened.url).await;
    let refused = match other {
        Ok(store) => store.append(&batch(vec![license.use_once()])).await.unwrap_err(),
        Err(refused) => refused,
    };
    assert!(matches!(refused, StoreError::Standby(_)), "{refused:?}");
}

#[tokio::test]
async fn a_dropped_table_is_damage() {
    let opened = open().await;
    opened.pool.execute("ALTER TABLE current_entitlement RENAME TO gone").await.unwrap();
    let refused = opened.store.facts(&number("EX-1"), AsOf::default()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Damaged(_)), "{refused:?}");
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_damage() {
    let opened = open().await;
    bought(&opened.store, "EX-1").await;
    let damage =
        "ALTER TABLE events DISABLE TRIGGER ALL; UPDATE events SET payload = '{\"Unheard\": {}}' WHERE sequence = 2";
    opened.pool.execute(damage).await.unwrap();
    let refused = opened.store.history(&number("EX-1"), 0, 10).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Damaged(why) if why.starts_with("event 2 of EX-1")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_and_restarted_serves_again_with_all_it_had_acknowledged() {
    let server = throwaway_postgres::Server::start_durable().unwrap();
    let opened = open_at(server.new_database().await.unwrap()).await;
    let mut license = bought(&opened.store, "EX-1").await;
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(opened.store.load(&[wanted("EX-1")]).await.unwrap().states.len(), 1);
    opened.store.append(&batch(vec![license.use_once()])).await.unwrap();
    let facts = opened.store.facts(&number("EX-1"), AsOf::default()).await.unwrap().unwrap();
    assert_eq!(facts.version, 4);
}

/// The server processes of a database, stopped: they live, and answer nothing, as if their machine were gone.
struct Silent(Vec<i32>);

impl Silent {
    async fn all(pool: &sqlx::PgPool) -> Self {
        let query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let silent = Self(sqlx::query_scalar(query).fetch_all(pool).await.unwrap());
        silent.signal("-STOP");
        silent
    }

    fn signal(&self, signal: &str) {
        let pids = self.0.iter().map(ToString::to_string);
        assert!(Command::new("kill").arg(signal).args(pids).status().unwrap().success());
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_and_asked_anew() {
    let opened = open().await;
    let mut license = bought(&opened.store, "EX-1").await;
    let facts = opened.store.facts(&number("EX-1"), AsOf::default()).await.unwrap();
    assert!(facts.is_some());
    let silent = Silent::all(&opened.pool).await;
    assert!(silent.0.len() >= 2, "connections to write, and to look up: {:?}", silent.0);
    let next = batch(vec![license.use_once()]);
    // With a clock that does not wait: whoever waits for nothing but the server has waited as long as it may.
    tokio::time::pause();
    let given_up = opened.store.append(&next).await.unwrap_err();
    assert!(matches!(&given_up, StoreError::Unavailable(why) if why.contains("20 seconds")), "{given_up:?}");
    let given_up = opened.store.facts(&number("EX-1"), AsOf::default()).await.unwrap_err();
    assert!(matches!(&given_up, StoreError::Unavailable(why) if why.contains("20 seconds")), "{given_up:?}");
    tokio::time::resume();
    opened.store.append(&next).await.unwrap();
    assert_eq!(opened.store.facts(&number("EX-1"), AsOf::default()).await.unwrap().unwrap().version, 4);
}

/// Something between forgot the connections while they rested: the first command afterwards is not what finds out.
#[tokio::test]
async fn connections_that_have_rested_are_asked_for_a_sign_of_life() {
    let opened = open().await;
    let mut license = bought(&opened.store, "EX-1").await;
    assert!(opened.store.facts(&number("EX-1"), AsOf::default()).await.unwrap().is_some());
    let silent = Silent::all(&opened.pool).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    opened.store.append(&batch(vec![license.use_once()])).await.unwrap();
    assert_eq!(opened.store.facts(&number("EX-1"), AsOf::default()).await.unwrap().unwrap().version, 4);
    drop(silent);
}

fn wanted(license: &str) -> ledger_app::store::Wanted {
    ledger_app::store::Wanted { command_id: uuid::Uuid::new_v4(), license: number(license), order: None }
}
