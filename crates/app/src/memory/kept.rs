//! Kept quotes.

use std::collections::hash_map::Entry;

use async_trait::async_trait;
use uuid::Uuid;

use super::MemoryStore;
use crate::kept::{KeptQuote, KeptQuotes};
use crate::store::StoreError;

#[async_trait]
impl KeptQuotes for MemoryStore {
    async fn keep_quote(&self, quote: &KeptQuote) -> Result<(), StoreError> {
        match self.held().quotes.entry(quote.id) {
            Entry::Occupied(_) => Err(StoreError::Conflict(format!("there is a quote {} already", quote.id))),
            Entry::Vacant(entry) => {
                entry.insert(quote.clone());
                Ok(())
            }
        }
    }

    async fn kept_quote(&self, id: Uuid) -> Result<Option<KeptQuote>, StoreError> {
        Ok(self.held().quotes.get(&id).cloned())
    }
}
