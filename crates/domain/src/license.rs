//! A license as its events made it, and [`evolve`], which folds one more event in.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::event::{Event, LicenseIssued, LicenseOpened, LicenseSplitOff, OrderActivated, TrialRegistered};
use crate::lineage::Lineage;
use crate::order::{OrderLine, PendingOrder};
use crate::values::{
    Date, Holder, LicenseNumber, LicenseType, Partner, PluginSet, Product, ProductVersion, Swm, Users, named,
};

/// The number of the fold: raise it by hand whenever [`evolve`] or [`License`] changes what a history folds to.
/// Stored states of a lower number are folded anew; those of a higher one are never overwritten.
pub const FOLD: u32 = 1;

/// A license: the facts that its events made. What depends on a date is computed for the date asked about (EXP-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct License {
    /// The facts that the read models hold as columns.
    pub facts: Facts,
    /// The license types that were left, never given again (VND-9).
    pub types_left: BTreeSet<LicenseType>,
    /// Where its users come from (VND-9).
    #[serde(default, skip_serializing_if = "Lineage::is_empty")]
    pub lineage: Lineage,
}

/// The facts of a license, as the read models hold them in columns: facts, never answers that age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The license number.
    pub license: LicenseNumber,
    /// The sequence of the last event, counted from 1.
    pub version: u64,
    /// The business date of the last event.
    pub on: Date,
    /// The product.
    pub product: Product,
    /// The license type.
    pub license_type: LicenseType,
    /// Where it stands in its life.
    pub status: Status,
    /// Who holds it.
    pub holder: Holder,
    /// Through whom it was bought last.
    pub partner: Option<Partner>,
    /// The users: as bought while ordered, none (unlimited) for a trial, 0 when closed.
    pub users: Option<Users>,
    /// The plugins.
    pub plugins: PluginSet,
    /// The SWM period; none before activation and for trials.
    pub swm: Option<Swm>,
    /// The first day on which the trial is over; none for a bought license.
    pub trial_ends: Option<Date>,
    /// For type `fstek`: whether it still counts as certified (FST-4).
    pub certified: Option<bool>,
    /// The version recorded last.
    pub installed_version: Option<ProductVersion>,
    /// The order that waits for its activation.
    pub pending: Option<PendingOrder>,
    /// The servers online, in the order they came: at most two, and then the license is blocked (PIR-1).
    pub servers_online: Vec<String>,
    /// The license this one was split from.
    pub split_from: Option<LicenseNumber>,
    /// The license that absorbed this one.
    pub merged_into: Option<LicenseNumber>,
}

/// Where a license stands in its life. Whether a trial is over depends on the date and is no status here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Bought, not activated.
    Ordered,
    /// A trial, running or over.
    Trial,
    /// Bought and activated.
    Active,
    /// Blocked as pirated (PIR-1).
    Blocked,
    /// Closed forever.
    Closed,
}

named!(Status {
    Ordered = "ordered",
    Trial = "trial",
    Active = "active",
    Blocked = "blocked",
    Closed = "closed",
});

/// Where an event stands: which license, which sequence, which business date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPlace<'a> {
    /// The license.
    pub license: &'a LicenseNumber,
    /// The event's sequence within the license, counted from 1.
    pub sequence: u64,
    /// The business date.
    pub on: Date,
}

/// A stream that cannot be a license's history: it is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {sequence} of license {license} is a {found}, and no event before it begins the license")]
pub struct DamagedHistory {
    /// The license.
    pub license: LicenseNumber,
    /// The event's sequence.
    pub sequence: u64,
    /// The event's type.
    pub found: &'static str,
}

/// Folds one event into the license. It records and never judges.
///
/// # Errors
/// [`DamagedHistory`] when a history does not begin with a purchase, a trial, a split or an opening.
pub fn evolve(license: Option<License>, place: &EventPlace<'_>, event: &Event) -> Result<License, DamagedHistory> {
    let mut license = match (license, event) {
        (before, Event::LicenseIssued(issued)) => bought(before, place, issued),
        (_, Event::TrialRegistered(trial)) => tried(place, trial),
        (_, Event::LicenseSplitOff(part)) => split_off(place, part),
        (_, Event::LicenseOpened(standing)) => opened(place, standing),
        (Some(mut license), event) => {
            record(&mut license, place, event);
            license
        }
        (None, event) => {
            return Err(DamagedHistory {
                license: place.license.clone(),
                sequence: place.sequence,
                found: event.event_type(),
            });
        }
    };
    license.facts.version = place.sequence;
    license.facts.on = place.on;
    Ok(license)
}

/// A license bought new, or on the number of a trial, of which nothing is kept (PUR-8).
fn bought(before: Option<License>, place: &EventPlace<'_>, issued: &LicenseIssued) -> License {
    let line =
        OrderLine::IssueLicense { users: issued.users, plugins: issued.plugins.clone(), swm_years: issued.swm_years };
    let pending =
        PendingOrder { order: issued.order.clone(), on: place.on, lines: vec![line], partner: issued.partner.clone() };
    License {
        facts: Facts {
            license_type: issued.license_type,
            status: Status::Ordered,
            partner: issued.partner.clone(),
            users: Some(issued.users),
            plugins: issued.plugins.clone(),
            pending: Some(pending),
            ..blank(place, issued.product, issued.holder.clone())
        },
        types_left: before.map(|license| license.types_left).unwrap_or_default(),
        lineage: Lineage::default(),
    }
}

fn tried(place: &EventPlace<'_>, trial: &TrialRegistered) -> License {
    License {
        facts: Facts {
            plugins: trial.plugins.clone(),
            trial_ends: Some(trial.ends),
            ..blank(place, trial.product, trial.holder.clone())
        },
        types_left: BTreeSet::new(),
        lineage: Lineage::default(),
    }
}

/// A part of another license: bought and activated with it.
fn split_off(place: &EventPlace<'_>, part: &LicenseSplitOff) -> License {
    License {
        facts: Facts {
            license_type: part.license_type,
            status: Status::Active,
            partner: part.partner.clone(),
            users: Some(part.users),
            plugins: part.plugins.clone(),
            swm: Some(part.swm),
            certified: part.certified,
            split_from: Some(part.from.clone()),
            ..blank(place, part.product, part.holder.clone())
        },
        types_left: part.types_left.clone(),
        lineage: part.lineage.clone(),
    }
}

/// A license from before the ledger: what it was before is not known.
fn opened(place: &EventPlace<'_>, standing: &LicenseOpened) -> License {
    License {
        facts: Facts {
            license_type: standing.license_type,
            status: Status::Active,
            partner: standing.partner.clone(),
            users: Some(standing.users),
            plugins: standing.plugins.clone(),
            swm: Some(standing.swm),
            certified: standing.certified,
            installed_version: standing.installed_version.clone(),
            ..blank(place, standing.product, standing.holder.clone())
        },
        types_left: BTreeSet::new(),
        lineage: Lineage::default(),
    }
}

fn blank(place: &EventPlace<'_>, product: Product, holder: Holder) -> Facts {
    Facts {
        license: place.license.clone(),
        version: place.sequence,
        on: place.on,
        product,
        license_type: LicenseType::Commercial,
        status: Status::Trial,
        holder,
        partner: None,
        users: None,
        plugins: PluginSet::none(),
        swm: None,
        trial_ends: None,
        certified: None,
        installed_version: None,
        pending: None,
        servers_online: Vec::new(),
        split_from: None,
        merged_into: None,
    }
}

fn record(license: &mut License, place: &EventPlace<'_>, event: &Event) {
    let facts = &mut license.facts;
    match event {
        Event::LicenseIssued(_) | Event::TrialRegistered(_) | Event::LicenseSplitOff(_) | Event::LicenseOpened(_) => {}
        Event::LicenseActivated(event) => {
            facts.status = Status::Active;
            facts.swm = Some(event.swm);
            facts.pending = None;
        }
        Event::UpgradeOrdered(event) => {
            facts.pending = Some(PendingOrder {
                order: event.order.clone(),
                on: place.on,
                lines: event.lines.clone(),
                partner: event.partner.clone(),
            });
        }
        Event::UpgradeActivated(event) => activated(license, event),
        Event::LegacyOrderActivated(event) => activated(license, &event.activated),
        Event::OrderCancelled(_) => facts.pending = None,
        Event::LicenseClosed(_) => {
            facts.status = Status::Closed;
            facts.users = Some(Users::recorded(0));
        }
        Event::HolderRenamed(event) => facts.holder = event.to.clone(),
        Event::LicenseTypeChanged(event) => change_type(license, event.to),
        Event::UsersReduced(event) => facts.users = Some(event.to),
        Event::PluginsRemoved(event) => facts.plugins = facts.plugins.without(&event.plugins),
        Event::ServerCameOnline(event) => facts.servers_online.push(event.server.clone()),
        Event::ServerWentOffline(event) => facts.servers_online.retain(|server| *server != event.server),
        Event::LicenseBlocked(_) => facts.status = Status::Blocked,
        Event::LicenseUnblocked(_) => {
            facts.status = if facts.trial_ends.is_some() { Status::Trial } else { Status::Active };
            facts.servers_online.clear();
        }
        Event::VersionInstalled(event) => facts.installed_version = Some(event.version.clone()),
        Event::CertificationLost(_) => facts.certified = Some(false),
        Event::LicenseSplit(_) => {
            license.lineage.split(place.license, place.license);
            move_users(facts, event);
        }
        Event::LicensesMerged(merged) => {
            move_users(facts, event);
            end_swm(facts, merged.swm_moved.map(|moved| moved.to));
            license.types_left.extend(&merged.types_left);
            license.lineage.add(&merged.lineage);
        }
        Event::LicenseAbsorbed(absorbed) => {
            move_users(facts, event);
            end_swm(facts, absorbed.swm_moved.map(|moved| moved.to));
            facts.status = Status::Closed;
            facts.merged_into = Some(absorbed.into.clone());
        }
        Event::UsersTransferred(transferred) => {
            move_users(facts, event);
            end_swm(facts, transferred.swm_moved.map(|moved| moved.to));
        }
        Event::UsersReceived(received) => {
            move_users(facts, event);
            end_swm(facts, received.swm_moved.map(|moved| moved.to));
            license.lineage.add(&received.lineage);
        }
    }
}

fn move_users(facts: &mut Facts, event: &Event) {
    let users = i64::from(facts.users.map_or(0, Users::count)) + event.users_moved().unwrap_or(0);
    facts.users = Some(Users::recorded(u32::try_from(users).unwrap_or(0)));
}

fn end_swm(facts: &mut Facts, ends: Option<Date>) {
    if let (Some(swm), Some(ends)) = (facts.swm.as_mut(), ends) {
        swm.ends = ends;
    }
}

fn activated(license: &mut License, event: &OrderActivated) {
    let facts = &mut license.facts;
    facts.pending = None;
    end_swm(facts, event.swm_ends);
    facts.plugins = facts.plugins.with(&event.plugins_added);
    let users = facts.users.map_or(0, Users::count);
    facts.users = Some(Users::recorded(users.saturating_add(event.users_added)));
    if event.partner.is_some() {
        facts.partner.clone_from(&event.partner);
    }
    if let Some(license_type) = event.license_type {
        change_type(license, license_type);
    }
}

fn change_type(license: &mut License, to: LicenseType) {
    license.types_left.insert(license.facts.license_type);
    license.facts.license_type = to;
    license.facts.certified = (to == LicenseType::Fstek).then_some(true);
}
