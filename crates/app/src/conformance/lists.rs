//! Lists of licenses.

use ledger_domain::event::{ClosedBecause, Event, HolderRenamed, LicenseBlocked, LicenseClosed, LicenseIssued};
use ledger_domain::values::{Holder, Partner, PartnerLevel, Product};

use super::Tested;
use super::fixture::{activated, day, issued, number, numbers, online, post, post_active, purchase, trial};
use crate::store::{AsOf, Filter, StatusFilter};

async fn listed(store: &Tested, filter: Filter, as_of: AsOf) -> Vec<String> {
    let facts = store.list(&filter, as_of, None, 100).await.unwrap();
    numbers(&facts).into_iter().map(str::to_owned).collect()
}

fn with_status(status: StatusFilter) -> Filter {
    Filter { status: Some(status), ..Filter::default() }
}

fn partner(name: &str) -> Option<Partner> {
    Some(Partner { name: name.to_owned(), level: Some(PartnerLevel::Certified) })
}

pub(super) async fn a_list_is_by_number_and_in_pages(store: Tested) {
    for license in ["B-1", "A-10", "A-2", "10101", "ABC", "A-1"] {
        post(&store, license, "2012-01-20", vec![issued("PO-1")]).await;
    }
    let in_order = ["10101", "A-1", "A-10", "A-2", "ABC", "B-1"];
    for as_of in [AsOf::default(), AsOf { on: Some(day("2012-01-20")), known_at: None }] {
        assert_eq!(listed(&store, Filter::default(), as_of).await, in_order);
        let after = number("A-10");
        let page = store.list(&Filter::default(), as_of, Some(&after), 2).await.unwrap();
        assert_eq!(numbers(&page), ["A-2", "ABC"]);
        let last = number("B-1");
        assert!(store.list(&Filter::default(), as_of, Some(&last), 2).await.unwrap().is_empty());
    }
}

/// One license of each status, some with partners.
async fn licenses(store: &Tested) {
    post(store, "ORDERED-1", "2012-01-20", vec![issued("PO-1")]).await;
    let bought = LicenseIssued { partner: partner("Softline"), product: Product::Connect, ..purchase("PO-1") };
    post(store, "ACTIVE-1", "2012-01-20", vec![Event::LicenseIssued(bought), activated("2012-01-20")]).await;
    let blocked = Event::LicenseBlocked(LicenseBlocked { servers: vec!["a".to_owned(), "b".to_owned()] });
    let bought = LicenseIssued { partner: partner("Soft"), ..purchase("PO-1") };
    let events = vec![Event::LicenseIssued(bought), activated("2012-01-20"), online("a"), online("b"), blocked];
    post(store, "BLOCKED-1", "2012-01-20", events).await;
    let closed = Event::LicenseClosed(LicenseClosed { because: ClosedBecause::PurchaseCancelled });
    post(store, "CLOSED-1", "2012-01-20", vec![issued("PO-1"), closed]).await;
    post(store, "TRIAL-1", "2012-01-20", vec![trial("2012-02-19")]).await;
}

pub(super) async fn a_list_is_filtered(store: Tested) {
    licenses(&store).await;
    for as_of in [AsOf::default(), AsOf { on: Some(day("2012-06-01")), known_at: None }] {
        let list = async |filter| listed(&store, filter, as_of).await;
        assert_eq!(list(with_status(StatusFilter::Ordered)).await, ["ORDERED-1"]);
        assert_eq!(list(with_status(StatusFilter::Active)).await, ["ACTIVE-1"]);
        assert_eq!(list(with_status(StatusFilter::Blocked)).await, ["BLOCKED-1"]);
        assert_eq!(list(with_status(StatusFilter::Closed)).await, ["CLOSED-1"]);
        let connect = Filter { product: Some(Product::Connect), ..Filter::default() };
        assert_eq!(list(connect.clone()).await, ["ACTIVE-1", "TRIAL-1"]);
        assert_eq!(list(Filter { partner: Some("Soft".to_owned()), ..Filter::default() }).await, ["BLOCKED-1"]);
        assert_eq!(list(Filter { partner: Some("Softline".to_owned()), ..connect.clone() }).await, ["ACTIVE-1"]);
        assert!(list(Filter { partner: Some("Soft".to_owned()), ..connect.clone() }).await.is_empty());
        assert_eq!(list(Filter { holder: Some("Trier".to_owned()), ..Filter::default() }).await, ["TRIAL-1"]);
        let by_inn = Filter { holder: Some("7204196795".to_owned()), ..connect };
        assert_eq!(list(by_inn).await, ["ACTIVE-1"]);
        assert!(list(Filter { holder: Some("trier".to_owned()), ..Filter::default() }).await.is_empty());
    }
}

pub(super) async fn a_list_tells_trials_from_trials_that_are_over(store: Tested) {
    licenses(&store).await;
    for as_of in [AsOf::default(), AsOf { on: Some(day("2012-06-01")), known_at: None }] {
        let trials =
            async |status: fn(_) -> StatusFilter, on| listed(&store, with_status(status(day(on))), as_of).await;
        assert_eq!(trials(StatusFilter::TrialOn, "2012-02-18").await, ["TRIAL-1"]);
        assert!(trials(StatusFilter::TrialOverOn, "2012-02-18").await.is_empty());
        assert_eq!(trials(StatusFilter::TrialOverOn, "2012-02-19").await, ["TRIAL-1"]);
        assert!(trials(StatusFilter::TrialOn, "2012-02-19").await.is_empty());
    }
}

pub(super) async fn a_list_of_the_past_is_filtered_by_what_was(store: Tested) {
    post(&store, "A-1", "2012-01-01", vec![trial("2012-01-31")]).await;
    post_active(&store, "B-1", "2012-01-10").await;
    let before = store.history(&number("B-1"), 0, 10).await.unwrap()[0].recorded_at;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let to = Holder { name: "New".to_owned(), inn: None, country: "RU".to_owned() };
    let renamed = HolderRenamed { from: purchase("PO-1").holder, to, reason: None };
    post(&store, "B-1", "2012-01-20", vec![Event::HolderRenamed(renamed)]).await;
    post(&store, "A-1", "2012-01-20", vec![issued("PO-1")]).await;
    let of_new = Filter { holder: Some("New".to_owned()), ..Filter::default() };
    let on = |on: &str| AsOf { on: Some(day(on)), known_at: None };
    let known = AsOf { on: None, known_at: Some(before) };
    assert_eq!(listed(&store, of_new.clone(), AsOf::default()).await, ["B-1"]);
    assert_eq!(listed(&store, of_new.clone(), on("2012-01-20")).await, ["B-1"]);
    assert!(listed(&store, of_new.clone(), on("2012-01-19")).await.is_empty());
    assert!(listed(&store, of_new, known).await.is_empty());
    assert_eq!(listed(&store, Filter::default(), on("2012-01-09")).await, ["A-1"]);
    let trials = with_status(StatusFilter::TrialOn(day("2012-01-10")));
    assert_eq!(listed(&store, trials.clone(), known).await, ["A-1"]);
    assert!(listed(&store, trials, AsOf::default()).await.is_empty());
}
