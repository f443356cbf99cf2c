//! Every column of every table that holds facts, changed behind the ledger's back.

use ledger_app::verify::{Evidence, Told, verify};
use sqlx::Executor;

use super::tampering::{Behind, Past, Tampered};

/// Each table with facts, and the row that is changed: it fits exactly one.
const ROWS: &[(&str, &str)] = &[
    ("events", "aggregate_id = 'MORE-7' AND sequence = 1"),
    ("commands", "license = 'MORE-7' AND accepted"),
    ("entitlement_versions", "license = 'MORE-7' AND version = 1"),
    ("current_entitlement", "license = 'MORE-7'"),
    ("editions", "1 = 1"),
    ("edition_adoptions", "1 = 1"),
    ("tree_hashes", "level = 0 AND first = 0"),
    ("checkpoints", "1 = 1"),
    ("seal_keys", "1 = 1"),
    ("sealer", "1 = 1"),
];

/// What verification does not find, and why.
const NOT_FOUND: &[(&str, &str, &str)] = &[
    ("events", "metadata", "it is always {}, and nothing reads it"),
    ("events", "xid", "the order that it gave is in the position"),
    ("edition_adoptions", "edition", "which edition is the current one is not sealed"),
    ("edition_adoptions", "adoption", "which edition is the current one is not sealed"),
    ("edition_adoptions", "adopted_at", "which edition is the current one is not sealed"),
    ("checkpoints", "signed_at", "it is not part of a signed note"),
    ("seal_keys", "since", "it is not part of a signed note"),
    ("sealer", "holder", "who gives positions next, which anybody may"),
    ("sealer", "leased_until", "how long it does, then any other takes over"),
    ("sealer", "system", "a cluster's number, which the next sealing sets right"),
    ("sealer", "candidate", "the instant that becomes final next, which the next look sets anew"),
    ("sealer", "candidate_xmax", "until when that instant waits"),
    (
        "sealer",
        "sealed_below",
        "from where the sealer looks for events that wait: if one waits below, that is found (tampering.rs)",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    every_column(Tampered::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    every_column(Tampered::postgres().await).await;
}

async fn every_column(mut ledger: Tampered) {
    let evidence = ledger.kept_elsewhere();
    let mut wrong = Vec::new();
    for (table, row) in ROWS {
        ledger.run(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await.unwrap();
        for (column, kind) in ledger.columns(table).await {
            // That the log is final for less than it was is not found; for more, it is.
            let changed = match column.as_str() {
                "final_until" => "'2999-01-01T00:00:00.000000Z'".to_owned(),
                _ => ledger.changed(&column, &kind),
            };
            for (value, what) in [(changed.as_str(), "another value"), ("NULL", "NULL")] {
                let set =
                    format!("UPDATE {table} SET {column} = {value} WHERE {row} AND {column} IS DISTINCT FROM {value}");
                // What the database itself does not take needs no finding.
                if !matches!(ledger.run(&set).await, Ok(1)) {
                    continue;
                }
                let damages = found(&ledger, &evidence).await;
                let is_found = !damages.is_empty();
                let is_excepted = NOT_FOUND.iter().any(|(of, name, _)| (*of, *name) == (*table, column.as_str()));
                if is_found == is_excepted {
                    wrong.push(format!("{table}.{column}, {what}: {damages:?}"));
                }
                ledger.put_back(table).await;
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(ledger.verified(&evidence).await.1, [""; 0], "all was put back");
}

/// What verification tells, or that it cannot read what is there.
async fn found(ledger: &Tampered, evidence: &Evidence) -> Vec<String> {
    let mut damages = Vec::new();
    let mut tell = |told| {
        if let Told::Damage(what) = told {
            damages.push(what);
        }
    };
    let verified = verify(&ledger.store, evidence, &mut tell).await;
    damages.extend(verified.err().map(|error| error.to_string()));
    damages
}

impl Tampered {
    async fn run(&mut self, statement: &str) -> Result<u64, sqlx::Error> {
        Ok(match &mut self.behind {
            Behind::Sqlite(past) => past.execute(statement).await?,
            Behind::Postgres(server) => server.execute(statement).await?.rows_affected(),
        })
    }

    /// Makes the table what it was, at once: the ledger's own sealer looks at it all the time.
    async fn put_back(&mut self, table: &str) {
        // An identity column takes what it is given only if told so.
        let overriding = if matches!(self.behind, Behind::Postgres(_)) { "OVERRIDING SYSTEM VALUE" } else { "" };
        let kept = format!("INSERT INTO {table} {overriding} SELECT * FROM kept_{table}");
        self.run(&format!("BEGIN; DELETE FROM {table}; {kept}; COMMIT")).await.unwrap();
    }

    /// The table's columns with their types, as the database lists them.
    async fn columns(&mut self, table: &str) -> Vec<(String, String)> {
        match &mut self.behind {
            Behind::Sqlite(Past { file, .. }) => {
                let query = format!("SELECT name, type FROM pragma_table_info('{table}')");
                sqlx::query_as(&query).fetch_all(file).await.unwrap()
            }
            Behind::Postgres(server) => {
                let query = format!(
                    "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute
                     WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
                );
                sqlx::query_as(&query).fetch_all(server).await.unwrap()
            }
        }
    }

    /// Another value of the column's type.
    fn changed(&self, column: &str, kind: &str) -> String {
        let of = column;
        match (&self.behind, kind) {
            (Behind::Sqlite(_), _) => format!(
                "CASE WHEN {of} IS NULL THEN 'X' WHEN typeof({of}) = 'blob' THEN zeroblob(length({of}))
                      WHEN typeof({of}) = 'integer' THEN CASE WHEN {of} = 1 THEN 0 ELSE {of} + 1 END
                      WHEN {of} LIKE '____-__-__' THEN date({of}, '+1 day')
                      WHEN {of} LIKE '____-__-__T%Z' THEN '2010' || substr({of}, 5)
                      WHEN {of} LIKE '________-____-____-____-____________' THEN '1' || substr({of}, 2)
                      WHEN {of} = '{{}}' THEN '{{\"x\":2}}'
                      WHEN {of} LIKE '{{%' THEN replace({of}, '2', '3') ELSE {of} || 'x' END"
            ),
            (_, "boolean") => format!("NOT {of}"),
            (_, "bytea") => format!("set_byte({of}, 0, 255 - get_byte({of}, 0))"),
            (_, "date") => format!("coalesce({of} + 1, '2010-01-01')"),
            (_, "timestamp with time zone") => format!("coalesce({of} - interval '1 day', 'epoch')"),
            (_, "uuid") => format!("('1' || substr({of}::text, 2))::uuid"),
            (_, "xid8") => format!("({of}::text::bigint + 1)::text::xid8"),
            (_, "smallint" | "integer" | "bigint" | "numeric") => format!("coalesce({of} + 1, 1)"),
            (_, kind) => format!(
                "(CASE WHEN {of} IS NULL THEN 'x' WHEN {of}::text = '{{}}' THEN '{{\"x\":2}}'
                       WHEN {of}::text LIKE '{{%' THEN replace({of}::text, '2', '3') ELSE {of}::text || 'x' END)::{kind}"
            ),
        }
    }
}
