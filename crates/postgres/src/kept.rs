//! Kept quotes.

use async_trait::async_trait;
use ledger_app::kept::{KeptQuote, KeptQuotes};
use ledger_app::store::StoreError;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::PostgresStore;
use crate::error::store_error;

#[async_trait]
impl KeptQuotes for PostgresStore {
    async fn keep_quote(&self, quote: &KeptQuote) -> Result<(), StoreError> {
        let query = "INSERT INTO kept_quotes (id, kept_at, kept_by, partner, valid_until, commands, outcomes)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let query = sqlx::query(query).bind(quote.id).bind(quote.kept_at).bind(&quote.kept_by).bind(&quote.partner);
        let query = query.bind(quote.valid_until).bind(&quote.commands).bind(&quote.outcomes);
        query.execute(&self.reads).await.map(|_| ()).map_err(store_error)
    }

    async fn kept_quote(&self, id: Uuid) -> Result<Option<KeptQuote>, StoreError> {
        let query = "SELECT id, kept_at, kept_by, partner, valid_until, commands, outcomes
                     FROM kept_quotes WHERE id = $1";
        let row = sqlx::query(query).bind(id).fetch_optional(&self.reads).await.map_err(store_error)?;
        row.as_ref().map(quote).transpose().map_err(store_error)
    }
}

fn quote(row: &PgRow) -> Result<KeptQuote, sqlx::Error> {
    Ok(KeptQuote {
        id: row.try_get("id")?,
        kept_at: row.try_get("kept_at")?,
        kept_by: row.try_get("kept_by")?,
        partner: row.try_get("partner")?,
        valid_until: row.try_get("valid_until")?,
        commands: row.try_get("commands")?,
        outcomes: row.try_get("outcomes")?,
    })
}
