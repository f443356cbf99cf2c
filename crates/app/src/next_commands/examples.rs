//! The examples: for every command of the contract one or more that suit the license. They are not chosen by the rules:
//! what the rules say of them is the answer.

use ledger_domain::catalog::Release;
use ledger_domain::command::{
    ActivateLegacyOrder, ActivateLicense, ActivateUpgrade, AddPlugin, AddUsers, CancelOrder, ChangeLicenseType,
    Command, Irreversible, IssueLicense, MergeLicenses, OpenLicense, Order, OrderUpgrade, Part, RecordInstalledVersion,
    ReduceUsers, RegisterTrial, RemovePlugins, RenameHolder, RenewSwm, ReportServer, SplitLicense, SwitchToFstek,
    TransferUsers, UnblockLicense, UpgradeLine,
};
use ledger_domain::order::Registration;
use ledger_domain::values::{LicenseType, PluginSet, ProductVersion, add_years};

use super::sketch::{FILL_IN, Sketch};

/// All examples, in the order of the contract, those of one type together.
pub(super) fn examples(license: &Sketch<'_>) -> Vec<Command> {
    let mut all = purchases(license);
    all.push(Command::ActivateLicense(ActivateLicense {}));
    upgrades(license, &mut all);
    orders(license, &mut all);
    desk(license, &mut all);
    redistributions(license, &mut all);
    reports(license, &mut all);
    openings(license, &mut all);
    all
}

/// The smallest purchase, or of a license that exists one like it.
fn purchases(license: &Sketch<'_>) -> Vec<Command> {
    let is_bought = license.facts.is_some_and(|facts| facts.trial_ends.is_none());
    let fstek_is_no_purchase = |license_type: &LicenseType| *license_type != LicenseType::Fstek;
    let purchase = |product| {
        Command::IssueLicense(IssueLicense {
            order: license.order("issue_license"),
            product,
            users: license.users,
            holder: license.holder.clone(),
            plugins: if is_bought { license.plugins.clone() } else { PluginSet::none() },
            license_type: Some(license.license_type).filter(fstek_is_no_purchase).unwrap_or_default(),
            swm_years: 1,
            partner: license.partner.clone(),
            registration: Registration::Manual,
        })
    };
    license.products().into_iter().map(purchase).collect()
}

/// One pack of users, each plugin of the product, one and two years, the switch, and orders of several lines.
fn upgrades(license: &Sketch<'_>, all: &mut Vec<Command>) {
    let users = |plugins: &PluginSet| AddUsers { users: license.pack(), plugins: plugins.clone() };
    let years = |years| RenewSwm { years, users: None, plugins: None };
    let terms = license.terms("add_users");
    all.push(Command::AddUsers(Order { terms, line: users(&license.plugins) }));
    for plugin in license.possible_plugins() {
        let terms = license.terms(&format!("add_plugin/{plugin}"));
        all.push(Command::AddPlugin(Order { terms, line: AddPlugin { plugin, users: None } }));
    }
    for count in [1, 2] {
        let terms = license.terms(&format!("renew_swm/{count}"));
        all.push(Command::RenewSwm(Order { terms, line: years(count) }));
    }
    let terms = license.terms("switch_to_fstek");
    all.push(Command::SwitchToFstek(SwitchToFstek { terms, confirm_irreversible: true }));
    let renewed = vec![UpgradeLine::RenewSwm(years(1)), UpgradeLine::AddUsers(users(&license.plugins))];
    all.push(upgrade(license, "renewed", renewed));
    let missing = license.possible_plugins().into_iter().find(|plugin| !license.plugins.contains(*plugin));
    if let Some(plugin) = missing {
        let with = license.plugins.with(&PluginSet::from_iter([plugin]));
        let line = UpgradeLine::AddPlugin(AddPlugin { plugin, users: None });
        all.push(upgrade(license, "extended", vec![line, UpgradeLine::AddUsers(users(&with))]));
    }
}

fn upgrade(license: &Sketch<'_>, what: &str, lines: Vec<UpgradeLine>) -> Command {
    let terms = license.terms(&format!("order_upgrade/{what}"));
    Command::OrderUpgrade(OrderUpgrade { terms, lines, confirm_irreversible: false })
}

/// The order that waits.
fn orders(license: &Sketch<'_>, all: &mut Vec<Command>) {
    let order = license.waiting_order();
    all.push(Command::ActivateUpgrade(ActivateUpgrade { order: order.clone() }));
    all.push(Command::CancelOrder(CancelOrder { order, reason: Some(license.reason()) }));
}

/// The vendor desk's changes of one license.
fn desk(license: &Sketch<'_>, all: &mut Vec<Command>) {
    all.push(Command::RenameHolder(RenameHolder {
        name: format!("{FILL_IN}: the new name"),
        inn: None,
        country: None,
        irreversible: Irreversible { reason: None, confirm_irreversible: true },
    }));
    for to in other_types(license) {
        all.push(Command::ChangeLicenseType(ChangeLicenseType { to, irreversible: license.irreversible() }));
    }
    let minimum = license.catalog.terms(license.on).minimum_users;
    let to = license.users.saturating_sub(license.pack()).max(minimum);
    all.push(Command::ReduceUsers(ReduceUsers { to, irreversible: license.irreversible() }));
    let plugins =
        if license.plugins.is_empty() { license.possible_plugins() } else { license.plugins.iter().collect() };
    for plugin in plugins {
        let plugins = PluginSet::from_iter([plugin]);
        all.push(Command::RemovePlugins(RemovePlugins { plugins, irreversible: license.irreversible() }));
    }
    let (order, irreversible) = (license.waiting_order(), license.irreversible());
    all.push(Command::ActivateLegacyOrder(ActivateLegacyOrder { order, irreversible }));
}

/// The types that the license could be changed to; where there are none, one that will be refused.
fn other_types(license: &Sketch<'_>) -> Vec<LicenseType> {
    let fits = |to: &LicenseType| {
        ![license.license_type, LicenseType::Fstek].contains(to)
            && license.catalog.type_exists_for(*to, license.product, license.on)
    };
    let types: Vec<_> = LicenseType::ALL.iter().copied().filter(fits).collect();
    if types.is_empty() { vec![LicenseType::Commercial] } else { types }
}

/// One pack into a new license, and a merge with, or a pack for, another license of the holder.
fn redistributions(license: &Sketch<'_>, all: &mut Vec<Command>) {
    if let Some(part) = license.unknown_license("split_license") {
        let into = vec![Part { license: part, users: license.pack() }];
        all.push(Command::SplitLicense(SplitLicense { into, irreversible: license.irreversible() }));
    }
    if let Some(other) = license.other.clone().or_else(|| license.unknown_license("another license")) {
        let (from, irreversible) = (vec![other.clone()], license.irreversible());
        all.push(Command::MergeLicenses(MergeLicenses { from, irreversible }));
        let (users, irreversible) = (license.pack(), license.irreversible());
        all.push(Command::TransferUsers(TransferUsers { to: other, users, irreversible }));
    }
}

/// What products report, the unblocking, and a trial.
fn reports(license: &Sketch<'_>, all: &mut Vec<Command>) {
    let server = format!("{FILL_IN}-SERVER");
    let online = license.facts.and_then(|facts| facts.servers_online.first()).unwrap_or(&server).clone();
    all.push(Command::ReportServerOnline(ReportServer { server }));
    all.push(Command::ReportServerOffline(ReportServer { server: online }));
    for version in versions(license) {
        all.push(Command::RecordInstalledVersion(RecordInstalledVersion { version, released: None }));
    }
    all.push(Command::UnblockLicense(UnblockLicense { reason: Some(license.reason()) }));
    let trial = |product| Command::RegisterTrial(RegisterTrial { product, holder: license.holder.clone() });
    all.extend(license.products().into_iter().map(trial));
}

/// A license from before the ledger with its first year of SWM.
fn openings(license: &Sketch<'_>, all: &mut Vec<Command>) {
    let swm = license.facts.and_then(|facts| facts.swm);
    let opening = |product| {
        Command::OpenLicense(OpenLicense {
            product,
            users: license.users,
            holder: license.holder.clone(),
            swm_starts: swm.map_or(license.on, |swm| swm.starts),
            swm_ends: swm.map_or(add_years(license.on, 1), |swm| swm.ends),
            plugins: license.plugins.clone(),
            license_type: license.license_type,
            partner: license.partner.clone(),
            certified: license.facts.and_then(|facts| facts.certified),
            installed_version: license.facts.and_then(|facts| facts.installed_version.clone()),
        })
    };
    all.extend(license.products().into_iter().map(opening));
}

/// The newest version, and with SWM lapsed the newest one that it covered (INS-2).
fn versions(license: &Sketch<'_>) -> Vec<ProductVersion> {
    let ends = license.facts.and_then(|facts| facts.swm).map(|swm| swm.ends);
    let newest = |fits: &dyn Fn(&&Release) -> bool| {
        let releases = license.catalog.releases_of(license.product).filter(|release| release.released <= license.on);
        releases
            .filter(fits)
            .max_by_key(|release| (release.released, &release.version))
            .map(|found| found.version.clone())
    };
    let covered = ends.and_then(|ends| newest(&|release| release.released < ends));
    let mut versions: Vec<_> = newest(&|_| true).into_iter().chain(covered).collect();
    versions.dedup();
    if versions.is_empty() { vec![format!("{FILL_IN}-VERSION").into()] } else { versions }
}
