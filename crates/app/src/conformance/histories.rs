//! Histories.

use chrono::{SubsecRound, Utc};

use super::Tested;
use super::fixture::{Draft, activated, actor, day, issued, judged_by, number, online, post};
use crate::store::StoredEvent;

async fn sequences(store: &Tested, after: u64, limit: u32) -> Vec<u64> {
    let events = store.history(&number("A-1"), after, limit).await.unwrap();
    events.iter().map(|event| event.sequence).collect()
}

pub(super) async fn a_history_comes_in_pages(store: Tested) {
    post(&store, "A-1", "2012-01-20", vec![issued("PO-1"), activated("2012-01-20")]).await;
    post(&store, "A-11", "2012-01-20", vec![issued("PO-1")]).await;
    for server in ["a", "b", "c"] {
        post(&store, "A-1", "2012-01-21", vec![online(server)]).await;
    }
    assert_eq!(sequences(&store, 0, 100).await, [1, 2, 3, 4, 5]);
    assert_eq!(sequences(&store, 0, 2).await, [1, 2]);
    assert_eq!(sequences(&store, 2, 2).await, [3, 4]);
    assert_eq!(sequences(&store, 4, 2).await, [5]);
    assert!(sequences(&store, 5, 2).await.is_empty());
    assert!(sequences(&store, u64::MAX, 2).await.is_empty());
}

pub(super) async fn an_event_comes_back_with_all_that_stands_around_it(store: Tested) {
    let before = Utc::now().trunc_subsecs(6);
    let id = post(&store, "A-1", "2012-01-20", vec![issued("PO-1")]).await;
    let found = store.history(&number("A-1"), 0, 10).await.unwrap().remove(0);
    assert!(before <= found.recorded_at && found.recorded_at <= Utc::now());
    assert_eq!(found.recorded_at, found.recorded_at.trunc_subsecs(6));
    let expected = StoredEvent {
        sequence: 1,
        event_type: "LicenseIssued".to_owned(),
        event_version: "1".to_owned(),
        on: day("2012-01-20"),
        recorded_at: found.recorded_at,
        actor: actor(),
        command_id: id,
        edition: judged_by().edition,
        event: issued("PO-1"),
    };
    assert_eq!(found, expected);
}

pub(super) async fn time_of_record_never_goes_back(store: Tested) {
    post(&store, "A-1", "2012-01-20", vec![issued("PO-1"), activated("2012-01-20")]).await;
    for server in ["a", "b", "c"] {
        let mut draft = Draft::on(&store, &["A-1"]).await;
        draft.command("A-1", "2012-01-20", vec![online(server), online("again")]);
        draft.append(&store).await.unwrap();
    }
    let history = store.history(&number("A-1"), 0, 100).await.unwrap();
    assert_eq!(history.len(), 8);
    assert!(history.is_sorted_by_key(|event| event.recorded_at));
}
