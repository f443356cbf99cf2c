//! Replay: the whole history judged anew, each command as of its date, on the licenses as they were recorded.
//!
//! Every command is judged by itself: what would have been decided otherwise does not change what the next ones are
//! judged on, so one difference does not bring others along. First come the licenses, by number, each with its commands
//! in order; then what left no event in its license: refusals, and commands without events, by id.

mod case;
mod difference;
mod facts;
mod history;

use std::collections::{BTreeMap, HashMap};

use ledger_domain::values::{Currency, Money};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::audit::CommandRecord;
use crate::edition::{EditionError, GivenFiles};
use crate::store::{AsOf, Filter, StoreError, StoredEvent};
use crate::transfer::Transfer;

use case::Judged;
pub use difference::{Amount, Decided, Difference};
use facts::Facts;
use history::History;

/// How many licenses are listed at once.
const LICENSES: u32 = 100;
/// How many events of a license are gone through before their commands' records are read.
const EVENTS: usize = 500;
/// How many records are read at once.
const RECORDS: u32 = 500;

/// What is told while the history is judged.
#[derive(Debug)]
pub enum Told {
    /// So many commands are judged.
    Progress(u64),
    /// One of them would be decided otherwise.
    Difference(Box<Difference>),
}

/// What was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// How many commands.
    pub commands: u64,
    /// How many of them would be decided, or priced, otherwise.
    pub differences: u64,
    /// By how much more, or less, would have been paid in all; only currencies in which that differs.
    pub amounts: Vec<(Currency, Money)>,
}

/// A replay so far.
struct Replay<'r> {
    store: &'r dyn Transfer,
    facts: Facts<'r>,
    tell: &'r mut (dyn FnMut(Told) + Send),
    commands: u64,
    differences: u64,
    amounts: BTreeMap<Currency, Decimal>,
}

/// Judges the whole history by the files given; for a file that is not given, by the one that was recorded.
///
/// # Errors
/// Problems of the files, or the store's failure; [`StoreError::Damaged`] for a command that cannot be judged.
pub async fn replay(
    store: &dyn Transfer,
    given: &GivenFiles,
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<Replayed, EditionError> {
    store.settle().await?;
    let facts = Facts::new(store, given);
    let mut replay = Replay { store, facts, tell, commands: 0, differences: 0, amounts: BTreeMap::new() };
    replay.licenses().await?;
    replay.without_events().await?;
    let amounts = replay.amounts.into_iter().filter(|(_, amount)| !amount.is_zero());
    Ok(Replayed {
        commands: replay.commands,
        differences: replay.differences,
        amounts: amounts.map(|(currency, amount)| (currency, Money::rounded(amount))).collect(),
    })
}

impl Replay<'_> {
    async fn licenses(&mut self) -> Result<(), EditionError> {
        let mut after = None;
        loop {
            let page = self.store.list(&Filter::default(), AsOf::default(), after.as_ref(), LICENSES).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.license.clone());
            for facts in &page {
                let mut history = History::of(facts.license.clone());
                let events = self.store.history(&facts.license, 0, u32::MAX).await?;
                for events in events.chunks(EVENTS) {
                    self.commands_of(&mut history, events).await?;
                }
            }
        }
    }

    /// Judges the commands on that license which caused these events.
    async fn commands_of(&mut self, history: &mut History, events: &[StoredEvent]) -> Result<(), EditionError> {
        let mut ids: Vec<Uuid> = events.iter().map(|event| event.command_id).collect();
        ids.dedup();
        let records: HashMap<Uuid, CommandRecord> =
            self.store.audit().records(&ids).await?.into_iter().map(|record| (record.command_id, record)).collect();
        for event in events {
            let is_first = history.last_command() != Some(event.command_id);
            let record = records.get(&event.command_id).filter(|record| record.license == history.license.as_str());
            if let (true, Some(record)) = (is_first, record) {
                self.judge(record, history).await?;
            }
            history.push(event)?;
        }
        Ok(())
    }

    async fn without_events(&mut self) -> Result<(), EditionError> {
        let mut after = None;
        loop {
            let records = self.store.audit().records_after(after, RECORDS).await?;
            let Some(last) = records.last() else { return Ok(()) };
            after = Some(last.command_id);
            for record in &records {
                let outcome = case::outcome(record)?;
                if !outcome.events.iter().any(|event| event.license == record.license) {
                    let version = outcome.version.unwrap_or_default();
                    let license = case::number(&record.license)?;
                    let history = History::up_to(self.store, license, version).await?;
                    self.judge(record, &history).await?;
                }
            }
        }
    }

    async fn judge(&mut self, record: &CommandRecord, history: &History) -> Result<(), EditionError> {
        let Judged { recorded, now } = case::judge(self.store, &mut self.facts, record, history).await?;
        self.commands += 1;
        for (decided, sign) in [(&recorded, -Decimal::ONE), (&now, Decimal::ONE)] {
            if let Some(price) = &decided.price {
                *self.amounts.entry(price.currency).or_default() += sign * price.total.amount();
            }
        }
        if let Some(difference) = Difference::between(record, recorded, now) {
            self.differences += 1;
            (self.tell)(Told::Difference(Box::new(difference)));
        }
        if self.commands.is_multiple_of(1_000) {
            (self.tell)(Told::Progress(self.commands));
        }
        Ok(())
    }
}

fn damaged(record: &CommandRecord, what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("command {} of license {}: {what}", record.command_id, record.license))
}
