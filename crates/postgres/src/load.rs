//! Loading what commands need.

use ledger_app::store::{Answer, Loaded, StateRow, StoreError, Wanted};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::connections::Connections;
use crate::error::{damaged, store_error};
use crate::rows::{unsigned, unsigned32};

/// One statement reads from one snapshot. The subqueries are kept apart (OFFSET 0), so that each is a look-up by key.
const LOAD: &str = "
    SELECT wanted.number, license.version, license.fold, license.state, answer.content_digest, answer.outcome,
        taken.sequence IS NOT NULL AS taken
    FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (command_id, license, order_number, number)
    LEFT JOIN LATERAL (
        SELECT version, fold, state FROM current_entitlement WHERE license = wanted.license OFFSET 0
    ) AS license ON true
    LEFT JOIN LATERAL (
        SELECT content_digest, outcome FROM commands WHERE command_id = wanted.command_id OFFSET 0
    ) AS answer ON true
    LEFT JOIN LATERAL (
        SELECT sequence FROM events
        WHERE aggregate_type = 'license' AND aggregate_id = wanted.license AND order_number = wanted.order_number
        OFFSET 0
    ) AS taken ON true";

/// Loads what is wanted. A read can be tried again, so a connection that broke while idle is no failure.
pub(crate) async fn load(connections: &Connections, wanted: &[Wanted]) -> Result<Loaded, StoreError> {
    let rows = match fetch(connections, wanted).await {
        Err(StoreError::Unavailable(_)) => fetch(connections, wanted).await,
        result => result,
    }?;
    let mut loaded = Loaded::default();
    for row in &rows {
        let number: i64 = row.try_get("number").map_err(store_error)?;
        let wanted = usize::try_from(number - 1).ok().and_then(|index| wanted.get(index));
        add(&mut loaded, wanted.ok_or_else(|| damaged("a row that was not asked for"))?, row)?;
    }
    Ok(loaded)
}

async fn fetch(connections: &Connections, wanted: &[Wanted]) -> Result<Vec<PgRow>, StoreError> {
    let command_ids: Vec<_> = wanted.iter().map(|wanted| wanted.command_id).collect();
    let licenses: Vec<_> = wanted.iter().map(|wanted| wanted.license.as_str()).collect();
    let orders: Vec<_> = wanted.iter().map(|wanted| wanted.order.as_deref()).collect();
    let query = sqlx::query(LOAD).bind(command_ids).bind(licenses).bind(orders);
    let fetch = async {
        let mut lent = connections.lend().await?;
        let result = query.fetch_all(&mut lent.connection).await;
        lent.give_back(result)
    };
    connections.in_time(fetch).await
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
    let Some(digest) = row.try_get::<Option<Vec<u8>>, _>("content_digest").map_err(store_error)? else {
        return Ok(None);
    };
    let digest = digest.try_into().map_err(|_| damaged("a digest that is not of 32 bytes"))?;
    let outcome: String = row.try_get("outcome").map_err(store_error)?;
    Ok(Some(Answer { digest, outcome: outcome.into_bytes() }))
}
