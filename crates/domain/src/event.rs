//! What has happened to a license: the ledger's facts.
//!
//! These types are the stored format. A stored event is a promise: never rename, retype or remove a field of a
//! version that was ever written. `tests/golden/events` keeps one sample of each; CONTRIBUTING.md ("Add an event")
//! says how a new version comes in.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lineage::Lineage;
use crate::order::{OrderLine, Registration};
use crate::price::Price;
use crate::values::{
    Date, Holder, LicenseNumber, LicenseType, Partner, PluginSet, Product, ProductVersion, Swm, Users,
};
use crate::violation::Text;

/// An event of one license. In JSON externally tagged: `{"UsersReduced": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    /// A license was bought; it waits for its activation (PUR-1…PUR-8).
    LicenseIssued(LicenseIssued),
    /// The purchase was activated: SWM begins (PUR-3).
    LicenseActivated(LicenseActivated),
    /// An upgrade was ordered (UPG-1…UPG-5).
    UpgradeOrdered(UpgradeOrdered),
    /// An ordered upgrade took effect (ACT-1).
    UpgradeActivated(OrderActivated),
    /// The vendor desk activated an order placed before 2012-07-30 (VND-5).
    LegacyOrderActivated(LegacyOrderActivated),
    /// A waiting order was withdrawn (UPG-6).
    OrderCancelled(OrderCancelled),
    /// The license takes no command any more, forever (VND-9).
    LicenseClosed(LicenseClosed),
    /// The holder was renamed, or the rights passed to another (VND-1).
    HolderRenamed(HolderRenamed),
    /// The license type was changed (VND-2).
    LicenseTypeChanged(LicenseTypeChanged),
    /// The users were reduced (VND-3).
    UsersReduced(UsersReduced),
    /// Plugins were removed (VND-4).
    PluginsRemoved(PluginsRemoved),
    /// A server with this license number came online (PIR-1).
    ServerCameOnline(Server),
    /// A server went offline for good (INS-1).
    ServerWentOffline(Server),
    /// Two servers were online at once: blocked as pirated (PIR-1).
    LicenseBlocked(LicenseBlocked),
    /// The vendor desk unblocked the license (PIR-2).
    LicenseUnblocked(LicenseUnblocked),
    /// A version was installed (INS-2).
    VersionInstalled(VersionInstalled),
    /// A version that is not certified was installed: certification is lost for good (FST-4).
    CertificationLost(CertificationLost),
    /// A trial was registered (TRL-1).
    TrialRegistered(TrialRegistered),
    /// Users left the license for new licenses (VND-6).
    LicenseSplit(LicenseSplit),
    /// The license began as a part of another (VND-6).
    LicenseSplitOff(LicenseSplitOff),
    /// The license took in others with all their users (VND-6).
    LicensesMerged(LicensesMerged),
    /// The license was taken in by another and closed (VND-6).
    LicenseAbsorbed(LicenseAbsorbed),
    /// Users left the license for another (VND-6).
    UsersTransferred(UsersTransferred),
    /// Users came from another license (VND-6).
    UsersReceived(UsersReceived),
    /// A license from before the ledger was taken in as it stood (LIC-2).
    LicenseOpened(LicenseOpened),
}

impl Event {
    /// The event's type: its variant's name, in code, schema, tables and API alike.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::LicenseIssued(_) => "LicenseIssued",
            Self::LicenseActivated(_) => "LicenseActivated",
            Self::UpgradeOrdered(_) => "UpgradeOrdered",
            Self::UpgradeActivated(_) => "UpgradeActivated",
            Self::LegacyOrderActivated(_) => "LegacyOrderActivated",
            Self::OrderCancelled(_) => "OrderCancelled",
            Self::LicenseClosed(_) => "LicenseClosed",
            Self::HolderRenamed(_) => "HolderRenamed",
            Self::LicenseTypeChanged(_) => "LicenseTypeChanged",
            Self::UsersReduced(_) => "UsersReduced",
            Self::PluginsRemoved(_) => "PluginsRemoved",
            Self::ServerCameOnline(_) => "ServerCameOnline",
            Self::ServerWentOffline(_) => "ServerWentOffline",
            Self::LicenseBlocked(_) => "LicenseBlocked",
            Self::LicenseUnblocked(_) => "LicenseUnblocked",
            Self::VersionInstalled(_) => "VersionInstalled",
            Self::CertificationLost(_) => "CertificationLost",
            Self::TrialRegistered(_) => "TrialRegistered",
            Self::LicenseSplit(_) => "LicenseSplit",
            Self::LicenseSplitOff(_) => "LicenseSplitOff",
            Self::LicensesMerged(_) => "LicensesMerged",
            Self::LicenseAbsorbed(_) => "LicenseAbsorbed",
            Self::UsersTransferred(_) => "UsersTransferred",
            Self::UsersReceived(_) => "UsersReceived",
            Self::LicenseOpened(_) => "LicenseOpened",
        }
    }

    /// The version of the event's format. All are at their first.
    #[must_use]
    pub const fn event_version(&self) -> &'static str {
        "1"
    }

    /// How many users the event moves to the license from others, negative for those that leave; `None` where nothing
    /// is redistributed. Over one operation they sum to zero (VND-7).
    #[must_use]
    pub fn users_moved(&self) -> Option<i64> {
        let count = |users: Users| i64::from(users.count());
        match self {
            Self::LicenseSplit(event) => Some(-event.into.iter().map(|part| count(part.users)).sum::<i64>()),
            Self::LicenseSplitOff(event) => Some(count(event.users)),
            Self::LicensesMerged(event) => Some(event.from.iter().map(|absorbed| count(absorbed.users)).sum()),
            Self::LicenseAbsorbed(event) => Some(-count(event.users)),
            Self::UsersTransferred(event) => Some(-count(event.users)),
            Self::UsersReceived(event) => Some(count(event.users)),
            _ => None,
        }
    }

    /// The number of the order that this event uses up within its license (UPG-5).
    #[must_use]
    pub fn order_number(&self) -> Option<&str> {
        match self {
            Self::LicenseIssued(event) => Some(&event.order),
            Self::UpgradeOrdered(event) => Some(&event.order),
            _ => None,
        }
    }
}

/// A license was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseIssued {
    /// The order number of the purchase.
    pub order: String,
    /// The product.
    pub product: Product,
    /// The license type.
    pub license_type: LicenseType,
    /// The users bought, the server license's first five included.
    pub users: Users,
    /// The plugins bought, for all users.
    pub plugins: PluginSet,
    /// Years of SWM from activation: 1 or 2.
    pub swm_years: u32,
    /// Who holds the license.
    pub holder: Holder,
    /// Through whom it was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
    /// What it cost; none where no price was known (PRC-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// The purchase was activated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseActivated {
    /// The SWM period that begins.
    pub swm: Swm,
}

/// An upgrade was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpgradeOrdered {
    /// The order number, unique within the license.
    pub order: String,
    /// What it changes, in the judging sequence of UPG-4.
    pub lines: Vec<OrderLine>,
    /// How it was to be activated.
    pub registration: Registration,
    /// The partner named on the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
    /// What it costs; none where no price was known (PRC-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// An order took effect: what it changed, computed once, so that replay never judges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderActivated {
    /// The order number.
    pub order: String,
    /// The new end of SWM, if the order renews it (SWM-5, SWM-6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swm_ends: Option<Date>,
    /// The plugins added.
    #[serde(default, skip_serializing_if = "PluginSet::is_empty")]
    pub plugins_added: PluginSet,
    /// The new license type, if the order switches it (FST-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_type: Option<LicenseType>,
    /// The users added; 0 if none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub users_added: u32,
    /// The license's new partner, if the order names one (UPG-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The vendor desk activated an order placed before 2012-07-30.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LegacyOrderActivated {
    /// What it changed.
    pub activated: OrderActivated,
    /// Why.
    pub reason: String,
}

/// A waiting order was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderCancelled {
    /// The order number; it stays used.
    pub order: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The license was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseClosed {
    /// What closed it.
    pub because: ClosedBecause,
}

/// What closes a license.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBecause {
    /// Its purchase was withdrawn before activation (UPG-6).
    PurchaseCancelled,
}

/// The holder was renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HolderRenamed {
    /// The holder before.
    pub from: Holder,
    /// The holder from now on.
    pub to: Holder,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The license type was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseTypeChanged {
    /// The type left, never given again (VND-9).
    pub from: LicenseType,
    /// The new type.
    pub to: LicenseType,
    /// Why.
    pub reason: String,
}

/// The users were reduced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsersReduced {
    /// The users before.
    pub from: Users,
    /// The users from now on.
    pub to: Users,
    /// Why.
    pub reason: String,
}

/// Plugins were removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginsRemoved {
    /// Which.
    pub plugins: PluginSet,
    /// Why.
    pub reason: String,
}

/// A server, by the id that the product reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its id.
    pub server: String,
}

/// The license was blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseBlocked {
    /// The servers that were online at once.
    pub servers: Vec<String>,
}

/// The license was unblocked; no server counts as online any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseUnblocked {
    /// Why.
    pub reason: String,
}

/// A version was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionInstalled {
    /// The version.
    pub version: ProductVersion,
    /// The day it was released, where the command or the catalog tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Date>,
}

/// Certification was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificationLost {
    /// The version that is not certified.
    pub version: ProductVersion,
}

/// A trial was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialRegistered {
    /// The product.
    pub product: Product,
    /// Who tries it.
    pub holder: Holder,
    /// All plugins of the product.
    pub plugins: PluginSet,
    /// The first day on which it is over.
    pub ends: Date,
}

/// Users that go to, or come from, another license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The other license.
    pub license: LicenseNumber,
    /// How many users.
    pub users: Users,
}

/// An end of SWM that a redistribution moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwmMoved {
    /// The end before.
    pub from: Date,
    /// The end from now on.
    pub to: Date,
}

/// Users left the license for new licenses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseSplit {
    /// The new licenses.
    pub into: Vec<Share>,
    /// Why.
    pub reason: String,
}

/// The license began as a part of another, with all that a part inherits (VND-7, VND-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseSplitOff {
    /// The license it was split from.
    pub from: LicenseNumber,
    /// The users.
    pub users: Users,
    /// The product.
    pub product: Product,
    /// The license type.
    pub license_type: LicenseType,
    /// The plugins.
    pub plugins: PluginSet,
    /// Who holds it.
    pub holder: Holder,
    /// Through whom it was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
    /// The SWM period.
    pub swm: Swm,
    /// For type `fstek`: whether it counts as certified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified: Option<bool>,
    /// The types that its source has left.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub types_left: BTreeSet<LicenseType>,
    /// Where its users come from.
    pub lineage: Lineage,
    /// Why.
    pub reason: String,
}

/// The license took in others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicensesMerged {
    /// The licenses taken in, with their users.
    pub from: Vec<Share>,
    /// Where the end of SWM moves (VND-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swm_moved: Option<SwmMoved>,
    /// The types that those licenses have left.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub types_left: BTreeSet<LicenseType>,
    /// What comes to the license's lineage.
    pub lineage: Lineage,
    /// Why.
    pub reason: String,
}

/// The license was taken in by another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseAbsorbed {
    /// By which.
    pub into: LicenseNumber,
    /// The users it had.
    pub users: Users,
    /// Where the end of its SWM moves, if the whole is brought to the earliest end (VND-8): what it gives up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swm_moved: Option<SwmMoved>,
    /// Why.
    pub reason: String,
}

/// Users left the license for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsersTransferred {
    /// For which.
    pub to: LicenseNumber,
    /// How many.
    pub users: Users,
    /// Where the end of SWM moves (VND-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swm_moved: Option<SwmMoved>,
    /// Why.
    pub reason: String,
}

/// Users came from another license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsersReceived {
    /// From which.
    pub from: LicenseNumber,
    /// How many.
    pub users: Users,
    /// Where the end of SWM moves (VND-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swm_moved: Option<SwmMoved>,
    /// What comes to the license's lineage.
    pub lineage: Lineage,
    /// Why.
    pub reason: String,
}

/// A license from before the ledger was taken in as it stood on the event's day: what happened to it before is not known
/// here, nor which types it had before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseOpened {
    /// The product.
    pub product: Product,
    /// The license type.
    pub license_type: LicenseType,
    /// The users.
    pub users: Users,
    /// The plugins.
    pub plugins: PluginSet,
    /// Who holds it.
    pub holder: Holder,
    /// Through whom it was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
    /// The SWM period: it began on or before the event's day.
    pub swm: Swm,
    /// For type `fstek`: whether it counts as certified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified: Option<bool>,
    /// The version that was installed, where that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_version: Option<ProductVersion>,
}

/// An event of a refusal's own stream (aggregate type `refusal`, id = the command's, sequence 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum RefusalEvent {
    /// The policy said no. That it did, and why, is a fact like any other.
    CommandRejected(CommandRejected),
}

impl RefusalEvent {
    /// The event's type.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        "CommandRejected"
    }

    /// The version of the event's format.
    #[must_use]
    pub const fn event_version(&self) -> &'static str {
        "1"
    }
}

/// A command was rejected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRejected {
    /// The license it was about.
    pub license: LicenseNumber,
    /// The license's version that it was judged against; 0: there was no license.
    pub version: u64,
    /// The command, normalised.
    pub command: serde_json::Value,
    /// The rules broken, in the policy's order.
    pub violations: Vec<RecordedViolation>,
}

/// A rule broken, as it was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedViolation {
    /// The rule's id.
    pub rule: String,
    /// What was wrong, in both languages.
    pub message: Text,
    /// The facts it was judged by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, serde_json::Value>,
}
