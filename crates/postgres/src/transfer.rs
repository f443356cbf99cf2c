//! A whole ledger taken out, and one put in.

use async_trait::async_trait;
use ledger_app::store::{EditionFiles, StoreError};
use ledger_app::transfer::line::Adoption;
use ledger_app::transfer::{Begun, Chunk, ImportState, Snapshot, Transfer};

use crate::error::store_error;
use crate::{PostgresStore, editions, export, import};

#[async_trait]
impl Transfer for PostgresStore {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        export::snapshot(&self.reads).await
    }

    async fn edition(&self, edition: &str) -> Result<Option<EditionFiles>, StoreError> {
        editions::by_name(&self.reads, edition).await
    }

    async fn import_state(&self) -> Result<ImportState, StoreError> {
        let mut connection = self.reads.acquire().await.map_err(store_error)?;
        import::state(&mut connection).await
    }

    async fn begin_import(&self, digest: &[u8; 32]) -> Result<ImportState, StoreError> {
        import::begin(&self.reads, digest).await
    }

    async fn begin_chunk<'s>(&'s self, chunk: Chunk) -> Result<Box<dyn Begun + 's>, StoreError> {
        import::begin_chunk(&self.reads, chunk).await
    }

    async fn finish_import(&self, adoptions: &[Adoption], from: u64) -> Result<(), StoreError> {
        import::finish(&self.reads, adoptions, from).await
    }
}
