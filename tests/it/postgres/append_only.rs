//! What is recorded cannot be changed, whoever tries.

use ledger_app::store::Store;
use sqlx::Executor;

use super::support::{bought, everything, open, open_alone};

#[tokio::test]
async fn recorded_rows_are_neither_changed_nor_removed() {
    let opened = open().await;
    bought(&opened.store, "EX-1").await;
    opened.store.settle().await.unwrap();
    let before = everything(&opened.pool).await;
    for statement in [
        "UPDATE events SET payload = '{}'",
        "UPDATE events SET on_date = '2020-01-01' WHERE sequence = 1",
        "UPDATE events SET position = position + 10",
        "UPDATE events SET position = NULL",
        "UPDATE events SET xid = '1'",
        "DELETE FROM events WHERE sequence = 2",
        "TRUNCATE events",
        "UPDATE commands SET outcome = ''",
        "DELETE FROM commands",
        "TRUNCATE commands",
        "UPDATE editions SET prices = ''",
        "DELETE FROM edition_adoptions",
        "DELETE FROM editions",
        "TRUNCATE editions, edition_adoptions",
        "DELETE FROM sealer",
    ] {
        let refused = opened.pool.execute(statement).await.expect_err(statement);
        let code = refused.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("LL004"), "{statement}: {refused}");
    }
    assert_eq!(everything(&opened.pool).await, before);
}

#[tokio::test]
async fn before_its_position_an_event_takes_nothing_else() {
    let (opened, _alone) = open_alone().await;
    let mut frozen = opened.pool.begin().await.unwrap();
    frozen.execute("SELECT pg_current_xact_id()").await.unwrap();
    bought(&opened.store, "EX-1").await;
    assert!(opened.pool.execute("UPDATE events SET xid = '5'").await.is_err());
    assert!(opened.pool.execute("UPDATE events SET event_type = 'X'").await.is_err());
}
