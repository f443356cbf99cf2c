//! Records and events lie in any order to each other: verification finds the same.

use std::sync::Arc;

use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::memory::MemoryStore;
use ledger_app::sealing::seal_all;
use ledger_app::store::Store;
use ledger_app::verify::{Evidence, Told, Verified, WINDOW_BYTES, verify_within};
use serde_json::{Value, json};

use super::{TODAY, command, purchase};
use crate::use_cases::{answers, context, lines};

/// So many licenses that neither their records nor their events come in one page.
const LICENSES: u32 = 700;

/// None is held; a page at most; all are.
const WINDOWS: [usize; 3] = [0, 1_500, WINDOW_BYTES];

/// Verifies with a window of each size, which must find the same; returns what the largest one tells, in its order.
pub(super) async fn verified(store: &Arc<dyn Store>, evidence: &Evidence) -> (Verified, Vec<String>) {
    let mut found = Vec::new();
    for window in WINDOWS {
        let mut damages = Vec::new();
        let mut tell = |told| {
            if let Told::Damage(what) = told {
                damages.push(what);
            }
        };
        let verified = verify_within(store, evidence, window, &mut tell).await.unwrap();
        assert_eq!(usize::try_from(verified.damages).unwrap(), damages.len());
        found.push((verified, damages));
    }
    // A sealer may be at work meanwhile: how far the log is sealed does not count.
    let alike = found.iter().map(|(verified, damages)| {
        let Verified { events, licenses, commands, checkpoints, .. } = verified;
        let mut damages = damages.clone();
        damages.sort();
        ((events, licenses, commands, checkpoints), damages)
    });
    let alike: Vec<_> = alike.collect();
    assert!(alike.iter().all(|found| *found == alike[0]), "{WINDOWS:?}: {alike:#?}");
    found.pop().unwrap()
}

/// Licenses, each with a refusal and a command without events, and one that took in two others; the commands with
/// these ids.
fn commands(ids: impl Iterator<Item = u32>) -> Vec<Value> {
    let online = json!({"type": "report_server_online", "server": "A"});
    let each = [purchase(), json!({"type": "activate_license"}), online.clone(), online];
    let many = (0..LICENSES).flat_map(|license| each.iter().map(move |what| (license, what.clone())));
    let merged = json!({"type": "merge_licenses", "from": ["MORE-1", "MORE-2"], "reason": "one company",
        "confirm_irreversible": true});
    let all = many.chain([(0, merged)]).zip(ids);
    all.map(|((license, what), id)| serde_json::from_str(&command(id, license, what)).unwrap()).collect()
}

async fn posted(commands: &[Value]) -> Arc<dyn Store> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let ledger = Ledger::open(Arc::clone(&store), GivenFiles::default()).await.unwrap();
    let outcomes = answers(&ledger.post(&lines(commands), &context(TODAY)).await);
    let count = |outcome: &str| outcomes.iter().filter(|answer| answer["outcome"] == outcome).count();
    let many = usize::try_from(LICENSES).unwrap();
    assert_eq!((count("accepted"), count("rejected")), (3 * many + 1, many), "{:#?}", outcomes.last());
    let without_events = outcomes.iter().filter(|answer| answer["events"] == json!([]));
    assert_eq!(without_events.count(), 2 * many, "refused, or nothing happened");
    assert!(outcomes.last().unwrap()["events"].as_array().unwrap().len() >= 3, "of several licenses");
    seal_all(&*store).await.unwrap();
    store
}

#[tokio::test]
async fn records_that_lie_as_their_events_do_are_checked() {
    let store = posted(&commands(0..)).await;
    let (verified, damages) = verified(&store, &Evidence::default()).await;
    assert_eq!((damages, verified.commands), (vec![], u64::from(4 * LICENSES + 1)));
    assert!(verified.events > u64::from(4 * LICENSES), "{verified:?}");
}

/// In memory records lie in the order of their ids, so the first event's record lies last.
#[tokio::test]
async fn records_that_lie_the_other_way_round_are_checked_too() {
    let store = posted(&commands((0..=4 * LICENSES).rev())).await;
    let (verified, damages) = verified(&store, &Evidence::default()).await;
    assert_eq!((damages, verified.commands), (vec![], u64::from(4 * LICENSES + 1)));
    assert!(verified.events > u64::from(4 * LICENSES), "{verified:?}");
}
