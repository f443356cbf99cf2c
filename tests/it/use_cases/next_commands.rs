//! Every command on a license, allowed or refused, as posting it would say.

use std::collections::BTreeSet;

use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::next_commands::NextCommands;
use ledger_app::poster::Poster;
use ledger_domain::command::{Actor, Request, Role};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::properties::{TODAY, entitlements, history, run};
use super::{answers, buy, command, context, is_as_its_schema_says, ledger, ledger_with, lines, post};

const DAY: &str = "2012-08-20";

fn key(role: Role, partner: Option<&str>) -> Poster {
    Poster::with_key(Actor { name: "test".to_owned(), role }, partner.map(str::to_owned))
}

/// The answer about the license, to a poster; `None`: it is not the poster's.
async fn asked(ledger: &Ledger, license: &str, on: &str, poster: &Poster) -> Option<Value> {
    let (license, on) = (license.parse().expect("a number"), on.parse().expect("a date"));
    let answer = ledger.next_commands(&license, poster, on).await.expect("the memory store works");
    answer.map(|answer| serde_json::to_value(answer).expect("JSON"))
}

async fn next(ledger: &Ledger, on: &str) -> Value {
    asked(ledger, "ABC-1", on, &key(Role::Vendor, None)).await.expect("an answer")
}

fn examples(next: &Value) -> impl Iterator<Item = &Value> {
    next["commands"]
        .as_array()
        .expect("a list")
        .iter()
        .flat_map(|command| command["examples"].as_array().expect("a list"))
}

/// The examples of one type, each as `add_plugin web_filter: accepted 41.00` or `add_users 5: rejected USR-2`.
fn said(next: &Value, command_type: &str) -> Vec<String> {
    let of_type = examples(next).filter(|example| example["request"]["command"]["type"] == command_type);
    let told = |example: &Value| {
        let outcome = &example["outcome"];
        let rules = outcome["violations"].as_array().expect("a list").iter();
        let rules: Vec<_> = rules.map(|violation| violation["rule"].as_str().expect("an id")).collect();
        let price = outcome["price"]["total"].as_str().unwrap_or_default();
        format!("{} {}{price}", outcome["outcome"].as_str().expect("a word"), rules.join(" ")).trim().to_owned()
    };
    of_type.map(told).collect()
}

fn allowed(next: &Value) -> Vec<&str> {
    let commands = next["commands"].as_array().expect("a list").iter();
    commands
        .filter(|command| command["allowed"] == true)
        .map(|command| command["type"].as_str().expect("a word"))
        .collect()
}

/// Control with the antivirus, 25 users, SWM until 2013-01-20.
async fn with_antivirus() -> Ledger {
    let ledger = ledger().await;
    let mut bought = buy(25);
    bought["plugins"] = json!(["antivirus"]);
    let answer = post(&ledger, "2012-01-20", &command(1, "2012-01-20", bought)).await;
    assert_eq!(answer["outcome"], "accepted");
    ledger
}

/// The command types of the contract, from the schema of commands.
fn all_types() -> Vec<String> {
    let schema = schemars::schema_for!(Request).to_value();
    let variants = schema["$defs"]["Command"]["oneOf"].as_array().expect("an enum").clone();
    variants.iter().map(|variant| variant["properties"]["type"]["const"].as_str().expect("a tag").to_owned()).collect()
}

#[tokio::test]
async fn every_command_of_the_contract_has_an_example_once() {
    for ledger in [ledger().await, with_antivirus().await] {
        let next = next(&ledger, DAY).await;
        let types: Vec<_> =
            next["commands"].as_array().expect("a list").iter().map(|command| &command["type"]).collect();
        assert_eq!(json!(types), json!(all_types()));
        assert_eq!(types.len(), 23);
        assert!(next["commands"].as_array().expect("a list").iter().all(|command| command["examples"][0].is_object()));
    }
}

#[tokio::test]
async fn the_examples_suit_the_license() {
    let next = next(&with_antivirus().await, DAY).await;
    let first = |command_type: &str| {
        let found = examples(&next).find(|example| example["request"]["command"]["type"] == command_type);
        found.expect("there is one")["request"]["command"].clone()
    };
    assert_eq!((&first("add_users")["users"], &first("add_users")["plugins"]), (&json!(5), &json!(["antivirus"])));
    assert_eq!(first("reduce_users")["to"], 20);
    assert_eq!(first("remove_plugins")["plugins"], json!(["antivirus"]));
    assert_eq!(first("record_installed_version")["version"], newest_control_release(DAY));
    assert_eq!(said(&next, "add_plugin"), ["rejected PLG-1", "accepted 125.00"]);
    assert_eq!(said(&next, "renew_swm")[1], "rejected SWM-7");
    assert_eq!(said(&next, "change_license_type"), ["accepted", "accepted"]);
}

fn newest_control_release(on: &str) -> Value {
    let programme = ledger_domain::catalog::Programme::built_in().expect("the built-in files are good");
    let releases = programme.catalog.releases_of(ledger_domain::values::Product::Control);
    let released = releases.filter(|release| release.released <= on.parse().expect("a date"));
    json!(released.max_by_key(|release| release.released).expect("there is one").version)
}

#[tokio::test]
async fn after_a_lapse_the_rules_say_what_comes_first() {
    let next = next(&with_antivirus().await, "2013-03-01").await;
    assert_eq!(said(&next, "add_users"), ["rejected USR-2"]);
    assert_eq!(said(&next, "add_plugin"), ["rejected PLG-1 PLG-2", "rejected PLG-2"]);
    assert!(
        said(&next, "renew_swm").iter().all(|said| said.starts_with("accepted ")),
        "{:?}",
        said(&next, "renew_swm")
    );
    assert!(said(&next, "order_upgrade")[0].starts_with("accepted "), "renewed first, users are added");
    assert_eq!(said(&next, "record_installed_version"), ["rejected INS-2", "accepted"]);
    let refused = examples(&next).find(|example| example["outcome"]["violations"][0]["rule"] == "USR-2");
    let violation = &refused.expect("users are refused")["outcome"]["violations"][0];
    assert!(violation["message"]["ru"].is_string() && violation["facts"].is_object());
    assert_eq!(violation["way_forward"][0]["command"]["type"], "order_upgrade");
}

#[tokio::test]
async fn the_order_that_waits_can_be_activated_or_withdrawn() {
    let ledger = with_antivirus().await;
    let order = json!({"type": "renew_swm", "order": "PO-2", "years": 1});
    post(&ledger, DAY, &command(2, DAY, order)).await;
    let next = next(&ledger, DAY).await;
    assert_eq!(
        (said(&next, "activate_upgrade"), said(&next, "cancel_order")),
        (vec!["accepted".to_owned()], vec!["accepted".to_owned()])
    );
    assert_eq!(said(&next, "add_users"), ["rejected UPG-3"]);
    assert_eq!(said(&next, "activate_legacy_order"), ["rejected VND-5"]);
}

#[tokio::test]
async fn a_license_that_does_not_exist_can_be_begun_and_nothing_else() {
    let next = next(&ledger().await, DAY).await;
    assert_eq!(
        (&next["version"], allowed(&next)),
        (&json!(0), vec!["issue_license", "register_trial", "open_license"])
    );
    assert_eq!(said(&next, "issue_license").len(), 3, "one for each product sold");
    let refused = examples(&next).filter(|example| example["outcome"]["outcome"] == "rejected");
    assert!(refused.into_iter().all(|example| example["outcome"]["violations"][0]["rule"] == "LIC-1"));
}

#[tokio::test]
async fn a_trial_can_be_bought_a_closed_license_takes_nothing() {
    let ledger = ledger().await;
    let trial = json!({"type": "register_trial", "product": "control", "holder": {"name": "ООО Ромашка"}});
    post(&ledger, DAY, &command(1, DAY, trial)).await;
    let expected =
        ["issue_license", "rename_holder", "report_server_online", "report_server_offline", "record_installed_version"];
    assert_eq!(allowed(&next(&ledger, DAY).await), expected);
    let mut bought = buy(5);
    bought["registration"] = "manual".into();
    post(&ledger, DAY, &command(2, DAY, bought)).await;
    let next_of_ordered = next(&ledger, DAY).await;
    assert_eq!(allowed(&next_of_ordered), ["activate_license", "cancel_order", "rename_holder"]);
    post(&ledger, DAY, &command(3, DAY, json!({"type": "cancel_order", "order": "PO-1"}))).await;
    assert!(allowed(&next(&ledger, DAY).await).is_empty());
}

#[tokio::test]
async fn the_desk_finds_another_license_of_the_holder() {
    let ledger = with_antivirus().await;
    let mut others = Vec::new();
    for (number, license, users, plugins) in [(2, "ABC-0", 25, json!([])), (3, "ABC-3", 10, json!(["antivirus"]))] {
        let mut bought = command(number, "2012-01-20", buy(users));
        bought["license"] = license.into();
        bought["command"]["plugins"] = plugins;
        others.push(bought);
    }
    answers(&ledger.post(&lines(&others), &context(DAY)).await);
    let next = next(&ledger, DAY).await;
    let merge = examples(&next).find(|example| example["request"]["command"]["type"] == "merge_licenses").expect("one");
    assert_eq!(merge["request"]["command"]["from"], json!(["ABC-3"]));
    assert_eq!(
        (said(&next, "merge_licenses"), said(&next, "transfer_users")),
        (vec!["accepted".to_owned()], vec!["accepted".to_owned()])
    );
}

#[tokio::test]
async fn a_distributor_is_forbidden_what_is_the_desks() {
    let next = asked(&with_antivirus().await, "ABC-1", DAY, &key(Role::Distributor, None)).await.expect("an answer");
    assert_eq!(said(&next, "reduce_users"), ["forbidden"]);
    assert_eq!(said(&next, "unblock_license"), ["forbidden"]);
    assert!(said(&next, "add_users")[0].starts_with("accepted "));
}

#[tokio::test]
async fn who_only_reads_is_told_what_a_distributor_could_do() {
    let ledger = with_antivirus().await;
    let as_told = async |role| asked(&ledger, "ABC-1", DAY, &key(role, None)).await.expect("an answer");
    let distributors = as_told(Role::Distributor).await;
    assert_eq!(distributors["role"], "distributor");
    for role in [Role::Auditor, Role::Reporter, Role::Admin] {
        assert_eq!(as_told(role).await, distributors, "{role}");
    }
}

#[tokio::test]
async fn a_partners_key_is_told_of_its_own_licenses_alone() {
    let ledger = ledger().await;
    for (number, license, partner) in [(1, "OURS-1", "Аксофт"), (2, "THEIRS-1", "Софтлайн"), (3, "OURS-2", "Аксофт")]
    {
        let mut bought = command(number, DAY, buy(25));
        bought["license"] = license.into();
        bought["command"]["partner"] = json!({"name": partner});
        assert_eq!(post(&ledger, DAY, &bought).await["outcome"], "accepted");
    }
    let ours = key(Role::Vendor, Some("Аксофт"));
    for license in ["THEIRS-1", "UNKNOWN-1"] {
        assert_eq!(asked(&ledger, license, DAY, &ours).await, None);
    }
    let next = asked(&ledger, "OURS-1", DAY, &ours).await.expect("an answer");
    assert_eq!(said(&next, "register_trial"), ["forbidden"]);
    assert_eq!(said(&next, "issue_license"), ["rejected PUR-8"]);
    assert_eq!(said(&next, "merge_licenses"), ["accepted"], "with OURS-2");
    assert!(said(&next, "add_users")[0].starts_with("accepted "));
}

#[tokio::test]
async fn what_only_the_caller_knows_is_marked_and_no_number_is_there_twice() {
    let next = next(&with_antivirus().await, DAY).await;
    let (mut orders, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for example in examples(&next) {
        let request = &example["request"];
        assert!(ids.insert(request["command_id"].to_string()));
        let marked: Vec<_> =
            example["fill_in"].as_array().expect("a list").iter().map(|path| path.as_str().expect("a path")).collect();
        let found = marked
            .iter()
            .all(|path| request.pointer(path).is_some_and(|value| value.to_string().starts_with("\"FILL-IN")));
        assert!(found && request.to_string().matches("FILL-IN").count() == marked.len(), "{example}");
        if let Some(order) =
            request["command"]["order"].as_str().filter(|_| example["outcome"]["outcome"] == "accepted")
        {
            assert!(marked.contains(&"/command/order") && orders.insert(order.to_owned()), "{example}");
        }
    }
}

#[tokio::test]
async fn the_same_question_gets_the_same_answer_also_after_an_example_was_refused() {
    let ledger = with_antivirus().await;
    let before = next(&ledger, DAY).await;
    assert_eq!(next(&ledger, DAY).await, before);
    let refused = examples(&before).find(|example| example["outcome"]["outcome"] == "rejected").expect("one");
    assert_eq!(post(&ledger, DAY, &refused["request"]).await["outcome"], "rejected");
    assert_eq!(next(&ledger, DAY).await, before);
    let other_day = next(&ledger, "2012-08-21").await;
    assert_ne!(
        other_day["commands"][2]["examples"][0]["request"]["command_id"],
        before["commands"][2]["examples"][0]["request"]["command_id"]
    );
}

#[tokio::test]
async fn an_example_can_be_posted_again_once_the_license_has_moved_on() {
    let ledger = with_antivirus().await;
    for users in [30, 35, 40] {
        let next = next(&ledger, DAY).await;
        let is_add = |example: &&Value| example["request"]["command"]["type"] == "add_users";
        let mut add = examples(&next).find(is_add).expect("one")["request"].clone();
        add["command"]["registration"] = "automatic".into();
        let answer = post(&ledger, DAY, &add).await;
        assert_eq!((&answer["outcome"], &answer["replayed"]), (&json!("accepted"), &json!(false)), "{users}");
        assert_eq!(entitlements(&ledger).await[0]["users"], users);
    }
}

#[tokio::test]
async fn a_product_without_plugins_has_examples_too() {
    let ledger = ledger().await;
    let mut bought = buy(5);
    bought["product"] = "operator".into();
    post(&ledger, DAY, &command(1, DAY, bought)).await;
    let next = next(&ledger, DAY).await;
    assert_eq!(said(&next, "add_plugin"), ["rejected PLG-1"]);
    assert_eq!(said(&next, "remove_plugins"), ["rejected VND-4"]);
    assert_eq!(said(&next, "reduce_users"), ["rejected VND-3"]);
    assert_eq!(said(&next, "switch_to_fstek"), ["rejected FST-1"]);
}

#[tokio::test]
async fn what_has_no_price_is_refused_as_in_a_quote() {
    let head = "valid_from,product,item,license_type,license,maintenance,currency,vat_percent\n";
    let prices = format!("{head}2012-01-01,control,server,commercial,255.00,85.00,EUR,18\n");
    let ledger = ledger_with(GivenFiles { catalog: None, prices: Some(prices) }).await;
    post(&ledger, "2012-01-20", &command(1, "2012-01-20", buy(5))).await;
    let next = next(&ledger, DAY).await;
    assert_eq!(
        (said(&next, "add_users"), &said(&next, "renew_swm")[0]),
        (vec!["rejected PRC-11".to_owned()], &"accepted 85.00".to_owned())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever was posted before: every example, posted, gets the answer that was told; nothing is written by asking.
    #[test]
    fn every_example_comes_out_as_told(history in history(), license in 0..6u32, choice in any::<prop::sample::Index>()) {
        run(async {
            let ledger = ledger().await;
            answers(&ledger.post(&lines(&history), &context(TODAY)).await);
            let next = asked(&ledger, &format!("ABC-{license}"), TODAY, &key(Role::Vendor, None)).await.expect("an answer");
            prop_assert_eq!(next["commands"].as_array().map(Vec::len), Some(23));
            is_as_its_schema_says::<NextCommands>(&next);
            let all: Vec<_> = examples(&next).collect();
            let example = choice.get(&all);
            if example["outcome"]["violations"].to_string().contains("PRC-11") {
                return Ok(());
            }
            prop_assert_eq!(&post(&ledger, TODAY, &example["request"]).await, &example["outcome"]);
            Ok(())
        })?;
    }
}
