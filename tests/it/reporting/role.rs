//! The reporting role reads the views, and can do nothing else.

use serde_json::json;
use sqlx::{Connection, PgConnection, Row};
use throwaway_postgres::Server;

use super::{documented, report, year};
use crate::command_line::Cli;

const VIEWS: [&str; 6] = ["entitlements", "entitlement_versions", "swm_expiry", "events", "sales", "refusals"];

#[tokio::test(flavor = "multi_thread")]
async fn the_role_reads_the_views_and_nothing_else() {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    let cli = Cli::on(url.clone());
    year(&cli);
    let mut database = PgConnection::connect(&url).await.unwrap();
    for again in [false, true] {
        let role = documented("role\n").concat();
        sqlx::raw_sql(&role).execute(&mut database).await.unwrap_or_else(|error| panic!("{again}: {error}"));
    }
    sqlx::raw_sql("SET ROLE license_ledger_reporting").execute(&mut database).await.unwrap();
    for query in documented("postgresql\n") {
        let rows = sqlx::raw_sql(&query).fetch_all(&mut database).await;
        rows.unwrap_or_else(|error| panic!("{query}: {error}"));
    }
    let counts = [
        ("reporting.sales", report(&cli, "sales", &[])),
        ("reporting.refusals", report(&cli, "refusals", &[])),
        ("reporting.entitlement_on('2012-12-31')", report(&cli, "entitlements", &["--on", "2012-12-31"])),
        ("reporting.swm_ending('2008-01-01', '2020-01-01')", report(&cli, "swm-expiry", &["--to", "2020-01-01"])),
        ("reporting.entitlement_known_at('2012-12-31', '2000-01-01')", json!({"items": []})),
    ];
    for (from, report) in counts {
        let query = format!("SELECT count(*) FROM {from}");
        let row = sqlx::query(&query).fetch_one(&mut database).await.unwrap();
        assert_eq!(usize::try_from(row.get::<i64, _>(0)), Ok(report["items"].as_array().unwrap().len()), "{from}");
    }
    the_catalog_gives_the_role_nothing_else(&url).await;
    whatever_else_the_role_tries_is_refused(&url, &mut database).await;
}

/// What every relation, schema and function lets the role do, of all that there is to be let do.
async fn the_catalog_gives_the_role_nothing_else(url: &str) {
    let mut owner = PgConnection::connect(url).await.unwrap();
    let role = "'license_ledger_reporting'";
    let given = "SELECT nspname || '.' || relname || ' ' || what FROM pg_class
         JOIN pg_namespace ON pg_namespace.oid = relnamespace,
         unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS what
         WHERE nspname IN ('public', 'reporting') AND relkind IN ('r', 'p', 'v', 'm', 'f')
             AND (has_table_privilege(ROLE, pg_class.oid, what)
                 OR what IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                     AND has_any_column_privilege(ROLE, pg_class.oid, what))
         UNION ALL
         SELECT nspname || '.' || relname || ' ' || what FROM pg_class
         JOIN pg_namespace ON pg_namespace.oid = relnamespace, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS what
         WHERE nspname IN ('public', 'reporting') AND relkind = 'S' AND has_sequence_privilege(ROLE, pg_class.oid, what)
         UNION ALL
         SELECT nspname || ' CREATE' FROM pg_namespace
         WHERE nspname NOT LIKE 'pg_temp%' AND has_schema_privilege(ROLE, oid, 'CREATE')
         UNION ALL
         SELECT proname || ' runs as its owner' FROM pg_proc
         WHERE pronamespace IN ('public'::regnamespace, 'reporting'::regnamespace) AND prosecdef
         UNION ALL
         SELECT 'CREATE in the database' WHERE has_database_privilege(ROLE, current_database(), 'CREATE')
         UNION ALL
         SELECT 'a role with more rights' FROM pg_roles WHERE rolname = ROLE AND (rolsuper OR rolcreaterole OR
             rolcreatedb OR rolreplication OR rolbypassrls OR rolcanlogin)
         UNION ALL
         SELECT 'a member of another role' FROM pg_auth_members WHERE member = ROLE::regrole
         ORDER BY 1";
    let given: Vec<String> = sqlx::query_scalar(&given.replace("ROLE", role)).fetch_all(&mut owner).await.unwrap();
    let mut views = VIEWS.map(|view| format!("reporting.{view} SELECT"));
    views.sort();
    assert_eq!(given, views);
}

/// The database refuses it, and by the role's rights: for whoever has them, it would be done.
async fn whatever_else_the_role_tries_is_refused(url: &str, database: &mut PgConnection) {
    let mut owner = PgConnection::connect(url).await.unwrap();
    let tables =
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut owner).await.unwrap();
    for named in ["events", "commands", "api_keys", "kept_quotes", "tree_hashes", "checkpoints", "sealer"] {
        assert!(tables.iter().any(|table| table == named), "{named}: {tables:?}");
    }
    let of_table = |table: &String| {
        ["SELECT * FROM", "INSERT INTO", "DELETE FROM", "TRUNCATE"].map(|verb| {
            let end = if verb == "INSERT INTO" { " DEFAULT VALUES" } else { "" };
            format!("{verb} {table}{end}")
        })
    };
    let others = [
        "UPDATE events SET on_date = '2012-01-01'",
        "CREATE TABLE mine (a int)",
        "CREATE TABLE reporting.mine (a int)",
        "CREATE SCHEMA mine",
        "DROP VIEW reporting.sales",
        "SELECT ledger_adopt('a', 'b', 'c')",
        "SELECT ledger_seal(1)",
        "SELECT ledger_finalise(now())",
    ];
    for tried in tables.iter().flat_map(of_table).chain(others.map(str::to_owned)) {
        let said = sqlx::raw_sql(&tried).execute(&mut *database).await.unwrap_err().to_string();
        assert!(said.contains("permission denied") || said.contains("must be owner"), "{tried}: {said}");
    }
    for view in VIEWS {
        // Of a view that nobody can write to, the database says that first.
        let updatable = format!("SELECT pg_relation_is_updatable('reporting.{view}'::regclass, false) <> 0");
        let is_updatable: bool = sqlx::query_scalar(&updatable).fetch_one(&mut owner).await.unwrap();
        let expected = if is_updatable { "permission denied" } else { "cannot delete from view" };
        let said = sqlx::raw_sql(&format!("DELETE FROM reporting.{view}")).execute(&mut *database).await.unwrap_err();
        assert!(said.to_string().contains(expected), "{view}: {said}");
    }
}
