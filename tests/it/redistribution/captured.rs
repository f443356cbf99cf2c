//! A store that takes batches down instead of writing them: what the use case would have appended at that moment.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::audit::Audit;
use ledger_app::feed::{Feed, FeedFilter, FeedPage};
use ledger_app::follow::Followed;
use ledger_app::kept::{KeptQuote, KeptQuotes};
use ledger_app::keys::{ApiKey, Keys};
use ledger_app::seal::SealedLog;
use ledger_app::store::{
    AsOf, Batch, EditionFiles, Expiring, Filter, Loaded, RebuiltPage, Refold, Store, StoreError, StoredEvent, Wanted,
};
use ledger_domain::license::Facts;
use ledger_domain::values::LicenseNumber;
use serde_json::Value;
use uuid::Uuid;

use super::{TODAY, ledger_on};
use crate::use_cases::{context, lines};

/// Reads as the store underneath does, and writes nothing.
struct Capturing {
    inner: Arc<dyn Store>,
    batches: Mutex<Vec<Batch>>,
}

/// The batch that posting the commands would append.
pub(super) async fn batch(store: &Arc<dyn Store>, commands: &[Value]) -> Batch {
    let capturing = Arc::new(Capturing { inner: Arc::clone(store), batches: Mutex::default() });
    let ledger = ledger_on(Arc::clone(&capturing) as Arc<dyn Store>).await;
    let posted = ledger.post(&lines(commands), &context(TODAY)).await;
    assert!(posted.failed.is_some() && posted.answered.is_empty(), "nothing that is not written is answered");
    let mut batches = capturing.batches.lock().expect("no panic");
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}

#[async_trait]
impl Store for Capturing {
    async fn append(&self, batch: &Batch) -> Result<(), StoreError> {
        self.batches.lock().expect("no panic").push(batch.clone());
        Err(StoreError::Unavailable("taken down instead".to_owned()))
    }

    async fn load(&self, wanted: &[Wanted]) -> Result<Loaded, StoreError> {
        self.inner.load(wanted).await
    }

    async fn facts(&self, license: &LicenseNumber, as_of: AsOf) -> Result<Option<Facts>, StoreError> {
        self.inner.facts(license, as_of).await
    }

    async fn list(
        &self,
        filter: &Filter,
        as_of: AsOf,
        after: Option<&LicenseNumber>,
        limit: u32,
    ) -> Result<Vec<Facts>, StoreError> {
        self.inner.list(filter, as_of, after, limit).await
    }

    async fn expiring(&self, asked: &Expiring, limit: u32) -> Result<Vec<Facts>, StoreError> {
        self.inner.expiring(asked, limit).await
    }

    async fn history(&self, license: &LicenseNumber, after: u64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        self.inner.history(license, after, limit).await
    }

    async fn current_edition(&self) -> Result<Option<EditionFiles>, StoreError> {
        self.inner.current_edition().await
    }

    async fn adopt_edition(&self, files: &EditionFiles) -> Result<(), StoreError> {
        self.inner.adopt_edition(files).await
    }

    async fn adopt_first_edition(&self, files: &EditionFiles) -> Result<(), StoreError> {
        self.inner.adopt_first_edition(files).await
    }

    async fn rebuild_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError> {
        self.inner.rebuild_page(after, limit, refold).await
    }

    fn sealed_log(&self) -> &dyn SealedLog {
        self.inner.sealed_log()
    }

    fn audit(&self) -> &dyn Audit {
        self.inner.audit()
    }

    async fn settle(&self) -> Result<(), StoreError> {
        self.inner.settle().await
    }

    async fn wait_until_final(&self, instant: DateTime<Utc>) -> Result<(), StoreError> {
        self.inner.wait_until_final(instant).await
    }
}

#[async_trait]
impl Keys for Capturing {
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.inner.keys().await
    }

    async fn add_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.inner.add_key(key).await
    }

    async fn revoke_key(&self, id: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.inner.revoke_key(id, at).await
    }

    async fn keys_used(&self, used: &[(String, DateTime<Utc>)]) -> Result<(), StoreError> {
        self.inner.keys_used(used).await
    }
}

#[async_trait]
impl KeptQuotes for Capturing {
    async fn keep_quote(&self, quote: &KeptQuote) -> Result<(), StoreError> {
        self.inner.keep_quote(quote).await
    }

    async fn kept_quote(&self, id: Uuid) -> Result<Option<KeptQuote>, StoreError> {
        self.inner.kept_quote(id).await
    }
}

#[async_trait]
impl Feed for Capturing {
    async fn feed(&self, after: Option<u64>, filter: &FeedFilter, limit: u32) -> Result<FeedPage, StoreError> {
        self.inner.feed(after, filter, limit).await
    }

    async fn followed(&self, from: u64, to: u64) -> Result<Vec<Followed>, StoreError> {
        self.inner.followed(from, to).await
    }

    async fn head(&self) -> Result<Option<u64>, StoreError> {
        self.inner.head().await
    }
}
