//! Facts as columns, and back.

use std::fmt::Display;
use std::str::FromStr;

use ledger_app::store::StoreError;
use ledger_domain::license::Facts;
use ledger_domain::order::{OrderLine, PendingOrder};
use ledger_domain::values::{Date, Holder, Partner, Plugin, PluginSet, Swm, Users};
use serde::Serialize;
use sqlx::FromRow;

use crate::error::damaged;

/// The columns of [`FactsRow`], for a SELECT.
pub(crate) const COLUMNS: &str = "license, version, on_date, product, license_type, status, holder_name, holder_inn, \
    holder_country, partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam, swm_starts, \
    swm_ends, trial_ends, certified, installed_version, pending_order, pending_on, pending_kind, pending_swm_years, \
    pending_antivirus, pending_web_filter, pending_active_sync, pending_anti_spam, pending_fstek, pending_users, \
    pending_partner_name, pending_partner_level, servers_online, split_from, merged_into";

const PURCHASE: &str = "purchase";
const UPGRADE: &str = "upgrade";

/// A license's facts as the read models' columns, which say what each means. As JSON it is a row to write.
#[derive(Debug, Clone, Default, PartialEq, Serialize, FromRow)]
pub(crate) struct FactsRow {
    pub(crate) license: String,
    pub(crate) version: i64,
    pub(crate) on_date: Date,
    pub(crate) product: String,
    pub(crate) license_type: String,
    pub(crate) status: String,
    pub(crate) holder_name: String,
    pub(crate) holder_inn: Option<String>,
    pub(crate) holder_country: String,
    pub(crate) partner_name: Option<String>,
    pub(crate) partner_level: Option<String>,
    pub(crate) users: Option<i64>,
    pub(crate) antivirus: bool,
    pub(crate) web_filter: bool,
    pub(crate) active_sync: bool,
    pub(crate) anti_spam: bool,
    pub(crate) swm_starts: Option<Date>,
    pub(crate) swm_ends: Option<Date>,
    pub(crate) trial_ends: Option<Date>,
    pub(crate) certified: Option<bool>,
    pub(crate) installed_version: Option<String>,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(crate) pending: PendingRow,
    pub(crate) servers_online: Vec<String>,
    pub(crate) split_from: Option<String>,
    pub(crate) merged_into: Option<String>,
}

/// The columns of the order that waits; all null when none does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, FromRow)]
pub(crate) struct PendingRow {
    pub(crate) pending_order: Option<String>,
    pub(crate) pending_on: Option<Date>,
    pub(crate) pending_kind: Option<String>,
    pub(crate) pending_swm_years: Option<i64>,
    pub(crate) pending_antivirus: Option<bool>,
    pub(crate) pending_web_filter: Option<bool>,
    pub(crate) pending_active_sync: Option<bool>,
    pub(crate) pending_anti_spam: Option<bool>,
    pub(crate) pending_fstek: Option<bool>,
    pub(crate) pending_users: Option<i64>,
    pub(crate) pending_partner_name: Option<String>,
    pub(crate) pending_partner_level: Option<String>,
}

impl From<&Facts> for FactsRow {
    fn from(facts: &Facts) -> Self {
        let (partner_name, partner_level) = partner_columns(facts.partner.as_ref());
        Self {
            license: facts.license.to_string(),
            version: signed(facts.version),
            on_date: facts.on,
            product: facts.product.to_string(),
            license_type: facts.license_type.to_string(),
            status: facts.status.to_string(),
            holder_name: facts.holder.name.clone(),
            holder_inn: facts.holder.inn.clone(),
            holder_country: facts.holder.country.clone(),
            partner_name,
            partner_level,
            users: facts.users.map(|users| users.count().into()),
            antivirus: facts.plugins.contains(Plugin::Antivirus),
            web_filter: facts.plugins.contains(Plugin::WebFilter),
            active_sync: facts.plugins.contains(Plugin::ActiveSync),
            anti_spam: facts.plugins.contains(Plugin::AntiSpam),
            swm_starts: facts.swm.map(|swm| swm.starts),
            swm_ends: facts.swm.map(|swm| swm.ends),
            trial_ends: facts.trial_ends,
            certified: facts.certified,
            installed_version: facts.installed_version.as_ref().map(ToString::to_string),
            pending: facts.pending.as_ref().map(PendingRow::from).unwrap_or_default(),
            servers_online: facts.servers_online.clone(),
            split_from: facts.split_from.as_ref().map(ToString::to_string),
            merged_into: facts.merged_into.as_ref().map(ToString::to_string),
        }
    }
}

impl TryFrom<FactsRow> for Facts {
    type Error = StoreError;

    fn try_from(row: FactsRow) -> Result<Self, StoreError> {
        Ok(Self {
            license: named(&row.license)?,
            version: unsigned(row.version)?,
            on: row.on_date,
            product: named(&row.product)?,
            license_type: named(&row.license_type)?,
            status: named(&row.status)?,
            holder: Holder { name: row.holder_name, inn: row.holder_inn, country: row.holder_country },
            partner: partner(row.partner_name, row.partner_level)?,
            users: users(row.users)?,
            plugins: plugins([row.antivirus, row.web_filter, row.active_sync, row.anti_spam]),
            swm: row.swm_starts.zip(row.swm_ends).map(|(starts, ends)| Swm { starts, ends }),
            trial_ends: row.trial_ends,
            certified: row.certified,
            installed_version: row.installed_version.map(Into::into),
            pending: row.pending.order()?,
            servers_online: row.servers_online,
            split_from: row.split_from.as_deref().map(named).transpose()?,
            merged_into: row.merged_into.as_deref().map(named).transpose()?,
        })
    }
}

impl From<&PendingOrder> for PendingRow {
    fn from(pending: &PendingOrder) -> Self {
        let (pending_partner_name, pending_partner_level) = partner_columns(pending.partner.as_ref());
        let mut plugins = PluginSet::none();
        let mut row = Self {
            pending_order: Some(pending.order.clone()),
            pending_on: Some(pending.on),
            pending_kind: Some(UPGRADE.to_owned()),
            pending_fstek: Some(false),
            pending_partner_name,
            pending_partner_level,
            ..Self::default()
        };
        for line in &pending.lines {
            row.add(line, &mut plugins);
        }
        row.pending_antivirus = Some(plugins.contains(Plugin::Antivirus));
        row.pending_web_filter = Some(plugins.contains(Plugin::WebFilter));
        row.pending_active_sync = Some(plugins.contains(Plugin::ActiveSync));
        row.pending_anti_spam = Some(plugins.contains(Plugin::AntiSpam));
        row
    }
}

impl PendingRow {
    fn add(&mut self, line: &OrderLine, plugins: &mut PluginSet) {
        match line {
            OrderLine::IssueLicense { users, plugins: bought, swm_years } => {
                self.pending_kind = Some(PURCHASE.to_owned());
                self.pending_users = Some(users.count().into());
                self.pending_swm_years = Some((*swm_years).into());
                plugins.clone_from(bought);
            }
            OrderLine::RenewSwm { years } => self.pending_swm_years = Some((*years).into()),
            OrderLine::AddPlugin { plugin } => {
                plugins.insert(*plugin);
            }
            OrderLine::SwitchToFstek => self.pending_fstek = Some(true),
            OrderLine::AddUsers { users } => self.pending_users = Some(users.count().into()),
        }
    }

    fn order(self) -> Result<Option<PendingOrder>, StoreError> {
        let (Some(order), Some(on)) = (self.pending_order.clone(), self.pending_on) else { return Ok(None) };
        let lines = self.lines()?;
        let partner = partner(self.pending_partner_name, self.pending_partner_level)?;
        Ok(Some(PendingOrder { order, on, lines, partner }))
    }

    /// The lines, in the judging sequence of UPG-4, as they are always stored.
    fn lines(&self) -> Result<Vec<OrderLine>, StoreError> {
        let has = |column: Option<bool>| column == Some(true);
        let plugins = plugins([
            has(self.pending_antivirus),
            has(self.pending_web_filter),
            has(self.pending_active_sync),
            has(self.pending_anti_spam),
        ]);
        let years = self.pending_swm_years.map(unsigned32).transpose()?;
        let users = users(self.pending_users)?;
        if self.pending_kind.as_deref() == Some(PURCHASE) {
            let (Some(users), Some(swm_years)) = (users, years) else {
                return Err(damaged("a purchase that waits without users or years of SWM"));
            };
            return Ok(vec![OrderLine::IssueLicense { users, plugins, swm_years }]);
        }
        let renewal = years.map(|years| OrderLine::RenewSwm { years });
        let fstek = has(self.pending_fstek).then_some(OrderLine::SwitchToFstek);
        let added = plugins.iter().map(|plugin| OrderLine::AddPlugin { plugin });
        let more = users.map(|users| OrderLine::AddUsers { users });
        Ok(renewal.into_iter().chain(added).chain(fstek).chain(more).collect())
    }
}

fn partner_columns(partner: Option<&Partner>) -> (Option<String>, Option<String>) {
    let name = partner.map(|partner| partner.name.clone());
    (name, partner.and_then(|partner| partner.level).map(|level| level.to_string()))
}

fn partner(name: Option<String>, level: Option<String>) -> Result<Option<Partner>, StoreError> {
    let level = level.as_deref().map(named).transpose()?;
    Ok(name.map(|name| Partner { name, level }))
}

fn users(count: Option<i64>) -> Result<Option<Users>, StoreError> {
    count.map(|count| unsigned32(count).map(Users::recorded)).transpose()
}

/// The set of those plugins, in the order of the columns, that are there.
fn plugins(has: [bool; 4]) -> PluginSet {
    let columns = [Plugin::Antivirus, Plugin::WebFilter, Plugin::ActiveSync, Plugin::AntiSpam];
    columns.into_iter().zip(has).filter_map(|(plugin, has)| has.then_some(plugin)).collect()
}

/// A stored name as the value it names.
pub(crate) fn named<T: FromStr<Err: Display>>(name: &str) -> Result<T, StoreError> {
    name.parse().map_err(damaged)
}

/// A number that only grows from 1, as `bigint`. It cannot come near the end of that.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| damaged(format_args!("{number} where no number is below 0")))
}

pub(crate) fn unsigned32(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| damaged(format_args!("{number} where a number of 32 bits should be")))
}
