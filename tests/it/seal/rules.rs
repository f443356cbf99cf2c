//! Whoever changes the database's rules instead of its rows: each is found, and named.

use ledger_app::verify::Evidence;
use sqlx::Executor;

use super::tampering::{Behind, Past, Tampered};

/// What somebody with the database does, and what is said of it.
type Done = (&'static str, &'static [&'static str]);

const ON_SQLITE: &[Done] = &[
    ("DROP INDEX events_order_number", &["the index events_order_number is gone"]),
    ("DROP VIEW swm_expiry; CREATE VIEW swm_expiry AS SELECT 1", &["the view swm_expiry was changed"]),
    (
        "CREATE TRIGGER forges AFTER INSERT ON events BEGIN UPDATE current_entitlement SET users = 5; END",
        &["the trigger forges is none of the ledger's"],
    ),
    ("DROP TRIGGER events_no_delete", &["the trigger events_no_delete is gone"]),
    ("ALTER TABLE commands ADD COLUMN noted TEXT", &["the table commands was changed"]),
    // Whoever runs the database may want to look for something.
    ("CREATE INDEX by_users ON current_entitlement (users); CREATE TABLE notes (note TEXT); ANALYZE", &[]),
];

const ON_POSTGRES: &[Done] = &[
    ("DROP INDEX events_order_number", &["the index events_order_number of events is gone"]),
    ("ALTER TABLE events DISABLE TRIGGER append_only", &["the trigger append_only of events was changed"]),
    (
        "CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.users := 5; RETURN NEW; END';
         CREATE TRIGGER forges BEFORE INSERT ON current_entitlement FOR EACH ROW EXECUTE FUNCTION forge()",
        &["the trigger forges of current_entitlement is none of the ledger's"],
    ),
    (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        &["the function refuse_change was changed"],
    ),
    (
        "CREATE OR REPLACE VIEW reporting.swm_expiry AS SELECT * FROM public.swm_expiry WHERE license <> 'MORE-7'",
        &["the query of reporting.swm_expiry was changed"],
    ),
    (
        "CREATE RULE hides AS ON INSERT TO commands DO INSTEAD NOTHING",
        &["the rule hides of commands is none of the ledger's"],
    ),
    (
        "ALTER TABLE events ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON events USING (aggregate_id <> 'X')",
        &["the table events was changed", "the policy few of events is none of the ledger's"],
    ),
    ("ALTER TABLE tree_hashes SET UNLOGGED", &["the table tree_hashes was changed"]),
    ("ALTER TABLE events DROP CONSTRAINT events_sequence_check", &["events_sequence_check of events is gone"]),
    ("ALTER TABLE commands ADD COLUMN noted text", &["the column noted of commands is none of the ledger's"]),
    // Whoever runs the database may want to look for something.
    (
        "CREATE INDEX by_users ON current_entitlement (users); CREATE TABLE notes (note text); ANALYZE;
         ALTER TABLE events SET (autovacuum_vacuum_scale_factor = 0.01)",
        &[],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    for (done, said) in ON_SQLITE {
        let mut ledger = Tampered::sqlite().await;
        let Behind::Sqlite(Past { file, .. }) = &mut ledger.behind else { panic!("another store") };
        file.execute(*done).await.unwrap();
        finds(&ledger, done, said).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    for (done, said) in ON_POSTGRES {
        let mut ledger = Tampered::postgres().await;
        let Behind::Postgres(server) = &mut ledger.behind else { panic!("another store") };
        server.execute(*done).await.unwrap();
        finds(&ledger, done, said).await;
    }
}

/// Just what is to be said is said.
async fn finds(ledger: &Tampered, done: &str, said: &[&str]) {
    let evidence = Evidence { now: None, ..ledger.kept_elsewhere() };
    let (_, damages) = ledger.verified(&evidence).await;
    assert_eq!(damages.len(), said.len(), "{done}: {damages:#?}");
    for said in said {
        assert!(damages.iter().any(|damage| damage.contains(said)), "{done}: {damages:#?}");
    }
}
