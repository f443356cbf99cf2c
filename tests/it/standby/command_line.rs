//! The command line on a standby.

use sqlx::Executor;

use super::{Pair, items};
use crate::command_line::{Cli, envelope, last_line, ndjson, purchase, text};
use crate::service::running::{Place, Running};
use serde_json::json;

/// Calls that only read, and answer the same wherever they are asked.
fn the_same_everywhere(pair: &Pair, copy: &Cli) {
    let listed = pair.cli.json(&["list", "--limit", "1000"]);
    let numbers: Vec<_> = items(&listed).iter().map(|item| item["license"].as_str().unwrap()).collect();
    let (one, final_until) = (numbers[0], pair.cli.json(&["report", "sales"])["known_at"].as_str().unwrap().to_owned());
    let calls: &[&[&str]] = &[
        &["list", "--limit", "1000"],
        &["list", "--on", "2012-08-20"],
        &["expiring", "--from", "2008-01-01", "--to", "2020-01-01"],
        &["show", one],
        &["history", one],
        &["lineage", one],
        &["support", one, "--on", "2012-08-20"],
        &["needed-users", "control", "--accounts", "40", "--license", one],
        &["seal", "status"],
        &["keys", "list"],
        &["catalog", "show"],
        &["replay"],
        &["verify"],
    ];
    for call in calls {
        let (here, there) = (copy.run(call), pair.cli.run(call));
        assert_eq!((here.status.code(), text(&here.stdout)), (Some(0), text(&there.stdout)), "{call:?}: {here:?}");
        assert!(!here.stdout.is_empty(), "{call:?}");
    }
    assert!(numbers.len() > 5 && final_until.ends_with('Z'), "{numbers:?} {final_until}");
    let quoted = |cli: &Cli| text(&cli.feed(&["quote"], ndjson([purchase(1)]).as_bytes()).stdout);
    assert!(quoted(copy).contains("\"accepted\""), "{}", quoted(copy));
    let verified = copy.json(&["verify"]);
    assert_eq!(verified["damages"], 0, "{verified:#}");
    assert_eq!(verified["sealed"], verified["events"], "{verified:#}");
}

fn what_leaves_the_house(pair: &Pair, copy: &Cli) {
    let file = |name: &str| pair.folder.path().join(name).to_str().unwrap().to_owned();
    for (cli, name) in [(&pair.cli, "primary"), (copy, "standby")] {
        assert_eq!(cli.run(&["export", &file(name)]).status.code(), Some(0), "{name}");
        let license = items(&cli.json(&["list", "--on", "2012-08-20"]))[0]["license"].as_str().unwrap().to_owned();
        let made = cli.run(&["certificate", &license, "--on", "2012-08-20", "--to", &file(&format!("{name}.json"))]);
        assert_eq!(made.status.code(), Some(0), "{name}: {}", last_line(&made));
    }
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    assert_eq!(read("standby"), read("primary"));
    assert_eq!(read("standby.json"), read("primary.json"));
    let verifier = copy.json(&["seal", "status"])["keys"][0]["verifier"].as_str().unwrap().to_owned();
    let checked = copy.run(&["verify-certificate", &file("standby.json"), "--key", &verifier]);
    assert_eq!(checked.status.code(), Some(0), "{}", last_line(&checked));
}

/// Reports of one moment are the same; without one, a standby's are of the last moment that it knows to be final.
fn reports(pair: &Pair, copy: &Cli) {
    for kind in ["swm-expiry", "entitlements", "sales", "refusals"] {
        let from: &[&str] = if kind == "swm-expiry" { &["--from", "2008-01-01"] } else { &[] };
        let call = [&["report", kind], from].concat();
        let of_now = copy.json(&call);
        let moment = of_now["known_at"].as_str().unwrap();
        assert!(!items(&of_now).is_empty(), "{kind}");
        assert_eq!(of_now, pair.cli.json(&[&call[..], &["--known-at", moment]].concat()), "{kind}");
        let same = [&call[..], &["--known-at", moment, "--format", "csv"]].concat();
        assert_eq!(copy.run(&same).stdout, pair.cli.run(&same).stdout, "{kind}");
        let too_late = copy.run(&[&call[..], &["--known-at", "2999-01-01T00:00:00Z"]].concat());
        assert_eq!(too_late.status.code(), Some(3));
        assert!(last_line(&too_late).contains("not final yet"), "{}", last_line(&too_late));
    }
}

/// What writes is refused in one line that says where to do it, and nothing else is done.
fn what_takes_the_primary(pair: &Pair, copy: &Cli) {
    let key = pair.folder.path().join("seal.key");
    let key = key.to_str().unwrap();
    let file = pair.folder.path().join("commands.ndjson");
    std::fs::write(&file, ndjson([purchase(1)])).unwrap();
    let calls: &[&[&str]] = &[
        &["post", file.to_str().unwrap()],
        &["keys", "create", "--name", "x", "--role", "auditor"],
        &["seal", "checkpoint", "--key", key],
    ];
    for call in calls {
        let refused = copy.run(call);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{call:?}: {said}");
        assert!(said.contains("run the same command on the primary"), "{call:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_that_reads_answers_and_one_that_writes_says_where_to() {
    let pair = Pair::new().await;
    // Something that lives on the primary says what is final there.
    let place = Place::on(pair.url.clone());
    let _service = Running::start(&place, &["--open"]);
    pair.caught_up().await;
    pair.all_is_final().await;
    let copy = Cli::on(pair.copy.clone());
    the_same_everywhere(&pair, &copy);
    what_leaves_the_house(&pair, &copy);
    reports(&pair, &copy);
    what_takes_the_primary(&pair, &copy);
    the_seal_has_not_come(&pair, &copy).await;
}

/// An event that is there, counts, and is not sealed: a transaction that is open holds back its position.
async fn the_seal_has_not_come(pair: &Pair, copy: &Cli) {
    let mut open = pair.on_primary().await;
    open.execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
    let before = copy.json(&["report", "entitlements"]);
    let late = envelope(9, "LATE-1", purchase(9)["command"].clone());
    let posted = pair.cli.feed(&["post"], late.to_string().as_bytes());
    assert!(text(&posted.stdout).contains("\"accepted\""), "{posted:?}");
    pair.caught_up().await;
    // What is not final is not in a report, and what a report of before said stays.
    let still = copy.json(&["report", "entitlements"]);
    assert_eq!((&still["items"], &still["position"]), (&before["items"], &before["position"]));
    assert_eq!(copy.json(&["show", "LATE-1"])["license"], json!("LATE-1"), "it is there all the same");
    let verified = copy.json(&["verify"]);
    assert_eq!(verified["damages"], 0, "an event without a position yet is no damage: {verified:#}");

    // Were it final before it is sealed, a report would say so instead of telling a root that does not cover it.
    pair.on_primary().await.execute("UPDATE sealer SET final_until = clock_timestamp()").await.unwrap();
    pair.caught_up().await;
    let refused = copy.run(&["report", "entitlements"]);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(last_line(&refused).contains("is sealed here"), "{}", last_line(&refused));
    open.execute("COMMIT").await.unwrap();
    pair.until("SELECT bool_and(position IS NOT NULL) FROM events").await;
    let after = copy.json(&["report", "entitlements"]);
    assert_eq!(items(&after).len(), items(&before).len() + 1);
}
