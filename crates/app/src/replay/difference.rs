//! What was decided, what would be, and in what they differ.

use std::collections::BTreeMap;

use ledger_domain::decide::{Decision, Refusal};
use ledger_domain::price::Price;
use ledger_domain::values::{Currency, Date, Money};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::audit::CommandRecord;
use crate::outcome::{OutcomeKind, event_data};
use crate::recorded::{KeptEvent, KeptOutcome};

/// A command that would be decided, or priced, otherwise.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Difference {
    /// The command.
    pub command_id: Uuid,
    /// Its license.
    pub license: String,
    /// Its date.
    pub on: Date,
    /// In what the two decisions differ: `outcome`, `rules`, `events`, `price`.
    pub differs: Vec<&'static str>,
    /// What was decided.
    pub recorded: Decided,
    /// What would be decided.
    pub now: Decided,
    /// What would have been paid more or less; only where that differs.
    pub amounts: Vec<Amount>,
}

/// A difference of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Amount {
    /// The currency.
    pub currency: Currency,
    /// How much more, or less.
    pub difference: Money,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Decided {
    /// Accepted or rejected.
    pub outcome: OutcomeKind,
    /// The rules broken.
    pub rules: Vec<String>,
    /// The events; their price stands below.
    pub events: Vec<DecidedEvent>,
    /// The price.
    pub price: Option<Price>,
}

/// An event of a decision.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DecidedEvent {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its license.
    pub license: String,
    /// What it says, but for its price.
    pub data: Value,
}

impl Decided {
    /// What an outcome tells.
    pub(super) fn of_outcome(outcome: &KeptOutcome) -> serde_json::Result<Self> {
        let event = |event: &KeptEvent| {
            let (event_type, license) = (event.event_type.clone(), event.license.clone());
            Ok(DecidedEvent { event_type, license, data: without_price(serde_json::from_str(event.data.get())?) })
        };
        let events: serde_json::Result<_> = outcome.events.iter().map(event).collect();
        let price = outcome.price.as_deref().map(|price| serde_json::from_str(price.get()));
        Ok(Self {
            outcome: outcome.outcome,
            rules: outcome.violations.iter().map(|violation| violation.rule.clone()).collect(),
            events: events?,
            price: price.transpose()?,
        })
    }

    pub(super) fn of_decision(decision: Result<Decision, Refusal>) -> Self {
        match decision {
            Ok(Decision { events, price, .. }) => {
                let events = events.iter().map(|(license, event)| DecidedEvent {
                    event_type: event.event_type().to_owned(),
                    license: license.to_string(),
                    data: without_price(event_data(event)),
                });
                Self { outcome: OutcomeKind::Accepted, rules: Vec::new(), events: events.collect(), price }
            }
            Err(Refusal { violations, .. }) => Self {
                outcome: OutcomeKind::Rejected,
                rules: violations.iter().map(|violation| violation.rule.id.to_owned()).collect(),
                events: Vec::new(),
                price: None,
            },
        }
    }

    /// Whether anything is otherwise than in the other.
    pub(super) fn differs(&self, other: &Self) -> bool {
        !self.differences(other).is_empty()
    }

    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            ("outcome", self.outcome != other.outcome),
            ("rules", self.rules != other.rules),
            ("events", self.events != other.events),
            ("price", amounts_of(self) != amounts_of(other)),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

/// What of a price is money: the day of the price list is none.
fn amounts_of(decided: &Decided) -> Option<(Currency, &Vec<ledger_domain::price::PriceLine>, Money)> {
    decided.price.as_ref().map(|price| (price.currency, &price.lines, price.total))
}

fn without_price(mut data: Value) -> Value {
    if let Value::Object(fields) = &mut data {
        fields.remove("price");
    }
    data
}

impl Difference {
    /// In what they differ, if they do.
    pub(super) fn between(record: &CommandRecord, recorded: Decided, now: Decided) -> Option<Self> {
        let differs = recorded.differences(&now);
        let amounts = amounts(&recorded, &now);
        (!differs.is_empty()).then(|| Self {
            command_id: record.command_id,
            license: record.license.clone(),
            on: record.on,
            differs,
            recorded,
            now,
            amounts,
        })
    }
}

fn amounts(recorded: &Decided, now: &Decided) -> Vec<Amount> {
    let mut sums: BTreeMap<Currency, Decimal> = BTreeMap::new();
    for (decided, sign) in [(recorded, -Decimal::ONE), (now, Decimal::ONE)] {
        if let Some(price) = &decided.price {
            *sums.entry(price.currency).or_default() += sign * price.total.amount();
        }
    }
    let sums = sums.into_iter().filter(|(_, sum)| !sum.is_zero());
    sums.map(|(currency, sum)| Amount { currency, difference: Money::rounded(sum) }).collect()
}
