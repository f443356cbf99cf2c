//! API keys.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::keys::{ApiKey, Keys};
use ledger_app::store::StoreError;
use sqlx::FromRow;

use crate::PostgresStore;
use crate::error::{damaged, store_error};
use crate::rows::named;

/// The rows are locked in order, so that two processes never wait for each other in a circle. A clock that was set back
/// does not make a key look unused: the later instant stays.
const USED: &str = "
    WITH used AS (
        SELECT id, max(at) AS at FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at) GROUP BY id
    ), held AS (
        SELECT id, used.at FROM api_keys JOIN used USING (id)
        WHERE last_used_at IS NULL OR last_used_at < used.at
        ORDER BY id FOR UPDATE OF api_keys
    )
    UPDATE api_keys SET last_used_at = held.at FROM held WHERE api_keys.id = held.id";

#[async_trait]
impl Keys for PostgresStore {
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let query = "SELECT id, name, role, partner, digest, created_at, expires_at, revoked_at, last_used_at
                     FROM api_keys ORDER BY created_at, id";
        let rows: Vec<KeyRow> = sqlx::query_as(query).fetch_all(&self.reads).await.map_err(store_error)?;
        rows.into_iter().map(ApiKey::try_from).collect()
    }

    async fn add_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let query = "INSERT INTO api_keys
                         (id, name, role, partner, digest, created_at, expires_at, revoked_at, last_used_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let query = sqlx::query(query).bind(&key.id).bind(&key.name).bind(key.role.name()).bind(&key.partner);
        let query = query.bind(key.digest.as_slice()).bind(key.created_at);
        let query = query.bind(key.expires_at).bind(key.revoked_at).bind(key.last_used_at);
        query.execute(&self.reads).await.map(|_| ()).map_err(store_error)
    }

    async fn revoke_key(&self, id: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let query = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2";
        let done = sqlx::query(query).bind(at).bind(id).execute(&self.reads).await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn keys_used(&self, used: &[(String, DateTime<Utc>)]) -> Result<(), StoreError> {
        let (ids, instants): (Vec<_>, Vec<_>) = used.iter().map(|(id, at)| (id.as_str(), *at)).unzip();
        sqlx::query(USED).bind(ids).bind(instants).execute(&self.reads).await.map(|_| ()).map_err(store_error)
    }
}

/// A key's row as it comes from the database.
#[derive(FromRow)]
struct KeyRow {
    id: String,
    name: String,
    role: String,
    partner: Option<String>,
    digest: Vec<u8>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            digest: row.digest.try_into().map_err(|_| damaged(format_args!("the digest of key {}", row.id)))?,
            id: row.id,
            name: row.name,
            role: named(&row.role)?,
            partner: row.partner,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        })
    }
}
