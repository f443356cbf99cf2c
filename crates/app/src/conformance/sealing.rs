//! The sealed log: every event is a leaf, once, and what was signed comes back as it was.

use chrono::{DateTime, Utc};
use ledger_domain::event::Event;
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::{Hash, empty_root};
use ledger_seal::keys::SecretKey;
use ledger_seal::proof::{verify_consistency, verify_inclusion};
use ledger_seal::tree::Tree;

use super::Tested;
use super::fixture::{Draft, activated, issued, online, post, post_active};
use crate::feed::FeedFilter;
use crate::seal::{KeptCheckpoint, LogEntry};
use crate::sealing::{SealError, checkpoint, init, prove_consistency, prove_inclusion, root, rotate, seal_all, status};
use crate::store::{LICENSE_STREAM, REFUSAL_STREAM, StoreError};

const ORIGIN: &str = "ledger.example/1";

fn key(seed: u8) -> SecretKey {
    SecretKey::new(ORIGIN, &[seed; 32]).unwrap()
}

fn instant() -> DateTime<Utc> {
    "2012-08-20T09:30:00.000001Z".parse().unwrap()
}

/// Two licenses, a command on both, and a refusal: 7 events.
async fn filled(store: &Tested) {
    post_active(store, "A-1", "2012-01-20").await;
    post_active(store, "B-1", "2012-01-20").await;
    let mut draft = Draft::on(store, &["A-1", "B-1"]).await;
    draft.command_on_several("A-1", "2012-02-01", vec![("A-1", online("a")), ("B-1", online("b"))]);
    draft.refusal("A-1", "2012-02-01");
    draft.append(store).await.unwrap();
}

async fn entries(store: &Tested) -> Vec<LogEntry> {
    store.sealed_log().entries(0, u32::MAX).await.unwrap()
}

/// The leaves as their events say, not as they are stored.
async fn leaves(store: &Tested) -> Vec<Hash> {
    entries(store).await.iter().map(|entry| entry.leaf_hash().unwrap()).collect()
}

/// Many events in one command, sealed in strokes of that length.
async fn long(store: &Tested, events: usize) {
    post_active(store, "A-1", "2012-01-20").await;
    let mut draft = Draft::on(store, &["A-1"]).await;
    let servers = (0..events - 2).map(|number| online(&format!("server {number}")));
    draft.command("A-1", "2012-01-20", servers.collect());
    draft.append(store).await.unwrap();
    store.settle().await.unwrap();
}

pub(super) async fn an_empty_log_has_the_empty_root(store: Tested) {
    assert_eq!(seal_all(&*store).await.unwrap(), 0);
    assert_eq!(root(store.sealed_log(), 0).await.unwrap(), empty_root());
    assert_eq!(entries(&store).await, []);
    let status = status(&*store).await.unwrap();
    assert_eq!((status.events, status.sealed, status.keys, status.last), (0, 0, vec![], None));
}

pub(super) async fn every_event_is_a_leaf_in_its_place(store: Tested) {
    let a = "A-1".parse().unwrap();
    filled(&store).await;
    assert_eq!(seal_all(&*store).await.unwrap(), 7);
    assert_eq!(store.sealed_log().seal(1_000).await.unwrap(), 0);
    assert_eq!(store.sealed_log().unsealed_since().await.unwrap(), None);
    let feed = store.feed(None, &FeedFilter::default(), 100).await.unwrap().events;
    let entries = entries(&store).await;
    assert_eq!((feed.len(), entries.len()), (7, 7));
    for (event, entry) in feed.iter().zip(&entries) {
        let leaf = &entry.leaf;
        assert_eq!(
            (event.position, &event.stream_type, event.sequence),
            (entry.position, &leaf.stream_type, leaf.sequence)
        );
        assert_eq!((&event.event_type, &event.event_version), (&leaf.event_type, &leaf.event_version));
        assert_eq!((event.on, event.recorded_at, event.command_id), (leaf.on, leaf.recorded_at, leaf.command_id));
        assert_eq!(
            (event.actor.name.as_str(), event.actor.role.name()),
            (leaf.actor_name.as_str(), leaf.actor_role.as_str())
        );
        assert_eq!((&event.edition, &event.payload), (&leaf.edition, &leaf.payload));
        assert!(entry.has_record && leaf.command_digest != [0; 32], "{}", entry.name());
        let id =
            if leaf.stream_type == LICENSE_STREAM { event.license.to_string() } else { event.command_id.to_string() };
        assert_eq!(leaf.stream_id, id);
    }
    assert!(entries.iter().any(|entry| entry.leaf.stream_type == REFUSAL_STREAM));
    let of_a = |last| store.sealed_log().entries_of(&a, last);
    let its: Vec<_> = entries.iter().filter(|entry| entry.leaf.stream_id == "A-1").cloned().collect();
    assert_eq!((of_a(3).await.unwrap(), of_a(u64::MAX).await.unwrap()), (its.clone(), its.clone()));
    assert_eq!(of_a(2).await.unwrap(), its[..2]);
    let mut tree = Tree::new();
    tree.extend(leaves(&store).await);
    assert_eq!(root(store.sealed_log(), 7).await.unwrap(), tree.root());
    let from = store.sealed_log().entries(5, 1).await.unwrap();
    assert_eq!(from.iter().map(|entry| entry.position).collect::<Vec<_>>(), [5]);
}

pub(super) async fn what_is_sealed_is_proved_at_every_size(store: Tested) {
    long(&store, 600).await;
    assert_eq!(seal_all(&*store).await.unwrap(), 600);
    let (leaves, log) = (leaves(&store).await, store.sealed_log());
    let (mut tree, mut before) = (Tree::new(), (0, empty_root()));
    for (leaf, size) in leaves.iter().zip(1..) {
        tree.push(*leaf);
        if ![1, 2, 255, 256, 257, 512, 599, 600].contains(&size) {
            continue;
        }
        let now = (size, root(log, size).await.unwrap());
        assert_eq!(now.1, tree.root(), "{size}");
        let index = size / 2;
        let proof = prove_inclusion(log, index, size).await.unwrap();
        verify_inclusion(leaves[usize::try_from(index).unwrap()], index, size, now.1, &proof).unwrap();
        let proof = prove_consistency(log, before.0, size).await.unwrap();
        verify_consistency(before, now, &proof).unwrap();
        before = now;
    }
    let beyond = root(log, 601).await;
    assert!(matches!(beyond, Err(StoreError::Damaged(_))), "{beyond:?}");
}

pub(super) async fn sealing_stroke_by_stroke_gives_the_same_tree(store: Tested) {
    long(&store, 300).await;
    for limit in [1, 2, 250, 1, 3, 1_000] {
        let before = store.sealed_log().sealed().await.unwrap();
        let sealed = store.sealed_log().seal(limit).await.unwrap();
        assert!(sealed <= u64::from(limit));
        // The store may seal by itself meanwhile.
        assert!(store.sealed_log().sealed().await.unwrap() >= before + sealed);
    }
    let mut tree = Tree::new();
    tree.extend(leaves(&store).await);
    assert_eq!(store.sealed_log().sealed().await.unwrap(), 300);
    assert_eq!(root(store.sealed_log(), 300).await.unwrap(), tree.root());
}

pub(super) async fn those_who_seal_at_once_seal_once(store: Tested) {
    long(&store, 300).await;
    let sealing: Vec<_> = (0..8)
        .map(|_| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move { while store.sealed_log().seal(20).await.unwrap() > 0 {} })
        })
        .collect();
    for one in sealing {
        one.await.unwrap();
    }
    let mut tree = Tree::new();
    tree.extend(leaves(&store).await);
    assert_eq!(store.sealed_log().sealed().await.unwrap(), 300);
    assert_eq!(root(store.sealed_log(), 300).await.unwrap(), tree.root());
}

pub(super) async fn a_checkpoint_comes_back_as_it_was(store: Tested) {
    filled(&store).await;
    let kept = init(&*store, &key(1), instant()).await.unwrap();
    let expected = Checkpoint { origin: ORIGIN.to_owned(), size: 7, root: root(store.sealed_log(), 7).await.unwrap() };
    assert_eq!((&kept.checkpoint, kept.key, kept.signed_at), (&expected, 1, instant()));
    assert_eq!(Checkpoint::open(&kept.note, ORIGIN, &[key(1).verifier().clone()]).unwrap(), expected);
    let log = store.sealed_log();
    assert_eq!(log.last_checkpoint().await.unwrap(), Some(kept.clone()));
    assert_eq!(log.checkpoints(None, 10).await.unwrap(), std::slice::from_ref(&kept));
    post(&store, "C-1", "2012-03-01", vec![issued("PO-1"), activated("2012-03-01")]).await;
    let later = checkpoint(&*store, &key(1), instant()).await.unwrap();
    assert_eq!(later.checkpoint.size, 9);
    assert_eq!(log.checkpoints(None, 10).await.unwrap(), [kept.clone(), later.clone()]);
    assert_eq!(log.checkpoints(None, 1).await.unwrap(), [kept]);
    assert_eq!(log.checkpoints(Some((7, 1)), 10).await.unwrap(), std::slice::from_ref(&later));
    assert_eq!(log.checkpoints(Some((9, 1)), 10).await.unwrap(), []);
    assert_eq!(log.last_checkpoint().await.unwrap(), Some(later));
}

pub(super) async fn a_size_is_signed_once_by_a_key(store: Tested) {
    filled(&store).await;
    let kept = init(&*store, &key(1), instant()).await.unwrap();
    assert_eq!(checkpoint(&*store, &key(1), Utc::now()).await.unwrap(), kept, "the same one again");
    let other = KeptCheckpoint { note: "other".to_owned(), ..kept.clone() };
    let refused = store.sealed_log().keep_checkpoint(&other, None).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(store.sealed_log().checkpoints(None, 10).await.unwrap(), [kept]);
}

pub(super) async fn a_key_is_made_and_replaced(store: Tested) {
    filled(&store).await;
    let (first, second) = (key(1), key(2));
    assert!(matches!(checkpoint(&*store, &first, instant()).await, Err(SealError::NoKey)));
    let kept = init(&*store, &first, instant()).await.unwrap();
    assert!(matches!(init(&*store, &second, instant()).await, Err(SealError::HasKey)));
    assert!(matches!(checkpoint(&*store, &second, instant()).await, Err(SealError::OtherKey { .. })));
    let rotated = rotate(&*store, &first, &second, instant()).await.unwrap();
    assert_eq!((rotated.key, &rotated.checkpoint), (2, &kept.checkpoint));
    for known in [&first, &second] {
        assert_eq!(Checkpoint::open(&rotated.note, ORIGIN, &[known.verifier().clone()]).unwrap(), kept.checkpoint);
    }
    assert!(matches!(checkpoint(&*store, &first, instant()).await, Err(SealError::OtherKey { .. })));
    assert!(matches!(
        rotate(&*store, &second, &first, instant()).await,
        Err(SealError::Store(StoreError::Conflict(_)))
    ));
    let log = store.sealed_log();
    assert_eq!(log.seal_keys().await.unwrap(), [first.verifier().clone(), second.verifier().clone()]);
    assert_eq!(log.checkpoints(None, 10).await.unwrap(), [kept, rotated.clone()]);
    assert_eq!(log.last_checkpoint().await.unwrap(), Some(rotated));
    post(
        &store,
        "A-1",
        "2012-03-01",
        vec![Event::ServerWentOffline(ledger_domain::event::Server { server: "a".to_owned() })],
    )
    .await;
    assert_eq!(checkpoint(&*store, &second, instant()).await.unwrap().checkpoint.size, 8);
}
