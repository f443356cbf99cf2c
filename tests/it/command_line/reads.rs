//! Reading, quoting, and the answers of the calculators, as the contract writes them.

use serde_json::json;
use tempfile::tempdir;

use super::{Cli, envelope, last_line, license, ndjson, outcomes, purchase, text};

/// A Control license of 25 users from 2012-01-20, as in the documents' example.
fn ledger(folder: &std::path::Path) -> Cli {
    let cli = Cli::sqlite(folder);
    let mut bought = purchase(1);
    bought["on"] = json!("2012-01-20");
    let (outcomes, status) = cli.post(&ndjson([bought]));
    assert_eq!(status, 0, "{outcomes:?}");
    cli
}

#[test]
fn an_entitlement_is_as_the_contract_writes_it() {
    let folder = tempdir().expect("a folder");
    let shown = ledger(folder.path()).json(&["show", "lic-000001", "--on", "2012-08-20"]);
    let expected = json!({
        "license": "LIC-000001", "on": "2012-08-20", "product": "control", "license_type": "commercial",
        "status": "active", "holder": {"name": "ООО Ромашка", "inn": null, "country": "RU"}, "partner": null,
        "users": 25, "plugins": [],
        "swm": {"state": "active", "starts": "2012-01-20", "ends": "2013-01-20", "days_left": 153},
        "works": {"new_versions": true, "support": true, "antivirus": null, "web_filter": null, "active_sync": null,
            "anti_spam": null, "grey_listing": null, "ids_updates": {"works": true, "until": "2013-01-20"}},
        "certified": null, "installed_version": null, "pending_orders": [], "servers_online": [], "split_from": null,
        "merged_into": null, "version": 2
    });
    assert_eq!(shown, expected);
}

#[test]
fn a_quote_writes_nothing_and_says_what_posting_says() {
    let folder = tempdir().expect("a folder");
    let cli = ledger(folder.path());
    let add = envelope(2, &license(1), json!({"type": "add_users", "order": "PO-118", "users": 10}));
    let quoted = outcomes(&cli.feed(&["quote"], ndjson([add.clone()]).as_bytes()).stdout);
    let line = json!({"line": "add_users", "list": "207.00", "discount": "0.00", "net": "175.42", "vat": "31.58", "total": "207.00"});
    let price = json!({"currency": "EUR", "price_list": "2012-07-30", "lines": [line], "total": "207.00"});
    assert_eq!(quoted[0]["price"], price);
    assert_eq!(cli.json(&["history", &license(1)]).as_array().expect("a list").len(), 2);
    assert_eq!(cli.post(&ndjson([add])).0, quoted);
}

#[test]
fn a_history_tells_who_what_and_when() {
    let folder = tempdir().expect("a folder");
    let history = ledger(folder.path()).json(&["history", &license(1)]);
    let first = &history[0];
    assert_eq!(
        (&first["sequence"], &first["type"], &first["on"]),
        (&json!(1), &json!("LicenseIssued"), &json!("2012-01-20"))
    );
    assert_eq!(first["actor"]["role"], "distributor");
    assert_eq!(first["command_id"], "00000000-0000-7000-8000-000000000001");
    assert!(first["recorded_at"].as_str().expect("an instant").ends_with('Z'));
    assert_eq!(history[1]["data"], json!({"swm": {"starts": "2012-01-20", "ends": "2013-01-20"}}));
}

#[test]
fn what_was_not_known_then_is_not_told_then() {
    let folder = tempdir().expect("a folder");
    let cli = ledger(folder.path());
    let recorded = cli.json(&["history", &license(1)])[0]["recorded_at"].as_str().expect("an instant").to_owned();
    assert_eq!(cli.json(&["show", &license(1), "--on", "2012-08-20", "--known-at", &recorded])["users"], 25);
    let before = cli.run(&["show", &license(1), "--on", "2012-08-20", "--known-at", "2020-01-01T00:00:00Z"]);
    assert_eq!(before.status.code(), Some(1));
    let ahead = cli.run(&["show", &license(1), "--known-at", "2999-01-01T00:00:00Z"]);
    assert_eq!(ahead.status.code(), Some(3), "{}", last_line(&ahead));
}

#[test]
fn lists_are_filtered_and_paged() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    cli.post(&ndjson((1..=5).map(purchase)));
    let page = cli.json(&["list", "--product", "control", "--status", "active", "--on", "2012-09-01", "--limit", "3"]);
    assert_eq!((page["items"].as_array().expect("a list").len(), &page["next"]), (3, &json!("LIC-000003")));
    let rest = cli.json(&["list", "--on", "2012-09-01", "--limit", "3", "--after", "LIC-000003"]);
    assert_eq!((rest["items"].as_array().expect("a list").len(), &rest["next"]), (2, &json!(null)));
    assert_eq!(cli.json(&["list", "--product", "connect"])["items"], json!([]));
    let count = |words: &[&str]| {
        let page = cli.json(&[&["list", "--on", "2012-09-01"], words].concat());
        page["items"].as_array().expect("a list").len()
    };
    assert_eq!(count(&["--license-type", "commercial", "--swm-ends-from", "2013-08-20"]), 5);
    assert_eq!(count(&["--license-type", "government"]), 0);
    assert_eq!(count(&["--plugin", "antivirus"]), 0);
    assert_eq!(count(&["--swm-ends-from", "2013-08-21"]), 0);
    assert_eq!(count(&["--swm-ends-before", "2013-08-21"]), 5);
    assert_eq!(count(&["--swm-ends-before", "2013-08-20"]), 0);
    let expiring = cli.json(&["expiring", "--from", "2013-08-20", "--to", "2013-08-21"]);
    assert_eq!(expiring["items"].as_array().expect("a list").len(), 5);
    assert_eq!(cli.json(&["expiring", "--from", "2013-08-19", "--to", "2013-08-20"])["items"], json!([]));
}

#[test]
fn the_calculators_answer() {
    let folder = tempdir().expect("a folder");
    let cli = ledger(folder.path());
    let needed = cli.json(&["needed-users", "control", "--accounts", "30", "--devices-over", "7,12"]);
    assert_eq!(needed, json!({"needed": 33, "to_buy": 35, "licensed": null, "short": null}));
    let short = cli.json(&["needed-users", "control", "--accounts", "33", "--license", &license(1)]);
    assert_eq!(short, json!({"needed": 33, "to_buy": 10, "licensed": 25, "short": 8}));
    let support = cli.json(&["support", &license(1), "--on", "2012-08-20"]);
    assert_eq!(
        (&support["support"], &support["rule"], &support["until"]),
        (&json!("free"), &json!("SUP-1"), &json!("2013-01-20"))
    );
}

#[test]
fn a_rule_is_explained_and_the_catalog_is_checked() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    assert_eq!(cli.json(&["rule", "usr-2"])["id"], "USR-2");
    assert_eq!(cli.run(&["rule", "USR-99"]).status.code(), Some(1));
    let bad = folder.path().join("prices.csv");
    std::fs::write(&bad, "valid_from,product\n").expect("written");
    let checked = cli.run(&["--prices", bad.to_str().expect("a path"), "catalog", "check"]);
    assert_eq!(checked.status.code(), Some(1), "{}", text(&checked.stderr));
    assert_eq!(cli.run(&["catalog", "check"]).status.code(), Some(0));
}

#[test]
fn wrong_usage_is_exit_2() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    let wrong: [&[&str]; 6] = [
        &["shw"],
        &["show"],
        &["show", "?"],
        &["expiring", "--from", "2013-02-30", "--to", "2013-03-01"],
        &["post", "/no/such/file.ndjson"],
        &["--time-zone", "Mars/Olympus", "list"],
    ];
    for args in wrong {
        let output = cli.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output.stderr));
    }
    assert_eq!(Cli::on("mysql://x").run(&["list"]).status.code(), Some(2));
}

#[test]
fn every_help_has_an_example() {
    let cli = Cli::on("sqlite:unused.db");
    let commands = [
        "post",
        "quote",
        "show",
        "history",
        "list",
        "expiring",
        "needed-users",
        "support",
        "rule",
        "catalog",
        "keys",
        "rebuild",
    ];
    for command in commands {
        let help = cli.run(&[command, "--help"]);
        assert_eq!(help.status.code(), Some(0));
        assert!(text(&help.stdout).contains("license-ledger "), "{command}");
        assert!(text(&help.stdout).contains("Examples:"), "{command}: {}", text(&help.stdout));
    }
}
