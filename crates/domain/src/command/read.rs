//! Reads a line of JSON as a [`Request`], or says everything that is wrong with it.

use uuid::Uuid;

use super::fields::{actor, country, holder, inn, order_terms, partner, plugins};
use super::reader::{Faults, Fields, InputError, Json, count, date, flag, parsed, parsed_at, reason, text, years};
use super::{
    ActivateLegacyOrder, ActivateLicense, ActivateUpgrade, AddPlugin, AddUsers, CancelOrder, ChangeLicenseType,
    Command, Irreversible, IssueLicense, MergeLicenses, OpenLicense, Order, OrderUpgrade, Part, RecordInstalledVersion,
    ReduceUsers, RegisterTrial, RemovePlugins, RenameHolder, RenewSwm, ReportServer, Request, SplitLicense,
    SwitchToFstek, TransferUsers, UnblockLicense, UpgradeLine,
};
use crate::values::{LicenseNumber, PluginSet, ProductVersion};

/// The longest line that is read.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// A line that cannot be understood, with as much of it as can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRequest {
    /// The command id, where it could be read.
    pub command_id: Option<Uuid>,
    /// The license number, where it could be read.
    pub license: Option<LicenseNumber>,
    /// Everything that is wrong; never empty.
    pub errors: Vec<InputError>,
}

/// Reads one command.
///
/// # Errors
/// [`InvalidRequest`], which lists every fault with its path.
pub fn read(line: &[u8]) -> Result<Request, Box<InvalidRequest>> {
    if line.len() > MAX_LINE_BYTES {
        return Err(too_long());
    }
    let value: Json = serde_json::from_slice(line).map_err(|error| not_json(&error))?;
    let faults = Faults::default();
    let (command_id, license, request) = read_request(value, &faults);
    match (request, faults.into_list()) {
        (Some(request), errors) if errors.is_empty() => Ok(request),
        (_, errors) => Err(Box::new(InvalidRequest { command_id, license, errors })),
    }
}

/// What a line over [`MAX_LINE_BYTES`] is answered with.
#[must_use]
pub fn too_long() -> Box<InvalidRequest> {
    whole_line(format!("the line is over {MAX_LINE_BYTES} bytes long"))
}

fn not_json(error: &serde_json::Error) -> Box<InvalidRequest> {
    let what = error.to_string();
    let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
    whole_line(format!("not a JSON object, column {}: {what}", error.column()))
}

fn whole_line(message: String) -> Box<InvalidRequest> {
    Box::new(InvalidRequest {
        command_id: None,
        license: None,
        errors: vec![InputError { path: String::new(), message }],
    })
}

fn read_request(value: Json, faults: &Faults) -> (Option<Uuid>, Option<LicenseNumber>, Option<Request>) {
    let Some(mut fields) = Fields::new(value, String::new(), faults) else { return (None, None, None) };
    let command_id = fields.required("command_id", uuid);
    let license: Option<LicenseNumber> = fields.required("license", parsed);
    let on = fields.optional("on", date);
    let expected_version = fields.optional("expected_version", count).map(u64::from);
    let actor = fields.optional("actor", actor);
    let command = fields.required("command", |fields, key, value| read_command(fields.inner(key, value)?));
    fields.finish();
    let request = || {
        Some(Request {
            command_id: command_id?,
            license: license.clone()?,
            on,
            expected_version,
            actor,
            command: command?,
        })
    };
    let request = request();
    (command_id, license, request)
}

fn uuid(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<Uuid> {
    let text = text(fields, key, value)?;
    let id = Uuid::try_parse(&text).ok().filter(|_| text.len() == 36);
    if id.is_none() {
        fields.fault(key, "is no UUID, such as 0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d");
    }
    id
}

type Read = fn(&mut Fields<'_>) -> Option<Command>;

const COMMANDS: &[(&str, Read)] = &[
    ("issue_license", issue_license),
    ("activate_license", |_| Some(Command::ActivateLicense(ActivateLicense {}))),
    ("add_users", |f| order(f, add_users).map(Command::AddUsers)),
    ("add_plugin", |f| order(f, add_plugin).map(Command::AddPlugin)),
    ("renew_swm", |f| order(f, renew_swm).map(Command::RenewSwm)),
    ("switch_to_fstek", switch_to_fstek),
    ("order_upgrade", order_upgrade),
    ("activate_upgrade", activate_upgrade),
    ("cancel_order", cancel_order),
    ("rename_holder", rename_holder),
    ("change_license_type", change_license_type),
    ("reduce_users", reduce_users),
    ("remove_plugins", remove_plugins),
    ("activate_legacy_order", activate_legacy_order),
    ("split_license", split_license),
    ("merge_licenses", merge_licenses),
    ("transfer_users", transfer_users),
    ("report_server_online", |f| report_server(f).map(Command::ReportServerOnline)),
    ("report_server_offline", |f| report_server(f).map(Command::ReportServerOffline)),
    ("record_installed_version", record_installed_version),
    ("unblock_license", unblock_license),
    ("register_trial", register_trial),
    ("open_license", open_license),
];

fn read_command(mut fields: Fields<'_>) -> Option<Command> {
    let name = fields.required("type", text)?;
    let Some((_, read)) = COMMANDS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = COMMANDS.iter().map(|(known, _)| *known).collect();
        fields.fault("type", format!("\"{name}\" is no command; there are {}", known.join(", ")));
        return None;
    };
    let command = read(&mut fields);
    fields.finish();
    command
}

fn issue_license(fields: &mut Fields<'_>) -> Option<Command> {
    let order = fields.required("order", text);
    let product = fields.required("product", parsed);
    let users = fields.required("users", count);
    let holder = fields.required("holder", holder);
    let plugins = fields.optional("plugins", plugins).unwrap_or_default();
    let license_type = fields.optional("license_type", parsed).unwrap_or_default();
    let swm_years = fields.optional("swm_years", years).unwrap_or(1);
    let partner = fields.optional("partner", partner);
    let registration = fields.optional("registration", parsed).unwrap_or_default();
    Some(Command::IssueLicense(IssueLicense {
        order: order?,
        product: product?,
        users: users?,
        holder: holder?,
        plugins,
        license_type,
        swm_years,
        partner,
        registration,
    }))
}

fn order<L>(fields: &mut Fields<'_>, line: impl FnOnce(&mut Fields<'_>) -> Option<L>) -> Option<Order<L>> {
    let terms = order_terms(fields);
    let line = line(fields);
    Some(Order { terms: terms?, line: line? })
}

fn add_users(fields: &mut Fields<'_>) -> Option<AddUsers> {
    let users = fields.required("users", count);
    let plugins: PluginSet = fields.optional("plugins", plugins).unwrap_or_default();
    Some(AddUsers { users: users?, plugins })
}

fn add_plugin(fields: &mut Fields<'_>) -> Option<AddPlugin> {
    let plugin = fields.required("plugin", parsed);
    let users = fields.optional("users", count);
    Some(AddPlugin { plugin: plugin?, users })
}

fn renew_swm(fields: &mut Fields<'_>) -> Option<RenewSwm> {
    let years = fields.required("years", years);
    let users = fields.optional("users", count);
    let plugins = fields.optional("plugins", plugins);
    Some(RenewSwm { years: years?, users, plugins })
}

fn confirmed(fields: &mut Fields<'_>) -> bool {
    fields.optional("confirm_irreversible", flag).unwrap_or(false)
}

fn irreversible(fields: &mut Fields<'_>) -> Irreversible {
    let reason = fields.optional("reason", reason);
    Irreversible { reason, confirm_irreversible: confirmed(fields) }
}

fn switch_to_fstek(fields: &mut Fields<'_>) -> Option<Command> {
    let terms = order_terms(fields);
    let confirm_irreversible = confirmed(fields);
    Some(Command::SwitchToFstek(SwitchToFstek { terms: terms?, confirm_irreversible }))
}

fn order_upgrade(fields: &mut Fields<'_>) -> Option<Command> {
    let terms = order_terms(fields);
    let lines = fields.required("lines", lines);
    let confirm_irreversible = confirmed(fields);
    Some(Command::OrderUpgrade(OrderUpgrade { terms: terms?, lines: lines?, confirm_irreversible }))
}

/// The lines, put into the judging sequence: their order in the request means nothing (UPG-4).
fn lines(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<Vec<UpgradeLine>> {
    let entries = fields.entries(key, value)?;
    if entries.is_empty() {
        fields.fault(key, "is an empty list; an order has at least one line");
        return None;
    }
    let mut lines = Vec::with_capacity(entries.len());
    for (path, entry) in entries {
        lines.push(line(Fields::new(entry, path, fields.faults())?)?);
    }
    lines.sort_by_key(UpgradeLine::kind);
    Some(lines)
}

fn line(mut fields: Fields<'_>) -> Option<UpgradeLine> {
    let name = fields.required("type", text)?;
    let line = match name.as_str() {
        "renew_swm" => renew_swm(&mut fields).map(UpgradeLine::RenewSwm),
        "add_plugin" => add_plugin(&mut fields).map(UpgradeLine::AddPlugin),
        "switch_to_fstek" => Some(UpgradeLine::SwitchToFstek),
        "add_users" => add_users(&mut fields).map(UpgradeLine::AddUsers),
        _ => {
            let known = "renew_swm, add_plugin, switch_to_fstek, add_users";
            fields.fault("type", format!("\"{name}\" is no line of an order; there are {known}"));
            return None;
        }
    };
    fields.finish();
    line
}

fn activate_upgrade(fields: &mut Fields<'_>) -> Option<Command> {
    Some(Command::ActivateUpgrade(ActivateUpgrade { order: fields.required("order", text)? }))
}

fn cancel_order(fields: &mut Fields<'_>) -> Option<Command> {
    let order = fields.required("order", text);
    let reason = fields.optional("reason", reason);
    Some(Command::CancelOrder(CancelOrder { order: order?, reason }))
}

fn rename_holder(fields: &mut Fields<'_>) -> Option<Command> {
    let name = fields.required("name", text);
    let inn = match fields.raw("inn") {
        None => None,
        Some(Json::Null) => Some(None),
        Some(value) => Some(inn(fields, "inn", value)),
    };
    let country = fields.optional("country", country);
    let irreversible = irreversible(fields);
    Some(Command::RenameHolder(RenameHolder { name: name?, inn, country, irreversible }))
}

fn change_license_type(fields: &mut Fields<'_>) -> Option<Command> {
    let to = fields.required("to", parsed);
    let irreversible = irreversible(fields);
    Some(Command::ChangeLicenseType(ChangeLicenseType { to: to?, irreversible }))
}

fn reduce_users(fields: &mut Fields<'_>) -> Option<Command> {
    let to = fields.required("to", count);
    let irreversible = irreversible(fields);
    Some(Command::ReduceUsers(ReduceUsers { to: to?, irreversible }))
}

fn remove_plugins(fields: &mut Fields<'_>) -> Option<Command> {
    let plugins = fields.required("plugins", |fields, key, value| {
        let plugins = plugins(fields, key, value)?;
        if plugins.is_empty() {
            fields.fault(key, "is an empty list; name at least one plugin");
        }
        Some(plugins)
    });
    let irreversible = irreversible(fields);
    Some(Command::RemovePlugins(RemovePlugins { plugins: plugins?, irreversible }))
}

fn activate_legacy_order(fields: &mut Fields<'_>) -> Option<Command> {
    let order = fields.required("order", text);
    let irreversible = irreversible(fields);
    Some(Command::ActivateLegacyOrder(ActivateLegacyOrder { order: order?, irreversible }))
}

fn split_license(fields: &mut Fields<'_>) -> Option<Command> {
    let into = fields.required("into", parts);
    let irreversible = irreversible(fields);
    Some(Command::SplitLicense(SplitLicense { into: into?, irreversible }))
}

/// The parts of a split by number: their order in the request means nothing.
fn parts(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    for (path, entry) in some_entries(fields, key, value)? {
        let mut part = Fields::new(entry, path.clone(), fields.faults())?;
        let license = part.required("license", parsed);
        let users = part.required("users", count);
        part.finish();
        parts.push(Part { license: license?, users: users? });
    }
    parts.sort();
    each_once(fields, key, parts.iter().map(|part| &part.license))?;
    Some(parts)
}

fn merge_licenses(fields: &mut Fields<'_>) -> Option<Command> {
    let from = fields.required("from", numbers);
    let irreversible = irreversible(fields);
    Some(Command::MergeLicenses(MergeLicenses { from: from?, irreversible }))
}

/// License numbers, in order: theirs in the request means nothing.
fn numbers(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<Vec<LicenseNumber>> {
    let entries = some_entries(fields, key, value)?;
    let parse = |(path, entry): (String, Json)| parsed_at(&path, entry, fields.faults());
    let mut numbers: Vec<LicenseNumber> = entries.into_iter().map(parse).collect::<Option<_>>()?;
    numbers.sort();
    each_once(fields, key, numbers.iter())?;
    Some(numbers)
}

fn transfer_users(fields: &mut Fields<'_>) -> Option<Command> {
    let to = fields.required("to", parsed);
    let users = fields.required("users", count);
    let irreversible = irreversible(fields);
    Some(Command::TransferUsers(TransferUsers { to: to?, users: users?, irreversible }))
}

/// The entries of a list that must have one at least.
fn some_entries(fields: &Fields<'_>, key: &'static str, value: Json) -> Option<Vec<(String, Json)>> {
    let entries = fields.entries(key, value)?;
    if entries.is_empty() {
        fields.fault(key, "is an empty list; name at least one license");
        return None;
    }
    Some(entries)
}

/// Notes a license that stands twice in the sorted list.
fn each_once<'n>(fields: &Fields<'_>, key: &str, numbers: impl Iterator<Item = &'n LicenseNumber>) -> Option<()> {
    let mut last: Option<&LicenseNumber> = None;
    for number in numbers {
        if last == Some(number) {
            fields.fault(key, format!("{number} stands twice in the list"));
            return None;
        }
        last = Some(number);
    }
    Some(())
}

fn report_server(fields: &mut Fields<'_>) -> Option<ReportServer> {
    Some(ReportServer { server: fields.required("server", text)? })
}

fn record_installed_version(fields: &mut Fields<'_>) -> Option<Command> {
    let version = fields.required("version", text).map(ProductVersion::from);
    let released = fields.optional("released", date);
    Some(Command::RecordInstalledVersion(RecordInstalledVersion { version: version?, released }))
}

fn unblock_license(fields: &mut Fields<'_>) -> Option<Command> {
    Some(Command::UnblockLicense(UnblockLicense { reason: fields.optional("reason", reason) }))
}

fn register_trial(fields: &mut Fields<'_>) -> Option<Command> {
    let product = fields.required("product", parsed);
    let holder = fields.required("holder", holder);
    Some(Command::RegisterTrial(RegisterTrial { product: product?, holder: holder? }))
}

fn open_license(fields: &mut Fields<'_>) -> Option<Command> {
    let product = fields.required("product", parsed);
    let users = fields.required("users", count);
    let holder = fields.required("holder", holder);
    let swm_starts = fields.required("swm_starts", date);
    let swm_ends = fields.required("swm_ends", date);
    let plugins = fields.optional("plugins", plugins).unwrap_or_default();
    let license_type = fields.optional("license_type", parsed).unwrap_or_default();
    let partner = fields.optional("partner", partner);
    let certified = fields.optional("certified", flag);
    let installed_version = fields.optional("installed_version", text).map(ProductVersion::from);
    Some(Command::OpenLicense(OpenLicense {
        product: product?,
        users: users?,
        holder: holder?,
        swm_starts: swm_starts?,
        swm_ends: swm_ends?,
        plugins,
        license_type,
        partner,
        certified,
        installed_version,
    }))
}

#[cfg(test)]
mod tests;
