//! Lists of licenses.

use ledger_domain::event::{
    ClosedBecause, Event, HolderRenamed, LicenseBlocked, LicenseClosed, LicenseIssued, LicenseTypeChanged,
    OrderActivated, PluginsRemoved,
};
use ledger_domain::values::{Holder, LicenseType, Partner, PartnerLevel, Plugin, PluginSet, Product};

use super::Tested;
use super::fixture::{activated, day, issued, number, numbers, online, post, post_active, purchase, trial};
use crate::store::{AsOf, Expiring, Filter, StatusFilter};

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

pub(super) async fn what_is_kept_to_a_partner_is_what_is_the_partners_now(store: Tested) {
    let through = |name| Event::LicenseIssued(LicenseIssued { partner: partner(name), ..purchase("PO-1") });
    for (license, name) in [("CAME-1", "Soft"), ("STAYED-1", "Softline"), ("WENT-1", "Softline")] {
        post(&store, license, "2012-01-20", vec![through(name), activated("2012-01-20")]).await;
    }
    let first = store.history(&number("WENT-1"), 0, 10).await.unwrap()[0].recorded_at;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    for (license, name) in [("CAME-1", "Softline"), ("WENT-1", "Soft")] {
        post(
            &store,
            license,
            "2012-06-01",
            vec![Event::UpgradeActivated(OrderActivated {
                order: "PO-2".to_owned(),
                swm_ends: None,
                plugins_added: PluginSet::none(),
                license_type: None,
                users_added: 5,
                partner: partner(name),
            })],
        )
        .await;
    }
    let known = AsOf { on: None, known_at: Some(first) };
    let on = AsOf { on: Some(day("2012-02-01")), known_at: None };
    for as_of in [AsOf::default(), on, known] {
        let own = Filter { kept_to: Some("Softline".to_owned()), ..Filter::default() };
        assert_eq!(listed(&store, own.clone(), as_of).await, ["CAME-1", "STAYED-1"], "{as_of:?}");
        let then = if as_of == AsOf::default() { &["CAME-1", "STAYED-1"][..] } else { &["STAYED-1"] };
        let own_then = Filter { partner: Some("Softline".to_owned()), ..own };
        assert_eq!(listed(&store, own_then, as_of).await, then, "{as_of:?}");
    }
    for known_at in [None, Some(first)] {
        let asked = Expiring {
            from: day("2013-01-01"),
            to: day("2014-01-01"),
            partner: None,
            kept_to: Some("Softline".to_owned()),
            known_at,
            after: None,
        };
        assert_eq!(numbers(&store.expiring(&asked, 10).await.unwrap()), ["CAME-1", "STAYED-1"], "{known_at:?}");
    }
}

fn of_type(license_type: LicenseType) -> Filter {
    Filter { license_type: Some(license_type), ..Filter::default() }
}

fn with_plugin(plugin: Plugin) -> Filter {
    Filter { plugin: Some(plugin), ..Filter::default() }
}

/// Whose SWM ends in `[from, before)`.
fn ending(from: Option<&str>, before: Option<&str>) -> Filter {
    Filter { swm_ends_from: from.map(day), swm_ends_before: before.map(day), ..Filter::default() }
}

/// A license of the type with the plugins, whose SWM begins on the day.
async fn bought(store: &Tested, license: &str, license_type: LicenseType, plugins: &[Plugin], on: &str) {
    let plugins = plugins.iter().copied().collect();
    let bought = LicenseIssued { license_type, plugins, ..purchase("PO-1") };
    post(store, license, on, vec![Event::LicenseIssued(bought), activated(on)]).await;
}

pub(super) async fn a_list_is_filtered_by_type_plugin_and_end_of_swm(store: Tested) {
    bought(&store, "A-1", LicenseType::Commercial, &[Plugin::Antivirus], "2012-01-20").await;
    bought(&store, "B-1", LicenseType::Government, &[Plugin::Antivirus, Plugin::WebFilter], "2012-02-20").await;
    bought(&store, "C-1", LicenseType::Fstek, &[], "2012-03-20").await;
    bought(&store, "D-1", LicenseType::Education, &[Plugin::ActiveSync, Plugin::AntiSpam], "2012-04-20").await;
    post(&store, "E-1", "2012-04-20", vec![issued("PO-1")]).await;
    let last = store.history(&number("E-1"), 0, 1).await.unwrap()[0].recorded_at;
    for as_of in [
        AsOf::default(),
        AsOf { on: Some(day("2012-04-20")), known_at: None },
        AsOf { on: None, known_at: Some(last) },
        AsOf { on: Some(day("2012-12-31")), known_at: Some(last) },
    ] {
        let list = async |filter| listed(&store, filter, as_of).await.join(" ");
        assert_eq!(list(of_type(LicenseType::Commercial)).await, "A-1 E-1");
        assert_eq!(list(of_type(LicenseType::Government)).await, "B-1");
        assert_eq!(list(of_type(LicenseType::Fstek)).await, "C-1");
        assert_eq!(list(of_type(LicenseType::Education)).await, "D-1");
        assert_eq!(list(with_plugin(Plugin::Antivirus)).await, "A-1 B-1");
        assert_eq!(list(with_plugin(Plugin::WebFilter)).await, "B-1");
        assert_eq!(list(with_plugin(Plugin::ActiveSync)).await, "D-1");
        assert_eq!(list(with_plugin(Plugin::AntiSpam)).await, "D-1");
        assert_eq!(list(ending(Some("2013-02-20"), None)).await, "B-1 C-1 D-1");
        assert_eq!(list(ending(None, Some("2013-02-20"))).await, "A-1");
        assert_eq!(list(ending(Some("2013-02-20"), Some("2013-03-20"))).await, "B-1");
        assert_eq!(list(ending(Some("2013-02-20"), Some("2013-03-21"))).await, "B-1 C-1");
        assert_eq!(list(ending(Some("2013-03-20"), Some("2013-03-20"))).await, "");
        let commercial = Filter { license_type: Some(LicenseType::Commercial), ..with_plugin(Plugin::Antivirus) };
        assert_eq!(list(commercial.clone()).await, "A-1");
        assert_eq!(list(Filter { swm_ends_from: Some(day("2013-01-21")), ..commercial }).await, "");
    }
}

pub(super) async fn what_was_of_a_type_with_a_plugin_until_a_day_is_listed(store: Tested) {
    bought(&store, "A-1", LicenseType::Commercial, &[Plugin::Antivirus], "2012-01-20").await;
    let before = store.history(&number("A-1"), 0, 1).await.unwrap()[0].recorded_at;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let reason = "a mistake".to_owned();
    let plugins = [Plugin::Antivirus].into_iter().collect();
    let (from, to) = (LicenseType::Commercial, LicenseType::Government);
    let renewed = OrderActivated {
        order: "PO-2".to_owned(),
        swm_ends: Some(day("2014-01-20")),
        plugins_added: PluginSet::none(),
        license_type: None,
        users_added: 0,
        partner: None,
    };
    let changes = vec![
        Event::PluginsRemoved(PluginsRemoved { plugins, reason: reason.clone() }),
        Event::LicenseTypeChanged(LicenseTypeChanged { from, to, reason }),
        Event::UpgradeActivated(renewed),
    ];
    post(&store, "A-1", "2012-02-20", changes).await;
    let was = [of_type(from), with_plugin(Plugin::Antivirus), ending(None, Some("2013-12-31"))];
    let is = [of_type(to), ending(Some("2013-12-31"), None)];
    for then in [
        AsOf { on: Some(day("2012-02-19")), known_at: None },
        AsOf { on: None, known_at: Some(before) },
        AsOf { on: Some(day("2012-12-31")), known_at: Some(before) },
    ] {
        for filter in &was {
            assert_eq!(listed(&store, filter.clone(), then).await, ["A-1"], "{filter:?} {then:?}");
        }
        for filter in &is {
            assert!(listed(&store, filter.clone(), then).await.is_empty(), "{filter:?} {then:?}");
        }
    }
    for now in [AsOf::default(), AsOf { on: Some(day("2012-02-20")), known_at: None }] {
        for filter in &was {
            assert!(listed(&store, filter.clone(), now).await.is_empty(), "{filter:?}");
        }
        for filter in &is {
            assert_eq!(listed(&store, filter.clone(), now).await, ["A-1"], "{filter:?}");
        }
    }
}
