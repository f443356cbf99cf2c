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
async fn keys_and_kept_quotes_are_neither_changed_nor_removed() {
    let opened = open().await;
    let rows = "
        INSERT INTO api_keys (id, name, role, digest, created_at, revoked_at)
        VALUES ('abc', 'orders', 'vendor', decode(repeat('00', 32), 'hex'), now(), now());
        INSERT INTO kept_quotes (id, kept_at, kept_by, valid_until, commands, outcomes)
        VALUES (gen_random_uuid(), now(), 'orders', now(), '[]', '[]')";
    opened.pool.execute(rows).await.unwrap();
    for (statement, code) in [
        ("DELETE FROM api_keys", "LL004"),
        ("TRUNCATE api_keys", "LL004"),
        ("UPDATE api_keys SET role = 'admin'", "LL004"),
        ("UPDATE api_keys SET digest = decode(repeat('11', 32), 'hex')", "LL004"),
        ("UPDATE api_keys SET expires_at = NULL", "LL004"),
        ("UPDATE api_keys SET revoked_at = NULL", "LL004"),
        ("UPDATE api_keys SET revoked_at = now() + interval '1 day'", "LL004"),
        ("UPDATE kept_quotes SET valid_until = '2999-01-01'", "LL004"),
        ("DELETE FROM kept_quotes", "LL004"),
        ("TRUNCATE kept_quotes", "LL004"),
        ("INSERT INTO api_keys SELECT 'x', name, 'root', partner, digest, created_at FROM api_keys", "23514"),
        ("INSERT INTO api_keys SELECT 'x', name, role, partner, '', created_at FROM api_keys", "23514"),
        ("INSERT INTO api_keys SELECT 'X', name, role, partner, digest, created_at FROM api_keys", "23514"),
    ] {
        let refused = opened.pool.execute(statement).await.expect_err(statement);
        let found = refused.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(found.as_deref(), Some(code), "{statement}: {refused}");
    }
    opened.pool.execute("UPDATE api_keys SET last_used_at = now(), revoked_at = revoked_at").await.unwrap();
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
