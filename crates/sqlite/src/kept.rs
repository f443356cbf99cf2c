//! Kept quotes.

use async_trait::async_trait;
use ledger_app::kept::{KeptQuote, KeptQuotes};
use ledger_app::store::StoreError;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::SqliteStore;
use crate::error::failed;
use crate::rows::{get, instant_text, parsed};

#[async_trait]
impl KeptQuotes for SqliteStore {
    async fn keep_quote(&self, quote: &KeptQuote) -> Result<(), StoreError> {
        let sql = "INSERT INTO kept_quotes (id, kept_at, kept_by, partner, valid_until, commands, outcomes)
                   VALUES (?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(quote.id.to_string()).bind(instant_text(quote.kept_at)).bind(&quote.kept_by);
        let query = query.bind(&quote.partner).bind(quote.valid_until.to_string());
        self.write(query.bind(&quote.commands).bind(&quote.outcomes)).await.map(|_| ())
    }

    async fn kept_quote(&self, id: Uuid) -> Result<Option<KeptQuote>, StoreError> {
        let sql = "SELECT id, kept_at, kept_by, partner, valid_until, commands, outcomes FROM kept_quotes WHERE id = ?";
        let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&self.readers).await.map_err(failed)?;
        row.as_ref().map(quote).transpose()
    }
}

fn quote(row: &SqliteRow) -> Result<KeptQuote, StoreError> {
    Ok(KeptQuote {
        id: parsed(row, "id")?,
        kept_at: parsed(row, "kept_at")?,
        kept_by: get(row, "kept_by")?,
        partner: get(row, "partner")?,
        valid_until: parsed(row, "valid_until")?,
        commands: get(row, "commands")?,
        outcomes: get(row, "outcomes")?,
    })
}
