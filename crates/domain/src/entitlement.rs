//! What a license is worth on a day: computed from its facts for the date asked about, never stored (EXP-5).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::license::{Facts, Status};
use crate::order::PendingOrder;
use crate::values::{
    Date, Holder, LicenseNumber, LicenseType, Partner, Plugin, PluginSet, Product, ProductVersion, Swm, named,
};

/// An entitlement, as the contract fixes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entitlement {
    /// The license number.
    pub license: LicenseNumber,
    /// The day asked about.
    pub on: Date,
    /// The product.
    pub product: Product,
    /// The license type.
    pub license_type: LicenseType,
    /// Where the license stands on the day.
    pub status: EntitlementStatus,
    /// Who holds it.
    pub holder: Holder,
    /// Through whom it was bought last.
    pub partner: Option<Partner>,
    /// The users: as bought while ordered, null for a trial (unlimited), 0 when closed.
    pub users: Option<u32>,
    /// The plugins it has.
    pub plugins: PluginSet,
    /// Its Software Maintenance.
    pub swm: SwmOnDay,
    /// What works on the day.
    pub works: Works,
    /// For type `fstek`: whether it counts as certified (FST-4).
    pub certified: Option<bool>,
    /// The version recorded last.
    pub installed_version: Option<ProductVersion>,
    /// What waits for its activation: the purchase, or an upgrade.
    pub pending_orders: Vec<PendingView>,
    /// The servers online.
    pub servers_online: Vec<String>,
    /// The license it was split from.
    pub split_from: Option<LicenseNumber>,
    /// The license that absorbed it.
    pub merged_into: Option<LicenseNumber>,
    /// The sequence of the last event that counts.
    pub version: u64,
}

/// Where a license stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntitlementStatus {
    /// Bought, not activated.
    Ordered,
    /// A trial that runs.
    Trial,
    /// A trial from its last day on (TRL-1).
    TrialOver,
    /// Bought and activated.
    Active,
    /// Blocked as pirated (PIR-1).
    Blocked,
    /// Closed forever.
    Closed,
}

named!(EntitlementStatus {
    Ordered = "ordered",
    Trial = "trial",
    TrialOver = "trial_over",
    Active = "active",
    Blocked = "blocked",
    Closed = "closed",
});

/// Software Maintenance on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwmOnDay {
    /// Its state.
    pub state: SwmState,
    /// The day of activation; null before it, and for trials.
    pub starts: Option<Date>,
    /// The first day without maintenance; null where `starts` is.
    pub ends: Option<Date>,
    /// Whole days until `ends`; 0 when lapsed or not started.
    pub days_left: i64,
}

/// The state of Software Maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwmState {
    /// Before activation, and for trials.
    NotStarted,
    /// In force.
    Active,
    /// From `ends` on.
    Lapsed,
}

named!(SwmState { NotStarted = "not_started", Active = "active", Lapsed = "lapsed" });

/// What works on a day. An item is null where the license has no such thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Works {
    /// Whether versions released on the day may be installed (SWM-1, EXP-2).
    pub new_versions: bool,
    /// Whether there is technical support, free or paid aside (SWM-1, SUP).
    pub support: bool,
    /// Sophos antivirus (EXP-3).
    pub antivirus: Option<WorksUntil>,
    /// Kerio Control Web Filter (EXP-4).
    pub web_filter: Option<WorksUntil>,
    /// Exchange `ActiveSync` (EXP-4).
    pub active_sync: Option<WorksUntil>,
    /// Kerio Anti-spam (EXP-4).
    pub anti_spam: Option<WorksUntil>,
    /// Grey listing, of Connect (EXP-4).
    pub grey_listing: Option<WorksUntil>,
    /// Updates of IDS/IPS, of Control (EXP-4).
    pub ids_updates: Option<WorksUntil>,
}

/// Whether something works on the day, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorksUntil {
    /// Whether it works.
    pub works: bool,
    /// The first day on which it no longer works with the SWM of today; null where nothing works.
    pub until: Option<Date>,
}

/// An order that waits, as entitlements show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PendingView {
    /// Its number.
    pub order: String,
    /// The day it was ordered.
    pub on: Date,
    /// What it changes.
    pub lines: Vec<crate::order::OrderLine>,
}

impl From<&PendingOrder> for PendingView {
    fn from(pending: &PendingOrder) -> Self {
        Self { order: pending.order.clone(), on: pending.on, lines: pending.lines.clone() }
    }
}

impl Facts {
    /// The status on the day: a trial is over from its end on.
    #[must_use]
    pub fn status_on(&self, on: Date) -> EntitlementStatus {
        match self.status {
            Status::Ordered => EntitlementStatus::Ordered,
            Status::Trial if self.trial_ends.is_some_and(|ends| ends <= on) => EntitlementStatus::TrialOver,
            Status::Trial => EntitlementStatus::Trial,
            Status::Active => EntitlementStatus::Active,
            Status::Blocked => EntitlementStatus::Blocked,
            Status::Closed => EntitlementStatus::Closed,
        }
    }

    /// Whether SWM is active on the day.
    #[must_use]
    pub fn swm_is_active(&self, on: Date) -> bool {
        self.swm.is_some_and(|swm| swm.is_active(on))
    }
}

/// What the license is worth on the day.
#[must_use]
pub fn entitlement(facts: &Facts, on: Date, catalog: &Catalog) -> Entitlement {
    let status = facts.status_on(on);
    Entitlement {
        license: facts.license.clone(),
        on,
        product: facts.product,
        license_type: facts.license_type,
        status,
        holder: facts.holder.clone(),
        partner: facts.partner.clone(),
        users: facts.users.map(crate::values::Users::count),
        plugins: facts.plugins.clone(),
        swm: swm_on(facts.swm, on),
        works: works(facts, status, on, catalog),
        certified: facts.certified,
        installed_version: facts.installed_version.clone(),
        pending_orders: facts.pending.iter().map(PendingView::from).collect(),
        servers_online: facts.servers_online.clone(),
        split_from: facts.split_from.clone(),
        merged_into: facts.merged_into.clone(),
        version: facts.version,
    }
}

fn swm_on(swm: Option<Swm>, on: Date) -> SwmOnDay {
    let Some(swm) = swm else {
        return SwmOnDay { state: SwmState::NotStarted, starts: None, ends: None, days_left: 0 };
    };
    let state = if swm.is_active(on) { SwmState::Active } else { SwmState::Lapsed };
    let days_left = (swm.ends - on).num_days().max(0);
    SwmOnDay { state, starts: Some(swm.starts), ends: Some(swm.ends), days_left }
}

fn works(facts: &Facts, status: EntitlementStatus, on: Date, catalog: &Catalog) -> Works {
    // The last day of what stops with SWM, or with the trial; none where nothing works at all.
    let ends = match status {
        EntitlementStatus::Active => facts.swm.map(|swm| swm.ends),
        EntitlementStatus::Trial => facts.trial_ends,
        _ => None,
    };
    let grace_days = if status == EntitlementStatus::Active { catalog.terms(on).antivirus_days } else { 0 };
    let until = |until: Option<Date>| WorksUntil { works: until.is_some_and(|until| on < until), until };
    let stops_at_once = until(ends);
    let antivirus = until(ends.map(|ends| ends + chrono::Days::new(u64::from(grace_days))));
    let plugin = |plugin, item| facts.plugins.contains(plugin).then_some(item);
    Works {
        new_versions: stops_at_once.works,
        support: stops_at_once.works,
        antivirus: plugin(Plugin::Antivirus, antivirus),
        web_filter: plugin(Plugin::WebFilter, stops_at_once),
        active_sync: plugin(Plugin::ActiveSync, stops_at_once),
        anti_spam: plugin(Plugin::AntiSpam, stops_at_once),
        grey_listing: (facts.product == Product::Connect).then_some(stops_at_once),
        ids_updates: (facts.product == Product::Control).then_some(stops_at_once),
    }
}
