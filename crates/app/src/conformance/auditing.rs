//! What is stored, read as it is: every record, and every event without its record.

use std::collections::BTreeSet;

use ledger_seal::leaf::Leaf;

use super::Tested;
use super::fixture::{Draft, online, post_active};
use crate::audit::{AuditedEvent, CommandRecord};
use crate::seal::LogEntry;

/// More records than any store reads at once, wherever it divides them.
const MANY: usize = 1_100;
const LONG: usize = 1_600;

/// All records as they lie.
async fn lying(store: &Tested) -> Vec<CommandRecord> {
    let (mut records, mut next, mut pages) = (Vec::new(), Some(0), 0);
    while let Some(place) = next {
        let page = store.audit().records_from(place).await.unwrap();
        records.extend(page.records);
        next = page.next;
        pages += 1;
    }
    assert!(pages > 1 || records.len() < MANY, "{} came at once", records.len());
    records
}

pub(super) async fn every_record_comes_once_as_it_lies(store: Tested) {
    assert_eq!(lying(&store).await, []);
    post_active(&store, "A-1", "2012-01-20").await;
    let mut draft = Draft::on(&store, &["A-1"]).await;
    draft.command("A-1", "2012-02-01", vec![online("a")]);
    for _ in 0..MANY {
        draft.refusal("A-1", "2012-02-01");
        let command = draft.last_command();
        command.outcome = format!(r#"{{"command_id":"{}","text":"{}"}}"#, command.command_id, "x".repeat(LONG));
    }
    // Accepted, and nothing happened.
    draft.command("A-1", "2012-02-01", Vec::new());
    draft.append(&store).await.unwrap();
    let mut found = lying(&store).await;
    found.sort_by_key(|record| record.command_id);
    let ids: BTreeSet<_> = found.iter().map(|record| record.command_id).collect();
    assert_eq!((found.len(), ids.len()), (MANY + 3, MANY + 3));
    assert_eq!(found, store.audit().records_after(None, u32::MAX).await.unwrap());
}

pub(super) async fn events_are_read_without_their_records(store: Tested) {
    post_active(&store, "A-1", "2012-01-20").await;
    let mut draft = Draft::on(&store, &["A-1"]).await;
    draft.refusal("A-1", "2012-02-01");
    draft.append(&store).await.unwrap();
    store.settle().await.unwrap();
    let entries = store.sealed_log().entries(0, 10).await.unwrap();
    let alone = |entry: LogEntry| {
        assert!(entry.has_record);
        let order_number = (entry.position == 0).then(|| "PO-1".to_owned());
        let entry = LogEntry {
            leaf: Leaf { command_digest: [0; 32], outcome_digest: None, ..entry.leaf },
            has_record: false,
            ..entry
        };
        AuditedEvent { entry, order_number }
    };
    let entries: Vec<_> = entries.into_iter().map(alone).collect();
    assert_eq!(entries.len(), 3);
    assert_eq!(store.audit().events(0, 10).await.unwrap(), entries);
    assert_eq!(store.audit().events(1, 1).await.unwrap(), entries[1..2]);
    assert_eq!(store.audit().events(3, 10).await.unwrap(), []);
}
