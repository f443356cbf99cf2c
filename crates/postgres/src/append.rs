//! The write path: one statement, which is one transaction and one round trip.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use ledger_app::store::{Batch, EditionFiles, JudgedCommand, NewEvent, StateWrite, StoreError};
use ledger_domain::values::LicenseNumber;
use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row};

use crate::connections::WriteConnections;
use crate::error::{damaged, store_error};
use crate::rows::{FactsRow, signed};
use crate::together::{Answers, Asked};

type Statement<'q> = Query<'q, Postgres, PgArguments>;

const APPEND: &str = "SELECT ledger_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
    $18, $19::json, $20, $21, $22, $23, $24, $25, $26)";

/// Appends batches that wait, as many as can go into one statement.
#[derive(Clone)]
pub(crate) struct Appends(pub(crate) Arc<WriteConnections>);

impl Answers for Appends {
    type Question = Batch;
    type Answer = ();

    async fn alone(&self, batch: &Batch) -> Result<(), StoreError> {
        append(&self.0, &[batch]).await
    }

    async fn together(&self, mut asked: Vec<Asked<Self>>) {
        while !asked.is_empty() {
            let (together, later) = apart(asked);
            self.append(together).await;
            asked = later;
        }
    }
}

impl Appends {
    /// All in one transaction; when that fails, whatever the reason, each in its own.
    async fn append(&self, asked: Vec<Asked<Self>>) {
        let batches: Vec<_> = asked.iter().map(|asked| &asked.question).collect();
        let is_written = batches.len() > 1 && append(&self.0, &batches).await.is_ok();
        for asked in asked {
            let result = if is_written { Ok(()) } else { self.alone(&asked.question).await };
            asked.reply(result);
        }
    }
}

/// Those that go together: of one edition, and no license in two of them. The others come later.
fn apart(asked: Vec<Asked<Appends>>) -> (Vec<Asked<Appends>>, Vec<Asked<Appends>>) {
    let edition = asked.first().map(|asked| asked.question.edition.clone());
    let mut taken = HashSet::new();
    asked.into_iter().partition(|asked| {
        let batch = &asked.question;
        let fits = edition.as_ref() == Some(&batch.edition) && licenses(batch).all(|license| !taken.contains(license));
        if fits {
            taken.extend(licenses(batch).cloned());
        }
        fits
    })
}

/// The licenses that the batch changes or has only read.
fn licenses(batch: &Batch) -> impl Iterator<Item = &LicenseNumber> {
    let written = batch.states.iter().map(|write| &write.facts.license);
    written.chain(batch.guards.iter().map(|(license, _)| license))
}

/// Writes the batches, all or nothing; returns after the commit. They are of one edition, and share no license.
async fn append(connections: &WriteConnections, batches: &[&Batch]) -> Result<(), StoreError> {
    let edition = batches.first().map(|batch| batch.edition.as_str());
    let commands: Vec<_> = batches.iter().flat_map(|batch| &batch.commands).collect();
    let states: Vec<_> = batches.iter().flat_map(|batch| &batch.states).collect();
    let guards = batches.iter().flat_map(|batch| &batch.guards);
    let statement = bind_commands(sqlx::query(APPEND).bind(edition), &commands);
    let statement = bind_events(statement, &commands);
    let statement = bind_states(statement.bind(versions(&commands)?), &states);
    let statement = bind_held(statement, &states, guards);
    let mut lent = connections.lend().await?;
    let result = statement.execute(&mut lent.connection).await;
    lent.give_back(result).map(|_| ())
}

fn bind_commands<'q>(statement: Statement<'q>, commands: &[&'q JudgedCommand]) -> Statement<'q> {
    statement
        .bind(column(commands, |command| command.command_id))
        .bind(column(commands, |command| command.license.as_str()))
        .bind(column(commands, |command| command.on))
        .bind(column(commands, |command| command.digest.as_slice()))
        .bind(column(commands, |command| command.content.as_str()))
        .bind(column(commands, |command| command.actor.name.as_str()))
        .bind(column(commands, |command| command.actor.role.name()))
        .bind(column(commands, |command| command.accepted))
        .bind(column(commands, |command| command.outcome.as_str()))
}

fn bind_events<'q>(statement: Statement<'q>, commands: &[&'q JudgedCommand]) -> Statement<'q> {
    let of = |(number, command): (i32, &&'q JudgedCommand)| command.events.iter().map(move |event| (number, event));
    let events: Vec<_> = (1..).zip(commands).flat_map(of).collect();
    statement
        .bind(column(&events, |(_, event)| event.stream_type))
        .bind(column(&events, |(_, event)| event.stream_id.as_str()))
        .bind(column(&events, |(_, event)| signed(event.sequence)))
        .bind(column(&events, |(_, event)| event.event_type))
        .bind(column(&events, |(_, event)| event.event_version))
        .bind(column(&events, |(_, event)| event.payload.as_str()))
        .bind(column(&events, |(_, event)| event.order_number.as_deref()))
        .bind(column(&events, |(number, _)| number))
}

/// The facts after each event of a license, as rows in JSON: these are many narrow columns, most of them empty.
fn versions(commands: &[&JudgedCommand]) -> Result<String, StoreError> {
    let events = commands.iter().flat_map(|command| &command.events);
    let rows: Vec<_> = events.filter_map(|event: &NewEvent| event.facts.as_ref()).map(FactsRow::from).collect();
    serde_json::to_string(&rows).map_err(damaged)
}

fn bind_states<'q>(statement: Statement<'q>, states: &[&'q StateWrite]) -> Statement<'q> {
    statement
        .bind(column(states, |write| write.facts.license.as_str()))
        .bind(column(states, |write| signed(write.facts.version)))
        .bind(column(states, |write| i64::from(write.fold)))
        .bind(column(states, |write| write.state.as_str()))
}

/// The licenses to lock and compare: the version each must have, and the fold that is to be written.
fn bind_held<'q>(
    statement: Statement<'q>,
    states: &[&'q StateWrite],
    guards: impl Iterator<Item = &'q (LicenseNumber, u64)>,
) -> Statement<'q> {
    let read = guards.map(|(license, version)| (license, (*version, None)));
    let written = states.iter().map(|write| (&write.facts.license, (write.base_version, Some(i64::from(write.fold)))));
    let held: BTreeMap<_, _> = read.chain(written).collect();
    let held: Vec<_> = held.into_iter().collect();
    statement
        .bind(column(&held, |(license, _)| license.as_str()))
        .bind(column(&held, |(_, (version, _))| signed(version)))
        .bind(column(&held, |(_, (_, fold))| fold))
}

/// One column of the rows.
fn column<Row: Copy, Value>(rows: &[Row], value: impl Fn(Row) -> Value) -> Vec<Value> {
    rows.iter().copied().map(value).collect()
}

/// Keeps the edition's bytes, and makes it the current one. Mostly it is, and then nothing is locked.
pub(crate) async fn adopt_edition(pool: &PgPool, files: &EditionFiles) -> Result<(), StoreError> {
    let current = "SELECT edition FROM edition_adoptions ORDER BY adoption DESC LIMIT 1";
    let current: Option<PgRow> = sqlx::query(current).fetch_optional(pool).await.map_err(store_error)?;
    let current: Option<String> = current.map(|row| row.try_get(0)).transpose().map_err(store_error)?;
    if current.as_ref() == Some(&files.edition) {
        return Ok(());
    }
    let adopt = sqlx::query("SELECT ledger_adopt($1, $2, $3)");
    let adopt = adopt.bind(&files.edition).bind(&files.catalog).bind(&files.prices);
    adopt.execute(pool).await.map(|_| ()).map_err(store_error)
}
