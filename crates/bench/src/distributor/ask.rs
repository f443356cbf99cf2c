//! Commands, as whoever deals with a license asks them.

use fastrand::Rng;
use ledger_domain::command::{
    ActivateLicense, ActivateUpgrade, Actor, AddPlugin, AddUsers, Command, Irreversible, IssueLicense, MergeLicenses,
    Order, OrderTerms, Part, RecordInstalledVersion, ReduceUsers, RenameHolder, RenewSwm, ReportServer, Request, Role,
    SplitLicense, UnblockLicense,
};
use ledger_domain::order::Registration;
use ledger_domain::values::{
    Date, Holder, LicenseNumber, LicenseType, Partner, PartnerLevel, Plugin, PluginSet, RequestedProduct,
};

/// The partners through whom is bought, the first ones more than the last.
const PARTNERS: [(&str, PartnerLevel); 5] = [
    ("Softline", PartnerLevel::Preferred),
    ("ООО «Ромашка Софт»", PartnerLevel::Certified),
    ("Syssoft", PartnerLevel::Certified),
    ("ИТ Сервис Урал", PartnerLevel::Authorized),
    ("Allsoft", PartnerLevel::Authorized),
];

/// The command, posted by whom it takes, with an id of its own.
pub(super) fn request(rng: &mut Rng, license: &LicenseNumber, on: Date, command: Command) -> Request {
    let role = if command.is_the_vendor_desks() { Role::Vendor } else { Role::Distributor };
    let name = if role == Role::Vendor { "desk@vendor" } else { "orders@distributor" };
    Request {
        command_id: uuid::Builder::from_random_bytes(rng.u128(..).to_le_bytes()).into_uuid(),
        license: license.clone(),
        on: Some(on),
        expected_version: None,
        actor: Some(Actor { name: name.to_owned(), role }),
        command,
    }
}

pub(super) fn partner(rng: &mut Rng) -> Partner {
    let (name, level) = PARTNERS[rng.usize(..PARTNERS.len()).min(rng.usize(..PARTNERS.len()))];
    Partner { name: name.to_owned(), level: Some(level) }
}

pub(super) fn holder(rng: &mut Rng) -> Holder {
    let words = ["Ромашка", "Вектор", "Северсталь-Сервис", "Уралмаш", "Поликлиника № 7", "Альфа"];
    let name = format!("ООО «{} {}»", words[rng.usize(..words.len())], rng.u32(1..100_000));
    Holder { name, inn: Some("7202991043".to_owned()), country: "RU".to_owned() }
}

/// What a license is bought with.
#[derive(Debug, Clone)]
pub(super) struct Bought {
    pub(super) product: RequestedProduct,
    pub(super) users: u32,
    pub(super) plugins: PluginSet,
    pub(super) license_type: LicenseType,
    pub(super) holder: Holder,
    pub(super) swm_years: u32,
}

pub(super) fn purchase(bought: &Bought, terms: OrderTerms) -> Command {
    Command::IssueLicense(IssueLicense {
        order: terms.order,
        product: bought.product,
        users: bought.users,
        holder: bought.holder.clone(),
        plugins: bought.plugins.clone(),
        license_type: bought.license_type,
        swm_years: bought.swm_years,
        partner: terms.partner,
        registration: terms.registration,
    })
}

pub(super) const fn activation() -> Command {
    Command::ActivateLicense(ActivateLicense {})
}

pub(super) fn terms(order: String, partner: Option<Partner>, waits: bool) -> OrderTerms {
    let registration = if waits { Registration::Manual } else { Registration::Automatic };
    OrderTerms { order, partner, registration }
}

pub(super) fn users(terms: OrderTerms, users: u32) -> Command {
    Command::AddUsers(Order { terms, line: AddUsers { users, plugins: PluginSet::none() } })
}

pub(super) fn plugin(terms: OrderTerms, plugin: Plugin) -> Command {
    Command::AddPlugin(Order { terms, line: AddPlugin { plugin, users: None } })
}

pub(super) fn renewal(terms: OrderTerms, years: u32) -> Command {
    Command::RenewSwm(Order { terms, line: RenewSwm { years, users: None, plugins: None } })
}

pub(super) const fn upgrade_activation(order: String) -> Command {
    Command::ActivateUpgrade(ActivateUpgrade { order })
}

pub(super) fn server(server: u32, online: bool) -> Command {
    let report = ReportServer { server: format!("mail-{server}.customer.example") };
    if online { Command::ReportServerOnline(report) } else { Command::ReportServerOffline(report) }
}

pub(super) fn version(version: &str, released: Date) -> Command {
    Command::RecordInstalledVersion(RecordInstalledVersion { version: version.into(), released: Some(released) })
}

pub(super) fn rename(name: String) -> Command {
    Command::RenameHolder(RenameHolder { name, inn: None, country: None, irreversible: irreversible("renamed") })
}

pub(super) fn reduction(to: u32) -> Command {
    Command::ReduceUsers(ReduceUsers { to, irreversible: irreversible("fewer mailboxes") })
}

pub(super) fn split(license: LicenseNumber, users: u32) -> Command {
    Command::SplitLicense(SplitLicense { into: vec![Part { license, users }], irreversible: irreversible("a branch") })
}

pub(super) fn merge(from: LicenseNumber) -> Command {
    Command::MergeLicenses(MergeLicenses { from: vec![from], irreversible: irreversible("one server for both") })
}

pub(super) fn unblocking() -> Command {
    Command::UnblockLicense(UnblockLicense { reason: Some("the old server was still running".to_owned()) })
}

fn irreversible(reason: &str) -> Irreversible {
    Irreversible { reason: Some(reason.to_owned()), confirm_irreversible: true }
}
