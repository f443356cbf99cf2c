//! A batch that is stale in one place, the last of many, is written nowhere.

use ledger_domain::event::Event;

use super::Tested;
use super::fixture::{Draft, activated, facts, issued, judged_by, number, online, post, purchase, version};
use crate::store::{AsOf, Batch, StoreError, Wanted};

/// A batch on two new licenses and on `A-1`, which stands at version 2.
async fn good(store: &Tested) -> Draft {
    post(store, "A-1", "2012-01-20", vec![issued("PO-1"), activated("2012-01-20")]).await;
    post(store, "Z-1", "2012-01-20", vec![issued("PO-1")]).await;
    let mut draft = Draft::on(store, &["A-1"]).await;
    draft.command("M-1", "2012-02-01", vec![issued("PO-1")]);
    draft.command("N-1", "2012-02-01", vec![issued("PO-1"), activated("2012-02-01")]);
    draft.refusal("A-1", "2012-02-01");
    draft.command("A-1", "2012-02-01", vec![online("a")]);
    draft
}

/// The batch is refused as a conflict, and nothing of it is there; the good one still passes.
async fn writes_nothing(store: &Tested, good: &Draft, stale: &Batch) {
    let before = facts(store, "A-1", AsOf::default()).await;
    let refused = store.append(stale).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(facts(store, "A-1", AsOf::default()).await, before);
    assert_eq!((version(store, "M-1").await, version(store, "N-1").await), (0, 0));
    assert!(store.history(&number("M-1"), 0, 10).await.unwrap().is_empty());
    assert_eq!(facts(store, "M-1", AsOf { on: before.map(|facts| facts.on), known_at: None }).await, None);
    let wanted = |id| Wanted { command_id: id, license: number("M-1"), order: Some("PO-1".to_owned()) };
    let wanted: Vec<_> = good.batch().commands.iter().map(|command| wanted(command.command_id)).collect();
    let loaded = store.load(&wanted).await.unwrap();
    assert!(loaded.answers.is_empty() && loaded.orders_taken.is_empty());
    good.append(store).await.unwrap();
    assert_eq!(facts(store, "A-1", AsOf::default()).await, Some(good.facts("A-1")));
}

pub(super) async fn a_stale_base_version_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut stale = Draft::on(&store, &["Z-1"]).await;
    stale.command("M-1", "2012-02-01", vec![issued("PO-1")]);
    stale.command("Z-1", "2012-02-01", vec![activated("2012-02-01")]);
    let stale = stale.batch();
    post(&store, "Z-1", "2012-02-01", vec![activated("2012-02-01")]).await;
    writes_nothing(&store, &good, &stale).await;
    assert_eq!(version(&store, "Z-1").await, 2);
}

/// No sequence is taken twice here; the gap alone is the conflict.
pub(super) async fn a_base_version_ahead_of_the_ledger_writes_nothing(store: Tested) {
    let good = good(&store).await;
    for (license, at) in [("Z-1", 1), ("NONE-1", 0)] {
        let mut ahead = Draft::on(&store, &[license]).await;
        ahead.command(license, "2012-02-01", vec![Event::LicenseIssued(purchase("PO-7"))]);
        ahead.command(license, "2012-02-01", vec![activated("2012-02-01")]);
        let mut stale = ahead.batch();
        stale.states[0].base_version = at + 1;
        stale.commands.remove(0);
        let refused = store.append(&stale).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        assert_eq!(version(&store, license).await, at);
    }
    good.append(&store).await.unwrap();
}

pub(super) async fn a_stale_guard_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut stale = good.clone();
    stale.guard("Z-1", 1);
    post(&store, "Z-1", "2012-02-01", vec![activated("2012-02-01")]).await;
    writes_nothing(&store, &good, &stale.batch()).await;
}

pub(super) async fn a_guard_on_a_license_that_exists_meanwhile_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut stale = good.clone();
    stale.guard("Z-1", 0);
    writes_nothing(&store, &good, &stale.batch()).await;
}

pub(super) async fn a_guard_on_a_license_that_does_not_exist_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut stale = good.clone();
    stale.guard("NONE-1", 1);
    writes_nothing(&store, &good, &stale.batch()).await;
}

pub(super) async fn a_taken_order_number_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut stale = good.clone();
    stale.command("A-1", "2012-02-01", vec![Event::LicenseIssued(purchase("PO-1"))]);
    writes_nothing(&store, &good, &stale.batch()).await;
}

pub(super) async fn an_order_number_taken_twice_in_a_batch_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut stale = good.clone();
    stale.command("N-1", "2012-02-01", vec![Event::LicenseIssued(purchase("PO-1"))]);
    writes_nothing(&store, &good, &stale.batch()).await;
}

pub(super) async fn a_taken_command_id_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let taken = post(&store, "Y-1", "2012-01-20", vec![issued("PO-1")]).await;
    let mut stale = good.clone();
    stale.command("A-1", "2012-02-01", vec![online("b")]);
    stale.last_command().command_id = taken;
    writes_nothing(&store, &good, &stale.batch()).await;
}

pub(super) async fn a_command_id_taken_twice_in_a_batch_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut stale = good.clone();
    let id = stale.last_command().command_id;
    stale.command("A-1", "2012-02-01", vec![online("b")]);
    stale.last_command().command_id = id;
    writes_nothing(&store, &good, &stale.batch()).await;
}

pub(super) async fn a_taken_sequence_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut stale = good.clone();
    stale.command("A-1", "2012-02-01", vec![online("b")]);
    stale.last_command().events[0].sequence = 2;
    writes_nothing(&store, &good, &stale.batch()).await;
}

pub(super) async fn a_refusal_recorded_twice_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut first = Draft::new();
    let refused = first.refusal("A-1", "2012-02-01");
    first.append(&store).await.unwrap();
    let mut stale = good.clone();
    stale.refusal("A-1", "2012-02-01");
    stale.last_command().events[0].stream_id = refused.to_string();
    writes_nothing(&store, &good, &stale.batch()).await;
}

/// Users are neither made nor lost by an operation on several licenses (VND-7), whatever judged it.
pub(super) async fn a_command_that_loses_users_writes_nothing(store: Tested) {
    let good = good(&store).await;
    let mut losing = good.clone();
    losing.last_command().events[0].users_moved = Some(-5);
    let refused = losing.append(&store).await;
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
    assert_eq!((version(&store, "A-1").await, version(&store, "M-1").await), (2, 0));
    good.append(&store).await.unwrap();
}

pub(super) async fn guards_that_hold_let_the_batch_pass(store: Tested) {
    store.adopt_edition(&judged_by()).await.unwrap();
    let mut good = good(&store).await;
    good.guard("Z-1", 1);
    good.guard("NONE-1", 0);
    good.append(&store).await.unwrap();
    assert_eq!((version(&store, "A-1").await, version(&store, "Z-1").await), (3, 1));
}
