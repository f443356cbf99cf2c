//! Following the feed while others write, and while an older transaction stays open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ledger_app::feed::{Feed, FeedEvent, FeedFilter};
use ledger_app::follow::{Followed, Follower};
use ledger_app::store::Store;
use ledger_postgres::PostgresStore;
use sqlx::Executor;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::support::{Opened, Written, batch, number, open_alone, open_at};

const WRITERS: usize = 8;

/// How long the older transaction stays open.
const FROZEN: Duration = Duration::from_secs(3);

/// Writes an event as the append does, in a transaction that the test keeps open.
const FREEZE: &str = r#"
    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, on_date,
        recorded_at, actor_name, actor_role, command_id, edition)
    VALUES ('license', 'FROZEN', 1, 'ServerCameOnline', '1', '{"ServerCameOnline":{"server":"A"}}', '{}', '2012-01-20', clock_timestamp(), 'a', 'vendor',
        gen_random_uuid(), 'e')"#;

/// Buys a license and uses it until told to stop, each time in a transaction of its own.
async fn write(store: Arc<PostgresStore>, license: String, stop: Arc<AtomicBool>) {
    let mut license = Written::none(&license);
    store.append(&batch(vec![license.buy("PO-1")])).await.unwrap();
    while !stop.load(Ordering::Relaxed) {
        store.append(&batch(vec![license.use_once()])).await.unwrap();
        sleep(Duration::from_millis(20)).await;
    }
}

/// Follows the feed from its beginning, until nothing more comes after the last writer has ended.
async fn follow(store: Arc<PostgresStore>, filter: FeedFilter, limit: u32, is_over: Arc<AtomicBool>) -> Vec<FeedEvent> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let was_over = is_over.load(Ordering::Relaxed);
        store.settle().await.unwrap();
        loop {
            let page = store.feed(after, &filter, limit).await.unwrap();
            seen.extend(page.events);
            let Some(looked_up_to) = page.looked_up_to else { break };
            after = Some(looked_up_to);
        }
        if was_over {
            return seen;
        }
    }
}

/// Follows the log, typed, as [`follow`] does: its end is where the log ended when it began, and from there it begins
/// anew.
async fn follow_typed(store: Arc<PostgresStore>, is_over: Arc<AtomicBool>) -> Vec<Followed> {
    let mut seen: Vec<Followed> = Vec::new();
    loop {
        let was_over = is_over.load(Ordering::Relaxed);
        store.settle().await.unwrap();
        let from = seen.last().map_or(0, |last| last.position + 1);
        let mut follower = Follower::begin(Arc::clone(&store) as Arc<dyn Store>, from).await.unwrap();
        while let Some(page) = follower.page().await.unwrap() {
            seen.extend(page);
        }
        if was_over {
            return seen;
        }
    }
}

/// Everything that was committed, as license and sequence.
async fn committed(opened: &Opened) -> BTreeSet<(String, u64)> {
    let query = "SELECT aggregate_id, sequence FROM events";
    let rows: Vec<(String, i64)> = sqlx::query_as(query).fetch_all(&opened.pool).await.unwrap();
    rows.into_iter().map(|(license, sequence)| (license, u64::try_from(sequence).unwrap())).collect()
}

fn assert_in_order(seen: &[FeedEvent]) {
    assert!(seen.is_sorted_by(|one, next| one.position < next.position), "by position, and none twice");
    let mut last: BTreeMap<_, u64> = BTreeMap::new();
    for event in seen {
        let before = last.insert(&event.license, event.sequence).unwrap_or(0);
        assert_eq!(event.sequence, before + 1, "{} in its own order", event.license);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_every_committed_event_once_and_in_order() {
    let (opened, _alone) = open_alone().await;
    // Readers are another process than the writers.
    let writing = Arc::new(open_at(opened.url.clone()).await.store);
    let reading = Arc::new(PostgresStore::connect(&opened.url).await.unwrap());
    let (stop, is_over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(Arc::clone(&writing), format!("EX-{writer}"), Arc::clone(&stop)));
    }
    let mut readers = JoinSet::new();
    for limit in [2, 7, 50, 1_000] {
        let (reading, is_over) = (Arc::clone(&reading), Arc::clone(&is_over));
        readers.spawn(async move { follow(reading, FeedFilter::default(), limit, is_over).await });
    }
    let of_one = FeedFilter { license: Some(number("EX-3")), ..FeedFilter::default() };
    let typed = tokio::spawn(follow_typed(Arc::clone(&reading), Arc::clone(&is_over)));
    let of_one = tokio::spawn(follow(Arc::clone(&reading), of_one, 5, Arc::clone(&is_over)));

    sleep(FROZEN / 2).await;
    let mut frozen = opened.pool.begin().await.unwrap();
    frozen.execute(FREEZE).await.unwrap();
    sleep(FROZEN).await;
    frozen.commit().await.unwrap();
    sleep(FROZEN / 2).await;
    stop.store(true, Ordering::Relaxed);
    writers.join_all().await;
    is_over.store(true, Ordering::Relaxed);

    let committed = committed(&opened).await;
    assert!(committed.len() > 100 && committed.contains(&("FROZEN".to_owned(), 1)), "{} events", committed.len());
    for seen in readers.join_all().await {
        let positions: Vec<_> = seen.iter().map(|event| event.position).collect();
        assert_eq!(positions, (0..u64::try_from(committed.len()).unwrap()).collect::<Vec<_>>());
        assert_in_order(&seen);
        assert_eq!(
            seen.iter().map(|event| (event.license.to_string(), event.sequence)).collect::<BTreeSet<_>>(),
            committed
        );
    }
    let typed = typed.await.unwrap();
    let positions: Vec<_> = typed.iter().map(|event| event.position).collect();
    assert_eq!(positions, (0..u64::try_from(committed.len()).unwrap()).collect::<Vec<_>>());
    let followed: BTreeSet<_> = typed.iter().map(|event| (event.stream_id.clone(), event.sequence)).collect();
    assert_eq!(followed, committed);
    let of_one = of_one.await.unwrap();
    assert_in_order(&of_one);
    assert_eq!(of_one.len(), committed.iter().filter(|(license, _)| license == "EX-3").count());
}
