//! The facts of one license, now and then.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ledger_domain::event::{
    CertificationLost, Event, HolderRenamed, LicenseIssued, OrderActivated, Server, TrialRegistered, UpgradeOrdered,
    VersionInstalled,
};
use ledger_domain::license::Facts;
use ledger_domain::order::{OrderLine, Registration};
use ledger_domain::values::{
    Holder, LicenseType, Partner, PartnerLevel, Plugin, PluginSet, Product, ProductVersion, Users,
};

use super::Tested;
use super::fixture::{Draft, activated, day, facts, issued, number, online, post, purchase, trial};
use crate::store::AsOf;

/// An order with a line of every kind.
fn upgrade() -> UpgradeOrdered {
    let plugins = [Plugin::Antivirus, Plugin::WebFilter].map(|plugin| OrderLine::AddPlugin { plugin });
    let mut lines = vec![OrderLine::RenewSwm { years: 2 }];
    lines.extend(plugins);
    lines.extend([OrderLine::SwitchToFstek, OrderLine::AddUsers { users: Users::recorded(15) }]);
    let partner = Some(Partner { name: "Softline".to_owned(), level: Some(PartnerLevel::Preferred) });
    UpgradeOrdered { order: "PO-2".to_owned(), lines, registration: Registration::Manual, partner, price: None }
}

/// A life with every fact in it: each event's facts differ in some column.
pub(super) fn life() -> Vec<Event> {
    let applied = OrderActivated {
        order: "PO-2".to_owned(),
        swm_ends: Some(day("2015-01-20")),
        plugins_added: [Plugin::Antivirus, Plugin::WebFilter].into_iter().collect(),
        license_type: Some(LicenseType::Fstek),
        users_added: 15,
        partner: upgrade().partner,
    };
    let version = ProductVersion::from("7.4.2 patch 1");
    let bought = LicenseIssued {
        plugins: [Plugin::WebFilter].into_iter().collect(),
        swm_years: 2,
        partner: Some(Partner { name: "Без уровня".to_owned(), level: None }),
        ..purchase("PO-1")
    };
    vec![
        trial("2012-01-31"),
        Event::LicenseIssued(bought),
        activated("2012-01-20"),
        Event::UpgradeOrdered(upgrade()),
        Event::UpgradeActivated(applied),
        Event::VersionInstalled(VersionInstalled { version: version.clone(), released: None }),
        Event::CertificationLost(CertificationLost { version }),
        online("first \"server\""),
        online("второй"),
        Event::ServerWentOffline(Server { server: "first \"server\"".to_owned() }),
    ]
}

pub(super) async fn every_fact_comes_back_as_it_was(store: Tested) {
    for event in life() {
        let mut draft = Draft::on(&store, &["A-1"]).await;
        draft.command("A-1", "2012-01-20", vec![event]);
        let mut batch = draft.batch();
        // No event of today says so, but the columns are there.
        let (split, merged) = (Some(number("WAS-1")), Some(number("INTO-1")));
        for facts in [&mut batch.states[0].facts, batch.commands[0].events[0].facts.as_mut().unwrap()] {
            (facts.split_from, facts.merged_into) = (split.clone(), merged.clone());
        }
        store.adopt_edition(&super::fixture::judged_by()).await.unwrap();
        store.append(&batch).await.unwrap();
        let expected = Some(batch.states[0].facts.clone());
        assert_eq!(facts(&store, "A-1", AsOf::default()).await, expected);
        assert_eq!(facts(&store, "A-1", AsOf { on: Some(day("2012-01-20")), known_at: None }).await, expected);
    }
}

/// The number of the order in [`of_odd_texts`].
const ODD_ORDER: &str = "PO'\"{},\\%\u{a0}№7";

/// A purchase with texts that databases could take for something else.
pub(super) fn of_odd_texts() -> Event {
    let name = "O'Брайен \"&\" <Söhne> \\ % _ {} 中 \u{1F600}".to_owned();
    let holder = Holder { name, inn: None, country: "DE".to_owned() };
    let partner = Some(Partner { name: "ООО \"A,B\"; {C}".to_owned(), level: None });
    Event::LicenseIssued(LicenseIssued { holder, partner, product: Product::Operator, ..purchase(ODD_ORDER) })
}

pub(super) async fn texts_come_back_as_they_were(store: Tested) {
    let mut draft = Draft::new();
    draft.command("A-1", "2012-01-20", vec![of_odd_texts()]);
    draft.append(&store).await.unwrap();
    assert_eq!(facts(&store, "A-1", AsOf::default()).await, Some(draft.facts("A-1")));
    let history = store.history(&number("A-1"), 0, 10).await.unwrap();
    assert_eq!(history[0].event, of_odd_texts());
    let wanted = crate::store::Wanted {
        command_id: history[0].command_id,
        license: number("A-1"),
        order: Some(ODD_ORDER.to_owned()),
    };
    let loaded = store.load(&[wanted]).await.unwrap();
    assert_eq!(loaded.orders_taken, [(number("A-1"), ODD_ORDER.to_owned())].into());
    let outcome = &draft.batch().commands[0].outcome;
    assert_eq!(loaded.answers[&history[0].command_id].outcome, outcome.as_bytes());
}

fn holder(name: &str) -> Holder {
    Holder { name: name.to_owned(), inn: None, country: "RU".to_owned() }
}

fn renamed(to: &str) -> Event {
    Event::HolderRenamed(HolderRenamed { from: holder("before"), to: holder(to), reason: None })
}

/// Renames on three days, two of them on the second; returns the instants at which they were recorded.
async fn renames(store: &Tested) -> Vec<DateTime<Utc>> {
    let trial = TrialRegistered {
        product: Product::Connect,
        holder: holder("first"),
        plugins: PluginSet::none(),
        ends: day("2012-03-01"),
    };
    let events = [Event::TrialRegistered(trial), renamed("second"), renamed("third"), renamed("fourth")];
    for (event, on) in events.into_iter().zip(["2012-02-01", "2012-02-02", "2012-02-02", "2012-02-03"]) {
        post(store, "A-1", on, vec![event]).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let history = store.history(&number("A-1"), 0, 10).await.unwrap();
    history.iter().map(|event| event.recorded_at).collect()
}

fn name(facts: Option<Facts>) -> Option<String> {
    facts.map(|facts| facts.holder.name)
}

pub(super) async fn a_past_day_is_answered(store: Tested) {
    renames(&store).await;
    let on = async |on: &str| name(facts(&store, "A-1", AsOf { on: Some(day(on)), known_at: None }).await);
    assert_eq!(on("2012-01-31").await, None);
    assert_eq!(on("2012-02-01").await.as_deref(), Some("first"));
    assert_eq!(on("2012-02-02").await.as_deref(), Some("third"));
    assert_eq!(on("2012-02-03").await.as_deref(), Some("fourth"));
    assert_eq!(on("9999-12-31").await.as_deref(), Some("fourth"));
    assert_eq!(on("+262142-12-31").await.as_deref(), Some("fourth"));
}

pub(super) async fn a_past_state_of_knowledge_is_answered(store: Tested) {
    let instants = renames(&store).await;
    let at = async |known_at| name(facts(&store, "A-1", AsOf { on: None, known_at: Some(known_at) }).await);
    let moment = chrono::TimeDelta::microseconds(1);
    assert_eq!(at(instants[0] - moment).await, None);
    assert_eq!(at(instants[0]).await.as_deref(), Some("first"));
    assert_eq!(at(instants[1] - moment).await.as_deref(), Some("first"));
    assert_eq!(at(instants[1] + chrono::TimeDelta::nanoseconds(999)).await.as_deref(), Some("second"));
    assert_eq!(at(instants[3]).await.as_deref(), Some("fourth"));
}

pub(super) async fn both_at_once_are_answered(store: Tested) {
    let instants = renames(&store).await;
    let as_of = |on: &str, known_at| AsOf { on: Some(day(on)), known_at: Some(known_at) };
    let at = async |on: &str, known_at| name(facts(&store, "A-1", as_of(on, known_at)).await);
    assert_eq!(at("2012-02-02", instants[1]).await.as_deref(), Some("second"));
    assert_eq!(at("2012-02-01", instants[3]).await.as_deref(), Some("first"));
    assert_eq!(at("2012-02-03", instants[2]).await.as_deref(), Some("third"));
    assert_eq!(at("2012-01-31", instants[3]).await, None);
    post(&store, "B-1", "2012-02-01", vec![issued("PO-1")]).await;
    assert_eq!(facts(&store, "B-1", as_of("2012-02-01", instants[3])).await, None);
}
