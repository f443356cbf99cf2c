//! `diff`, and `history` as known at an instant.

use std::thread::sleep;
use std::time::Duration;

use chrono::{SubsecRound, Utc};
use serde_json::json;
use tempfile::tempdir;

use super::{Cli, envelope, license, ndjson, purchase, text};

/// An instant after all that is recorded, and before all that is recorded later.
fn instant() -> String {
    let now = Utc::now().trunc_subsecs(6);
    sleep(Duration::from_millis(5));
    now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

#[test]
fn what_became_known_between_two_instants_is_told() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    cli.post(&ndjson([purchase(1), purchase(2)]));
    let before = instant();
    let renamed =
        json!({"type": "rename_holder", "name": "ООО Лютик", "reason": "merger", "confirm_irreversible": true});
    let mut rename = envelope(3, &license(1), renamed);
    rename["actor"] = json!({"name": "desk", "role": "vendor"});
    let (outcomes, _) = cli.post(&ndjson([rename]));
    assert_eq!(outcomes[0]["outcome"], "accepted", "{outcomes:#?}");
    let after = instant();

    let told = cli.json(&["diff", "--known-at", &before, "--known-at", &after]);
    let [one] = told.as_array().unwrap().as_slice() else { panic!("one license has changed: {told:#}") };
    assert_eq!(one["license"], license(1));
    assert_eq!(one["changed"]["holder"]["after"]["name"], "ООО Лютик");
    assert_eq!(one["events"][0]["type"], "HolderRenamed");
    let nothing = cli.json(&["diff", "--known-at", &before, "--known-at", &after, &license(2)]);
    assert_eq!(nothing, json!([]));
    let table = cli.run(&["diff", "--known-at", &before, "--known-at", &after, "--format", "table"]);
    assert!(text(&table.stdout).contains("ООО Лютик"), "{table:?}");

    let count = |args: &[&str]| cli.json(args).as_array().map(Vec::len);
    let (then, now) = (count(&["history", &license(1), "--known-at", &before]), count(&["history", &license(1)]));
    assert_eq!(now, then.map(|events| events + 1));
}

#[test]
fn an_instant_that_is_not_over_is_refused() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    cli.post(&ndjson([purchase(1)]));
    let refused = cli.run(&["diff", "--known-at", "2012-01-01T00:00:00Z", "--known-at", "2999-01-01T00:00:00Z"]);
    assert_ne!(refused.status.code(), Some(0));
    assert!(text(&refused.stderr).contains("2999-01-01"), "{refused:?}");
}
