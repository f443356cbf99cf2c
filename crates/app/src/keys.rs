//! API keys: who may come in over HTTP, as what; the port to store them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_domain::command::Role;

use crate::store::StoreError;

/// An API key as stored. The secret itself is shown once and never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public part, which stands in the key before the secret: lower-case letters and digits.
    pub id: String,
    /// A name, for people: events carry it as the actor's.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The partner whose licenses alone it may see and touch; `None`: every license.
    pub partner: Option<String>,
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// When it was made, to the microsecond, as the other instants are.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused; `None`: never by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was used last, to within a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Storing API keys.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Every key ever made, oldest first.
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when its id is taken.
    async fn add_key(&self, key: &ApiKey) -> Result<(), StoreError>;

    /// Revokes the key at the instant. False: there is none with this id; one that is revoked stays as it is.
    async fn revoke_key(&self, id: &str, at: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Notes when keys were used last.
    async fn keys_used(&self, used: &[(String, DateTime<Utc>)]) -> Result<(), StoreError>;
}
