//! The editions of facts: their bytes, and which is the current one.

use ledger_app::edition::another_edition;
use ledger_app::store::{EditionFiles, StoreError};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, SqliteConnection, SqliteExecutor};

use crate::error::failed;
use crate::rows::{get, instant_text};

pub(crate) async fn current(executor: impl SqliteExecutor<'_>) -> Result<Option<EditionFiles>, StoreError> {
    let sql = "SELECT edition, catalog, prices FROM edition_adoptions JOIN editions USING (edition)
                ORDER BY adoption DESC LIMIT 1";
    sqlx::query(sql).fetch_optional(executor).await.map_err(failed)?.as_ref().map(files).transpose()
}

/// The edition with that hash.
pub(crate) async fn by_name(
    executor: impl SqliteExecutor<'_>,
    edition: &str,
) -> Result<Option<EditionFiles>, StoreError> {
    let sql = "SELECT edition, catalog, prices FROM editions WHERE edition = ?";
    sqlx::query(sql).bind(edition).fetch_optional(executor).await.map_err(failed)?.as_ref().map(files).transpose()
}

/// All of them.
pub(crate) async fn all(executor: impl SqliteExecutor<'_>) -> Result<Vec<EditionFiles>, StoreError> {
    let sql = "SELECT edition, catalog, prices FROM editions";
    sqlx::query(sql).fetch_all(executor).await.map_err(failed)?.iter().map(files).collect()
}

fn files(row: &SqliteRow) -> Result<EditionFiles, StoreError> {
    Ok(EditionFiles { edition: get(row, "edition")?, catalog: get(row, "catalog")?, prices: get(row, "prices")? })
}

/// Makes the edition the current one; `only_first`: unless another one is.
pub(crate) async fn adopt(
    connection: &mut SqliteConnection,
    files: &EditionFiles,
    only_first: bool,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    match current(&mut *transaction).await? {
        Some(current) if current.edition == files.edition => return Ok(()),
        Some(_) if only_first => return Err(another_edition()),
        _ => {}
    }
    write(&mut transaction, files).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Keeps the bytes, unless they are kept, and makes the edition the last one adopted.
async fn write(connection: &mut SqliteConnection, files: &EditionFiles) -> Result<(), sqlx::Error> {
    let keep = "INSERT INTO editions (edition, catalog, prices) SELECT ?1, ?2, ?3
                 WHERE NOT EXISTS (SELECT 1 FROM editions WHERE edition = ?1)";
    let query = sqlx::query(keep).bind(&files.edition).bind(&files.catalog).bind(&files.prices);
    query.execute(&mut *connection).await?;
    let adopt = "INSERT INTO edition_adoptions (edition, adopted_at) VALUES (?, ?)";
    let query = sqlx::query(adopt).bind(&files.edition).bind(instant_text(crate::now()));
    query.execute(connection).await.map(|_| ())
}
