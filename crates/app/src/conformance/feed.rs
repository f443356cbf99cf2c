//! The feed: every event once, in the order of its position.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_domain::event::{Event, LicenseActivated, LicenseIssued, OrderActivated, VersionInstalled};
use ledger_domain::values::{Partner, Swm};

use super::Tested;
use super::fixture::{Draft, activated, actor, day, issued, judged_by, number, online, post, post_active, purchase};
use crate::feed::{FEED_LOOK, FeedEvent, FeedFilter, FeedPage};
use crate::follow::{Followed, Follower, Logged};
use crate::store::{LICENSE_STREAM, REFUSAL_STREAM, StoreError};

async fn page(store: &Tested, after: Option<u64>, filter: &FeedFilter, limit: u32) -> FeedPage {
    store.settle().await.unwrap();
    store.feed(after, filter, limit).await.unwrap()
}

/// Everything that fits, with one look.
async fn all(store: &Tested, filter: FeedFilter) -> Vec<FeedEvent> {
    page(store, None, &filter, 1_000).await.events
}

fn positions(events: &[FeedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.position).collect()
}

/// Of which license and which type each is; the order within a batch is not the same in all stores.
fn sorted(events: &[FeedEvent]) -> Vec<(&str, &str)> {
    let mut found: Vec<_> = events.iter().map(|event| (event.license.as_str(), event.event_type.as_str())).collect();
    found.sort_unstable();
    found
}

fn through(partner: &str) -> Option<Partner> {
    Some(Partner { name: partner.to_owned(), level: None })
}

fn of_partner(partner: &str) -> FeedFilter {
    FeedFilter { partner: Some(partner.to_owned()), ..FeedFilter::default() }
}

/// Three licenses, two of them with one partner, refusals, and a command that changed two licenses: 12 events.
async fn filled(store: &Tested) {
    for (license, partner) in [("A-1", through("Softline")), ("B-1", through("Softline")), ("C-1", None)] {
        let bought = Event::LicenseIssued(LicenseIssued { partner, ..purchase("PO-1") });
        post(store, license, "2012-01-20", vec![bought, activated("2012-01-20")]).await;
    }
    let mut draft = Draft::on(store, &["A-1", "C-1"]).await;
    draft.command_on_several("A-1", "2012-02-01", vec![("C-1", online("c")), ("A-1", online("a"))]);
    draft.refusal("C-1", "2012-02-01");
    draft.append(store).await.unwrap();
    for license in ["A-1", "NONE-1"] {
        let mut draft = Draft::new();
        draft.refusal(license, "2012-02-02");
        draft.append(store).await.unwrap();
    }
    post(store, "B-1", "2012-02-03", vec![online("b")]).await;
}

pub(super) async fn the_feed_of_an_empty_ledger_is_empty(store: Tested) {
    assert_eq!(page(&store, None, &FeedFilter::default(), 10).await, FeedPage::default());
    assert_eq!(store.head().await.unwrap(), None);
}

pub(super) async fn the_feed_has_every_event_once_and_in_order(store: Tested) {
    filled(&store).await;
    let events = all(&store, FeedFilter::default()).await;
    assert_eq!(positions(&events), (0..12).collect::<Vec<_>>());
    assert_eq!(store.head().await.unwrap(), Some(11));
    let mut streams: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.stream_type == LICENSE_STREAM) {
        streams.entry(event.license.as_str()).or_default().push(event.sequence);
    }
    assert_eq!(streams, BTreeMap::from([("A-1", vec![1, 2, 3]), ("B-1", vec![1, 2, 3]), ("C-1", vec![1, 2, 3])]));
    let batches: Vec<_> = events.chunks(2).take(3).flat_map(sorted).map(|(license, _)| license).collect();
    assert_eq!(batches, ["A-1", "A-1", "B-1", "B-1", "C-1", "C-1"]);
    assert_eq!(sorted(&events[6..9]).len(), 3);
    let last: Vec<_> = events[9..].iter().map(|event| event.license.as_str()).collect();
    assert_eq!(last, ["A-1", "NONE-1", "B-1"]);
}

pub(super) async fn an_event_in_the_feed_is_as_in_its_history(store: Tested) {
    let id = post(&store, "A-1", "2012-01-20", vec![issued("PO-1")]).await;
    let history = store.history(&number("A-1"), 0, 10).await.unwrap();
    let expected = FeedEvent {
        position: 0,
        stream_type: LICENSE_STREAM.to_owned(),
        license: number("A-1"),
        sequence: 1,
        event_type: "LicenseIssued".to_owned(),
        event_version: "1".to_owned(),
        on: day("2012-01-20"),
        recorded_at: history[0].recorded_at,
        actor: actor(),
        command_id: id,
        edition: judged_by().edition,
        payload: serde_json::to_string(&issued("PO-1")).unwrap(),
    };
    assert_eq!(all(&store, FeedFilter::default()).await, [expected]);
}

pub(super) async fn a_refusal_is_in_the_feed_with_its_commands_license(store: Tested) {
    let mut draft = Draft::new();
    let id = draft.refusal("NONE-1", "2012-02-01");
    draft.append(&store).await.unwrap();
    let found = all(&store, FeedFilter::default()).await.remove(0);
    assert_eq!((found.stream_type.as_str(), found.sequence, found.command_id), (REFUSAL_STREAM, 1, id));
    assert_eq!((found.license, found.on), (number("NONE-1"), day("2012-02-01")));
    assert_eq!((found.event_type.as_str(), found.actor), ("CommandRejected", actor()));
    assert_eq!(found.payload, r#"{"CommandRejected":{"violations":["USR-2"]}}"#);
}

pub(super) async fn the_feed_is_read_in_pages(store: Tested) {
    filled(&store).await;
    for limit in [1, 5, 6, 12, 13] {
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let page = page(&store, after, &FeedFilter::default(), limit).await;
            assert!(page.events.len() <= usize::try_from(limit).unwrap());
            assert_eq!(page.looked_up_to, page.events.last().map(|event| event.position), "{limit}");
            let Some(looked_up_to) = page.looked_up_to else { break };
            after = Some(looked_up_to);
            found.extend(positions(&page.events));
        }
        assert_eq!(found, (0..12).collect::<Vec<_>>(), "{limit}");
    }
    for after in [11, 12, u64::MAX - 1, u64::MAX] {
        assert_eq!(page(&store, Some(after), &FeedFilter::default(), 10).await, FeedPage::default(), "{after}");
    }
    assert_eq!(positions(&page(&store, None, &FeedFilter::default(), 0).await.events), [0], "a look leads on");
}

pub(super) async fn the_feed_is_filtered(store: Tested) {
    filled(&store).await;
    let issued = FeedFilter { event_type: Some("LicenseIssued".to_owned()), ..FeedFilter::default() };
    let of_c = FeedFilter { license: Some(number("C-1")), ..FeedFilter::default() };
    let c = [("C-1", "CommandRejected"), ("C-1", "LicenseActivated"), ("C-1", "LicenseIssued")];
    assert_eq!(positions(&all(&store, issued.clone()).await), [0, 2, 4]);
    assert_eq!(sorted(&all(&store, of_c.clone()).await), [&c[..], &[("C-1", "ServerCameOnline")]].concat());
    let of_none = FeedFilter { license: Some(number("NONE-1")), ..FeedFilter::default() };
    assert_eq!(sorted(&all(&store, of_none).await), [("NONE-1", "CommandRejected")]);
    let softline = all(&store, of_partner("Softline")).await;
    assert_eq!(softline.len(), 7);
    let licenses: BTreeSet<_> = softline.iter().map(|event| event.license.as_str()).collect();
    assert_eq!(licenses, BTreeSet::from(["A-1", "B-1"]));
    assert!(softline.iter().any(|event| event.stream_type == REFUSAL_STREAM), "what was refused to A-1");
    assert!(all(&store, of_partner("softline")).await.is_empty());
    let both = FeedFilter { license: of_c.license.clone(), ..issued.clone() };
    assert_eq!(positions(&all(&store, both).await), [4]);
    let none = FeedFilter { partner: Some("Softline".to_owned()), ..of_c };
    assert!(all(&store, none).await.is_empty());
    let issued_through = FeedFilter { partner: Some("Softline".to_owned()), ..issued };
    assert_eq!(positions(&all(&store, issued_through).await), [0, 2]);
}

pub(super) async fn a_filtered_page_says_how_far_it_looked(store: Tested) {
    filled(&store).await;
    let issued = FeedFilter { event_type: Some("LicenseIssued".to_owned()), ..FeedFilter::default() };
    let cut = page(&store, None, &issued, 2).await;
    assert_eq!((positions(&cut.events), cut.looked_up_to), (vec![0, 2], Some(2)));
    let rest = page(&store, cut.looked_up_to, &issued, 2).await;
    assert_eq!((positions(&rest.events), rest.looked_up_to), (vec![4], Some(11)));
    assert_eq!(page(&store, rest.looked_up_to, &issued, 2).await, FeedPage::default());
}

pub(super) async fn the_feed_of_a_partner_follows_the_license(store: Tested) {
    filled(&store).await;
    let swm = Swm::bought(day("2012-01-20"), 1);
    let moved = OrderActivated {
        order: "PO-2".to_owned(),
        swm_ends: Some(swm.ends),
        plugins_added: std::iter::empty().collect(),
        license_type: None,
        users_added: 0,
        partner: through("Axoft"),
    };
    post(&store, "B-1", "2012-03-01", vec![Event::UpgradeActivated(moved)]).await;
    assert_eq!(sorted(&all(&store, of_partner("Axoft")).await).len(), 4);
    assert!(all(&store, of_partner("Softline")).await.iter().all(|event| event.license == number("A-1")));
}

pub(super) async fn one_look_goes_through_so_many_positions_at_most(store: Tested) {
    post_active(&store, "A-1", "2012-01-20").await;
    let mut draft = Draft::on(&store, &["A-1"]).await;
    let installed = VersionInstalled { version: "7.4.0".to_owned().into(), released: None };
    // Two events before, and one of another kind behind the first look.
    let events = (2..FEED_LOOK).map(|_| Event::VersionInstalled(installed.clone()));
    draft.command("A-1", "2012-01-20", events.collect());
    draft.append(&store).await.unwrap();
    let last = Event::LicenseActivated(LicenseActivated { swm: Swm::bought(day("2012-01-20"), 2) });
    post(&store, "A-1", "2012-01-20", vec![last]).await;
    let activated = FeedFilter { event_type: Some("LicenseActivated".to_owned()), ..FeedFilter::default() };
    let look = u64::from(FEED_LOOK);
    let first = page(&store, Some(1), &activated, 10).await;
    assert_eq!((positions(&first.events), first.looked_up_to), (vec![look], Some(look)));
    let first = page(&store, None, &activated, 10).await;
    assert_eq!((positions(&first.events), first.looked_up_to), (vec![1], Some(look - 1)));
    let second = page(&store, first.looked_up_to, &activated, 10).await;
    assert_eq!((positions(&second.events), second.looked_up_to), (vec![look], Some(look)));
    assert_eq!(store.head().await.unwrap(), Some(look));
}

pub(super) async fn what_is_followed_is_what_the_feed_shows(store: Tested) {
    assert_eq!(Follower::begin(Arc::clone(&store), 0).await.unwrap().page().await.unwrap(), None);
    for license in ["A-1", "B-1"] {
        post(&store, license, "2012-01-20", vec![issued("PO-1"), activated("2012-01-20"), online("x")]).await;
    }
    let feed = all(&store, FeedFilter::default()).await;
    let shown = |event: &FeedEvent| Followed {
        position: event.position,
        stream_id: event.license.to_string(),
        sequence: event.sequence,
        on: event.on,
        recorded_at: event.recorded_at,
        command_id: event.command_id,
        event: Logged::License(serde_json::from_str(&event.payload).unwrap()),
    };
    let shown: Vec<_> = feed.iter().map(shown).collect();
    assert_eq!(shown.len(), 6);
    for from in [0, 1, 5, 6, 7] {
        let mut follower = Follower::begin(Arc::clone(&store), from).await.unwrap();
        let mut followed = Vec::new();
        while let Some(page) = follower.page().await.unwrap() {
            followed.extend(page);
        }
        assert_eq!(followed, shown.get(usize::try_from(from).unwrap()..).unwrap_or_default(), "{from}");
    }
    assert_eq!(store.followed(1, 3).await.unwrap(), shown[1..3]);
}

pub(super) async fn what_cannot_be_read_is_not_followed(store: Tested) {
    let mut draft = Draft::new();
    // Its payload is not what is written today.
    let id = draft.refusal("NONE-1", "2012-02-01");
    draft.append(&store).await.unwrap();
    store.settle().await.unwrap();
    let mut follower = Follower::begin(Arc::clone(&store), 0).await.unwrap();
    let damaged = follower.page().await.unwrap_err();
    let named = format!("the refusal of command {id} (position 0): its payload: ");
    assert!(matches!(&damaged, StoreError::Damaged(what) if what.starts_with(&named)), "{damaged:?}");
}
