//! A report is of one moment: what is recorded later changes none of its rows, and all its pages fit together.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{KINDS, report, year};
use crate::command_line::{Cli, envelope, license, ndjson, purchase, text};

fn a_report_of_a_past_moment_stays(cli: &Cli) {
    year(cli);
    let before = KINDS.map(|kind| report(cli, kind, &[]));
    let mut part_pack = envelope(2, &license(1), json!({"type": "add_users", "order": "PO-2", "users": 7}));
    part_pack["on"] = json!("2012-08-21");
    let (outcomes, _) = cli.post(&ndjson([purchase(1), part_pack]));
    let outcomes: Vec<_> = outcomes.iter().map(|outcome| outcome["outcome"].clone()).collect();
    assert_eq!(outcomes, ["accepted", "rejected"]);
    for (kind, before) in KINDS.into_iter().zip(before) {
        let again = report(cli, kind, &["--known-at", before["known_at"].as_str().unwrap()]);
        assert!(again["items"] == before["items"], "{kind}: the past changed");
        assert!(again["position"].as_u64() > before["position"].as_u64(), "{kind}: all that is sealed by now");
        assert!(report(cli, kind, &[])["items"] != before["items"], "{kind}: nothing was recorded");
        let from: &[&str] = if kind == "swm-expiry" { &["--from", "2008-01-01"] } else { &[] };
        let ahead = cli.run(&[&["report", kind], from, &["--known-at", "2999-01-01T00:00:00Z"]].concat());
        assert_eq!((ahead.status.code(), text(&ahead.stdout)), (Some(3), String::new()), "{kind}");
        assert!(text(&ahead.stderr).contains("not final yet"), "{kind}: {}", text(&ahead.stderr));
    }
    a_period_has_its_first_day_and_not_its_last(cli);
}

fn a_period_has_its_first_day_and_not_its_last(cli: &Cli) {
    for (kind, of) in [("swm-expiry", "/swm/ends"), ("sales", "/on"), ("refusals", "/on")] {
        let asked = |from: &str, to: &str| {
            let report = cli.json(&["report", kind, "--from", from, "--to", to]);
            report["items"].as_array().unwrap().clone()
        };
        let all = asked("2008-01-01", "2030-01-01");
        let day_of = |row: &Value| row.pointer(of).unwrap().as_str().unwrap().to_owned();
        // A day in the middle, with days before it and after it.
        let mut days: Vec<_> = all.iter().map(day_of).collect();
        days.sort();
        days.dedup();
        let middle = &days[days.len() / 2];
        let next = middle.parse::<chrono::NaiveDate>().unwrap().succ_opt().unwrap().to_string();
        let on = |fits: fn(&String, &String) -> bool| {
            all.iter().filter(|row| fits(&day_of(row), middle)).cloned().collect::<Vec<_>>()
        };
        assert!(asked("2008-01-01", middle) == on(|day, middle| day < middle), "{kind} before {middle}");
        assert!(asked(middle, &next) == on(|day, middle| day == middle), "{kind} on {middle}");
        assert!(asked(&next, "2030-01-01") == on(|day, middle| day > middle), "{kind} after {middle}");
        assert!(!on(|day, middle| day < middle).is_empty() && !on(|day, middle| day > middle).is_empty(), "{kind}");
        assert!(asked(middle, middle).is_empty(), "{kind}");
    }
}

#[test]
fn a_report_of_a_past_moment_stays_in_a_file() {
    let folder = TempDir::new().unwrap();
    a_report_of_a_past_moment_stays(&Cli::sqlite(folder.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_a_past_moment_stays_on_a_server() {
    a_report_of_a_past_moment_stays(&Cli::postgres().await);
}

/// More rows, and more of the log, than are read at a time: 1,100 licenses, each with a sale and a refusal.
fn the_reports_go_on_past_a_page(cli: &Cli) {
    const LICENSES: usize = 1_100;
    let part_pack = |number: usize| {
        envelope(LICENSES + number, &license(number), json!({"type": "add_users", "order": "PO-2", "users": 7}))
    };
    let (outcomes, _) = cli.post(&ndjson((1..=LICENSES).flat_map(|number| [purchase(number), part_pack(number)])));
    assert_eq!(outcomes.len(), 2 * LICENSES);
    let expected: Vec<_> = (1..=LICENSES).map(license).collect();
    for kind in KINDS {
        let report = report(cli, kind, &[]);
        assert_eq!(report["position"], 3 * LICENSES, "{kind}: two events and a refusal each");
        let mut found: Vec<_> = report["items"].as_array().unwrap().iter().map(|row| row["license"].clone()).collect();
        // The log has them in the order in which they were written together.
        found.sort_by_key(|license| license.as_str().unwrap().to_owned());
        assert!(found == expected, "{kind}: {} rows", found.len());
        let table = cli.run(&["report", kind, "--format", "csv"]);
        assert_eq!(text(&table.stdout).lines().count(), if kind == "swm-expiry" { 1 } else { LICENSES + 1 }, "{kind}");
    }
}

#[test]
fn reports_go_on_past_a_page_of_a_file() {
    let folder = TempDir::new().unwrap();
    the_reports_go_on_past_a_page(&Cli::sqlite(folder.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_go_on_past_a_page_of_a_server() {
    the_reports_go_on_past_a_page(&Cli::postgres().await);
}
