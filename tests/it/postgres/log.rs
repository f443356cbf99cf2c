//! The log read in parts: the same however events lie, and whatever is missing.

use ledger_app::feed::Feed;
use ledger_app::store::Store;
use ledger_domain::event::{Event, Server};
use sqlx::Executor;

use super::support::{Opened, batch, bought, open};

/// A log of 1,202 events, which lie about in their order.
async fn log() -> Opened {
    let opened = open().await;
    let mut license = bought(&opened.store, "EX-1").await;
    let server = Server { server: "A".to_owned() };
    let used = [Event::ServerCameOnline(server.clone()), Event::ServerWentOffline(server)];
    let used: Vec<_> = used.iter().cycle().take(40).cloned().collect();
    for _ in 0..30 {
        opened.store.append(&batch(vec![license.happen(&used)])).await.unwrap();
    }
    opened.store.settle().await.unwrap();
    opened
}

/// Every way of reading the log in parts.
async fn positions(opened: &Opened) -> (Vec<u64>, Vec<u64>) {
    let head = opened.store.head().await.unwrap().unwrap() + 1;
    let (mut followed, mut audited) = (Vec::new(), Vec::new());
    for from in (0..head).step_by(400) {
        let page = opened.store.followed(from, (from + 400).min(head)).await.unwrap();
        followed.extend(page.into_iter().map(|event| event.position));
    }
    while let Some(page) =
        Some(opened.store.audit().events(audited.last().map_or(0, |last| last + 1), 400).await.unwrap())
        && !page.is_empty()
    {
        audited.extend(page.into_iter().map(|event| event.entry.position));
    }
    (followed, audited)
}

#[tokio::test]
async fn events_are_the_same_however_they_lie() {
    let opened = log().await;
    let healthy = positions(&opened).await;
    assert_eq!(healthy.0, (0..healthy.0.len() as u64).collect::<Vec<_>>());
    assert!(healthy.0.len() > 1_000 && healthy.0 == healthy.1);
    for apart in [
        // Some in the middle of a part, then its ends, then all in another order.
        "position % 400 BETWEEN 100 AND 110",
        "position % 400 IN (0, 399)",
        "position % 2 = 0",
    ] {
        let moved = format!("ALTER TABLE events DISABLE TRIGGER ALL; UPDATE events SET xid = xid WHERE {apart}");
        opened.pool.execute(&*moved).await.unwrap();
        assert_eq!(positions(&opened).await, healthy, "{apart}");
    }
}

#[tokio::test]
async fn a_gap_in_the_log_hides_nothing_behind_it() {
    let opened = log().await;
    let (healthy, _) = positions(&opened).await;
    // More than a part, and single ones.
    let gap = "ALTER TABLE events DISABLE TRIGGER ALL; DELETE FROM events WHERE position BETWEEN 100 AND 700 OR position = 800";
    opened.pool.execute(gap).await.unwrap();
    let left: Vec<_> = healthy.into_iter().filter(|at| !(100..=700).contains(at) && *at != 800).collect();
    assert_eq!(positions(&opened).await, (left.clone(), left));
}
