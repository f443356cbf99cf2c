//! What is reported from the log itself: sales and refusals.

use std::collections::HashMap;

use ledger_domain::event::{Event, LicenseIssued, OrderCancelled, UpgradeOrdered};
use ledger_domain::price::Price;
use ledger_domain::values::{Currency, Date, Money, Partner};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{PAGE, Period, Place, Report, Row};
use crate::audit::CommandRecord;
use crate::follow::{Followed, Logged};
use crate::read::instant;
use crate::seal::LogEntry;
use crate::sheet::cell;
use crate::store::{REFUSAL_STREAM, StoreError};

/// A line sold. An order without a known price (PRC-11) is one row without line and amounts, and so is its withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sale {
    /// The business date.
    pub on: Date,
    /// When the ledger wrote it, in UTC, to the microsecond.
    pub recorded_at: String,
    /// `LicenseIssued`, `UpgradeOrdered`, or `OrderCancelled`: then the order's lines no longer count.
    pub event: String,
    /// The license.
    pub license: String,
    /// The order.
    pub order: String,
    /// The partner it was sold through.
    pub partner: Option<String>,
    /// Which line of the order, named after its command.
    pub line: Option<String>,
    /// The currency of the amounts.
    pub currency: Option<Currency>,
    /// By the price list, with VAT.
    pub list: Option<Money>,
    /// The partner's discount.
    pub discount: Option<Money>,
    /// The total without VAT.
    pub net: Option<Money>,
    /// The VAT in the total.
    pub vat: Option<Money>,
    /// What is paid, with VAT.
    pub total: Option<Money>,
    /// The first day of the price list.
    pub price_list: Option<Date>,
    /// The command.
    pub command_id: Uuid,
}

/// A command that was refused by a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The business date.
    pub on: Date,
    /// When the ledger wrote it, in UTC, to the microsecond.
    pub recorded_at: String,
    /// Who posted it.
    pub actor: String,
    /// As what.
    pub role: String,
    /// The license it was about.
    pub license: String,
    /// What was wanted, such as `add_users`.
    pub command: String,
    /// The rules broken, in the policy's order.
    pub rules: Vec<String>,
    /// What was said, in English, one text for each rule.
    pub messages: Vec<String>,
    /// The command's id.
    pub command_id: Uuid,
}

impl Report<'_> {
    pub(super) async fn sales(&mut self, period: Period, from: u64) -> Result<Vec<Row>, StoreError> {
        let to = from + u64::from(self.goes_on(from));
        let mut events = self.ledger.store.followed(from, to).await?;
        events.retain(|event| period.has(event.on) && event.recorded_at <= self.standpoint.known_at);
        Ok(events.iter().flat_map(sold).map(Row::Sale).collect())
    }

    pub(super) async fn refusals(&mut self, period: Period, from: u64) -> Result<Vec<Row>, StoreError> {
        let limit = self.goes_on(from);
        let mut entries = self.ledger.store.sealed_log().entries(from, limit).await?;
        entries.retain(|LogEntry { leaf, .. }| {
            leaf.stream_type == REFUSAL_STREAM && period.has(leaf.on) && leaf.recorded_at <= self.standpoint.known_at
        });
        let ids: Vec<_> = entries.iter().map(|entry| entry.leaf.command_id).collect();
        let records = self.ledger.store.audit().records(&ids).await?;
        let records: HashMap<_, _> = records.into_iter().map(|record| (record.command_id, record)).collect();
        let row = |entry| refused(entry, &records).map(Row::Refusal);
        entries.iter().map(row).collect()
    }

    /// How many events of the log to look at from there; it goes on behind them.
    fn goes_on(&mut self, from: u64) -> u32 {
        let left = self.standpoint.position.saturating_sub(from);
        let limit = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
        let next = from + u64::from(limit);
        self.next = (next < self.standpoint.position).then(|| Place { position: next, ..Place::default() });
        limit
    }
}

/// The lines that an event sold: none, where it is no order.
fn sold(followed: &Followed) -> Vec<Sale> {
    let blank = |order: &str, partner: Option<&Partner>| blank(followed, order.to_owned(), partner);
    match &followed.event {
        Logged::License(Event::LicenseIssued(LicenseIssued { order, partner, price, .. }))
        | Logged::License(Event::UpgradeOrdered(UpgradeOrdered { order, partner, price, .. })) => {
            lines(&blank(order, partner.as_ref()), price.clone())
        }
        Logged::License(Event::OrderCancelled(OrderCancelled { order, .. })) => vec![blank(order, None)],
        _ => Vec::new(),
    }
}

fn lines(blank: &Sale, price: Option<Price>) -> Vec<Sale> {
    let Some(price) = price else { return vec![blank.clone()] };
    let (currency, price_list) = (Some(price.currency), Some(price.price_list));
    let line = |line: ledger_domain::price::PriceLine| Sale {
        line: Some(line.line),
        currency,
        list: Some(line.list),
        discount: Some(line.discount),
        net: Some(line.net),
        vat: Some(line.vat),
        total: Some(line.total),
        price_list,
        ..blank.clone()
    };
    price.lines.into_iter().map(line).collect()
}

fn blank(followed: &Followed, order: String, partner: Option<&Partner>) -> Sale {
    Sale {
        on: followed.on,
        recorded_at: instant(followed.recorded_at),
        event: followed.event.event_type().to_owned(),
        license: followed.stream_id.clone(),
        order,
        partner: partner.map(|partner| partner.name.to_string()),
        line: None,
        currency: None,
        list: None,
        discount: None,
        net: None,
        vat: None,
        total: None,
        price_list: None,
        command_id: followed.command_id,
    }
}

fn refused(entry: &LogEntry, records: &HashMap<Uuid, CommandRecord>) -> Result<Refusal, StoreError> {
    let leaf = &entry.leaf;
    let record = records.get(&leaf.command_id).ok_or_else(|| damaged(entry, &"its command has no record"))?;
    let outcome: Value = serde_json::from_str(&record.outcome).map_err(|error| damaged(entry, &error))?;
    let content: Value = serde_json::from_str(&record.content).map_err(|error| damaged(entry, &error))?;
    let texts = |pointer: &str| {
        let violations = outcome["violations"].as_array().into_iter().flatten();
        violations.map(|violation| text(violation.pointer(pointer))).collect()
    };
    Ok(Refusal {
        on: leaf.on,
        recorded_at: instant(leaf.recorded_at),
        actor: leaf.actor_name.clone(),
        role: leaf.actor_role.clone(),
        license: record.license.clone(),
        command: text(content.pointer("/command/type")),
        rules: texts("/rule"),
        messages: texts("/message/en"),
        command_id: leaf.command_id,
    })
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn damaged(entry: &LogEntry, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("{}: {why}", entry.name()))
}

impl Sale {
    /// The columns of its table.
    pub const COLUMNS: [&str; 15] = [
        "on",
        "recorded_at",
        "event",
        "license",
        "order",
        "partner",
        "line",
        "currency",
        "list",
        "discount",
        "net",
        "vat",
        "total",
        "price_list",
        "command_id",
    ];

    pub(super) fn cells(&self) -> Vec<String> {
        let Self { on, recorded_at, event, license, order, .. } = self.clone();
        let mut cells = vec![on.to_string(), recorded_at, event, license, order, cell(self.partner.as_ref())];
        cells.extend([cell(self.line.as_ref()), cell(self.currency.as_ref())]);
        cells.extend([&self.list, &self.discount, &self.net, &self.vat, &self.total].map(|money| cell(money.as_ref())));
        cells.extend([cell(self.price_list), self.command_id.to_string()]);
        cells
    }
}

impl Refusal {
    /// The columns of its table.
    pub const COLUMNS: [&str; 9] =
        ["on", "recorded_at", "actor", "role", "license", "command", "rules", "messages", "command_id"];

    pub(super) fn cells(&self) -> Vec<String> {
        let Self { on, recorded_at, actor, role, license, command, rules, messages, command_id } = self.clone();
        let (rules, messages) = (rules.join(" "), messages.join("; "));
        vec![on.to_string(), recorded_at, actor, role, license, command, rules, messages, command_id.to_string()]
    }
}
