//! The whole history judged anew.

use std::fs;
use std::path::Path;

use ledger_app::replay::Difference;
use serde_json::Value;
use tempfile::tempdir;
use throwaway_postgres::Server;

use crate::command_line::{Cli, text};
use crate::files::root;
use crate::use_cases::is_as_its_schema_says;

/// The differences, the summary, the exit status.
fn replayed(cli: &Cli, args: &[&str]) -> (Vec<Value>, Value, Option<i32>) {
    let output = cli.run(&[&["replay", "--format", "json"], args].concat());
    let mut lines: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let last = lines.pop().unwrap_or_else(|| panic!("{}", text(&output.stderr)));
    (lines, last["summary"].clone(), output.status.code())
}

fn post_the_year(cli: &Cli) -> Vec<Value> {
    cli.post(&fs::read_to_string(root().join("examples/year.ndjson")).unwrap()).0
}

#[test]
fn by_the_recorded_facts_nothing_differs_on_sqlite() {
    let folder = tempdir().unwrap();
    judged_anew(&Cli::sqlite(folder.path()), folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_recorded_facts_nothing_differs_on_postgres() {
    let folder = tempdir().unwrap();
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    judged_anew(&Cli::on(url), folder.path());
}

fn judged_anew(cli: &Cli, folder: &Path) {
    let outcomes = post_the_year(cli);
    let is_recorded = |outcome: &&Value| matches!(outcome["outcome"].as_str(), Some("accepted" | "rejected"));
    let recorded = outcomes.iter().filter(is_recorded).filter(|outcome| outcome["replayed"] == false);
    let (differences, summary, status) = replayed(cli, &[]);
    assert_eq!((differences.as_slice(), status), (&[][..], Some(0)));
    assert_eq!(summary["commands"], recorded.count(), "each is judged, and once");

    // All twice as dear: exactly what was priced differs, and by the price alone.
    let prices = folder.join("prices.csv");
    fs::write(&prices, dearer(&text(&cli.run(&["catalog", "show", "--files", "prices"]).stdout))).unwrap();
    let (differences, summary, status) = replayed(cli, &["--prices", prices.to_str().unwrap()]);
    assert_eq!(status, Some(1));
    let first = outcomes.iter().filter(|outcome| outcome["replayed"] == false);
    let priced = first.filter(|outcome| outcome["price"]["total"].as_str().is_some_and(|sum| sum != "0.00"));
    let mut priced: Vec<_> = priced.map(|outcome| outcome["command_id"].as_str().unwrap()).collect();
    let mut found: Vec<_> = differences.iter().map(|one| one["command_id"].as_str().unwrap()).collect();
    priced.sort_unstable();
    found.sort_unstable();
    assert!(!found.is_empty());
    assert_eq!(found, priced);
    assert!(differences.iter().all(|one| one["differs"] == serde_json::json!(["price"])), "{differences:#?}");
    differences.iter().take(3).for_each(is_as_its_schema_says::<Difference>);
    let cents = |amount: &Value| amount.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let sum: i64 = differences
        .iter()
        .map(|one| cents(&one["now"]["price"]["total"]) - cents(&one["recorded"]["price"]["total"]))
        .sum();
    let total: i64 = summary["amounts"].as_array().unwrap().iter().map(|amount| cents(&amount["difference"])).sum();
    assert!(sum > 0 && sum == total, "{sum} is not {total}");

    let (differences, ..) = replayed(cli, &["--prices", prices.to_str().unwrap()]);
    assert_eq!(differences.len(), found.len(), "nothing was written");
}

/// The price list with every price doubled.
fn dearer(prices: &str) -> String {
    let doubled = |field: &str| format!("{:.2}", field.parse::<f64>().unwrap() * 2.0);
    let row = |line: &str| {
        let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        if !line.starts_with('#') && fields[0] != "valid_from" {
            for field in &mut fields[4..6] {
                if !field.is_empty() {
                    *field = doubled(field);
                }
            }
        }
        fields.join(",")
    };
    prices.lines().map(|line| row(line) + "\n").collect()
}

#[test]
fn a_catalog_that_sells_less_changes_decisions() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    let outcomes = post_the_year(&cli);
    let sold = "product = \"operator\"\nsold_as = \"server_license\"\ncounts = \"users\"\n";
    let ended = "product = \"operator\"\nsold_as = \"discontinued\"\n";
    let catalog = text(&cli.run(&["catalog", "show", "--files", "catalog"]).stdout);
    assert!(catalog.contains(sold));
    let other = folder.path().join("catalog.toml");
    fs::write(&other, catalog.replacen(sold, ended, 1)).unwrap();
    let (differences, summary, status) = replayed(&cli, &["--catalog", other.to_str().unwrap()]);
    assert_eq!((status, &summary["differences"]), (Some(1), &Value::from(differences.len())), "{summary}");
    let bought = outcomes
        .iter()
        .filter(|outcome| outcome["outcome"] == "accepted" && outcome["events"][0]["data"]["product"] == "operator");
    let mut bought: Vec<_> = bought.map(|outcome| outcome["command_id"].as_str().unwrap()).collect();
    let refused =
        differences.iter().filter(|one| one["differs"][0] == "outcome" && one["now"]["outcome"] == "rejected");
    let mut refused: Vec<_> = refused.map(|one| one["command_id"].as_str().unwrap()).collect();
    bought.sort_unstable();
    refused.sort_unstable();
    assert!(!bought.is_empty());
    assert_eq!(refused, bought, "what was bought then is refused now, and no difference brings others along");
    assert!(differences.iter().all(|one| one["now"]["rules"].as_array().unwrap().contains(&"CAT-1".into())));
}
