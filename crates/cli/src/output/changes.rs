//! What an event changed, in words.

use ledger_domain::event::{Event, LicenseIssued, LicenseOpened, OrderActivated, SwmMoved, UpgradeOrdered};
use ledger_domain::order::Registration;
use ledger_domain::values::Users;

use super::words::{counted, holder, lines, partner, price, years};

/// What the event changed, for the history's table.
pub(crate) fn in_words(event: &Event) -> String {
    match event {
        Event::LicenseIssued(issued) => bought(issued),
        Event::LicenseActivated(event) => format!("SWM from {} to {}", event.swm.starts, event.swm.ends),
        Event::UpgradeOrdered(ordered) => self::ordered(ordered),
        Event::UpgradeActivated(event) => activated(event),
        Event::LegacyOrderActivated(event) => {
            format!("{}{}", activated(&event.activated), because(Some(&event.reason)))
        }
        Event::OrderCancelled(event) => format!("order {} withdrawn{}", event.order, because(event.reason.as_ref())),
        Event::LicenseClosed(_) => "closed for ever: its purchase was withdrawn".to_owned(),
        Event::HolderRenamed(event) => {
            format!("holder {} → {}{}", holder(&event.from), holder(&event.to), because(event.reason.as_ref()))
        }
        Event::LicenseTypeChanged(event) => {
            format!("type {} → {}{}", event.from, event.to, because(Some(&event.reason)))
        }
        Event::UsersReduced(event) => format!("users {} → {}{}", event.from, event.to, because(Some(&event.reason))),
        Event::PluginsRemoved(event) => format!("without {}{}", event.plugins, because(Some(&event.reason))),
        Event::ServerCameOnline(event) => format!("server {} online", event.server),
        Event::ServerWentOffline(event) => format!("server {} offline", event.server),
        Event::LicenseBlocked(event) => format!("blocked: online at once were {}", event.servers.join(", ")),
        Event::LicenseUnblocked(event) => format!("unblocked{}", because(Some(&event.reason))),
        Event::VersionInstalled(event) => match event.released {
            Some(released) => format!("version {}, released {released}", event.version),
            None => format!("version {}", event.version),
        },
        Event::CertificationLost(event) => format!("certification lost by version {}", event.version),
        Event::TrialRegistered(event) => {
            format!("{} trial for {}, until {}", event.product, holder(&event.holder), event.ends)
        }
        Event::LicenseSplit(event) => {
            let parts: Vec<_> =
                event.into.iter().map(|part| format!("{} to {}", moved(part.users), part.license)).collect();
            format!("split: {}{}", parts.join(", "), because(Some(&event.reason)))
        }
        Event::LicenseSplitOff(event) => {
            format!("split off {} with {}{}", event.from, moved(event.users), because(Some(&event.reason)))
        }
        Event::LicensesMerged(event) => {
            let from: Vec<_> =
                event.from.iter().map(|other| format!("{} with {}", other.license, moved(other.users))).collect();
            format!("took in {}{}{}", from.join(", "), swm(event.swm_moved), because(Some(&event.reason)))
        }
        Event::LicenseAbsorbed(event) => {
            format!("closed for ever: {} went to {}{}", moved(event.users), event.into, because(Some(&event.reason)))
        }
        Event::UsersTransferred(event) => {
            format!("{} to {}{}{}", moved(event.users), event.to, swm(event.swm_moved), because(Some(&event.reason)))
        }
        Event::LicenseOpened(standing) => opened(standing),
        Event::UsersReceived(event) => {
            format!(
                "{} from {}{}{}",
                moved(event.users),
                event.from,
                swm(event.swm_moved),
                because(Some(&event.reason))
            )
        }
    }
}

fn moved(users: Users) -> String {
    counted(users.count().into(), "user", "users")
}

fn swm(moved: Option<SwmMoved>) -> String {
    moved.map(|moved| format!("; SWM {} → {}", moved.from, moved.to)).unwrap_or_default()
}

fn bought(issued: &LicenseIssued) -> String {
    let users = counted(issued.users.count().into(), "user", "users");
    let plugins = if issued.plugins.is_empty() { String::new() } else { format!(" with {}", issued.plugins) };
    format!(
        "order {}: {} {}, {users}{plugins}, {} of SWM, for {}{}{}",
        issued.order,
        issued.product,
        issued.license_type,
        years(issued.swm_years),
        holder(&issued.holder),
        issued.partner.as_ref().map(|name| format!(", through {}", partner(name))).unwrap_or_default(),
        price(issued.price.as_ref()),
    )
}

fn opened(standing: &LicenseOpened) -> String {
    let plugins = if standing.plugins.is_empty() { String::new() } else { format!(" with {}", standing.plugins) };
    format!(
        "opened from a portfolio: {} {}, {}{plugins}, SWM from {} to {}, of {}{}",
        standing.product,
        standing.license_type,
        moved(standing.users),
        standing.swm.starts,
        standing.swm.ends,
        holder(&standing.holder),
        standing.partner.as_ref().map(|name| format!(", through {}", partner(name))).unwrap_or_default(),
    )
}

fn ordered(ordered: &UpgradeOrdered) -> String {
    let waits = match ordered.registration {
        Registration::Automatic => "",
        Registration::Manual => "; waits for its activation",
    };
    format!("order {}: {}{}{waits}", ordered.order, lines(&ordered.lines), price(ordered.price.as_ref()))
}

fn activated(event: &OrderActivated) -> String {
    let mut changed = Vec::new();
    changed.extend(event.swm_ends.map(|ends| format!("SWM to {ends}")));
    changed.extend((!event.plugins_added.is_empty()).then(|| format!("+ {}", event.plugins_added)));
    changed.extend(event.license_type.map(|license_type| format!("type {license_type}")));
    changed
        .extend((event.users_added > 0).then(|| format!("+ {}", counted(event.users_added.into(), "user", "users"))));
    changed.extend(event.partner.as_ref().map(|name| format!("through {}", partner(name))));
    format!("order {}: {}", event.order, changed.join(", "))
}

fn because(reason: Option<&String>) -> String {
    reason.map(|reason| format!(" ({reason})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(event: &str) -> String {
        in_words(&serde_json::from_str(event).unwrap())
    }

    #[test]
    fn changes_read_like_a_ledger() {
        let users = r#"{"UsersReduced": {"from": 25, "to": 10, "reason": "two offices closed"}}"#;
        insta::assert_snapshot!(words(users), @"users 25 → 10 (two offices closed)");
        let activated = r#"{"UpgradeActivated": {"order": "PO-2", "swm_ends": "2014-01-20", "users_added": 10}}"#;
        insta::assert_snapshot!(words(activated), @"order PO-2: SWM to 2014-01-20, + 10 users");
        let bought = r#"{"LicenseIssued": {"order": "PO-1", "product": "connect", "license_type": "commercial",
            "users": 25, "plugins": ["antivirus"], "swm_years": 1, "partner": {"name": "Softline", "level": "certified"},
            "holder": {"name": "ООО Ромашка", "inn": "7204196795", "country": "RU"}}}"#;
        insta::assert_snapshot!(words(bought), @"order PO-1: connect commercial, 25 users with antivirus, 1 year of SWM, for ООО Ромашка, INN 7204196795 (RU), through Softline (certified)");
        let ordered = r#"{"UpgradeOrdered": {"order": "PO-2", "registration": "manual",
            "lines": [{"type": "renew_swm", "years": 1}, {"type": "add_users", "users": 10}]}}"#;
        insta::assert_snapshot!(words(ordered), @"order PO-2: renew SWM by 1 year, add 10 users; waits for its activation");
    }
}
