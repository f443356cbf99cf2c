//! How the facts of a license are columns, and how they are read back.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use ledger_app::store::{StateWrite, StoreError};
use ledger_domain::license::Facts;
use ledger_domain::values::{Date, Holder, Partner, Plugin, PluginSet, ProductVersion, Swm, Users};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

use crate::error::failed;
use crate::pending;
use crate::value::Value;

/// The columns of a license's facts, in the order of [`values`]; `migrations/sqlite` says what each one means.
pub(crate) const COLUMNS: [&str; 37] = [
    "license",
    "version",
    "on_date",
    "recorded_at",
    "product",
    "license_type",
    "status",
    "holder_name",
    "holder_inn",
    "holder_country",
    "partner_name",
    "partner_level",
    "users",
    "antivirus",
    "web_filter",
    "active_sync",
    "anti_spam",
    "swm_starts",
    "swm_ends",
    "trial_ends",
    "certified",
    "installed_version",
    "pending_order",
    "pending_on",
    "pending_kind",
    "pending_swm_years",
    "pending_antivirus",
    "pending_web_filter",
    "pending_active_sync",
    "pending_anti_spam",
    "pending_fstek",
    "pending_users",
    "pending_partner_name",
    "pending_partner_level",
    "servers_online",
    "split_from",
    "merged_into",
];

/// The facts as the values of [`COLUMNS`].
pub(crate) fn values<'f>(facts: &'f Facts, recorded_at: &'f str) -> Vec<Value<'f>> {
    let Holder { name, inn, country } = &facts.holder;
    let mut values: Vec<Value<'f>> = Vec::with_capacity(COLUMNS.len() + 2);
    values.extend([facts.license.as_str().into(), facts.version.into(), facts.on.into(), recorded_at.into()]);
    values.extend([facts.product.name(), facts.license_type.name(), facts.status.name()].map(Value::from));
    values.extend([name.as_str().into(), inn.as_deref().into(), country.as_str().into()]);
    values.extend(partner_values(facts.partner.as_ref()));
    values.push(facts.users.map(Users::count).into());
    values.extend(Plugin::ALL.iter().map(|plugin| facts.plugins.contains(*plugin).into()));
    values.extend([facts.swm.map(|swm| swm.starts), facts.swm.map(|swm| swm.ends), facts.trial_ends].map(Value::from));
    values.push(facts.certified.into());
    values.push(facts.installed_version.as_ref().map(ProductVersion::as_str).into());
    values.extend(pending::values(facts.pending.as_ref()));
    values.push(serde_json::json!(facts.servers_online).to_string().into());
    values
        .extend([&facts.split_from, &facts.merged_into].map(|other| other.as_ref().map(|other| other.as_str()).into()));
    values
}

/// A license's current row: its facts, the fold's number, the folded state.
pub(crate) fn state_values<'s>(write: &'s StateWrite, recorded_at: &'s str) -> Vec<Value<'s>> {
    let mut values = values(&write.facts, recorded_at);
    values.extend([write.fold.into(), write.state.as_str().into()]);
    values
}

/// A partner's name and level.
pub(crate) fn partner_values(partner: Option<&Partner>) -> [Value<'_>; 2] {
    let level = partner.and_then(|partner| partner.level).map(|level| level.name());
    [partner.map(|partner| partner.name.as_str()).into(), level.into()]
}

/// The facts in a row that has the [`COLUMNS`].
pub(crate) fn facts(row: &SqliteRow) -> Result<Facts, StoreError> {
    Ok(Facts {
        license: parsed(row, "license")?,
        version: count(row, "version")?,
        on: parsed(row, "on_date")?,
        product: parsed(row, "product")?,
        license_type: parsed(row, "license_type")?,
        status: parsed(row, "status")?,
        holder: holder(row)?,
        partner: partner(row, "partner_name", "partner_level")?,
        users: get::<Option<u32>>(row, "users")?.map(Users::recorded),
        plugins: plugins(row, ["antivirus", "web_filter", "active_sync", "anti_spam"])?,
        swm: swm(row)?,
        trial_ends: parsed_if_any(row, "trial_ends")?,
        certified: get(row, "certified")?,
        installed_version: get::<Option<String>>(row, "installed_version")?.map(ProductVersion::from),
        pending: pending::order(row)?,
        servers_online: servers(row)?,
        split_from: parsed_if_any(row, "split_from")?,
        merged_into: parsed_if_any(row, "merged_into")?,
    })
}

fn holder(row: &SqliteRow) -> Result<Holder, StoreError> {
    Ok(Holder { name: get(row, "holder_name")?, inn: get(row, "holder_inn")?, country: get(row, "holder_country")? })
}

/// The partner in two columns.
pub(crate) fn partner(row: &SqliteRow, name: &str, level: &str) -> Result<Option<Partner>, StoreError> {
    let Some(name) = get(row, name)? else { return Ok(None) };
    Ok(Some(Partner { name, level: parsed_if_any(row, level)? }))
}

/// The plugins in four flag columns, in the documents' order; a flag that is null is unset.
pub(crate) fn plugins(row: &SqliteRow, columns: [&str; 4]) -> Result<PluginSet, StoreError> {
    let mut plugins = PluginSet::none();
    for (plugin, column) in Plugin::ALL.iter().zip(columns) {
        if get::<Option<bool>>(row, column)? == Some(true) {
            plugins.insert(*plugin);
        }
    }
    Ok(plugins)
}

fn swm(row: &SqliteRow) -> Result<Option<Swm>, StoreError> {
    let dates: (Option<Date>, Option<Date>) = (parsed_if_any(row, "swm_starts")?, parsed_if_any(row, "swm_ends")?);
    match dates {
        (Some(starts), Some(ends)) => Ok(Some(Swm { starts, ends })),
        (None, None) => Ok(None),
        _ => Err(StoreError::Damaged("an SWM period has only one end".to_owned())),
    }
}

fn servers(row: &SqliteRow) -> Result<Vec<String>, StoreError> {
    let text: String = get(row, "servers_online")?;
    serde_json::from_str(&text).map_err(|error| StoreError::Damaged(format!("servers_online: {error}")))
}

/// A column's value.
pub(crate) fn get<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(row: &'r SqliteRow, column: &str) -> Result<T, StoreError> {
    row.try_get(column).map_err(failed)
}

/// A column's value that never is negative.
pub(crate) fn count(row: &SqliteRow, column: &str) -> Result<u64, StoreError> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| StoreError::Damaged(format!("{column} is {number}")))
}

/// A column's text as what it stands for.
pub(crate) fn parsed<T: FromStr<Err: Display>>(row: &SqliteRow, column: &str) -> Result<T, StoreError> {
    let text: &str = get(row, column)?;
    text.parse().map_err(|error| StoreError::Damaged(format!("{column} is \"{text}\": {error}")))
}

/// A column's text, if any, as what it stands for.
pub(crate) fn parsed_if_any<T: FromStr<Err: Display>>(row: &SqliteRow, column: &str) -> Result<Option<T>, StoreError> {
    match get::<Option<&str>>(row, column)? {
        Some(_) => parsed(row, column).map(Some),
        None => Ok(None),
    }
}

/// An instant as it is stored: of fixed width, so that the texts' order is the order in time.
pub(crate) fn instant_text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The last instant and day that such texts can tell.
const LAST: &str = "9999-12-31T23:59:59.999999Z";

/// The text to compare stored instants with: whatever is asked, no later than the last.
pub(crate) fn instant_bound(instant: DateTime<Utc>) -> String {
    let text = instant_text(instant);
    if text.starts_with('+') { LAST.to_owned() } else { text }
}

/// The text to compare stored days with: whatever is asked, no later than the last.
pub(crate) fn day_bound(day: Date) -> String {
    let text = day.to_string();
    if text.starts_with('+') { LAST[..10].to_owned() } else { text }
}
