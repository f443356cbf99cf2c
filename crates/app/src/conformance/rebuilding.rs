//! Rebuilding the read models.

use std::sync::Arc;

use ledger_domain::license::FOLD;

use super::Tested;
use super::facts::{life, of_odd_texts};
use super::fixture::{Draft, facts, issued, judged_by, load, number, numbers, online, post, post_active};
use crate::rebuild::refold;
use crate::store::{AsOf, Filter, RebuiltPage, Store, StoreError};

/// The license that [`Damage`] is done to.
const DAMAGED: &str = "B-1";
/// The license that a row is moved to, which has no events.
const STRAY: &str = "STRAY-1";

/// What a test does to the rows of the license `B-1`, past the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Its current row says something else.
    CurrentChanged,
    /// Its current row is another license's, which has no events.
    CurrentMoved,
    /// Its version 1 says something else.
    VersionChanged,
    /// Its version 2 is a version that it never had.
    VersionMoved,
    /// Its version 2 is another license's, which has no events.
    VersionStrayed,
}

impl Damage {
    /// Every kind, with the table it is done to.
    pub const ALL: [(Self, &str); 5] = [
        (Self::CurrentChanged, "current_entitlement"),
        (Self::CurrentMoved, "current_entitlement"),
        (Self::VersionChanged, "entitlement_versions"),
        (Self::VersionMoved, "entitlement_versions"),
        (Self::VersionStrayed, "entitlement_versions"),
    ];

    /// The statement that does it, for stores that have tables.
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::CurrentChanged => {
                "UPDATE current_entitlement SET users = 5, status = 'closed', partner_name = 'X' WHERE license = 'B-1'"
            }
            Self::CurrentMoved => "UPDATE current_entitlement SET license = 'STRAY-1' WHERE license = 'B-1'",
            Self::VersionChanged => {
                "UPDATE entitlement_versions SET holder_name = 'X' WHERE license = 'B-1' AND version = 1"
            }
            Self::VersionMoved => "UPDATE entitlement_versions SET version = 9 WHERE license = 'B-1' AND version = 2",
            Self::VersionStrayed => {
                "UPDATE entitlement_versions SET license = 'STRAY-1' WHERE license = 'B-1' AND version = 2"
            }
        }
    }
}

/// Fills an empty ledger with five licenses, `A-1` to `E-1`, of three events each.
pub async fn five_licenses(store: &Arc<dyn Store>) {
    for license in ["A-1", "B-1", "C-1", "D-1", "E-1"] {
        post_active(store, license, "2012-01-20").await;
        post(store, license, "2012-01-21", vec![online("a")]).await;
    }
}

/// Every page of a rebuild.
async fn pages(store: &dyn Store, limit: u32) -> Vec<RebuiltPage> {
    let mut pages = vec![store.rebuild_page(None, limit, refold).await.unwrap()];
    while let Some(last) = pages.last().and_then(|page| page.last.clone()) {
        pages.push(store.rebuild_page(Some(&last), limit, refold).await.unwrap());
    }
    pages
}

async fn mended(store: &dyn Store) -> Vec<String> {
    pages(store, 2).await.into_iter().flat_map(|page| page.mended).collect()
}

pub(super) async fn a_healthy_ledger_needs_no_mending(store: Tested) {
    assert_eq!(store.rebuild_page(None, 10, refold).await.unwrap(), RebuiltPage::default());
    five_licenses(&store).await;
    let mut draft = Draft::on(&store, &["A-1"]).await;
    draft.refusal("A-1", "2012-01-22");
    draft.append(&store).await.unwrap();
    let page = store.rebuild_page(None, 10, refold).await.unwrap();
    assert_eq!(page, RebuiltPage { last: None, licenses: 5, events: 15, in_doubt: 0, mended: vec![] });
}

/// Nothing but what is damaged is looked at column by column: whatever the rows hold, the quick comparison understands it.
pub(super) async fn no_kind_of_value_is_in_doubt(store: Tested) {
    post(&store, "A-1", "2012-01-20", life()).await;
    post(&store, "B-1", "2012-01-20", vec![of_odd_texts()]).await;
    let servers = ["a.example", "NULL", "null", "a b", "a,b", "{c}", "d\\e", "\"f\"", "ё\u{a0}中", "'g'"];
    let used = [issued("PO-1")].into_iter().chain(servers.map(online)).collect();
    post(&store, "C-1", "2012-01-20", used).await;
    let page = store.rebuild_page(None, 10, refold).await.unwrap();
    assert_eq!(page, RebuiltPage { last: None, licenses: 3, events: 22, in_doubt: 0, mended: vec![] });
    assert_eq!(store.audit().compare_page(None, 10, refold).await.unwrap(), page);
}

pub(super) async fn a_rebuild_goes_page_by_page(store: Tested) {
    five_licenses(&store).await;
    let pages = pages(store.as_ref(), 2).await;
    assert_eq!(pages.iter().map(|page| page.last.as_deref()).collect::<Vec<_>>(), [Some("B-1"), Some("D-1"), None]);
    assert_eq!(pages.iter().map(|page| page.licenses).sum::<u64>(), 5);
    assert_eq!(pages.iter().map(|page| page.events).sum::<u64>(), 15);
}

pub(super) async fn a_newer_fold_is_not_rebuilt(store: Tested) {
    store.adopt_edition(&judged_by()).await.unwrap();
    let mut draft = Draft::new();
    draft.command("A-1", "2012-01-20", vec![issued("PO-1")]);
    let mut batch = draft.batch();
    batch.states[0].fold = FOLD + 1;
    store.append(&batch).await.unwrap();
    let refused = store.rebuild_page(None, 10, refold).await;
    assert!(matches!(&refused, Err(StoreError::Newer(text)) if text.contains("A-1")), "{refused:?}");
    assert_eq!(load(&store, &["A-1"]).await.states[&number("A-1")].fold, FOLD + 1);
}

/// Does each [`Damage`] in turn, with the closure, and sees that a rebuild names it and mends it.
pub async fn rebuild_mends<S: Store + 'static, F: Future<Output = ()>>(store: Arc<S>, damage: impl Fn(Damage) -> F) {
    let store: Tested = store;
    five_licenses(&store).await;
    let everything = async || {
        let filter = Filter::default();
        let now = store.list(&filter, AsOf::default(), None, 100).await.unwrap();
        let mut then = Vec::new();
        for event in store.history(&number(DAMAGED), 0, 100).await.unwrap() {
            then.push(facts(&store, DAMAGED, AsOf { on: None, known_at: Some(event.recorded_at) }).await);
        }
        (now, then)
    };
    let healthy = everything().await;
    for (kind, table) in Damage::ALL {
        damage(kind).await;
        let lines = mended(store.as_ref()).await;
        let is_named = |line: &String| (line.contains(DAMAGED) || line.contains(STRAY)) && line.contains(table);
        assert!(!lines.is_empty() && lines.iter().all(is_named), "{kind:?}: {lines:?}");
        assert!(lines.iter().any(|line| line.contains(DAMAGED)), "{kind:?}: {lines:?}");
        assert_eq!(everything().await, healthy, "{kind:?}");
        assert_eq!(mended(store.as_ref()).await, Vec::<String>::new(), "{kind:?}");
    }
    post(&store, DAMAGED, "2012-02-01", vec![online("b")]).await;
    let listed = store.list(&Filter::default(), AsOf::default(), None, 100).await.unwrap();
    assert_eq!(numbers(&listed), ["A-1", "B-1", "C-1", "D-1", "E-1"]);
}
