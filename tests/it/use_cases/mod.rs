//! The use cases on the in-memory store: idempotency, judging order, quotes, and properties over random histories.

mod idempotency;
mod kept_quotes;
mod next_commands;
mod partner;
mod properties;
mod refusals;

use std::sync::Arc;

use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::memory::MemoryStore;
use ledger_app::post::{InputLine, PostContext, Posted};
use ledger_app::poster::Poster;
use ledger_app::quote::QuoteSession;
use ledger_domain::command::{Actor, Role};
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::schemas::schema;

pub(crate) async fn ledger_with(given: GivenFiles) -> Ledger {
    Ledger::open(Arc::new(MemoryStore::new()), given).await.expect("good files")
}

pub(crate) async fn ledger() -> Ledger {
    ledger_with(GivenFiles::default()).await
}

pub(crate) fn lines(commands: &[Value]) -> Vec<InputLine> {
    let line = |(number, command): (u64, &Value)| InputLine { number, bytes: Some(command.to_string().into_bytes()) };
    (1..).zip(commands).map(line).collect()
}

/// The context of a vendor's run on a day.
pub(crate) fn context(today: &str) -> PostContext {
    let actor = Actor { name: "test".to_owned(), role: Role::Vendor };
    PostContext::new(today.parse().expect("a date"), Poster::local(actor))
}

pub(crate) fn answers(posted: &Posted) -> Vec<Value> {
    assert!(posted.failed.is_none(), "{:?}", posted.failed);
    posted.answered.iter().map(|answered| serde_json::from_str(&answered.json).expect("JSON")).collect()
}

pub(crate) async fn post(ledger: &Ledger, today: &str, command: &Value) -> Value {
    answers(&ledger.post(&lines(std::slice::from_ref(command)), &context(today)).await).remove(0)
}

pub(crate) async fn quote(ledger: &Ledger, today: &str, commands: &[Value]) -> Vec<Value> {
    answers(&ledger.quote(&mut QuoteSession::default(), &lines(commands), &context(today)).await)
}

/// The answer must be what its schema describes.
#[track_caller]
pub(crate) fn is_as_its_schema_says<T: JsonSchema>(answer: &Value) {
    let validator = jsonschema::validator_for(&schema::<T>(true)).expect("a schema");
    let errors: Vec<_> = validator.iter_errors(answer).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {answer}");
}

/// A command of the test's license, with the id of its number.
pub(crate) fn command(number: u32, on: &str, command: Value) -> Value {
    json!({"command_id": format!("00000000-0000-7000-8000-{number:012}"), "license": "ABC-1", "on": on, "command": command})
}

pub(crate) fn buy(users: u32) -> Value {
    json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": users, "registration": "automatic",
        "holder": {"name": "ООО Ромашка"}})
}
