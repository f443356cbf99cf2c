//! How the order that waits is columns. Its lines are of different kinds, in the judging sequence (UPG-4), so that a
//! column for each kind says it all.

use ledger_app::store::StoreError;
use ledger_domain::order::{OrderLine, PendingOrder};
use ledger_domain::values::{Plugin, PluginSet, Users};
use sqlx::sqlite::SqliteRow;

use crate::rows::{get, parsed, partner, partner_values, plugins};
use crate::value::Value;

const PURCHASE: &str = "purchase";
const UPGRADE: &str = "upgrade";

/// What the lines of an order change, all together.
struct Bought {
    kind: &'static str,
    swm_years: Option<u32>,
    plugins: PluginSet,
    fstek: bool,
    users: Option<Users>,
}

impl Bought {
    fn by(lines: &[OrderLine]) -> Self {
        let mut bought = Self { kind: UPGRADE, swm_years: None, plugins: PluginSet::none(), fstek: false, users: None };
        for line in lines {
            bought.take(line);
        }
        bought
    }

    fn take(&mut self, line: &OrderLine) {
        match line {
            OrderLine::IssueLicense { users, plugins, swm_years } => {
                *self = Self {
                    kind: PURCHASE,
                    swm_years: Some(*swm_years),
                    plugins: plugins.clone(),
                    fstek: false,
                    users: Some(*users),
                };
            }
            OrderLine::RenewSwm { years } => self.swm_years = Some(*years),
            OrderLine::AddPlugin { plugin } => {
                self.plugins.insert(*plugin);
            }
            OrderLine::SwitchToFstek => self.fstek = true,
            OrderLine::AddUsers { users } => self.users = Some(*users),
        }
    }

    fn purchase(self) -> Result<Vec<OrderLine>, StoreError> {
        let (Some(users), Some(swm_years)) = (self.users, self.swm_years) else {
            return Err(StoreError::Damaged("a purchase that waits has no users or years".to_owned()));
        };
        Ok(vec![OrderLine::IssueLicense { users, plugins: self.plugins, swm_years }])
    }

    fn upgrade(self) -> Vec<OrderLine> {
        let renewal = self.swm_years.map(|years| OrderLine::RenewSwm { years });
        let plugins = self.plugins.iter().map(|plugin| OrderLine::AddPlugin { plugin });
        let fstek = self.fstek.then_some(OrderLine::SwitchToFstek);
        let users = self.users.map(|users| OrderLine::AddUsers { users });
        renewal.into_iter().chain(plugins).chain(fstek).chain(users).collect()
    }
}

/// The twelve `pending_…` columns.
pub(crate) fn values(pending: Option<&PendingOrder>) -> [Value<'_>; 12] {
    let Some(pending) = pending else { return std::array::from_fn(|_| Value::Null) };
    let bought = Bought::by(&pending.lines);
    let has = |plugin| Value::from(bought.plugins.contains(plugin));
    let [partner_name, partner_level] = partner_values(pending.partner.as_ref());
    [
        pending.order.as_str().into(),
        pending.on.into(),
        bought.kind.into(),
        bought.swm_years.into(),
        has(Plugin::Antivirus),
        has(Plugin::WebFilter),
        has(Plugin::ActiveSync),
        has(Plugin::AntiSpam),
        bought.fstek.into(),
        bought.users.map(Users::count).into(),
        partner_name,
        partner_level,
    ]
}

/// The order that waits, from a row that has those columns.
pub(crate) fn order(row: &SqliteRow) -> Result<Option<PendingOrder>, StoreError> {
    let Some(order) = get(row, "pending_order")? else { return Ok(None) };
    let flags = ["pending_antivirus", "pending_web_filter", "pending_active_sync", "pending_anti_spam"];
    let bought = Bought {
        kind: kind(row)?,
        swm_years: get(row, "pending_swm_years")?,
        plugins: plugins(row, flags)?,
        fstek: get(row, "pending_fstek")?,
        users: get::<Option<u32>>(row, "pending_users")?.map(Users::recorded),
    };
    let lines = if bought.kind == PURCHASE { bought.purchase()? } else { bought.upgrade() };
    let partner = partner(row, "pending_partner_name", "pending_partner_level")?;
    Ok(Some(PendingOrder { order, on: parsed(row, "pending_on")?, lines, partner }))
}

fn kind(row: &SqliteRow) -> Result<&'static str, StoreError> {
    match get(row, "pending_kind")? {
        PURCHASE => Ok(PURCHASE),
        UPGRADE => Ok(UPGRADE),
        other => Err(StoreError::Damaged(format!("pending_kind is \"{other}\""))),
    }
}
