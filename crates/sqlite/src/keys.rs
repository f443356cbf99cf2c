//! API keys.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::keys::{ApiKey, Keys};
use ledger_app::store::StoreError;
use sqlx::sqlite::SqliteRow;

use crate::SqliteStore;
use crate::error::failed;
use crate::rows::{get, instant_text, parsed, parsed_if_any};

/// A clock that was set back does not make a key look unused: the later instant stays.
const USED: &str = "
    UPDATE api_keys SET last_used_at = used.at
      FROM (SELECT value ->> 0 AS id, max(value ->> 1) AS at FROM json_each(?) GROUP BY value ->> 0) AS used
     WHERE api_keys.id = used.id AND coalesce(last_used_at, '') < used.at";

#[async_trait]
impl Keys for SqliteStore {
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let sql = "SELECT id, name, role, partner, digest, created_at, expires_at, revoked_at, last_used_at
                     FROM api_keys ORDER BY created_at, id";
        let rows = sqlx::query(sql).fetch_all(&self.readers).await.map_err(failed)?;
        rows.iter().map(key).collect()
    }

    async fn add_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let sql = "INSERT INTO api_keys
                     (id, name, role, partner, digest, created_at, expires_at, revoked_at, last_used_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(&key.id).bind(&key.name).bind(key.role.name()).bind(&key.partner);
        let query = query.bind(key.digest.as_slice()).bind(instant_text(key.created_at));
        let others = [key.expires_at, key.revoked_at, key.last_used_at];
        self.write(others.into_iter().fold(query, |query, at| query.bind(at.map(instant_text)))).await.map(|_| ())
    }

    async fn revoke_key(&self, id: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?";
        Ok(self.write(sqlx::query(sql).bind(instant_text(at)).bind(id)).await? == 1)
    }

    async fn keys_used(&self, used: &[(String, DateTime<Utc>)]) -> Result<(), StoreError> {
        let used: Vec<_> = used.iter().map(|(id, at)| (id, instant_text(*at))).collect();
        self.write(sqlx::query(USED).bind(serde_json::json!(used).to_string())).await.map(|_| ())
    }
}

fn key(row: &SqliteRow) -> Result<ApiKey, StoreError> {
    let id: String = get(row, "id")?;
    let digest: Vec<u8> = get(row, "digest")?;
    let digest = digest.try_into().map_err(|_| StoreError::Damaged(format!("the digest of key {id}")))?;
    Ok(ApiKey {
        id,
        name: get(row, "name")?,
        role: parsed(row, "role")?,
        partner: get(row, "partner")?,
        digest,
        created_at: parsed(row, "created_at")?,
        expires_at: parsed_if_any(row, "expires_at")?,
        revoked_at: parsed_if_any(row, "revoked_at")?,
        last_used_at: parsed_if_any(row, "last_used_at")?,
    })
}
