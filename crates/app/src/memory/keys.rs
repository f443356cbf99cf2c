//! API keys.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::MemoryStore;
use crate::keys::{ApiKey, Keys};
use crate::store::StoreError;

#[async_trait]
impl Keys for MemoryStore {
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys = self.held().keys.clone();
        keys.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(keys)
    }

    async fn add_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let keys = &mut self.held().keys;
        if keys.iter().any(|held| held.id == key.id) {
            return Err(StoreError::Conflict(format!("there is a key {} already", key.id)));
        }
        keys.push(key.clone());
        Ok(())
    }

    async fn revoke_key(&self, id: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut held = self.held();
        let Some(key) = held.keys.iter_mut().find(|key| key.id == id) else { return Ok(false) };
        key.revoked_at.get_or_insert(at);
        Ok(true)
    }

    async fn keys_used(&self, used: &[(String, DateTime<Utc>)]) -> Result<(), StoreError> {
        let mut held = self.held();
        for (id, at) in used {
            let key = held.keys.iter_mut().find(|key| key.id == *id);
            // The later one: `None` is before every instant.
            key.into_iter().for_each(|key| key.last_used_at = key.last_used_at.max(Some(*at)));
        }
        Ok(())
    }
}
