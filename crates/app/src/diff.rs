//! What changed in what was known between two instants, and through which events.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use ledger_domain::license::Facts;
use ledger_domain::values::{Date, LicenseNumber};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::ledger::Ledger;
use crate::read::{HistoryEntry, When};
use crate::store::{AsOf, Filter, StoreError};

/// How many licenses are looked at, and events read, at a time.
const PAGE: u32 = 1_000;

/// Two states of knowledge to compare.
#[derive(Debug, Clone, Copy)]
pub struct Between {
    /// Today, in the ledger's business time zone.
    pub today: Date,
    /// The day that the entitlements are compared on, as the events up to it made them; `None`: today, by all events
    /// that were known.
    pub on: Option<Date>,
    /// What was known at this instant …
    pub from: DateTime<Utc>,
    /// … and what was at this one; never before `from`.
    pub to: DateTime<Utc>,
}

/// A license about which something was recorded in between.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Difference {
    /// The license.
    pub license: LicenseNumber,
    /// The fields of its entitlement that differ, by name. There may be none.
    pub changed: BTreeMap<String, Change>,
    /// The events recorded after the one instant, up to the other.
    pub events: Vec<HistoryEntry>,
}

/// A field of an entitlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// What it was known to be first; null also where the license was not known on that day.
    pub before: Value,
    /// What it was known to be then.
    pub after: Value,
}

impl Between {
    const fn when(&self, known_at: DateTime<Utc>) -> When {
        When { today: self.today, on: self.on, known_at: Some(known_at) }
    }
}

const fn known(at: DateTime<Utc>) -> AsOf {
    AsOf { on: None, known_at: Some(at) }
}

impl Ledger {
    /// What changed in what was known of one license. `None`: it was not known at either instant, or nothing was
    /// recorded of it in between.
    ///
    /// # Errors
    /// [`StoreError::NotYetFinal`] for an instant that may still change, or the store's failure.
    pub async fn diff_of(&self, license: &LicenseNumber, between: &Between) -> Result<Option<Difference>, StoreError> {
        self.finality(Some(between.to)).await?;
        let version = |facts: Option<Facts>| facts.map_or(0, |facts| facts.version);
        let first = version(self.store.facts(license, known(between.from)).await?);
        let last = version(self.store.facts(license, known(between.to)).await?);
        if first == last {
            return Ok(None);
        }
        self.difference(license, first, between).await.map(Some)
    }

    /// The same of up to a thousand licenses after the one given, by number. The second value is the license to go on
    /// after; `None`: that was all. What is final never changes, so the pages fit together.
    ///
    /// # Errors
    /// As [`Ledger::diff_of`].
    pub async fn diff_page(
        &self,
        after: Option<&LicenseNumber>,
        between: &Between,
    ) -> Result<(Vec<Difference>, Option<LicenseNumber>), StoreError> {
        self.finality(Some(between.to)).await?;
        let all = Filter::default();
        let known_last = self.store.list(&all, known(between.to), after, PAGE).await?;
        // Whatever was known at the earlier instant was known at the later one: so this page reaches as far as that.
        let known_first = self.store.list(&all, known(between.from), after, PAGE).await?;
        let first: HashMap<_, _> = known_first.into_iter().map(|facts| (facts.license, facts.version)).collect();
        let mut differences = Vec::new();
        for facts in &known_last {
            let version = first.get(&facts.license).copied().unwrap_or_default();
            if version < facts.version {
                differences.push(self.difference(&facts.license, version, between).await?);
            }
        }
        let is_full = u32::try_from(known_last.len()) == Ok(PAGE);
        let next = known_last.last().map(|facts| facts.license.clone()).filter(|_| is_full);
        Ok((differences, next))
    }

    /// The difference of a license whose last event known first has that sequence.
    async fn difference(
        &self,
        license: &LicenseNumber,
        version: u64,
        between: &Between,
    ) -> Result<Difference, StoreError> {
        let before = self.fields(license, between.when(between.from)).await?;
        let after = self.fields(license, between.when(between.to)).await?;
        let (mut events, mut last) = (Vec::new(), version);
        loop {
            let page = self.history(license, last, PAGE, known(between.to)).await?;
            let Some(entry) = page.last() else { break };
            last = entry.sequence;
            events.extend(page);
        }
        Ok(Difference { license: license.clone(), changed: changed(&before, &after), events })
    }

    /// The entitlement's fields; none where there was no license on that day.
    async fn fields(&self, license: &LicenseNumber, when: When) -> Result<serde_json::Map<String, Value>, StoreError> {
        let facts = self.store.facts(license, when.as_of()).await?;
        Ok(match facts.map(|facts| serde_json::to_value(self.entitled(&facts, when))) {
            Some(Ok(Value::Object(fields))) => fields,
            Some(other) => return Err(StoreError::Damaged(format!("license {license}: no entitlement: {other:?}"))),
            None => serde_json::Map::new(),
        })
    }
}

/// The fields that differ. `license` and `on` are those asked about.
fn changed(
    before: &serde_json::Map<String, Value>,
    after: &serde_json::Map<String, Value>,
) -> BTreeMap<String, Change> {
    let value = |fields: &serde_json::Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
    let names = after.keys().filter(|name| !["license", "on"].contains(&name.as_str()));
    let changes = names.map(|name| (name.clone(), Change { before: value(before, name), after: value(after, name) }));
    changes.filter(|(_, change)| change.before != change.after).collect()
}
