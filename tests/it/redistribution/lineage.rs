//! `lineage` and `show`, as the program prints them.

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::{buy, merge, split, transfer};
use crate::command_line::{Cli, ndjson, text};

/// A program whose ledger got these commands, and their outcomes.
fn posted(commands: &[(&str, &str, Value)]) -> (TempDir, Cli, Vec<Value>) {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    let line = |(nth, (on, license, command)): (usize, &(&str, &str, Value))| {
        json!({"command_id": format!("00000000-0000-7000-8000-{nth:012}"), "license": license, "on": on,
            "actor": {"name": "desk", "role": "vendor"}, "command": command})
    };
    let (outcomes, _) = cli.post(&ndjson(commands.iter().enumerate().map(line)));
    (folder, cli, outcomes)
}

/// A family: A was split, B took C in and gave its dates up, a part of A gave users to B. Z is no relative.
fn family() -> (TempDir, Cli) {
    let (folder, cli, outcomes) = posted(&[
        ("2012-08-20", "LIC-A", buy(50)),
        ("2012-10-25", "LIC-B", buy(25)),
        ("2012-09-10", "LIC-C", buy(10)),
        ("2012-09-10", "LIC-Z", buy(10)),
        ("2012-11-01", "LIC-A", split(&[("LIC-D".to_owned(), 15), ("LIC-E".to_owned(), 5)])),
        ("2012-11-02", "LIC-B", merge(&["LIC-C".to_owned()])),
        ("2012-11-03", "LIC-D", transfer("LIC-B", 5)),
        ("2012-11-04", "LIC-B", transfer("LIC-E", 5)),
    ]);
    let kinds: Vec<_> = outcomes.iter().map(|outcome| outcome["outcome"].as_str().expect("a word")).collect();
    assert_eq!(kinds[..7], ["accepted"; 7], "{outcomes:?}");
    assert_eq!(outcomes[7]["violations"][0]["rule"], "VND-9", "B holds users that were split from A, and so does E");
    (folder, cli)
}

#[test]
fn a_family_is_drawn_as_a_tree() {
    let (_folder, cli) = family();
    let drawn = |args: &[&str]| text(&cli.run(&[&["--format", "table", "lineage"], args].concat()).stdout);
    assert_snapshot!(drawn(&["LIC-E", "--on", "2012-12-31"]), @r"
    LIC-A (active, users: 30, SWM until 2013-08-20)
    ├─ 2012-11-01 split, 15 users ▶ LIC-D (active, users: 10, SWM until 2013-08-20)
    │  └─ 2012-11-03 transfer, 5 users ▶ LIC-B (active, users: 40, SWM until 2013-09-10)
    └─ 2012-11-01 split, 5 users ▶ *LIC-E* (active, users: 5, SWM until 2013-08-20)
    LIC-C (closed, users: 0, SWM until 2013-09-10)
    └─ 2012-11-02 merge, 10 users ▶ LIC-B (active, users: 40, SWM until 2013-09-10); LIC-B gave up 2 months of SWM (2013-10-25 → 2013-09-10)
    ");
    assert_snapshot!(drawn(&["LIC-A", "--on", "2012-11-01"]), @r"
    *LIC-A* (active, users: 30, SWM until 2013-08-20)
    ├─ 2012-11-01 split, 15 users ▶ LIC-D (active, users: 15, SWM until 2013-08-20)
    └─ 2012-11-01 split, 5 users ▶ LIC-E (active, users: 5, SWM until 2013-08-20)
    ");
    assert_snapshot!(drawn(&["LIC-Z", "--on", "2012-12-31"]), @"*LIC-Z* (active, users: 10, SWM until 2013-09-10)");
}

/// Users of A went to B, of B to C, of C to A, and none of them twice.
#[test]
fn a_family_without_a_beginning_is_drawn_too() {
    let (_folder, cli, outcomes) = posted(&[
        ("2012-08-20", "LIC-A", buy(25)),
        ("2012-08-20", "LIC-B", buy(25)),
        ("2012-08-20", "LIC-C", buy(25)),
        ("2012-08-21", "LIC-A", transfer("LIC-B", 5)),
        ("2012-08-22", "LIC-C", transfer("LIC-A", 5)),
        ("2012-08-23", "LIC-B", transfer("LIC-C", 5)),
    ]);
    assert!(outcomes.iter().all(|outcome| outcome["outcome"] == "accepted"), "{outcomes:?}");
    let drawn = text(&cli.run(&["--format", "table", "lineage", "LIC-B", "--on", "2012-12-31"]).stdout);
    assert_snapshot!(drawn, @r"
    LIC-A (active, users: 25, SWM until 2013-08-20)
    └─ 2012-08-21 transfer, 5 users ▶ *LIC-B* (active, users: 25, SWM until 2013-08-20)
       └─ 2012-08-23 transfer, 5 users ▶ LIC-C (active, users: 25, SWM until 2013-08-20)
          └─ 2012-08-22 transfer, 5 users ▶ LIC-A (active, users: 25, SWM until 2013-08-20), drawn above
    ");
}

#[test]
fn a_family_is_told_as_json() {
    let (_folder, cli) = family();
    assert_json_snapshot!(cli.json(&["--format", "json", "lineage", "LIC-C", "--on", "2012-12-31"]), @r#"
    {
      "license": "LIC-C",
      "members": [
        {
          "license": "LIC-A",
          "merged_into": null,
          "split_from": null,
          "status": "active",
          "swm_ends": "2013-08-20",
          "users": 30
        },
        {
          "license": "LIC-B",
          "merged_into": null,
          "split_from": null,
          "status": "active",
          "swm_ends": "2013-09-10",
          "users": 40
        },
        {
          "license": "LIC-C",
          "merged_into": "LIC-B",
          "split_from": null,
          "status": "closed",
          "swm_ends": "2013-09-10",
          "users": 0
        },
        {
          "license": "LIC-D",
          "merged_into": null,
          "split_from": "LIC-A",
          "status": "active",
          "swm_ends": "2013-08-20",
          "users": 10
        },
        {
          "license": "LIC-E",
          "merged_into": null,
          "split_from": "LIC-A",
          "status": "active",
          "swm_ends": "2013-08-20",
          "users": 5
        }
      ],
      "moves": [
        {
          "command_id": "00000000-0000-7000-8000-000000000004",
          "from": "LIC-A",
          "kind": "split",
          "on": "2012-11-01",
          "swm_given_up": [],
          "to": "LIC-D",
          "users": 15
        },
        {
          "command_id": "00000000-0000-7000-8000-000000000004",
          "from": "LIC-A",
          "kind": "split",
          "on": "2012-11-01",
          "swm_given_up": [],
          "to": "LIC-E",
          "users": 5
        },
        {
          "command_id": "00000000-0000-7000-8000-000000000005",
          "from": "LIC-C",
          "kind": "merge",
          "on": "2012-11-02",
          "swm_given_up": [
            {
              "from": "2013-10-25",
              "license": "LIC-B",
              "months": 2,
              "to": "2013-09-10"
            }
          ],
          "to": "LIC-B",
          "users": 10
        },
        {
          "command_id": "00000000-0000-7000-8000-000000000006",
          "from": "LIC-D",
          "kind": "transfer",
          "on": "2012-11-03",
          "swm_given_up": [],
          "to": "LIC-B",
          "users": 5
        }
      ]
    }
    "#);
}

#[test]
fn no_license_has_no_family() {
    let (_folder, cli) = family();
    for args in [["lineage", "LIC-Q", "--on", "2012-12-31"], ["lineage", "LIC-D", "--on", "2012-10-31"]] {
        assert_eq!(cli.run(&args).status.code(), Some(1), "{args:?}");
    }
}

#[test]
fn a_license_tells_where_it_came_from_and_went() {
    let (_folder, cli) = family();
    let shown = |license: &str, day: &str| {
        let shown = cli.json(&["--format", "json", "show", license, "--on", day]);
        (shown["split_from"].clone(), shown["merged_into"].clone(), shown["users"].clone(), shown["status"].clone())
    };
    let null = Value::Null;
    assert_eq!(shown("LIC-D", "2012-11-01"), ("LIC-A".into(), null.clone(), 15.into(), "active".into()));
    assert_eq!(shown("LIC-C", "2012-11-01"), (null.clone(), null.clone(), 10.into(), "active".into()));
    assert_eq!(shown("LIC-C", "2012-11-02"), (null.clone(), "LIC-B".into(), 0.into(), "closed".into()));
    let card = |license: &str| text(&cli.run(&["--format", "table", "show", license, "--on", "2012-12-31"]).stdout);
    assert!(card("LIC-D").contains("LIC-A"), "{}", card("LIC-D"));
    assert!(card("LIC-C").contains("LIC-B"), "{}", card("LIC-C"));
}
