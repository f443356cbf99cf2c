//! Cards: one thing, a line for each of its facts.

use ledger_domain::entitlement::{Entitlement, PendingView, SwmState, WorksUntil};

use super::table::{rendered, table};
use super::words::{NOTHING, holder, lines, partner, plugins};

/// A card of names and values.
pub(crate) fn card(facts: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let mut card = table(&[], &[]);
    for (name, value) in facts {
        card.add_row([name.to_owned(), value]);
    }
    rendered(card)
}

/// What a license is worth on a day.
pub(crate) fn entitlement(license: &Entitlement) -> String {
    let facts = [
        ("license", license.license.to_string()),
        ("on", license.on.to_string()),
        ("product", license.product.to_string()),
        ("type", license.license_type.to_string()),
        ("status", license.status.to_string()),
        ("holder", holder(&license.holder)),
        ("partner", license.partner.as_ref().map_or_else(nothing, partner)),
        ("users", users(license.users)),
        ("plugins", plugins(&license.plugins)),
        ("SWM", swm(license)),
    ];
    let works = works(license);
    let rest = [
        ("pending order", or_nothing(license.pending_orders.iter().map(pending))),
        ("servers online", or_nothing(license.servers_online.iter().cloned())),
        ("installed version", license.installed_version.as_ref().map_or_else(nothing, ToString::to_string)),
    ];
    let rare = [
        ("certified", license.certified.map(|certified| if certified { "yes" } else { "no" }.to_owned())),
        ("split from", license.split_from.as_ref().map(ToString::to_string)),
        ("merged into", license.merged_into.as_ref().map(ToString::to_string)),
    ];
    let rare = rare.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let version = [("ledger version", license.version.to_string())];
    card(facts.into_iter().chain(works).chain(rest).chain(rare).chain(version))
}

/// The users: a trial's are unlimited.
pub(crate) fn users(users: Option<u32>) -> String {
    users.map_or_else(|| "unlimited".to_owned(), |users| users.to_string())
}

fn nothing() -> String {
    NOTHING.to_owned()
}

fn or_nothing(words: impl Iterator<Item = String>) -> String {
    let words: Vec<_> = words.collect();
    if words.is_empty() { nothing() } else { words.join(", ") }
}

fn pending(order: &PendingView) -> String {
    format!("{} of {}: {}", order.order, order.on, lines(&order.lines))
}

fn swm(license: &Entitlement) -> String {
    let swm = &license.swm;
    let (Some(starts), Some(ends)) = (swm.starts, swm.ends) else { return "not started".to_owned() };
    match swm.state {
        SwmState::Active => format!("active from {starts} to {ends}, {} days left", swm.days_left),
        SwmState::NotStarted | SwmState::Lapsed => format!("lapsed on {ends}, began on {starts}"),
    }
}

/// What works, as far as the license has it.
fn works(license: &Entitlement) -> impl Iterator<Item = (&'static str, String)> {
    let works = &license.works;
    let yes_or_no = |works: bool| Some(if works { "yes" } else { "no" }.to_owned());
    let item = |item: Option<WorksUntil>| item.map(works_until);
    let all = [
        ("new versions", yes_or_no(works.new_versions)),
        ("support", yes_or_no(works.support)),
        ("antivirus", item(works.antivirus)),
        ("web filter", item(works.web_filter)),
        ("ActiveSync", item(works.active_sync)),
        ("anti-spam", item(works.anti_spam)),
        ("grey listing", item(works.grey_listing)),
        ("IDS updates", item(works.ids_updates)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?)))
}

fn works_until(item: WorksUntil) -> String {
    match (item.works, item.until) {
        (true, Some(until)) => format!("works until {until}"),
        (true, None) => "works".to_owned(),
        (false, Some(until)) => format!("stopped on {until}"),
        (false, None) => "does not work".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_says_what_a_license_is_worth() {
        let license = r#"{"license": "10101-ABC12-XYZ34", "on": "2012-08-20", "product": "control",
            "license_type": "commercial", "status": "active",
            "holder": {"name": "ООО Ромашка", "inn": null, "country": "RU"}, "partner": null, "users": 25,
            "plugins": ["antivirus"],
            "swm": {"state": "active", "starts": "2012-01-20", "ends": "2013-01-20", "days_left": 153},
            "works": {"new_versions": true, "support": true, "antivirus": {"works": true, "until": "2013-03-21"},
                      "web_filter": null, "active_sync": null, "anti_spam": null, "grey_listing": null,
                      "ids_updates": {"works": true, "until": "2013-01-20"}},
            "certified": null, "installed_version": null,
            "pending_orders": [{"order": "PO-2", "on": "2012-08-01", "lines": [{"type": "add_users", "users": 10}]}],
            "servers_online": [], "split_from": null, "merged_into": null, "version": 7}"#;
        insta::assert_snapshot!(entitlement(&serde_json::from_str(license).unwrap()), @r"
        license            10101-ABC12-XYZ34
        on                 2012-08-20
        product            control
        type               commercial
        status             active
        holder             ООО Ромашка (RU)
        partner            –
        users              25
        plugins            antivirus
        SWM                active from 2012-01-20 to 2013-01-20, 153 days left
        new versions       yes
        support            yes
        antivirus          works until 2013-03-21
        IDS updates        works until 2013-01-20
        pending order      PO-2 of 2012-08-01: add 10 users
        servers online     –
        installed version  –
        ledger version     7
        ");
    }
}
