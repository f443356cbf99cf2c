//! Loading what commands are judged on.

use ledger_app::store::{Answer, Loaded, StateRow, StoreError, Wanted};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use uuid::Uuid;

use crate::error::failed;
use crate::rows::{count, get, parsed};

/// One statement, and so one snapshot, whatever the number of commands. Its branches share columns: what was found,
/// for which license or command, and up to three values.
const SQL: &str = "
    SELECT 'state' AS found, license AS id, version, fold, state AS value, NULL AS digest
      FROM current_entitlement WHERE license IN (SELECT value FROM json_each(?1))
    UNION ALL
    SELECT 'answer', command_id, NULL, NULL, outcome, content_digest
      FROM commands WHERE command_id IN (SELECT value FROM json_each(?2))
    UNION ALL
    SELECT 'order', events.aggregate_id, NULL, NULL, events.order_number, NULL
      FROM json_each(?3) AS asked CROSS JOIN events
        ON events.aggregate_type = 'license' AND events.aggregate_id = asked.value ->> 0
       AND events.order_number = asked.value ->> 1";

pub(crate) async fn load(readers: &SqlitePool, wanted: &[Wanted]) -> Result<Loaded, StoreError> {
    let licenses: Vec<_> = wanted.iter().map(|wanted| &wanted.license).collect();
    let commands: Vec<_> = wanted.iter().map(|wanted| wanted.command_id).collect();
    let order = |wanted: &Wanted| wanted.order.clone().map(|order| (wanted.license.clone(), order));
    let orders: Vec<_> = wanted.iter().filter_map(order).collect();
    let query = sqlx::query(SQL)
        .bind(serde_json::json!(licenses).to_string())
        .bind(serde_json::json!(commands).to_string())
        .bind(serde_json::json!(orders).to_string());
    let mut loaded = Loaded::default();
    for row in query.fetch_all(readers).await.map_err(failed)? {
        take(&row, &mut loaded)?;
    }
    Ok(loaded)
}

fn take(row: &SqliteRow, loaded: &mut Loaded) -> Result<(), StoreError> {
    match get(row, "found")? {
        "state" => {
            let state =
                StateRow { version: count(row, "version")?, fold: get(row, "fold")?, state: get(row, "value")? };
            loaded.states.insert(parsed(row, "id")?, state);
        }
        "answer" => {
            let answer = Answer { digest: digest(row)?, outcome: get(row, "value")? };
            loaded.answers.insert(parsed::<Uuid>(row, "id")?, answer);
        }
        _ => {
            loaded.orders_taken.insert((parsed(row, "id")?, get(row, "value")?));
        }
    }
    Ok(())
}

fn digest(row: &SqliteRow) -> Result<[u8; 32], StoreError> {
    let bytes: &[u8] = row.try_get("digest").map_err(failed)?;
    bytes.try_into().map_err(|_| StoreError::Damaged(format!("a digest of {} bytes", bytes.len())))
}
