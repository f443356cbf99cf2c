//! Loading what commands need.

use std::sync::Arc;

use ledger_app::store::{Answer, Loaded, StateRow, StoreError, Wanted};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::connections::WriteConnections;
use crate::error::{damaged, store_error};
use crate::rows::{unsigned, unsigned32};
use crate::together::{Answers, Asked};

/// One statement reads from one snapshot. The subqueries are kept apart (OFFSET 0), so that each is a look-up by key.
const LOAD: &str = "
    SELECT wanted.number, license.version, license.fold, license.state, answer.digest, answer.outcome,
        taken.sequence IS NOT NULL AS taken
    FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (command_id, license, order_number, number)
    LEFT JOIN LATERAL (
        SELECT version, fold, state FROM current_entitlement WHERE license = wanted.license OFFSET 0
    ) AS license ON true
    LEFT JOIN LATERAL (
        SELECT digest, outcome FROM commands WHERE command_id = wanted.command_id OFFSET 0
    ) AS answer ON true
    LEFT JOIN LATERAL (
        SELECT sequence FROM events
        WHERE aggregate_type = 'license' AND aggregate_id = wanted.license AND order_number = wanted.order_number
        OFFSET 0
    ) AS taken ON true";

/// Loads for all who wait, in one read.
#[derive(Clone)]
pub(crate) struct Loads(pub(crate) Arc<WriteConnections>);

impl Answers for Loads {
    type Question = Vec<Wanted>;
    type Answer = Loaded;

    async fn alone(&self, wanted: &Vec<Wanted>) -> Result<Loaded, StoreError> {
        Ok(load(&self.0, &[wanted]).await?.pop().unwrap_or_default())
    }

    async fn together(&self, asked: Vec<Asked<Self>>) {
        let wanted: Vec<_> = asked.iter().map(|asked| asked.question.as_slice()).collect();
        match load(&self.0, &wanted).await {
            Ok(loaded) => asked.into_iter().zip(loaded).for_each(|(asked, loaded)| asked.reply(Ok(loaded))),
            Err(_) => {
                // Each is told of its own failure.
                for asked in asked {
                    let loaded = self.alone(&asked.question).await;
                    asked.reply(loaded);
                }
            }
        }
    }
}

/// Loads what is wanted, for each who asked. A read can be tried again, so a connection that broke while idle is no
/// failure.
async fn load(connections: &WriteConnections, wanted: &[&[Wanted]]) -> Result<Vec<Loaded>, StoreError> {
    let all: Vec<_> = wanted.iter().zip(0..).flat_map(|(wanted, who)| wanted.iter().map(move |w| (who, w))).collect();
    let rows = match fetch(connections, &all).await {
        Err(StoreError::Unavailable(_)) => fetch(connections, &all).await,
        result => result,
    }?;
    let mut loaded: Vec<_> = wanted.iter().map(|_| Loaded::default()).collect();
    for row in &rows {
        let number: i64 = row.try_get("number").map_err(store_error)?;
        let found = usize::try_from(number - 1).ok().and_then(|index| all.get(index));
        let found = found.and_then(|(who, wanted)| Some((loaded.get_mut::<usize>(*who)?, *wanted)));
        let (loaded, wanted) = found.ok_or_else(|| damaged("a row that was not asked for"))?;
        add(loaded, wanted, row)?;
    }
    Ok(loaded)
}

async fn fetch(connections: &WriteConnections, wanted: &[(usize, &Wanted)]) -> Result<Vec<PgRow>, StoreError> {
    let command_ids: Vec<_> = wanted.iter().map(|(_, wanted)| wanted.command_id).collect();
    let licenses: Vec<_> = wanted.iter().map(|(_, wanted)| wanted.license.as_str()).collect();
    let orders: Vec<_> = wanted.iter().map(|(_, wanted)| wanted.order.as_deref()).collect();
    let query = sqlx::query(LOAD).bind(command_ids).bind(licenses).bind(orders);
    let mut lent = connections.lend().await?;
    let result = query.fetch_all(&mut lent.connection).await;
    lent.give_back(result)
}

fn add(loaded: &mut Loaded, wanted: &Wanted, row: &PgRow) -> Result<(), StoreError> {
    if let Some(state) = state(row)? {
        loaded.states.insert(wanted.license.clone(), state);
    }
    if let Some(answer) = answer(row)? {
        loaded.answers.insert(wanted.command_id, answer);
    }
    if let (Some(order), true) = (&wanted.order, row.try_get("taken").map_err(store_error)?) {
        loaded.orders_taken.insert((wanted.license.clone(), order.clone()));
    }
    Ok(())
}

fn state(row: &PgRow) -> Result<Option<StateRow>, StoreError> {
    let Some(state) = row.try_get::<Option<String>, _>("state").map_err(store_error)? else { return Ok(None) };
    let version = unsigned(row.try_get("version").map_err(store_error)?)?;
    let fold = unsigned32(row.try_get("fold").map_err(store_error)?)?;
    Ok(Some(StateRow { version, fold, state: state.into_bytes() }))
}

fn answer(row: &PgRow) -> Result<Option<Answer>, StoreError> {
    let Some(digest) = row.try_get::<Option<Vec<u8>>, _>("digest").map_err(store_error)? else { return Ok(None) };
    let digest = digest.try_into().map_err(|_| damaged("a digest that is not of 32 bytes"))?;
    let outcome: String = row.try_get("outcome").map_err(store_error)?;
    Ok(Some(Answer { digest, outcome: outcome.into_bytes() }))
}
