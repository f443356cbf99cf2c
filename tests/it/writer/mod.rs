//! The writer: callers that wait are written together, and none does another any harm.

mod at_once;
mod groups;
mod many;
mod trouble;

use std::sync::Arc;

use ledger_app::ledger::Ledger;
use ledger_app::post::{InputLine, PostContext};
use ledger_app::store::{StoreError, StoredEvent};
use ledger_app::writer::Writer;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::redistribution::{Opened, TODAY, buy, ledger_on, number, on};
use crate::use_cases::{context, lines};

const DAY: &str = "2012-08-20";

/// A writer on a ledger of its own.
struct Tested {
    opened: Opened,
    ledger: Arc<Ledger>,
    writer: Writer,
}

impl Tested {
    async fn on(opened: Opened) -> Self {
        let ledger = Arc::new(ledger_on(Arc::clone(&opened.store)).await);
        let writer = Writer::start(Arc::clone(&ledger));
        Self { opened, ledger, writer }
    }

    /// On every store there is.
    async fn on_each() -> [Self; 3] {
        let (sqlite, postgres) = (Opened::sqlite().await, Opened::postgres().await);
        [Self::on(Opened::memory()).await, Self::on(sqlite).await, Self::on(postgres).await]
    }

    async fn post(&self, command: &Value) -> Value {
        post(&self.writer, command, context(TODAY)).await.expect("the store works")
    }

    /// Posts all at the same time; the outcomes in the order of the commands. On a runtime of one thread all wait before
    /// the first is written, so they are written together.
    async fn post_at_once(&self, commands: Vec<(Value, PostContext)>) -> Vec<Value> {
        let mut posting = JoinSet::new();
        for (place, (command, context)) in commands.into_iter().enumerate() {
            let writer = self.writer.clone();
            posting.spawn(async move { (place, post(&writer, &command, context).await.expect("the store works")) });
        }
        let mut outcomes = posting.join_all().await;
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    async fn history(&self, license: &str) -> Vec<StoredEvent> {
        self.opened.store.history(&number(license), 0, 1_000).await.expect("the store works")
    }
}

async fn post(writer: &Writer, command: &Value, context: PostContext) -> Result<Value, StoreError> {
    let answered = writer.post(line(command), context).await?;
    Ok(serde_json::from_str(&answered.json).expect("JSON"))
}

fn line(command: &Value) -> InputLine {
    lines(std::slice::from_ref(command)).remove(0)
}

fn bought(license: &str) -> Value {
    on(DAY, license, buy(20))
}

/// Accepted with one event, whatever came before: every license may run so old a version.
fn installed(license: &str, version: &str) -> Value {
    on(DAY, license, json!({"type": "record_installed_version", "version": format!("1.0 {version}")}))
}

fn more_users(license: &str, order: &str, users: i64) -> Value {
    on(DAY, license, json!({"type": "add_users", "order": order, "users": users, "registration": "automatic"}))
}

fn kinds(outcomes: &[Value]) -> Vec<&str> {
    outcomes.iter().map(|outcome| outcome["outcome"].as_str().expect("a kind")).collect()
}
