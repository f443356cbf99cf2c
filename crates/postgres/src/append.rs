//! The write path: one statement, which is one transaction and one round trip.

use std::collections::HashMap;

use ledger_app::store::{Batch, StoreError};
use ledger_domain::license::Facts;

use crate::appended::{CommandRow, EventRow, StateRow};
use crate::connections::Connections;
use crate::rows::{FactsRow, signed};

const APPEND: &str = "SELECT ledger_append($1, $2, $3, $4, $5, $6, $7, $8)";

/// Writes the batch, all or nothing; returns after the commit.
pub(crate) async fn append(connections: &Connections, batch: &Batch) -> Result<(), StoreError> {
    let commands: Vec<_> = batch.commands.iter().map(CommandRow::from).collect();
    let facts = facts(batch);
    let (guard_licenses, guard_versions): (Vec<_>, Vec<_>) =
        batch.guards.iter().map(|(license, version)| (license.as_str(), signed(*version))).unzip();
    let statement = sqlx::query(APPEND)
        .bind(&batch.edition)
        .bind(commands)
        .bind(events(batch))
        .bind(&facts)
        .bind(states(batch, &facts))
        .bind(guard_licenses)
        .bind(guard_versions)
        .bind(absent(batch));
    let append = async {
        let mut lent = connections.lend().await?;
        let result = statement.execute(&mut lent.connection).await;
        lent.give_back(result).map(|_| ())
    };
    connections.in_time(append).await
}

fn events(batch: &Batch) -> Vec<EventRow<'_>> {
    let numbered = (1..).zip(&batch.commands);
    let events = numbered.flat_map(|(number, command)| command.events.iter().map(move |event| (number, event)));
    events.map(|(number, event)| EventRow::new(number, event)).collect()
}

/// The facts after each event of a license.
fn facts(batch: &Batch) -> Vec<FactsRow> {
    let events = batch.commands.iter().flat_map(|command| &command.events);
    events.filter_map(|event| event.facts.as_ref()).map(FactsRow::from).collect()
}

/// The states, each with the number of its facts; 0 where they are not there, which the database refuses.
fn states<'b>(batch: &'b Batch, facts: &[FactsRow]) -> Vec<StateRow<'b>> {
    let numbers: HashMap<_, i32> = facts.iter().map(|facts| (facts.license.as_str(), facts.version)).zip(1..).collect();
    let number = |facts: &Facts| numbers.get(&(facts.license.as_str(), signed(facts.version))).copied();
    batch.states.iter().map(|write| StateRow::new(number(&write.facts).unwrap_or_default(), write)).collect()
}

/// The licenses that must not exist.
fn absent(batch: &Batch) -> Vec<&str> {
    let written = batch.states.iter().map(|write| (&write.facts.license, write.base_version));
    let read = batch.guards.iter().map(|(license, version)| (license, *version));
    written.chain(read).filter(|(_, version)| *version == 0).map(|(license, _)| license.as_str()).collect()
}
