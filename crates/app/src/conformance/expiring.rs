//! Which licenses' SWM ends in a period.

use ledger_domain::event::{ClosedBecause, Event, LicenseBlocked, LicenseClosed, LicenseIssued, OrderActivated};
use ledger_domain::values::Partner;

use super::Tested;
use super::fixture::{activated, day, issued, number, numbers, online, post, post_active, purchase, trial};
use crate::store::Expiring;

fn period(from: &str, to: &str) -> Expiring {
    Expiring { from: day(from), to: day(to), partner: None, kept_to: None, known_at: None, after: None }
}

async fn listed(store: &Tested, asked: &Expiring, limit: u32) -> Vec<String> {
    let facts = store.expiring(asked, limit).await.unwrap();
    numbers(&facts).into_iter().map(str::to_owned).collect()
}

pub(super) async fn ends_are_listed_soonest_first_and_in_pages(store: Tested) {
    for (license, bought) in
        [("C-1", "2012-01-20"), ("A-1", "2012-01-20"), ("B-1", "2012-01-19"), ("D-1", "2012-02-20")]
    {
        post_active(&store, license, bought).await;
    }
    let known_at = store.history(&number("D-1"), 0, 1).await.unwrap()[0].recorded_at;
    for known_at in [None, Some(known_at)] {
        let all = Expiring { known_at, ..period("2013-01-19", "2013-02-21") };
        assert_eq!(listed(&store, &all, 10).await, ["B-1", "A-1", "C-1", "D-1"]);
        assert_eq!(listed(&store, &all, 2).await, ["B-1", "A-1"]);
        let rest = Expiring { after: Some((day("2013-01-20"), number("A-1"))), ..all.clone() };
        assert_eq!(listed(&store, &rest, 10).await, ["C-1", "D-1"]);
        let later = Expiring { after: Some((day("2013-01-20"), number("Z-1"))), ..all };
        assert_eq!(listed(&store, &later, 10).await, ["D-1"]);
        let bounded = Expiring { known_at, ..period("2013-01-20", "2013-02-20") };
        assert_eq!(listed(&store, &bounded, 10).await, ["A-1", "C-1"]);
    }
}

pub(super) async fn only_licenses_in_use_expire(store: Tested) {
    let partner = Some(Partner { name: "Softline".to_owned(), level: None });
    let bought = Event::LicenseIssued(LicenseIssued { partner, ..purchase("PO-1") });
    let blocked = Event::LicenseBlocked(LicenseBlocked { servers: vec!["a".to_owned(), "b".to_owned()] });
    let events = vec![bought, activated("2012-01-20"), online("a"), online("b"), blocked];
    post(&store, "BLOCKED-1", "2012-01-20", events).await;
    post_active(&store, "ACTIVE-1", "2012-01-20").await;
    post(&store, "ORDERED-1", "2012-01-20", vec![issued("PO-1")]).await;
    post(&store, "TRIAL-1", "2012-01-20", vec![trial("2013-01-20")]).await;
    let closed = Event::LicenseClosed(LicenseClosed { because: ClosedBecause::PurchaseCancelled });
    post(&store, "CLOSED-1", "2012-01-20", vec![issued("PO-1"), activated("2012-01-20"), closed]).await;
    let all = period("2000-01-01", "2100-01-01");
    assert_eq!(listed(&store, &all, 10).await, ["ACTIVE-1", "BLOCKED-1"]);
    let of_partner = Expiring { partner: Some("Softline".to_owned()), ..all };
    assert_eq!(listed(&store, &of_partner, 10).await, ["BLOCKED-1"]);
}

pub(super) async fn ends_are_listed_as_they_were_known(store: Tested) {
    post_active(&store, "A-1", "2012-01-20").await;
    let before = store.history(&number("A-1"), 0, 1).await.unwrap()[0].recorded_at;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let renewed = OrderActivated {
        order: "PO-2".to_owned(),
        swm_ends: Some(day("2014-01-20")),
        plugins_added: Default::default(),
        license_type: None,
        users_added: 0,
        partner: None,
    };
    post(&store, "A-1", "2012-12-01", vec![Event::UpgradeActivated(renewed)]).await;
    post_active(&store, "B-1", "2012-01-20").await;
    let (first, second) = (period("2013-01-01", "2014-01-01"), period("2014-01-01", "2015-01-01"));
    assert_eq!(listed(&store, &first, 10).await, ["B-1"]);
    assert_eq!(listed(&store, &second, 10).await, ["A-1"]);
    let known_at = Some(before);
    assert_eq!(listed(&store, &Expiring { known_at, ..first }, 10).await, ["A-1"]);
    assert!(listed(&store, &Expiring { known_at, ..second }, 10).await.is_empty());
}
