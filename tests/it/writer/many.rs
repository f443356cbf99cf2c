//! Many callers at once: every command is done exactly once, in some order.

use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Tested, bought, installed, kinds, more_users, post};
use crate::redistribution::{TODAY, nothing_to_mend, on};
use crate::use_cases::context;

const CALLERS: usize = 32;
const COMMANDS: usize = 8;

/// Posts by many callers; caller `n` posts what `command(n, i)` says. The outcomes.
async fn run(tested: &Tested, command: impl Fn(usize, usize) -> Value) -> Vec<Value> {
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let writer = tested.writer.clone();
        let commands: Vec<_> = (0..COMMANDS).map(|i| command(caller, i)).collect();
        callers.spawn(async move {
            let mut outcomes = Vec::new();
            for command in commands {
                outcomes.push(post(&writer, &command, context(TODAY)).await.expect("the store works"));
            }
            outcomes
        });
    }
    callers.join_all().await.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_on_one_license_come_one_after_the_other() {
    for tested in Tested::on_each().await {
        tested.post(&bought("AAA")).await;
        let outcomes = run(&tested, |caller, i| installed("AAA", &format!("{caller}-{i}"))).await;
        let mut versions: Vec<_> = outcomes.iter().map(|outcome| outcome["version"].as_u64().unwrap()).collect();
        versions.sort_unstable();
        assert_eq!(versions, (3..3 + (CALLERS * COMMANDS) as u64).collect::<Vec<_>>());
        assert_eq!(tested.history("AAA").await.len(), 2 + CALLERS * COMMANDS);
        nothing_to_mend(&tested.ledger).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_on_many_licenses_are_each_done_once() {
    for tested in Tested::on_each().await {
        let outcomes = run(&tested, |caller, i| match i {
            0 => bought(&format!("LIC-{caller}")),
            _ => installed(&format!("LIC-{caller}"), &format!("{i}")),
        })
        .await;
        assert!(kinds(&outcomes).iter().all(|kind| *kind == "accepted"));
        for caller in 0..CALLERS {
            assert_eq!(tested.history(&format!("LIC-{caller}")).await.len(), COMMANDS + 1);
        }
        nothing_to_mend(&tested.ledger).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_with_one_order_number_one_is_accepted() {
    for tested in Tested::on_each().await {
        tested.post(&bought("AAA")).await;
        let outcomes = run(&tested, |_, i| more_users("AAA", &format!("PO-1{i}"), 5)).await;
        assert_eq!(kinds(&outcomes).iter().filter(|kind| **kind == "accepted").count(), COMMANDS);
        assert_eq!(kinds(&outcomes).iter().filter(|kind| **kind == "rejected").count(), (CALLERS - 1) * COMMANDS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_with_one_command_id_one_is_done_and_the_others_are_told_the_same() {
    for tested in Tested::on_each().await {
        tested.post(&bought("AAA")).await;
        let commands: Vec<_> = (0..COMMANDS).map(|i| installed("AAA", &i.to_string())).collect();
        let outcomes = run(&tested, |_, i| commands[i].clone()).await;
        assert!(kinds(&outcomes).iter().all(|kind| *kind == "accepted"));
        assert_eq!(outcomes.iter().filter(|outcome| outcome["replayed"] == false).count(), COMMANDS);
        assert_eq!(tested.history("AAA").await.len(), 2 + COMMANDS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_on_the_same_licenses_overtake_each_other_and_lose_nothing() {
    for tested in Tested::on_each().await {
        // Another process: it remembers for itself.
        let other = Tested::on(crate::redistribution::Opened::same(&tested.opened)).await;
        for license in 0..4 {
            tested.post(&bought(&format!("LIC-{license}"))).await;
        }
        let command = |who: &'static str| {
            move |caller: usize, i: usize| {
                installed(&format!("LIC-{}", (caller + i) % 4), &format!("{who}-{caller}-{i}"))
            }
        };
        let (mine, theirs) = tokio::join!(run(&tested, command("mine")), run(&other, command("theirs")));
        assert!(kinds(&mine).iter().chain(&kinds(&theirs)).all(|kind| *kind == "accepted"));
        let mut events = 0;
        for license in 0..4 {
            events += tested.history(&format!("LIC-{license}")).await.len();
        }
        assert_eq!(events, 4 * 2 + 2 * CALLERS * COMMANDS);
        nothing_to_mend(&tested.ledger).await;
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_loses_nothing_that_waits() {
    for tested in Tested::on_each().await {
        tested.post(&bought("AAA")).await;
        let (dropped, stays) = (installed("AAA", "dropped"), installed("AAA", "stays"));
        let posting = |command: &Value| {
            let (writer, command) = (tested.writer.clone(), command.clone());
            tokio::spawn(async move { post(&writer, &command, context(TODAY)).await })
        };
        let (gone, neighbour) = (posting(&dropped), posting(&stays));
        // Both wait now, and nothing is written yet.
        tokio::task::yield_now().await;
        gone.abort();
        // In memory it may be done by now; else it is not.
        gone.await.ok();
        assert_eq!(neighbour.await.unwrap().unwrap()["version"], 4);
        assert_eq!(tested.post(&dropped).await["replayed"], true);
        assert_eq!(tested.history("AAA").await.len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_go_away_at_any_moment_harm_nobody() {
    for tested in Tested::on_each().await {
        tested.post(&bought("AAA")).await;
        let mut neighbours = JoinSet::new();
        for caller in 0..4 {
            let writer = tested.writer.clone();
            neighbours.spawn(async move {
                for i in 0..50 {
                    let command = installed("AAA", &format!("neighbour-{caller}-{i}"));
                    let outcome = post(&writer, &command, context(TODAY)).await.unwrap();
                    assert_eq!((&outcome["outcome"], &outcome["replayed"]), (&"accepted".into(), &false.into()));
                }
            });
        }
        for i in 0..50 {
            let command = installed("AAA", &format!("gone-{i}"));
            let posting = post(&tested.writer, &command, context(TODAY));
            timeout(Duration::from_micros(40 * i), posting).await.ok();
            let again = tested.post(&command).await;
            assert_eq!(again["outcome"], "accepted");
        }
        neighbours.join_all().await;
        assert_eq!(tested.history("AAA").await.len(), 2 + 4 * 50 + 50);
        nothing_to_mend(&tested.ledger).await;
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_answered_at_once() {
    for tested in Tested::on_each().await {
        let outcome = tested.post(&on("2012-02-30", "AAA", serde_json::json!({"type": "activate_license"}))).await;
        assert_eq!(outcome["outcome"], "invalid");
    }
}
