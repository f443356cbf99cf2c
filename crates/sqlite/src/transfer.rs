//! A whole ledger taken out, and one put in.

use async_trait::async_trait;
use ledger_app::store::{EditionFiles, StoreError};
use ledger_app::transfer::line::Adoption;
use ledger_app::transfer::{Begun, Chunk, ImportState, Snapshot, Transfer};

use crate::error::failed;
use crate::{SqliteStore, editions, export, import};

#[async_trait]
impl Transfer for SqliteStore {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        export::snapshot(self).await
    }

    async fn edition(&self, edition: &str) -> Result<Option<EditionFiles>, StoreError> {
        editions::by_name(&self.readers, edition).await
    }

    async fn import_state(&self) -> Result<ImportState, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(failed)?;
        import::state(&mut connection).await
    }

    async fn begin_import(&self, digest: &[u8; 32]) -> Result<ImportState, StoreError> {
        let mut lease = self.writer.lease().await?;
        let done = import::begin(lease.connection(), digest).await;
        lease.end(done)
    }

    async fn begin_chunk<'s>(&'s self, chunk: Chunk) -> Result<Box<dyn Begun + 's>, StoreError> {
        // There is one writer: it writes chunk after chunk.
        Ok(Box::new(ToWrite { store: self, chunk }))
    }

    async fn finish_import(&self, adoptions: &[Adoption], from: u64) -> Result<(), StoreError> {
        let mut lease = self.writer.lease().await?;
        let done = import::finish(lease.connection(), adoptions, from).await;
        lease.end(done)
    }
}

/// A chunk of which nothing is written yet.
struct ToWrite<'s> {
    store: &'s SqliteStore,
    chunk: Chunk,
}

#[async_trait]
impl Begun for ToWrite<'_> {
    async fn end(self: Box<Self>, from: u64, to: u64) -> Result<(), StoreError> {
        let mut lease = self.store.writer.lease().await?;
        let done = import::write(lease.connection(), &self.chunk, from, to).await;
        lease.end(done)
    }
}
