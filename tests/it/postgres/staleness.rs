//! Whatever no longer holds, nothing of the batch is written, also when it is the last of many commands.

use ledger_app::store::{AsOf, Batch, Store, StoreError};

use super::support::{Judged, Opened, Written, batch, bought, everything, number, open};

/// Forty-nine commands that hold, and one that does not, last.
fn last_of_fifty(stale: Judged) -> Batch {
    let holding = (10..59).map(|number| Written::none(&format!("AA-{number}")).buy("PO-1"));
    batch(holding.chain([stale]).collect())
}

async fn assert_conflict(opened: &Opened, stale: Batch) {
    let before = everything(&opened.pool).await;
    let refused = opened.store.append(&stale).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "{refused:?}");
    assert_eq!(everything(&opened.pool).await, before);
}

#[tokio::test]
async fn an_old_version_is_a_conflict() {
    let opened = open().await;
    let mut old = bought(&opened.store, "EX-1").await;
    let mut current = old.clone();
    opened.store.append(&batch(vec![current.use_once()])).await.unwrap();
    assert_conflict(&opened, last_of_fifty(old.use_once())).await;
}

#[tokio::test]
async fn a_license_that_came_into_being_meanwhile_is_a_conflict() {
    let opened = open().await;
    bought(&opened.store, "EX-1").await;
    assert_conflict(&opened, last_of_fifty(Written::none("EX-1").buy("PO-2"))).await;
}

#[tokio::test]
async fn an_old_guard_is_a_conflict() {
    let opened = open().await;
    let read = bought(&opened.store, "ZZ-1").await;
    let mut written = bought(&opened.store, "EX-1").await;
    let mut held = last_of_fifty(written.clone().use_once());
    held.guards.push((read.license.clone(), read.version() - 1));
    assert_conflict(&opened, held).await;
    let mut absent = last_of_fifty(written.clone().use_once());
    absent.guards.push((read.license.clone(), 0));
    assert_conflict(&opened, absent).await;
    let mut holds = batch(vec![written.use_once()]);
    holds.guards.push((read.license.clone(), read.version()));
    holds.guards.push((number("ZZ-2"), 0));
    opened.store.append(&holds).await.unwrap();
}

#[tokio::test]
async fn a_taken_order_number_is_a_conflict() {
    let opened = open().await;
    let mut license = bought(&opened.store, "EX-1").await;
    let again = license.clone().buy("PO-1");
    assert_conflict(&opened, last_of_fifty(again)).await;
    opened.store.append(&batch(vec![license.buy("po-1")])).await.unwrap();
}

#[tokio::test]
async fn a_taken_command_id_is_a_conflict() {
    let opened = open().await;
    let mut license = bought(&opened.store, "EX-1").await;
    let first = license.use_once();
    let id = first.0.command_id;
    opened.store.append(&batch(vec![first])).await.unwrap();
    let mut second = license.use_once();
    second.0.command_id = id;
    assert_conflict(&opened, last_of_fifty(second)).await;
}

#[tokio::test]
async fn a_higher_fold_is_never_overwritten() {
    let opened = open().await;
    let mut license = bought(&opened.store, "EX-1").await;
    sqlx::query("UPDATE current_entitlement SET fold = 99").execute(&opened.pool).await.unwrap();
    let before = everything(&opened.pool).await;
    let refused = opened.store.append(&batch(vec![license.use_once()])).await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer(_)), "{refused:?}");
    assert_eq!(everything(&opened.pool).await, before);
}

#[tokio::test]
async fn an_edition_that_was_never_adopted_is_damage() {
    let opened = open().await;
    let mut batch = batch(vec![Written::none("EX-1").buy("PO-1")]);
    batch.edition = "f".repeat(64);
    assert!(matches!(opened.store.append(&batch).await, Err(StoreError::Damaged(_))));
    assert_eq!(opened.store.facts(&number("EX-1"), AsOf::default()).await.unwrap(), None);
}
