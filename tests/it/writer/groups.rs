//! A group of all sorts: each gets its own answer.

use std::collections::HashSet;

use ledger_app::post::{IfMatch, PostContext};
use ledger_app::poster::Poster;
use ledger_domain::command::{Actor, Role};
use serde_json::json;

use super::{Tested, bought, installed, kinds, more_users};
use crate::redistribution::{TODAY, merge, nothing_to_mend, on};
use crate::use_cases::{context, lines};

fn posted_by(name: &str) -> PostContext {
    let poster = Poster::with_key(Actor { name: name.to_owned(), role: Role::Distributor }, None);
    PostContext::new(TODAY.parse().expect("a date"), poster)
}

#[tokio::test]
async fn each_in_a_group_is_accepted_or_refused_by_itself() {
    for tested in Tested::on_each().await {
        for license in ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"] {
            tested.post(&bought(license)).await;
        }
        let first = installed("AAA", "one");
        let before = tested.post(&first).await;
        let mut stale = installed("BBB", "one");
        stale["expected_version"] = json!(1);
        let mut other_content = installed("AAA", "other");
        other_content["command_id"] = first["command_id"].clone();
        let group = [
            installed("AAA", "two"),
            stale,
            more_users("CCC", "PO-7", 7),
            first,
            other_content,
            on("2012-08-20", "DDD", merge(&["EEE".to_owned()])),
            json!({"no": "command"}),
            installed("FFF", "one"),
        ];
        let outcomes = tested.post_at_once(group.map(|command| (command, context(TODAY))).into()).await;
        let expected = ["accepted", "conflict", "rejected", "accepted", "conflict", "accepted", "invalid", "accepted"];
        assert_eq!(kinds(&outcomes), expected);
        assert_eq!(outcomes[3]["replayed"], true);
        assert_eq!(outcomes[3]["events"], before["events"]);
        assert_eq!(outcomes[0]["version"], 4);
        nothing_to_mend(&tested.ledger).await;
    }
}

#[tokio::test]
async fn those_who_wait_are_written_in_one_transaction() {
    for tested in Tested::on_each().await {
        for license in ["AAA", "BBB"] {
            tested.post(&bought(license)).await;
        }
        let group = ["one", "two", "three"].map(|name| (installed("AAA", name), context(TODAY)));
        let outcomes = tested.post_at_once(group.into()).await;
        assert_eq!(
            outcomes.iter().map(|outcome| outcome["version"].as_u64()).collect::<Vec<_>>(),
            [Some(3), Some(4), Some(5)]
        );
        let history = tested.history("AAA").await;
        assert!(history[2..].iter().all(|event| event.recorded_at == history[2].recorded_at));
    }
}

/// As a file and a batch are posted, a part at a time.
#[tokio::test]
async fn lines_of_one_sender_stay_together_and_others_come_before_or_after() {
    const LINES: u64 = 100;
    for tested in Tested::on_each().await {
        tested.post(&bought("AAA")).await;
        let many: Vec<_> = (0..LINES).map(|number| installed("AAA", &number.to_string())).collect();
        let (many, context, last) = (lines(&many), context(TODAY), installed("AAA", "x"));
        let (posted, later) = tokio::join!(tested.writer.post_all(&many, context), tested.post(&last));
        let versions: Vec<_> = posted.answered.iter().filter_map(|answered| answered.version).collect();
        assert_eq!(versions, (3..3 + LINES).collect::<Vec<_>>());
        assert_eq!(later["version"], 3 + LINES);
        let recorded: HashSet<_> = tested.history("AAA").await[2..].iter().map(|event| event.recorded_at).collect();
        assert_eq!(recorded.len(), 2, "all of the lines at once, then the other");
    }
}

/// What cannot be understood has its place among the answers, also where nothing else was asked.
#[tokio::test]
async fn every_line_has_its_answer() {
    for tested in Tested::on_each().await {
        let nothing = json!({"no": "command"});
        for (asked, expected) in [
            (vec![nothing.clone()], &["invalid"][..]),
            (vec![nothing.clone(), bought("AAA"), nothing], &["invalid", "accepted", "invalid"]),
            (vec![], &[]),
        ] {
            let posted = tested.writer.post_all(&lines(&asked), context(TODAY)).await;
            assert!(posted.failed.is_none(), "{:?}", posted.failed);
            let kinds: Vec<_> = posted.answered.iter().map(|answered| answered.kind).collect();
            assert_eq!(serde_json::to_value(kinds).unwrap(), json!(expected));
        }
    }
}

#[tokio::test]
async fn each_command_is_judged_by_what_stands_around_it() {
    for tested in Tested::on_each().await {
        for license in ["AAA", "BBB"] {
            tested.post(&bought(license)).await;
        }
        let matching = |version, name| PostContext { if_match: Some(IfMatch::Version(version)), ..posted_by(name) };
        let group = vec![
            (installed("AAA", "one"), posted_by("anna")),
            (installed("AAA", "two"), matching(3, "boris")),
            (installed("AAA", "three"), matching(3, "clara")),
            (installed("BBB", "one"), posted_by("dina")),
        ];
        let outcomes = tested.post_at_once(group).await;
        assert_eq!(kinds(&outcomes), ["accepted", "accepted", "conflict", "accepted"]);
        let actors = async |license| {
            let history = tested.history(license).await;
            history.into_iter().map(|event| event.actor.name).skip(2).collect::<Vec<_>>()
        };
        assert_eq!(actors("AAA").await, ["anna", "boris"]);
        assert_eq!(actors("BBB").await, ["dina"]);
    }
}

/// A group holds 64 commands: those who come when it is full are in the next.
#[tokio::test]
async fn more_than_a_group_holds_are_each_done_once() {
    for tested in Tested::on_each().await {
        let purchases = (0..300).map(|number| (bought(&format!("LIC-{number}")), context(TODAY)));
        let outcomes = tested.post_at_once(purchases.collect()).await;
        assert!(kinds(&outcomes).iter().all(|kind| *kind == "accepted"), "{outcomes:?}");
        for (number, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome["license"], format!("LIC-{number}"));
        }
    }
}
