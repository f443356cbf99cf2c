//! Appending, and loading what was appended.

use ledger_domain::event::Event;
use ledger_domain::license::{FOLD, Status};
use uuid::Uuid;

use super::Tested;
use super::fixture::{
    Draft, activated, facts, issued, judged_by, load, number, numbers, online, post, purchase, trial, version,
};
use crate::store::{AsOf, Filter, StateRow, StoreError, Wanted};

pub(super) async fn what_was_appended_is_loaded(store: Tested) {
    let mut draft = Draft::new();
    let id = draft.command("A-1", "2012-01-20", vec![issued("PO-1"), activated("2012-01-20")]);
    draft.append(&store).await.unwrap();
    let wanted = |order: &str| Wanted { command_id: id, license: number("A-1"), order: Some(order.to_owned()) };
    let loaded = store.load(&[wanted("PO-1"), wanted("PO-2")]).await.unwrap();
    let batch = draft.batch();
    let state = StateRow { version: 2, fold: FOLD, state: batch.states[0].state.clone().into_bytes() };
    assert_eq!(loaded.states, [(number("A-1"), state)].into());
    assert_eq!(loaded.answers[&id].digest, batch.commands[0].content_digest);
    assert_eq!(loaded.answers[&id].outcome, batch.commands[0].outcome.as_bytes());
    assert_eq!(loaded.orders_taken, [(number("A-1"), "PO-1".to_owned())].into());
}

pub(super) async fn what_never_was_is_not_loaded(store: Tested) {
    post(&store, "A-1", "2012-01-20", vec![issued("PO-1")]).await;
    let wanted = Wanted { command_id: Uuid::new_v4(), license: number("A-2"), order: Some("PO-1".to_owned()) };
    let loaded = store.load(&[wanted]).await.unwrap();
    assert!(loaded.states.is_empty() && loaded.answers.is_empty() && loaded.orders_taken.is_empty());
    assert!(store.load(&[]).await.unwrap().states.is_empty());
    assert_eq!(facts(&store, "A-2", AsOf::default()).await, None);
    assert!(store.history(&number("A-2"), 0, 10).await.unwrap().is_empty());
}

pub(super) async fn an_answer_is_found_again(store: Tested) {
    let first = post(&store, "A-1", "2012-01-20", vec![issued("PO-1")]).await;
    let second = post(&store, "A-1", "2012-01-20", vec![activated("2012-01-20")]).await;
    let nothing_happened = post(&store, "A-1", "2012-01-21", vec![]).await;
    let ids = [first, second, nothing_happened];
    let wanted = ids.map(|command_id| Wanted { command_id, license: number("B-1"), order: None });
    let answers = store.load(&wanted).await.unwrap().answers;
    assert_eq!(answers.len(), 3);
    for id in ids {
        assert!(String::from_utf8(answers[&id].outcome.clone()).unwrap().contains(&id.to_string()));
    }
}

pub(super) async fn a_refusal_is_recorded_and_changes_no_license(store: Tested) {
    post(&store, "A-1", "2012-01-20", vec![issued("PO-1")]).await;
    let before = facts(&store, "A-1", AsOf::default()).await;
    let mut draft = Draft::on(&store, &["A-1"]).await;
    let ids = [draft.refusal("A-1", "2012-01-21"), draft.refusal("NONE-1", "2012-01-21")];
    draft.guard("A-1", 1);
    draft.guard("NONE-1", 0);
    draft.append(&store).await.unwrap();
    let wanted = ids.map(|command_id| Wanted { command_id, license: number("A-1"), order: None });
    assert_eq!(store.load(&wanted).await.unwrap().answers.len(), 2);
    assert_eq!(facts(&store, "A-1", AsOf::default()).await, before);
    assert_eq!(store.history(&number("A-1"), 0, 10).await.unwrap().len(), 1);
    assert_eq!(version(&store, "NONE-1").await, 0);
}

pub(super) async fn several_licenses_are_written_together(store: Tested) {
    post(&store, "A-1", "2012-01-20", vec![issued("PO-1"), activated("2012-01-20")]).await;
    post(&store, "B-1", "2012-01-20", vec![issued("PO-1"), activated("2012-01-20")]).await;
    let mut draft = Draft::on(&store, &["A-1", "B-1"]).await;
    let events = vec![("B-1", online("b")), ("A-1", online("a")), ("C-1", issued("PO-1")), ("B-1", online("b2"))];
    let id = draft.command_on_several("A-1", "2012-02-01", events);
    draft.append(&store).await.unwrap();
    for (license, expected) in [("A-1", 3), ("B-1", 4), ("C-1", 1)] {
        assert_eq!(facts(&store, license, AsOf::default()).await, Some(draft.facts(license)));
        let history = store.history(&number(license), 0, 10).await.unwrap();
        assert_eq!(history.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=expected).collect::<Vec<_>>());
        assert_eq!(history.last().unwrap().command_id, id);
    }
}

pub(super) async fn a_large_batch_is_written_whole(store: Tested) {
    let licenses: Vec<String> = (0..333).map(|index| format!("L-{index:04}")).collect();
    let mut draft = Draft::new();
    for license in &licenses {
        draft.command(license, "2012-01-20", vec![issued("PO-1"), activated("2012-01-20")]);
        draft.command(license, "2012-01-21", vec![online("a")]);
    }
    draft.append(&store).await.unwrap();
    let names: Vec<&str> = licenses.iter().map(String::as_str).collect();
    assert_eq!(load(&store, &names).await.states.len(), 333);
    let listed = store.list(&Filter::default(), AsOf::default(), None, 1000).await.unwrap();
    assert_eq!(numbers(&listed), names);
    assert!(listed.iter().all(|facts| facts.version == 3 && facts.servers_online == ["a"]));
}

pub(super) async fn a_state_of_a_newer_fold_is_never_overwritten(store: Tested) {
    store.adopt_edition(&judged_by()).await.unwrap();
    let mut draft = Draft::new();
    draft.command("A-1", "2012-01-20", vec![issued("PO-1")]);
    let mut batch = draft.batch();
    batch.states[0].fold = FOLD + 1;
    store.append(&batch).await.unwrap();
    let mut draft = Draft::on(&store, &["A-1"]).await;
    draft.command("B-1", "2012-01-20", vec![issued("PO-1")]);
    draft.command("A-1", "2012-01-20", vec![activated("2012-01-20")]);
    let refused = draft.append(&store).await;
    assert!(matches!(&refused, Err(StoreError::Newer(text)) if text.contains("A-1")), "{refused:?}");
    assert_eq!(load(&store, &["A-1"]).await.states[&number("A-1")].fold, FOLD + 1);
    assert_eq!((version(&store, "A-1").await, version(&store, "B-1").await), (1, 0));
}

pub(super) async fn a_trial_can_become_a_bought_license(store: Tested) {
    post(&store, "T-1", "2012-01-01", vec![trial("2012-01-31")]).await;
    post(&store, "T-1", "2012-02-10", vec![Event::LicenseIssued(purchase("PO-1"))]).await;
    let bought = facts(&store, "T-1", AsOf::default()).await.unwrap();
    assert_eq!((bought.version, bought.status, bought.trial_ends), (2, Status::Ordered, None));
}
