//! Refusals that the rule pages cannot show, and what a refusal tells.

use ledger_app::edition::GivenFiles;
use ledger_domain::catalog::BUILT_IN_CATALOG;
use serde_json::{Value, json};

use super::{buy, command, ledger, ledger_with, post, quote};

const HEAD: &str = "valid_from,product,item,license_type,license,maintenance,currency,vat_percent\n";

#[tokio::test]
async fn without_a_price_a_quote_is_refused_and_a_command_is_accepted_with_a_warning() {
    let prices = format!("{HEAD}2012-01-01,control,server,commercial,255.00,85.00,EUR,18\n");
    let ledger = ledger_with(GivenFiles { catalog: None, prices: Some(prices) }).await;
    let five = command(1, "2012-08-20", buy(5));
    assert_eq!(quote(&ledger, "2012-08-20", &[five]).await[0]["price"]["total"], "255.00");
    let ten = command(2, "2012-08-20", buy(10));
    let quoted = quote(&ledger, "2012-08-20", std::slice::from_ref(&ten)).await.remove(0);
    assert_eq!((&quoted["outcome"], &quoted["violations"][0]["rule"]), (&json!("rejected"), &json!("PRC-11")));
    let posted = post(&ledger, "2012-08-20", &ten).await;
    assert_eq!((&posted["outcome"], &posted["price"]), (&json!("accepted"), &Value::Null));
    assert_eq!(posted["warnings"][0]["rule"], "PRC-11");
}

#[tokio::test]
async fn a_plugin_is_refused_after_its_last_day_of_sale() {
    let last_day = |text: &str| {
        let entry = "plugin = \"web_filter\"";
        assert!(text.contains(entry), "the catalog names the plugin so");
        text.replacen(entry, &format!("{entry}\nlast_day_of_sale = 2012-12-31"), 1)
    };
    let ledger = ledger_with(GivenFiles { catalog: Some(last_day(BUILT_IN_CATALOG)), prices: None }).await;
    post(&ledger, "2012-08-20", &command(1, "2012-08-20", buy(25))).await;
    let add = json!({"type": "add_plugin", "order": "PO-2", "plugin": "web_filter"});
    let refused = post(&ledger, "2013-01-01", &command(2, "2013-01-01", add.clone())).await;
    assert_eq!(refused["violations"][0]["rule"], "CAT-2");
    let accepted = quote(&ledger, "2013-01-01", &[command(3, "2012-12-31", add)]).await.remove(0);
    assert_eq!(accepted["outcome"], "accepted");
}

#[tokio::test]
async fn an_unconfirmed_irreversible_command_shows_what_it_would_do_and_changes_nothing() {
    let ledger = ledger().await;
    post(&ledger, "2012-08-20", &command(1, "2012-08-20", buy(25))).await;
    let reduce = json!({"type": "reduce_users", "to": 10, "reason": "сокращение"});
    let refused = post(&ledger, "2012-08-21", &command(2, "2012-08-21", reduce)).await;
    assert_eq!(refused["violations"][0]["rule"], "VND-10");
    assert_eq!(refused["would"]["events"][0]["type"], "UsersReduced");
    assert_eq!(refused["would"]["entitlements"][0]["users"], 10);
    assert_eq!(refused["version"], 2);
    let way = &refused["violations"][0]["way_forward"][0];
    let accepted = post(&ledger, "2012-08-21", way).await;
    assert_eq!((&accepted["outcome"], &accepted["events"]), (&json!("accepted"), &refused["would"]["events"]));
}

#[tokio::test]
async fn where_more_than_the_confirmation_is_missing_nothing_is_promised() {
    let ledger = ledger().await;
    post(&ledger, "2012-08-20", &command(1, "2012-08-20", buy(25))).await;
    let refused =
        post(&ledger, "2012-08-21", &command(2, "2012-08-21", json!({"type": "reduce_users", "to": 7}))).await;
    let rules: Vec<_> = refused["violations"].as_array().expect("a list").iter().map(|v| &v["rule"]).collect();
    assert_eq!(rules, ["VND-3", "VND-10"]);
    assert!(refused.get("would").is_none());
}

#[tokio::test]
async fn a_wrong_inn_checksum_is_a_warning() {
    let ledger = ledger().await;
    let mut bought = buy(25);
    bought["holder"]["inn"] = "7707083894".into();
    let answer = post(&ledger, "2012-08-20", &command(1, "2012-08-20", bought)).await;
    assert_eq!((&answer["outcome"], &answer["warnings"][0]["rule"]), (&json!("accepted"), &Value::Null));
}
