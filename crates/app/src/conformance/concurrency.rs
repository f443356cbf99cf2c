//! Many writers at once.

use std::collections::HashSet;
use std::sync::Arc;

use super::Tested;
use super::fixture::{Draft, issued, number, online, post, post_active, version};
use crate::store::StoreError;

const WRITERS: usize = 8;
const EACH: usize = 6;

/// Appends what the draft makes of the license as it stands, again and again until no one was faster.
async fn insist(store: &Tested, license: &str, server: &str) {
    loop {
        let mut draft = Draft::on(store, &[license]).await;
        draft.command(license, "2012-02-01", vec![online(server), online("twice")]);
        match draft.append(store).await {
            Ok(()) => return,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Runs the writers at once, each on its license.
async fn write_all(store: &Tested, license: fn(usize) -> String) {
    let writers = (0..WRITERS).map(|writer| {
        let (store, license) = (Arc::clone(store), license(writer));
        tokio::spawn(async move {
            for turn in 0..EACH {
                insist(&store, &license, &format!("{writer}-{turn}")).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

/// The license's sequences have no gap, and every writer's events are there once.
async fn has_everything(store: &Tested, license: &str, writers: usize) {
    let events = store.history(&number(license), 0, 1000).await.unwrap();
    let expected = u64::try_from(2 + 2 * EACH * writers).unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=expected).collect::<Vec<_>>());
    let commands: HashSet<_> = events.iter().map(|event| event.command_id).collect();
    assert_eq!(commands.len(), 1 + EACH * writers);
    assert!(events.is_sorted_by_key(|event| event.recorded_at));
    assert_eq!(version(store, license).await, expected);
}

pub(super) async fn writers_of_one_license_lose_nothing(store: Tested) {
    post_active(&store, "A-1", "2012-01-20").await;
    write_all(&store, |_| "A-1".to_owned()).await;
    has_everything(&store, "A-1", WRITERS).await;
}

pub(super) async fn writers_of_many_licenses_lose_nothing(store: Tested) {
    for writer in 0..WRITERS {
        post_active(&store, &format!("W-{writer}"), "2012-01-20").await;
    }
    write_all(&store, |writer| format!("W-{writer}")).await;
    for writer in 0..WRITERS {
        has_everything(&store, &format!("W-{writer}"), 1).await;
    }
}

pub(super) async fn of_many_that_repeat_a_command_one_writes_it(store: Tested) {
    post_active(&store, "A-1", "2012-01-20").await;
    let mut draft = Draft::new();
    draft.command("B-1", "2012-02-01", vec![issued("PO-1")]);
    let tries = (0..WRITERS).map(|_| {
        let (store, draft) = (Arc::clone(&store), draft.clone());
        tokio::spawn(async move { draft.append(&store).await })
    });
    let mut written = 0;
    for tried in tries.collect::<Vec<_>>() {
        match tried.await.unwrap() {
            Ok(()) => written += 1,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((written, version(&store, "B-1").await), (1, 1));
}

/// Each of two writes one license and guards the other's: only one of them may see the other as it was.
pub(super) async fn opposite_guards_do_not_pass_together(store: Tested) {
    post(&store, "A-1", "2012-01-20", vec![issued("PO-1")]).await;
    post(&store, "B-1", "2012-01-20", vec![issued("PO-1")]).await;
    for turn in 0..EACH {
        let before = (version(&store, "A-1").await, version(&store, "B-1").await);
        let tries = [("A-1", "B-1", before.1), ("B-1", "A-1", before.0)].map(|(written, guarded, seen)| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut draft = Draft::on(&store, &[written]).await;
                draft.command(written, "2012-02-01", vec![online(&format!("{turn}"))]);
                draft.guard(guarded, seen);
                draft.append(&store).await
            })
        });
        let mut written = 0;
        for tried in tries {
            match tried.await.unwrap() {
                Ok(()) => written += 1,
                Err(StoreError::Conflict(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(written, 1, "turn {turn}");
    }
}
