//! The ledger: a store, and the edition of facts to judge by.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::edition::{Edition, EditionError, GivenFiles};
use crate::recent::Recent;
use crate::store::{Store, StoreError};

/// The use cases behind every way in. They hold no policy; [`ledger_domain`] does.
pub struct Ledger {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) edition: Edition,
    /// Set once the edition is kept in the ledger.
    pub(crate) adopted: OnceCell<()>,
    /// The licenses written last.
    pub(crate) recent: Recent,
}

impl Ledger {
    /// Opens the ledger to read, quote and post by the given files, else by its current edition, else by the built-in.
    ///
    /// # Errors
    /// Problems of the files, or the store's failure.
    pub async fn open(store: Arc<dyn Store>, given: GivenFiles) -> Result<Self, EditionError> {
        let edition = Edition::choose(store.as_ref(), given).await?;
        Ok(Self { store, edition, adopted: OnceCell::new(), recent: Recent::default() })
    }

    /// The edition of facts in use.
    #[must_use]
    pub const fn edition(&self) -> &Edition {
        &self.edition
    }

    /// The store underneath.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Gives every committed event its position.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn settle(&self) -> Result<(), StoreError> {
        self.store.settle().await
    }
}
