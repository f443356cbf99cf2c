//! Reports and the views: the same on both databases, of one moment, and readable by a role that can do nothing else.

mod moments;
mod role;

use std::fs;
use std::path::Path;

use serde_json::Value;
use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;
use throwaway_postgres::Server;

use crate::command_line::{Cli, text};
use crate::files::root;

const KINDS: [&str; 4] = ["swm-expiry", "entitlements", "sales", "refusals"];

/// Posts the example year; returns its outcomes.
fn year(cli: &Cli) -> Vec<Value> {
    cli.post(&fs::read_to_string(root().join("examples/year.ndjson")).unwrap()).0
}

fn report(cli: &Cli, kind: &str, more: &[&str]) -> Value {
    let from: &[&str] = if kind == "swm-expiry" { &["--from", "2008-01-01"] } else { &[] };
    cli.json(&[&["report", kind], from, more].concat())
}

/// The queries in the documentation that are marked so.
fn documented(mark: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/reporting.md")).unwrap();
    let blocks = page.split("```sql ").skip(1).map(|block| block.split("```").next().unwrap());
    let found: Vec<_> = blocks.filter_map(|block| block.strip_prefix(mark)).map(str::to_owned).collect();
    assert!(!found.is_empty(), "{mark}");
    found
}

fn the_reports_tell_all(cli: &Cli, folder: &Path) {
    let mut outcomes = year(cli);
    // The example posts a few commands twice.
    outcomes.retain(|outcome| outcome["replayed"] == false);
    let rejected = outcomes.iter().filter(|outcome| outcome["outcome"] == "rejected").count();
    let refusals = report(cli, "refusals", &[]);
    assert!(rejected > 0);
    assert_eq!(refusals["items"].as_array().unwrap().len(), rejected);
    let row = &refusals["items"][0];
    assert!(row["rules"][0].is_string() && !row["actor"].as_str().unwrap().is_empty(), "{row}");

    let accepted = outcomes.iter().filter(|outcome| outcome["outcome"] == "accepted");
    let lines: Vec<_> =
        accepted.flat_map(|outcome| outcome["price"]["lines"].as_array().cloned().unwrap_or_default()).collect();
    let sales = report(cli, "sales", &[]);
    let sold: Vec<_> = sales["items"].as_array().unwrap().iter().filter(|row| !row["line"].is_null()).collect();
    assert!(!sold.is_empty() && sold.len() == lines.len(), "{} rows, {} lines", sold.len(), lines.len());
    let totals = |rows: Vec<&Value>| {
        let mut totals: Vec<_> = rows.iter().map(|row| format!("{} {}", row["line"], row["total"])).collect();
        totals.sort();
        totals
    };
    assert_eq!(totals(sold), totals(lines.iter().collect()));
    let one_year = report(cli, "sales", &["--from", "2012-01-01", "--to", "2013-01-01"]);
    let of_the_year = |row: &&Value| row["on"].as_str().unwrap().starts_with("2012-");
    let expected: Vec<_> = sales["items"].as_array().unwrap().iter().filter(of_the_year).collect();
    assert!(!expected.is_empty() && expected == one_year["items"].as_array().unwrap().iter().collect::<Vec<_>>());

    // The moment is the one that a checkpoint signs.
    let key = folder.join("seal.key");
    let status = cli.run(&["seal", "init", "--key", key.to_str().unwrap(), "--origin", "ledger.example/licenses"]);
    assert_eq!(status.status.code(), Some(0), "{}", text(&status.stderr));
    let checkpoint = cli.run(&["seal", "checkpoint", "--key", key.to_str().unwrap(), "--format", "table"]);
    let note = text(&checkpoint.stdout);
    for kind in KINDS {
        let report = report(cli, kind, &[]);
        let moment = format!("\n{}\n{}\n", report["position"], report["root"].as_str().unwrap());
        assert!(note.contains(&moment), "{kind}: {moment} {note}");
        a_table_has_the_same_rows(cli, kind, &report);
    }
}

fn a_table_has_the_same_rows(cli: &Cli, kind: &str, report: &Value) {
    let known_at = report["known_at"].as_str().unwrap();
    let from: &[&str] = if kind == "swm-expiry" { &["--from", "2008-01-01"] } else { &[] };
    let how = ["--known-at", known_at, "--format", "csv", "--delimiter", ";", "--bom"];
    let output = cli.run(&[&["report", kind], from, &how].concat());
    let table = text(&output.stdout);
    let items = report["items"].as_array().unwrap();
    assert!(!items.is_empty(), "{kind}");
    assert!(
        table.starts_with('\u{feff}') && table.lines().next().unwrap().ends_with("position;root;known_at"),
        "{table}"
    );
    let moment = format!(";{};sha256:{};{known_at}", report["position"], report["root"].as_str().unwrap());
    assert_eq!(table.lines().filter(|line| line.ends_with(&moment)).count(), items.len(), "{kind}: {table}");
    assert_eq!(table.lines().count(), items.len() + 1, "{kind}");
}

#[test]
fn the_reports_tell_all_of_a_file() {
    let folder = TempDir::new().unwrap();
    the_reports_tell_all(&Cli::sqlite(folder.path()), folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reports_tell_all_of_a_server() {
    the_reports_tell_all(&Cli::postgres().await, TempDir::new().unwrap().path());
}

#[test]
fn csv_is_for_reports_only_and_a_table_is_not() {
    let folder = TempDir::new().unwrap();
    let cli = Cli::sqlite(folder.path());
    for args in [&["list", "--format", "csv"][..], &["report", "sales", "--format", "table"]] {
        let output = cli.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains("--format"), "{}", text(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_queries_answer_in_a_file() {
    let folder = TempDir::new().unwrap();
    let cli = Cli::sqlite(folder.path());
    year(&cli);
    let file = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let mut database = SqliteConnection::connect(&file).await.unwrap();
    for query in documented("sqlite\n") {
        let query = query.replace(":known_at", "'2999-01-01T00:00:00.000000Z'").replace(":on", "'2012-12-31'");
        let query = query.replace(":from", "'2008-01-01'").replace(":to", "'2020-01-01'");
        let rows = sqlx::query(&query).fetch_all(&mut database).await.unwrap();
        let kind = if query.contains("swm_expiry") { "swm-expiry" } else { "entitlements" };
        let on: &[&str] = if kind == "entitlements" { &["--on", "2012-12-31"] } else { &["--to", "2020-01-01"] };
        assert_eq!(rows.len(), report(&cli, kind, on)["items"].as_array().unwrap().len(), "{query}");
        assert!(!rows.is_empty(), "{query}");
    }
    for (view, kind) in [("reporting_sales", "sales"), ("reporting_refusals", "refusals")] {
        let query = format!("SELECT count(*) AS rows FROM {view}");
        let row = sqlx::query(&query).fetch_one(&mut database).await.unwrap();
        let rows = report(&cli, kind, &[])["items"].as_array().unwrap().len();
        assert_eq!(usize::try_from(row.get::<i64, _>(0)), Ok(rows), "{view}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_column_and_function_has_a_comment() {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    let cli = Cli::on(url.clone());
    report(&cli, "sales", &[]);
    let mut database = PgConnection::connect(&url).await.unwrap();
    let query = "SELECT count(*), count(*) FILTER (WHERE col_description(attrelid, attnum) IS NULL) FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'reporting'::regnamespace AND attnum > 0";
    let row = sqlx::query(query).fetch_one(&mut database).await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (3 * 37 + 13 + 16 + 9, 0));
    let query = "SELECT count(*) FROM (
            SELECT obj_description(oid, 'pg_class') AS said FROM pg_class WHERE relnamespace = 'reporting'::regnamespace
                AND relkind = 'v'
            UNION ALL
            SELECT obj_description(oid, 'pg_proc') FROM pg_proc WHERE pronamespace = 'reporting'::regnamespace
        ) AS commented WHERE said IS NOT NULL";
    let row = sqlx::query(query).fetch_one(&mut database).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 6 + 3);
}
