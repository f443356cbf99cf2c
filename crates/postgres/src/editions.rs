//! The editions of facts: their bytes, and which is the current one.

use ledger_app::edition::another_edition;
use ledger_app::store::{EditionFiles, StoreError};
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Executor, PgExecutor, Row};

use crate::error::store_error;

/// The edition adopted last.
pub(crate) async fn current(executor: impl PgExecutor<'_>) -> Result<Option<EditionFiles>, StoreError> {
    let query = "SELECT edition, catalog, prices FROM edition_adoptions JOIN editions USING (edition)
                 ORDER BY adoption DESC LIMIT 1";
    let row = sqlx::query(query).fetch_optional(executor).await.map_err(store_error)?;
    row.as_ref().map(files).transpose().map_err(store_error)
}

/// The edition with that hash.
pub(crate) async fn by_name(executor: impl PgExecutor<'_>, edition: &str) -> Result<Option<EditionFiles>, StoreError> {
    let query = sqlx::query("SELECT edition, catalog, prices FROM editions WHERE edition = $1").bind(edition);
    let row = query.fetch_optional(executor).await.map_err(store_error)?;
    row.as_ref().map(files).transpose().map_err(store_error)
}

/// All of them.
pub(crate) async fn all(pool: &PgPool) -> Result<Vec<EditionFiles>, StoreError> {
    let query = sqlx::query("SELECT edition, catalog, prices FROM editions");
    let rows = query.fetch_all(pool).await.map_err(store_error)?;
    rows.iter().map(files).collect::<Result<_, _>>().map_err(store_error)
}

fn files(row: &PgRow) -> Result<EditionFiles, sqlx::Error> {
    Ok(EditionFiles {
        edition: row.try_get("edition")?,
        catalog: row.try_get("catalog")?,
        prices: row.try_get("prices")?,
    })
}

/// Keeps the edition's bytes, and makes it the current one; `only_first`: unless another one is. Mostly it is, and then
/// nothing is locked.
pub(crate) async fn adopt(pool: &PgPool, files: &EditionFiles, only_first: bool) -> Result<(), StoreError> {
    if is_current(files, current(pool).await?.as_ref(), only_first)? {
        return Ok(());
    }
    let mut transaction = pool.begin().await.map_err(store_error)?;
    // Two that adopt at once come one after the other.
    let lock = "LOCK TABLE edition_adoptions IN SHARE ROW EXCLUSIVE MODE";
    transaction.execute(lock).await.map_err(store_error)?;
    if is_current(files, current(&mut *transaction).await?.as_ref(), only_first)? {
        return Ok(());
    }
    let adopt = sqlx::query("SELECT ledger_adopt($1, $2, $3)");
    let adopt = adopt.bind(&files.edition).bind(&files.catalog).bind(&files.prices);
    adopt.execute(&mut *transaction).await.map_err(store_error)?;
    transaction.commit().await.map_err(store_error)
}

/// Whether it is the current one; an error where another one is, and none may be.
fn is_current(files: &EditionFiles, current: Option<&EditionFiles>, only_first: bool) -> Result<bool, StoreError> {
    match current {
        Some(current) if current.edition == files.edition => Ok(true),
        Some(_) if only_first => Err(another_edition()),
        _ => Ok(false),
    }
}
