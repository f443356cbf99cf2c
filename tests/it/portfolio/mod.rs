//! Portfolios from before the ledger, imported by the program, on both databases.

mod reconcile;
mod sheets;
mod together;

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command_line::{Cli, envelope, last_line, ndjson, text};
use crate::files::root;

const DAY: &str = "2012-08-20";
const HEADER: &str = "license,product,license_type,users,plugins,holder_name,swm_starts,swm_ends";

/// A ledger, and a folder for tables.
struct Desk<'f> {
    cli: Cli,
    folder: &'f Path,
}

impl Desk<'_> {
    /// Imports a table as of the day.
    fn import(&self, table: &str, args: &[&str]) -> Output {
        let file = self.file(table);
        self.cli.run(&[&["import-portfolio", &file, "--on", DAY], args].concat())
    }

    /// Imports and commits; what is said of it.
    fn opened(&self, table: &str) -> String {
        last_line(&self.import(table, &["--commit"]))
    }

    fn file(&self, table: &str) -> String {
        let file = self.folder.join("portfolio.csv");
        fs::write(&file, table).unwrap();
        file.to_str().unwrap().to_owned()
    }

    fn listed(&self) -> Vec<Value> {
        self.cli.json(&["list", "--on", DAY, "--limit", "1000"])["items"].as_array().unwrap().clone()
    }

    fn history(&self, license: &str) -> Vec<Value> {
        self.cli.json(&["history", license]).as_array().unwrap().clone()
    }

    /// How many events there are in all, refusals included; the ledger must be as it should be.
    fn verified_events(&self) -> u64 {
        let settled = self.cli.json(&["verify"]);
        assert_eq!(settled["damages"], 0, "{settled}");
        settled["events"].as_u64().unwrap()
    }
}

/// Each test runs on a ledger of each kind.
async fn on_both(test: fn(&Desk<'_>)) {
    for cli in [None, Some(Cli::postgres().await)] {
        let folder = TempDir::new().unwrap();
        let cli = cli.unwrap_or_else(|| Cli::sqlite(folder.path()));
        test(&Desk { cli, folder: folder.path() });
    }
}

fn said(output: &Output, status: i32, line: &str) {
    assert_eq!((output.status.code(), last_line(output)), (Some(status), format!("license-ledger: {line}")));
}

fn row(license: &str, users: u32, ends: &str) -> String {
    format!("{license},control,commercial,{users},,ООО Ромашка,2012-01-20,{ends}\n")
}

#[tokio::test]
async fn a_dry_run_writes_nothing_a_commit_opens_and_a_repetition_changes_nothing() {
    on_both(|desk| {
        let example = fs::read_to_string(root().join("examples/portfolio.csv")).unwrap();
        let dry = "5 rows: 5 would be opened on 2012-08-20, 0 already there, 0 refused; nothing was written: --commit does it";
        for args in [[].as_slice(), &["--dry-run"]] {
            said(&desk.import(&example, args), 0, dry);
            assert!(desk.listed().is_empty());
        }
        said(
            &desk.import(&example, &["--commit"]),
            0,
            "5 rows: 5 opened on 2012-08-20, 0 already there, 0 refused",
        );
        let listed = desk.listed();
        assert_eq!(listed.len(), 5);
        assert_eq!((&listed[2]["license_type"], &listed[2]["certified"]), (&json!("fstek"), &json!(true)));
        assert_eq!(listed[1]["swm"]["state"], "lapsed");
        let history = desk.history("30101-OLD01-00001");
        assert_eq!((history.len(), &history[0]["type"]), (1, &json!("LicenseOpened")));
        assert_eq!((&history[0]["on"], &history[0]["actor"]["role"]), (&json!(DAY), &json!("vendor")));
        let told = text(&desk.cli.run(&["history", "30101-OLD01-00001", "--format", "table"]).stdout);
        assert!(told.contains("opened from a portfolio: connect commercial, 25 users with"), "{told}");

        let events = desk.verified_events();
        let again = "5 rows: 0 opened on 2012-08-20, 5 already there, 0 refused";
        said(&desk.import(&example, &["--commit"]), 0, again);
        // On another day too, and whatever has happened to the licenses meanwhile.
        let file = desk.file(&example);
        let later = desk.cli.run(&["import-portfolio", &file, "--on", "2012-08-21", "--commit"]);
        said(&later, 0, &again.replace("08-20", "08-21"));
        assert_eq!(desk.verified_events(), events);
    })
    .await;
}

#[tokio::test]
async fn refused_rows_come_back_as_a_table_that_is_mended_and_imported() {
    on_both(|desk| {
        let table = format!(
            "\u{feff}{HEADER}\r\n{}{}{}{}{}",
            row("OLD-1", 25, "2013-01-20"),
            row("OLD-2", 12, "2013-01-20"),
            row("OLD-3", 25, "2012-01-20"),
            row("OLD-1", 25, "2013-01-20"),
            "OLD-4,workspace,commercial,x,,\"ООО \"\"Ромашка\"\", сын\",2012-01-20,2013-02-30\n"
        )
        .replace(',', ";")
        .replace("\";  сын", "\", сын");
        let output = desk.import(&table, &["--commit"]);
        said(&output, 1, "5 rows: 1 opened on 2012-08-20, 0 already there, 4 refused");
        let refused = text(&output.stdout);
        let lines: Vec<_> = refused.lines().collect();
        assert_eq!(lines[0], format!("\u{feff}{};reason", HEADER.replace(',', ";")));
        assert!(
            lines[1].starts_with("OLD-2;control;commercial;12;;") && lines[1].contains("PUR-2: 12 users"),
            "{refused}"
        );
        assert!(lines[2].contains("LIC-2: SWM ends on 2012-01-20"), "{refused}");
        assert!(lines[3].contains("license OLD-1 stands on line 2 already"), "{refused}");
        assert!(lines[4].contains("users: ") && lines[4].contains("swm_ends: "), "{refused}");
        assert_eq!(lines.len(), 5);
        assert_eq!(desk.verified_events(), 1, "no refusal is recorded");

        let mended = refused
            .replace("OLD-2;control;commercial;12;", "OLD-2;control;commercial;15;")
            .replace("2012-01-20;2012-01-20", "2012-01-20;2013-01-20")
            .replace("workspace;commercial;x", "connect;commercial;5")
            .replace("2013-02-30", "2013-02-28");
        said(&desk.import(&mended, &["--commit"]), 0, "4 rows: 3 opened on 2012-08-20, 1 already there, 0 refused");
        assert_eq!(desk.listed().len(), 4);
        assert_eq!(desk.listed()[3]["users"], 5);
    })
    .await;
}

#[tokio::test]
async fn a_row_that_differs_from_what_was_opened_is_refused_and_the_difference_named() {
    on_both(|desk| {
        let table = format!("{HEADER}\n{}", row("OLD-1", 25, "2013-01-20"));
        assert!(desk.opened(&table).ends_with("1 opened on 2012-08-20, 0 already there, 0 refused"));
        let bought = json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": 25,
            "holder": {"name": "ООО Ромашка"}});
        desk.cli.post(&ndjson([envelope(1, "OWN-1", bought)]));
        let events = desk.verified_events();
        let table = format!("{HEADER}\n{}{}", row("OLD-1", 30, "2014-01-20"), row("OWN-1", 25, "2013-01-20"));
        let output = desk.import(&table, &["--commit"]);
        let refused = text(&output.stdout);
        let differs = "opened already, with another users (25, not 30), swm_ends (2013-01-20, not 2014-01-20)";
        assert!(refused.contains(differs), "{refused}");
        assert!(
            refused.contains("PUR-8: the number OWN-1 is taken: its history begins on 2012-08-20 with LicenseIssued")
        );
        assert_eq!((output.status.code(), desk.verified_events()), (Some(1), events));
    })
    .await;
}

#[tokio::test]
async fn an_opened_license_takes_every_command_as_any_other() {
    on_both(|desk| {
        let rows: String = ["OLD-1", "OLD-2"].iter().map(|license| row(license, 25, "2013-01-20")).collect();
        desk.opened(&format!("{HEADER}\n{rows}"));
        let vendor = |number, command: Value| {
            let mut posted = envelope(number, "OLD-1", command);
            posted["actor"] = json!({"name": "desk", "role": "vendor"});
            posted
        };
        let sure = |mut command: Value| {
            command["reason"] = "порядок".into();
            command["confirm_irreversible"] = true.into();
            command
        };
        let order = |number, command: Value| {
            let mut command = command;
            command["order"] = format!("PO-{number}").into();
            command["registration"] = "automatic".into();
            vendor(number, command)
        };
        let (outcomes, status) = desk.cli.post(&ndjson([
            order(1, json!({"type": "add_users", "users": 10})),
            order(2, json!({"type": "renew_swm", "years": 1})),
            order(3, json!({"type": "add_plugin", "plugin": "antivirus"})),
            vendor(4, sure(json!({"type": "remove_plugins", "plugins": ["antivirus"]}))),
            vendor(5, sure(json!({"type": "split_license", "into": [{"license": "PART-1", "users": 10}]}))),
            vendor(6, sure(json!({"type": "merge_licenses", "from": ["OLD-2"]}))),
        ]));
        assert_eq!(status, 0, "{outcomes:#?}");
        let shown = desk.cli.json(&["show", "OLD-1", "--on", DAY]);
        assert_eq!((&shown["users"], &shown["swm"]["starts"]), (&json!(50), &json!("2012-01-20")));
        desk.verified_events();
        let table = format!("{HEADER}\n{rows}");
        assert!(
            desk.opened(&table).ends_with("0 opened on 2012-08-20, 2 already there, 0 refused"),
            "as it was opened"
        );
    })
    .await;
}
