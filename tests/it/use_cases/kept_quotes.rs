//! Kept quotes: committed exactly as promised, all in one, or not at all.

mod races;

use std::sync::Arc;

use ledger_app::commit_quote::KeepError;
use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::memory::MemoryStore;
use ledger_app::post::{InputLine, PostContext};
use ledger_app::poster::Poster;
use ledger_app::promise::{Committed, Promise, QuoteAnswer, QuoteChanged, QuoteCommitted, Quoted};
use ledger_app::store::{AsOf, Store};
use ledger_domain::catalog::BUILT_IN_PRICES;
use ledger_domain::command::{Actor, Role};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::properties::{TODAY, entitlements, history, run};
use super::{answers, buy, command, context, is_as_its_schema_says, ledger, ledger_with, lines, post};

const DAY: &str = "2012-08-20";

fn key(today: &str, role: Role, partner: Option<&str>) -> PostContext {
    let actor = Actor { name: "test".to_owned(), role };
    PostContext::new(today.parse().expect("a date"), Poster::with_key(actor, partner.map(str::to_owned)))
}

async fn try_keep(ledger: &Ledger, today: &str, commands: &[Value], until: Option<&str>) -> Result<Quoted, KeepError> {
    let until = until.map(|until| until.parse().expect("a date"));
    ledger.keep_quote(&lines(commands), &context(today), until).await
}

async fn keep(ledger: &Ledger, today: &str, commands: &[Value]) -> (Promise, Vec<Value>) {
    let quoted = try_keep(ledger, today, commands, None).await.expect("a quote");
    let answer = QuoteAnswer::new(&quoted.answered, quoted.quote.clone()).expect("JSON");
    is_as_its_schema_says::<QuoteAnswer>(&json!(answer));
    let promised = outcomes(&answer.outcomes);
    (quoted.quote.unwrap_or_else(|| panic!("not kept: {promised:?}")), promised)
}

fn outcomes(raw: &[Box<serde_json::value::RawValue>]) -> Vec<Value> {
    raw.iter().map(|raw| serde_json::from_str(raw.get()).expect("JSON")).collect()
}

async fn commit_with(ledger: &Ledger, id: Uuid, context: &PostContext) -> Committed {
    ledger.commit_quote(id, context).await.expect("the store works")
}

async fn commit(ledger: &Ledger, today: &str, quote: &Promise) -> Committed {
    commit_with(ledger, quote.id, &context(today)).await
}

#[track_caller]
fn done(committed: Committed) -> Vec<Value> {
    match committed {
        Committed::Done { answered } => {
            let answer = QuoteCommitted::new(Uuid::nil(), &answered).expect("JSON");
            is_as_its_schema_says::<QuoteCommitted>(&json!(answer));
            outcomes(&answer.outcomes)
        }
        other => panic!("not done: {other:?}"),
    }
}

#[track_caller]
fn changed(committed: Committed) -> Value {
    match committed {
        Committed::Changed(changed) => {
            is_as_its_schema_says::<QuoteChanged>(&json!(changed));
            json!(changed)
        }
        other => panic!("not changed: {other:?}"),
    }
}

/// What has changed of each command: `["price"]` and so on.
fn changes(changed: &Value) -> Vec<Value> {
    changed["commands"].as_array().expect("a list").iter().map(|command| command["changed"].clone()).collect()
}

/// A license of 25 users, bought on 2012-01-20.
async fn bought() -> Ledger {
    let ledger = ledger().await;
    assert_eq!(post(&ledger, "2012-01-20", &command(1, "2012-01-20", buy(25))).await["outcome"], "accepted");
    ledger
}

fn add_users(number: u32, users: u32) -> Value {
    let order = format!("PO-{number}");
    command(number, DAY, json!({"type": "add_users", "order": order, "users": users, "registration": "automatic"}))
}

fn add_plugin(number: u32) -> Value {
    let order = format!("PO-{number}");
    let add = json!({"type": "add_plugin", "order": order, "plugin": "antivirus", "registration": "automatic"});
    command(number, DAY, add)
}

fn online(number: u32, server: &str) -> Value {
    command(number, DAY, json!({"type": "report_server_online", "server": server}))
}

#[tokio::test]
async fn a_kept_quote_gives_exactly_what_it_promised() {
    let ledger = bought().await;
    let (quote, promised) = keep(&ledger, DAY, &[add_users(2, 10), add_plugin(3)]).await;
    assert_eq!(promised[0]["price"]["total"], "207.00");
    assert_eq!(entitlements(&ledger).await[0]["users"], 25, "keeping a quote writes no event");
    assert_eq!(done(commit(&ledger, "2012-08-25", &quote).await), promised);
    assert_eq!(entitlements(&ledger).await[0]["users"], 35);
    assert_eq!(entitlements(&ledger).await[0]["plugins"], json!(["antivirus"]));
}

#[tokio::test]
async fn a_command_without_a_date_keeps_the_day_it_was_quoted_on() {
    let ledger = bought().await;
    let mut add = add_users(2, 10);
    add.as_object_mut().expect("an object").remove("on");
    let (quote, promised) = keep(&ledger, DAY, &[add]).await;
    assert_eq!(done(commit(&ledger, "2012-09-10", &quote).await), promised);
    let history =
        ledger.history(&"ABC-1".parse().expect("a number"), 2, 10, AsOf::default()).await.expect("the store works");
    assert!(history.iter().all(|event| event.on.to_string() == DAY) && history.len() == 2);
}

#[tokio::test]
async fn committed_again_it_gives_the_same_outcomes_also_after_its_last_day() {
    let ledger = bought().await;
    let (quote, promised) = keep(&ledger, DAY, &[add_users(2, 10), add_plugin(3)]).await;
    done(commit(&ledger, DAY, &quote).await);
    post(
        &ledger,
        DAY,
        &command(9, DAY, json!({"type": "add_users", "order": "PO-9", "users": 5, "plugins": ["antivirus"]})),
    )
    .await;
    for today in [DAY, "2015-01-01"] {
        let mut again = done(commit(&ledger, today, &quote).await);
        assert!(again.iter().all(|outcome| outcome["replayed"] == true));
        again.iter_mut().for_each(|outcome| outcome["replayed"] = false.into());
        assert_eq!(again, promised);
    }
}

#[tokio::test]
async fn where_one_command_is_refused_nothing_is_kept() {
    let ledger = bought().await;
    let mut bad = add_users(3, 10);
    bad["command"]["users"] = 7.into();
    let quoted = try_keep(&ledger, DAY, &[add_users(2, 10), bad], None).await.expect("an answer");
    assert_eq!((quoted.quote, quoted.answered.len()), (None, 2));
    let unreadable = [InputLine { number: 1, bytes: Some(b"{}".to_vec()) }];
    let quoted = ledger.keep_quote(&unreadable, &context(DAY), None).await.expect("an answer");
    assert_eq!(quoted.quote, None);
    assert!(quoted.answered[0].json.contains("invalid"));
}

#[tokio::test]
async fn a_quote_that_is_kept_has_commands_and_not_too_many() {
    let ledger = bought().await;
    assert!(matches!(try_keep(&ledger, DAY, &[], None).await, Err(KeepError::Count(0))));
    let many: Vec<_> = (0..501).map(|number| online(number, "A")).collect();
    assert!(matches!(try_keep(&ledger, DAY, &many, None).await, Err(KeepError::Count(501))));
}

#[tokio::test]
async fn something_else_on_the_license_moves_the_sequences_and_nothing_promised() {
    let ledger = bought().await;
    let (quote, promised) = keep(&ledger, DAY, &[add_users(2, 10)]).await;
    post(&ledger, DAY, &online(8, "A")).await;
    let outcomes = done(commit(&ledger, DAY, &quote).await);
    assert_eq!((&promised[0]["version"], &outcomes[0]["version"]), (&json!(4), &json!(5)));
    assert_eq!(
        (&promised[0]["price"], &promised[0]["events"][0]["data"]),
        (&outcomes[0]["price"], &outcomes[0]["events"][0]["data"])
    );
    assert_eq!(outcomes[0]["events"][0]["sequence"], 4);
}

#[tokio::test]
async fn who_names_the_version_is_promised_the_license_untouched() {
    let ledger = bought().await;
    let mut add = add_users(2, 10);
    add["expected_version"] = 2.into();
    let (quote, _) = keep(&ledger, DAY, &[add]).await;
    post(&ledger, DAY, &online(8, "A")).await;
    let changed = changed(commit(&ledger, DAY, &quote).await);
    assert_eq!(
        (changes(&changed), &changed["commands"][0]["now"]["outcome"]),
        (vec![json!(["outcome"])], &json!("conflict"))
    );
}

#[tokio::test]
async fn another_price_is_told_and_nothing_is_written() {
    let ledger = bought().await;
    let renew = command(3, DAY, json!({"type": "renew_swm", "order": "PO-3", "years": 1}));
    let (quote, _) = keep(&ledger, DAY, &[online(2, "A"), renew.clone()]).await;
    assert_eq!(post(&ledger, DAY, &add_users(9, 10)).await["outcome"], "accepted");
    let before = entitlements(&ledger).await;
    let changed = changed(commit(&ledger, DAY, &quote).await);
    assert_eq!(changes(&changed), [json!([]), json!(["events", "price"])]);
    let renewal = &changed["commands"][1];
    assert_eq!((&renewal["command_id"], &renewal["license"]), (&renew["command_id"], &json!("ABC-1")));
    assert_ne!(renewal["promised"]["price"]["total"], renewal["now"]["price"]["total"]);
    assert_eq!(entitlements(&ledger).await, before);
    let first = post(&ledger, DAY, &online(2, "A")).await;
    assert_eq!(
        (&first["outcome"], &first["replayed"]),
        (&json!("accepted"), &json!(false)),
        "its id stands for nothing yet"
    );
}

#[tokio::test]
async fn a_refusal_names_its_rules_and_is_not_recorded() {
    let ledger = bought().await;
    let (quote, _) = keep(&ledger, DAY, &[add_users(2, 10), add_plugin(3)]).await;
    let waits = command(9, DAY, json!({"type": "add_users", "order": "PO-9", "users": 5}));
    post(&ledger, DAY, &waits).await;
    let changed = changed(commit(&ledger, DAY, &quote).await);
    assert_eq!(changes(&changed), [json!(["outcome"]), json!(["outcome"])]);
    assert_eq!(changed["commands"][0]["now"]["violations"][0]["rule"], "UPG-3");
    assert_eq!(changed["expired"], false);
    let withdrawn = command(10, DAY, json!({"type": "cancel_order", "order": "PO-9"}));
    assert_eq!(post(&ledger, DAY, &withdrawn).await["outcome"], "accepted");
    assert_eq!(done(commit(&ledger, DAY, &quote).await).len(), 2, "once the way is free, it holds again");
}

#[tokio::test]
async fn a_later_event_on_the_license_keeps_the_quote_from_going_back_in_time() {
    let ledger = bought().await;
    let (quote, _) = keep(&ledger, DAY, &[add_users(2, 10)]).await;
    let mut later = online(8, "A");
    later["on"] = "2012-08-21".into();
    post(&ledger, "2012-08-21", &later).await;
    let changed = changed(commit(&ledger, "2012-08-21", &quote).await);
    assert_eq!(changed["commands"][0]["now"]["violations"][0]["rule"], "ACT-4");
}

#[tokio::test]
async fn another_price_list_is_another_price() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let ledger = Ledger::open(Arc::clone(&store), GivenFiles::default()).await.expect("good files");
    post(&ledger, "2012-01-20", &command(1, "2012-01-20", buy(25))).await;
    let (quote, _) = keep(&ledger, DAY, &[add_users(2, 10)]).await;
    assert!(BUILT_IN_PRICES.contains("124.00,41.00"), "the price of five users of Control");
    let dearer = GivenFiles { catalog: None, prices: Some(BUILT_IN_PRICES.replace("124.00,41.00", "125.00,41.00")) };
    let dearer = Ledger::open(store, dearer).await.expect("good files");
    assert_eq!(changes(&changed(commit(&dearer, DAY, &quote).await)), [json!(["events", "price"])]);
    assert_eq!(done(commit(&ledger, DAY, &quote).await).len(), 1);
}

#[tokio::test]
async fn without_a_price_nothing_is_promised() {
    let head = "valid_from,product,item,license_type,license,maintenance,currency,vat_percent\n";
    let prices = format!("{head}2012-01-01,control,server,commercial,255.00,85.00,EUR,18\n");
    let ledger = ledger_with(GivenFiles { catalog: None, prices: Some(prices) }).await;
    let quoted = try_keep(&ledger, DAY, &[command(1, DAY, buy(10))], None).await.expect("an answer");
    assert_eq!(quoted.quote, None);
}

#[tokio::test]
async fn it_can_be_committed_up_to_its_last_day() {
    let ledger = bought().await;
    let kept =
        try_keep(&ledger, DAY, &[add_users(2, 10)], Some("2012-08-22")).await.expect("a quote").quote.expect("kept");
    let changed = changed(commit(&ledger, "2012-08-23", &kept).await);
    assert_eq!((&changed["expired"], changes(&changed)), (&json!(true), vec![json!([])]));
    assert_eq!((&changed["quote"], &changed["valid_until"]), (&json!(kept.id), &json!("2012-08-22")));
    assert_eq!(entitlements(&ledger).await[0]["users"], 25);
    assert_eq!(done(commit(&ledger, "2012-08-22", &kept).await).len(), 1);
}

#[tokio::test]
async fn one_for_a_later_day_is_committed_from_that_day_on() {
    let ledger = bought().await;
    let mut ahead = add_users(2, 10);
    ahead["on"] = "2012-10-01".into();
    let (quote, promised) = keep(&ledger, DAY, std::slice::from_ref(&ahead)).await;
    assert_eq!(quote.valid_until.to_string(), "2012-10-31");
    let early = changed(commit(&ledger, "2012-09-30", &quote).await);
    assert_eq!(early["commands"][0]["now"]["violations"][0]["rule"], "ACT-4");
    assert_eq!(done(commit(&ledger, "2012-10-01", &quote).await), promised);
    let too_short = try_keep(&ledger, DAY, &[ahead.clone()], Some("2012-09-30")).await;
    assert!(matches!(too_short, Err(KeepError::ValidUntil { .. })));
    ahead["on"] = "2013-08-21".into();
    assert!(matches!(try_keep(&ledger, DAY, &[ahead], None).await, Err(KeepError::TooFarAhead { .. })));
}

#[tokio::test]
async fn what_was_posted_by_itself_meanwhile_is_done_once() {
    let ledger = bought().await;
    let (quote, promised) = keep(&ledger, DAY, &[add_users(2, 10), add_plugin(3)]).await;
    post(&ledger, DAY, &add_users(2, 10)).await;
    let outcomes = done(commit(&ledger, DAY, &quote).await);
    assert_eq!((&outcomes[0]["replayed"], &outcomes[1]["replayed"]), (&json!(true), &json!(false)));
    assert_eq!(outcomes[1], promised[1]);
    assert_eq!(entitlements(&ledger).await[0]["users"], 35);
}

#[tokio::test]
async fn a_quote_over_several_licenses_is_committed_whole_or_not_at_all() {
    let ledger = bought().await;
    let mut issue = command(2, DAY, buy(10));
    issue["license"] = "ABC-2".into();
    let merge =
        json!({"type": "merge_licenses", "from": ["ABC-2"], "reason": "один сервер", "confirm_irreversible": true});
    let (quote, promised) = keep(&ledger, DAY, &[issue.clone(), command(3, DAY, merge)]).await;
    let mut other = online(8, "A");
    other["license"] = "ABC-2".into();
    assert_eq!(promised[1]["events"].as_array().map(Vec::len), Some(2));
    let renamed = json!({"type": "rename_holder", "name": "АО Вега", "confirm_irreversible": true});
    post(&ledger, DAY, &command(7, DAY, renamed)).await;
    assert_eq!(changes(&changed(commit(&ledger, DAY, &quote).await)), [json!([]), json!(["outcome"])]);
    assert_eq!(entitlements(&ledger).await.len(), 1, "not even the purchase was done");
    let back = json!({"type": "rename_holder", "name": "ООО Ромашка", "confirm_irreversible": true});
    post(&ledger, DAY, &command(8, DAY, back)).await;
    assert_eq!(done(commit(&ledger, DAY, &quote).await)[1]["events"][0]["data"], promised[1]["events"][0]["data"]);
}

#[tokio::test]
async fn an_unknown_quote_is_unknown() {
    let nobody = Promise { id: Uuid::now_v7(), valid_until: DAY.parse().expect("a date") };
    assert!(matches!(commit(&bought().await, DAY, &nobody).await, Committed::Unknown));
}

#[tokio::test]
async fn a_partners_key_commits_the_partners_quotes_alone() {
    let ledger = ledger().await;
    let mut issue = buy(25);
    issue["partner"] = json!({"name": "Аксофт"});
    let ours = key(DAY, Role::Distributor, Some("Аксофт"));
    let kept = ledger.keep_quote(&lines(&[command(1, DAY, issue.clone())]), &ours, None).await.expect("a quote");
    let id = kept.quote.expect("it is kept").id;
    assert!(matches!(commit_with(&ledger, id, &key(DAY, Role::Vendor, Some("Софтлайн"))).await, Committed::Unknown));
    done(commit_with(&ledger, id, &ours).await);
    done(commit_with(&ledger, id, &key(DAY, Role::Distributor, None)).await);

    let (quote, _) = keep(&ledger, DAY, &[add_users(2, 10)]).await;
    assert!(
        matches!(commit_with(&ledger, quote.id, &ours).await, Committed::Unknown),
        "it was kept for everybody's licenses"
    );
    let foreign = ledger.keep_quote(&lines(&[add_users(3, 5)]), &key(DAY, Role::Vendor, Some("Софтлайн")), None).await;
    let foreign = foreign.expect("an answer");
    assert_eq!(foreign.quote, None);
    assert!(foreign.answered[0].json.contains("forbidden"));
}

#[tokio::test]
async fn who_commits_is_who_posts() {
    let ledger = bought().await;
    let mut reduce = command(
        2,
        DAY,
        json!({"type": "reduce_users", "to": 10, "reason": "сокращение", "confirm_irreversible": true}),
    );
    reduce["actor"] = json!({"name": "somebody", "role": "vendor"});
    let (quote, _) = keep(&ledger, DAY, &[reduce]).await;
    let changed = changed(commit_with(&ledger, quote.id, &key(DAY, Role::Distributor, None)).await);
    assert_eq!(changed["commands"][0]["now"]["outcome"], "forbidden");
    done(commit_with(&ledger, quote.id, &key(DAY, Role::Vendor, None)).await);
    let history =
        ledger.history(&"ABC-1".parse().expect("a number"), 2, 1, AsOf::default()).await.expect("the store works");
    assert_eq!(history[0].actor.name, "test");
}

/// A history's commands whose quotes would all be accepted, one after the other.
async fn accepted(ledger: &Ledger, commands: &[Value]) -> Vec<Value> {
    let outcomes = super::quote(ledger, TODAY, commands).await;
    let accepted = |(command, outcome): (&Value, &Value)| (outcome["outcome"] == "accepted").then(|| command.clone());
    commands.iter().zip(&outcomes).filter_map(accepted).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Committed, a quote gives what posting its commands gives; and with anything done in between, either exactly what
    /// it promised or nothing at all.
    #[test]
    fn a_promise_is_kept_or_nothing_happens(first in history(), quoted in history(), between in history(), some in 0..4usize) {
        run(async {
            let ledger = ledger().await;
            let renumbered = |commands: Vec<Value>, by: u32| commands.into_iter().zip(0..).map(move |(mut command, number): (Value, u32)| {
                command["command_id"] = format!("00000000-0000-7000-8000-{:012}", number + by).into();
                command
            }).collect::<Vec<_>>();
            answers(&ledger.post(&lines(&first), &context(TODAY)).await);
            let commands = accepted(&ledger, &renumbered(quoted, 1000)).await;
            if commands.is_empty() {
                return Ok(());
            }
            let (quote, promised) = keep(&ledger, TODAY, &commands).await;
            let between = renumbered(between, 2000);
            answers(&ledger.post(&lines(&between[..some.min(between.len())]), &context(TODAY)).await);
            let before = entitlements(&ledger).await;
            match commit(&ledger, TODAY, &quote).await {
                Committed::Unknown => prop_assert!(false, "it was kept"),
                Committed::Changed(QuoteChanged { commands, .. }) => {
                    prop_assert!(some > 0 && commands.iter().any(|command| !command.changed.is_empty()));
                    prop_assert_eq!(entitlements(&ledger).await, before);
                }
                committed @ Committed::Done { .. } => {
                    let terms = |outcome: &Value| {
                        let events = outcome["events"].as_array().expect("a list").iter();
                        let events: Vec<_> = events.map(|event| (event["type"].clone(), event["license"].clone(), event["data"].clone())).collect();
                        (events, outcome["price"].clone(), outcome["warnings"].clone(), outcome["outcome"].clone())
                    };
                    let outcomes = done(committed);
                    prop_assert_eq!(outcomes.iter().map(terms).collect::<Vec<_>>(), promised.iter().map(terms).collect::<Vec<_>>());
                    if some == 0 {
                        prop_assert_eq!(outcomes, promised);
                    }
                }
            }
            Ok(())
        })?;
    }
}
