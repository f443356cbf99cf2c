//! Command ids, and which "no" comes first.

use serde_json::{Value, json};

use super::{buy, command, ledger, post};

#[tokio::test]
async fn the_same_command_again_gets_the_first_outcome_also_on_another_day() {
    let ledger = ledger().await;
    let mut bought = command(1, "2012-08-20", buy(25));
    bought.as_object_mut().expect("an object").remove("on");
    let first = post(&ledger, "2012-08-20", &bought).await;
    let mut again = post(&ledger, "2013-08-20", &bought).await;
    assert_eq!(again["replayed"], true);
    again["replayed"] = false.into();
    assert_eq!(again, first);
    assert_eq!(first["events"][1]["data"]["swm"]["starts"], "2012-08-20", "the day it was first given is kept");
}

#[tokio::test]
async fn a_refusal_is_answered_again_too() {
    let ledger = ledger().await;
    let refused = command(1, "2012-08-20", buy(7));
    let first = post(&ledger, "2012-08-20", &refused).await;
    assert_eq!(first["outcome"], "rejected");
    let again = post(&ledger, "2012-08-21", &refused).await;
    assert_eq!((&again["replayed"], &again["violations"]), (&json!(true), &first["violations"]));
}

#[tokio::test]
async fn normalised_content_is_what_counts_and_the_actor_is_no_part_of_it() {
    let ledger = ledger().await;
    post(&ledger, "2012-08-20", &command(1, "2012-08-20", buy(25))).await;
    let mut same = command(1, "2012-08-20", buy(25));
    same["license"] = " abc-1 ".into();
    same["actor"] = json!({"name": "somebody else", "role": "distributor"});
    same["command"]["plugins"] = json!([]);
    same["command"]["holder"] = json!({"name": "  ООО Ромашка ", "inn": null, "country": "RU"});
    assert_eq!(post(&ledger, "2012-08-20", &same).await["replayed"], true);
}

#[tokio::test]
async fn other_content_under_the_same_id_is_a_conflict() {
    let ledger = ledger().await;
    post(&ledger, "2012-08-20", &command(1, "2012-08-20", buy(25))).await;
    let mut no_date = command(1, "2012-08-20", buy(25));
    no_date.as_object_mut().expect("an object").remove("on");
    for other in [command(1, "2012-08-20", buy(30)), command(1, "2012-08-21", buy(25)), no_date] {
        let answer = post(&ledger, "2012-08-20", &other).await;
        assert_eq!((&answer["outcome"], &answer["errors"][0]["path"]), (&json!("conflict"), &json!("/command_id")));
    }
}

#[tokio::test]
async fn invalid_forbidden_and_version_conflicts_do_not_bind_the_id() {
    let ledger = ledger().await;
    let mut bought = command(1, "2012-08-20", buy(25));
    bought["actor"] = json!({"name": "a", "role": "auditor"});
    assert_eq!(post(&ledger, "2012-08-20", &bought).await["outcome"], "forbidden");
    bought["actor"] = Value::Null;
    bought["expected_version"] = 3.into();
    assert_eq!(post(&ledger, "2012-08-20", &bought).await["outcome"], "conflict");
    bought["expected_version"] = (-3).into();
    assert_eq!(post(&ledger, "2012-08-20", &bought).await["outcome"], "invalid");
    bought["expected_version"] = 0.into();
    assert_eq!(post(&ledger, "2012-08-20", &bought).await["outcome"], "accepted");
}

#[tokio::test]
async fn the_first_no_decides() {
    let ledger = ledger().await;
    post(&ledger, "2012-08-20", &command(1, "2012-08-20", buy(25))).await;
    // Broken by a rule, with a wrong version, by a role that may not, under an id that is taken: each hides the next.
    let mut reduce = command(1, "2012-08-20", json!({"type": "reduce_users", "to": 7}));
    reduce["expected_version"] = 9.into();
    reduce["actor"] = json!({"name": "a", "role": "distributor"});
    let outcome = async |command: &Value| post(&ledger, "2012-08-20", command).await["outcome"].clone();
    assert_eq!(outcome(&reduce).await, "conflict");
    reduce["command_id"] = "00000000-0000-7000-8000-000000000002".into();
    assert_eq!(outcome(&reduce).await, "forbidden");
    reduce["actor"]["role"] = "vendor".into();
    assert_eq!(outcome(&reduce).await, "conflict");
    reduce["expected_version"] = 2.into();
    assert_eq!(outcome(&reduce).await, "rejected");
}
