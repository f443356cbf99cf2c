//! What can be asked of the ledger: the commands of the contract, as types that keep what was checked.
//!
//! [`fn@read`] turns a line of JSON into a [`Request`] or says everything that is wrong with it. Whatever can be
//! understood is judged by a rule ([`crate::decide`]), not refused here.

mod fields;
mod opening;
mod read;
mod reader;
mod redistribution;
mod schema;
mod upgrade;
mod vendor_desk;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::values::{
    Date, Holder, LicenseNumber, LicenseType, Partner, PluginSet, ProductVersion, RequestedProduct, named,
};

pub use opening::OpenLicense;
pub use read::{InvalidRequest, MAX_LINE_BYTES, read, too_long};
pub use reader::{InputError, parse_date, parse_text};
pub use redistribution::{MergeLicenses, Part, SplitLicense, TransferUsers};
pub use schema::say_limits;
pub use upgrade::{AddPlugin, AddUsers, Order, OrderTerms, OrderUpgrade, RenewSwm, SwitchToFstek, UpgradeLine};
pub use vendor_desk::{
    ActivateLegacyOrder, ChangeLicenseType, Irreversible, ReduceUsers, RemovePlugins, RenameHolder, UnblockLicense,
};

use crate::order::Registration;

/// A command with all that stands around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The idempotency key: the same id with the same content gives the first outcome again.
    pub command_id: Uuid,
    /// The license it is about; upper-cased.
    #[schemars(with = "fields::LicenseNumberInput")]
    pub license: LicenseNumber,
    /// Its business date; absent: today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// The version the license must have (0: it does not exist yet).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// Who posts it; no part of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// What is asked.
    pub command: Command,
}

/// Who posts a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// A name, for people.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// What an actor may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Orders, activations, reads.
    Distributor,
    /// All of that and the vendor desk's commands.
    Vendor,
    /// Reads everything, replays, verifies.
    Auditor,
    /// Reads the projections.
    Reporter,
    /// Keys and maintenance.
    Admin,
}

named!(Role {
    Distributor = "distributor",
    Vendor = "vendor",
    Auditor = "auditor",
    Reporter = "reporter",
    Admin = "admin",
});

/// A command. Serialized it is the normalised content that the command's digest is taken of: constant defaults
/// are filled in, and a field that is added later must be left out where it is absent, or old digests would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Buy a new license (PUR).
    IssueLicense(IssueLicense),
    /// Activate the purchase: SWM begins (PUR-3).
    ActivateLicense(ActivateLicense),
    /// Order more users (USR).
    AddUsers(Order<AddUsers>),
    /// Order a plugin (PLG).
    AddPlugin(Order<AddPlugin>),
    /// Order a renewal of SWM (SWM).
    RenewSwm(Order<RenewSwm>),
    /// Order the switch to the FSTEK-certified edition (FST).
    SwitchToFstek(SwitchToFstek),
    /// Order several of the four above at once (UPG-4).
    OrderUpgrade(OrderUpgrade),
    /// Activate an order that waits (ACT-1).
    ActivateUpgrade(ActivateUpgrade),
    /// Withdraw what was never activated (UPG-6).
    CancelOrder(CancelOrder),
    /// Rename the holder, or pass the rights on (VND-1).
    RenameHolder(RenameHolder),
    /// Change the license type (VND-2).
    ChangeLicenseType(ChangeLicenseType),
    /// Reduce the users (VND-3).
    ReduceUsers(ReduceUsers),
    /// Remove plugins (VND-4).
    RemovePlugins(RemovePlugins),
    /// Activate an order placed before 2012-07-30 (VND-5).
    ActivateLegacyOrder(ActivateLegacyOrder),
    /// Turn part of the license into new licenses (VND-6).
    SplitLicense(SplitLicense),
    /// Take other licenses in and close them (VND-6).
    MergeLicenses(MergeLicenses),
    /// Move users to another license (VND-6).
    TransferUsers(TransferUsers),
    /// A server with this number came online (PIR-1).
    ReportServerOnline(ReportServer),
    /// A server went offline for good (INS-1).
    ReportServerOffline(ReportServer),
    /// A version was installed (INS-2).
    RecordInstalledVersion(RecordInstalledVersion),
    /// Unblock a license (PIR-2).
    UnblockLicense(UnblockLicense),
    /// Register a trial (TRL-1).
    RegisterTrial(RegisterTrial),
    /// Take in a license from before the ledger, as it stands (LIC-2).
    OpenLicense(OpenLicense),
}

impl Command {
    /// The command's type, as in its JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::IssueLicense(_) => "issue_license",
            Self::ActivateLicense(_) => "activate_license",
            Self::AddUsers(_) => "add_users",
            Self::AddPlugin(_) => "add_plugin",
            Self::RenewSwm(_) => "renew_swm",
            Self::SwitchToFstek(_) => "switch_to_fstek",
            Self::OrderUpgrade(_) => "order_upgrade",
            Self::ActivateUpgrade(_) => "activate_upgrade",
            Self::CancelOrder(_) => "cancel_order",
            Self::RenameHolder(_) => "rename_holder",
            Self::ChangeLicenseType(_) => "change_license_type",
            Self::ReduceUsers(_) => "reduce_users",
            Self::RemovePlugins(_) => "remove_plugins",
            Self::ActivateLegacyOrder(_) => "activate_legacy_order",
            Self::SplitLicense(_) => "split_license",
            Self::MergeLicenses(_) => "merge_licenses",
            Self::TransferUsers(_) => "transfer_users",
            Self::ReportServerOnline(_) => "report_server_online",
            Self::ReportServerOffline(_) => "report_server_offline",
            Self::RecordInstalledVersion(_) => "record_installed_version",
            Self::UnblockLicense(_) => "unblock_license",
            Self::RegisterTrial(_) => "register_trial",
            Self::OpenLicense(_) => "open_license",
        }
    }

    /// Whether only the vendor desk may post it (VND-1…6, PIR-2, LIC-2).
    #[must_use]
    pub const fn is_the_vendor_desks(&self) -> bool {
        matches!(
            self,
            Self::RenameHolder(_)
                | Self::ChangeLicenseType(_)
                | Self::ReduceUsers(_)
                | Self::RemovePlugins(_)
                | Self::ActivateLegacyOrder(_)
                | Self::SplitLicense(_)
                | Self::MergeLicenses(_)
                | Self::TransferUsers(_)
                | Self::UnblockLicense(_)
                | Self::OpenLicense(_)
        )
    }

    /// Whether the role may post it. A no is the outcome `forbidden`.
    #[must_use]
    pub const fn is_allowed_for(&self, role: Role) -> bool {
        match role {
            Role::Vendor => true,
            Role::Distributor => !self.is_the_vendor_desks(),
            Role::Auditor | Role::Reporter | Role::Admin => false,
        }
    }

    /// The other licenses that take part, in the command's order; their states are judged too.
    #[must_use]
    pub fn others(&self) -> Vec<&LicenseNumber> {
        match self {
            Self::SplitLicense(split) => split.into.iter().map(|part| &part.license).collect(),
            Self::MergeLicenses(merge) => merge.from.iter().collect(),
            Self::TransferUsers(transfer) => vec![&transfer.to],
            _ => Vec::new(),
        }
    }

    /// The partner that the command names, if it names one.
    #[must_use]
    pub const fn partner(&self) -> Option<&Partner> {
        match self {
            Self::IssueLicense(command) => command.partner.as_ref(),
            Self::OpenLicense(command) => command.partner.as_ref(),
            Self::AddUsers(order) => order.terms.partner.as_ref(),
            Self::AddPlugin(order) => order.terms.partner.as_ref(),
            Self::RenewSwm(order) => order.terms.partner.as_ref(),
            Self::SwitchToFstek(order) => order.terms.partner.as_ref(),
            Self::OrderUpgrade(order) => order.terms.partner.as_ref(),
            _ => None,
        }
    }

    /// The number of the order that this command would place, if it places one (UPG-5).
    #[must_use]
    pub fn places_order(&self) -> Option<&str> {
        match self {
            Self::IssueLicense(command) => Some(&command.order),
            Self::AddUsers(order) => Some(&order.terms.order),
            Self::AddPlugin(order) => Some(&order.terms.order),
            Self::RenewSwm(order) => Some(&order.terms.order),
            Self::SwitchToFstek(order) => Some(&order.terms.order),
            Self::OrderUpgrade(order) => Some(&order.terms.order),
            _ => None,
        }
    }
}

/// Buy a new license, or one on the number of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueLicense {
    /// The order number of the purchase.
    pub order: String,
    /// The product; only some are sold as server licenses (CAT-1).
    pub product: RequestedProduct,
    /// The users, 0 to 1,000,000; judged by PUR-1 and PUR-2.
    #[schemars(range(max = 1_000_000))]
    pub users: u32,
    /// Who holds the license.
    #[schemars(with = "fields::HolderInput")]
    pub holder: Holder,
    /// The plugins, for all users.
    #[serde(default)]
    pub plugins: PluginSet,
    /// The license type.
    #[serde(default)]
    pub license_type: LicenseType,
    /// Years of SWM; judged by PUR-4.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub swm_years: u32,
    /// Through whom it is bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
    /// `automatic` also activates the license at once.
    #[serde(default)]
    pub registration: Registration,
}

const fn one() -> u32 {
    1
}

/// Activate the purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivateLicense {}

/// Activate an order that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivateUpgrade {
    /// The order number.
    pub order: String,
}

/// Withdraw an order that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// The order number.
    pub order: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Report a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportServer {
    /// The id that the product reports.
    pub server: String,
}

/// Record what was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordInstalledVersion {
    /// The version.
    pub version: ProductVersion,
    /// The day it was released, where the catalog does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Date>,
}

/// Register a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterTrial {
    /// The product.
    pub product: RequestedProduct,
    /// Who tries it.
    #[schemars(with = "fields::HolderInput")]
    pub holder: Holder,
}
