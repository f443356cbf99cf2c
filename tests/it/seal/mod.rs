//! The sealed log on real databases.

mod append_only;
mod before_outcomes;
mod beside;
mod by_itself;
mod command_line;
mod event_proofs;
mod mutations;
mod rules;
mod same_root;
mod tampering;

use std::fs;
use std::sync::Arc;

use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::post::InputLine;
use ledger_app::store::Store;
use serde_json::json;

use crate::files::root;
use crate::use_cases::{answers, context};

const TODAY: &str = "2013-07-31";

/// Posts the example year, and so many licenses more, each with a refusal.
pub(crate) async fn history(store: &Arc<dyn Store>, licenses: u32) {
    let ledger = Ledger::open(Arc::clone(store), GivenFiles::default()).await.unwrap();
    let year = fs::read_to_string(root().join("examples/year.ndjson")).unwrap();
    let more = (0..licenses).flat_map(|number| {
        [command(number * 2, number, purchase()), command(number * 2 + 1, number, json!({"type": "activate_license"}))]
    });
    let lines: Vec<_> = year.lines().map(str::to_owned).chain(more).collect();
    for group in lines.chunks(500) {
        let lines: Vec<_> = (1..)
            .zip(group)
            .map(|(number, line)| InputLine { number, bytes: Some(line.clone().into_bytes()) })
            .collect();
        answers(&ledger.post(&lines, &context(TODAY)).await);
    }
}

fn command(id: u32, license: u32, command: serde_json::Value) -> String {
    let id = format!("00000000-0000-7000-9000-{id:012}");
    json!({"command_id": id, "license": format!("MORE-{license}"), "on": "2012-08-20", "command": command}).to_string()
}

fn purchase() -> serde_json::Value {
    json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": 25, "registration": "automatic",
        "holder": {"name": "ООО «Ромашка»"}})
}
