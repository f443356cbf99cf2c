//! The pages under `docs/rules` run as tests: every row of every `## Examples` table goes through the real use cases
//! on the in-memory store. `docs/rules/README.md` explains the grammar.

mod answer;
mod page;
mod step;
mod tidy;

use std::sync::Arc;

use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::memory::MemoryStore;
use ledger_app::post::{InputLine, PostContext};
use ledger_app::poster::Poster;
use ledger_app::read::ListQuery;
use ledger_domain::command::{Actor, Role};
use ledger_domain::entitlement::Entitlement;
use serde_json::Value;

use page::{Example, pages};
use step::{Step, Steps};

#[tokio::test]
async fn every_example_of_every_rule_page_holds() {
    let mut failures = Vec::new();
    let mut run = 0;
    for page in pages() {
        for example in &page.examples {
            run += 1;
            if let Err(failure) = check(example).await {
                failures.push(format!("{}:{}: {failure}\n    {}", page.file, example.line, example.text));
            }
        }
    }
    assert!(run > 200, "only {run} examples were found");
    assert!(failures.is_empty(), "{} of {run} examples fail:\n{}", failures.len(), failures.join("\n"));
}

async fn check(example: &Example) -> Result<(), String> {
    let mut steps = Steps::default();
    let ledger = ledger().await;
    for given in example.given.iter().filter(|given| *given != "-") {
        let step = steps.parse(given)?;
        let outcome = post(&ledger, &step).await;
        if outcome["outcome"] != "accepted" {
            return Err(format!("the step given, {given}, is not accepted: {outcome}"));
        }
    }
    let when = steps.parse(&example.when)?;
    let before = licenses(&ledger, &when).await;
    let answer = if when.is_query() { query(&ledger, &when).await } else { post(&ledger, &when).await };
    let after = licenses(&ledger, &when).await;
    if answer["outcome"] == "rejected" && after != before {
        return Err("the refusal has changed a license".to_owned());
    }
    answer::check(&example.then, &answer, &after).map_err(|wrong| format!("{wrong}\n    answer: {answer}"))
}

async fn ledger() -> Ledger {
    let store = Arc::new(MemoryStore::new());
    Ledger::open(store, GivenFiles::default()).await.expect("the built-in catalog is good")
}

async fn post(ledger: &Ledger, step: &Step) -> Value {
    let actor = Actor { name: "example".to_owned(), role: Role::Distributor };
    let context = PostContext::new(step.today, Poster::local(actor));
    let line = InputLine { number: 1, bytes: Some(step.json.to_string().into_bytes()) };
    let posted = ledger.post(&[line], &context).await;
    let answered = posted.answered.first().unwrap_or_else(|| panic!("{:?}", posted.failed));
    serde_json::from_str(&answered.json).expect("an outcome is JSON")
}

/// The entitlements on the step's day, by license number.
async fn licenses(ledger: &Ledger, step: &Step) -> Value {
    let query = ListQuery { limit: 1_000, ..ListQuery::default() };
    let page = ledger.list(&query, step.when()).await.expect("the memory store works");
    let entry = |item: Entitlement| (item.license.to_string(), serde_json::to_value(item).expect("JSON"));
    Value::Object(page.items.into_iter().map(entry).collect())
}

async fn query(ledger: &Ledger, step: &Step) -> Value {
    let license = step.license();
    let answer = match step.verb.as_str() {
        "show" => serde_json::to_value(ledger.show(&license, step.when()).await.expect("works")),
        "support" => serde_json::to_value(ledger.support(&license, &step.support(), step.when()).await.expect("works")),
        "needed_users" => {
            let compared = step.names_license().then_some(&license);
            serde_json::to_value(ledger.needed_users(&step.installation(), compared, step.when()).await.expect("works"))
        }
        other => panic!("{other} is no query"),
    };
    answer.expect("an answer is JSON")
}
