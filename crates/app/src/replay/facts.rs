//! The facts that commands are judged by: those given, else those recorded.

use std::collections::HashMap;
use std::sync::Arc;

use ledger_domain::catalog::Programme;

use crate::edition::{EditionError, GivenFiles};
use crate::store::{EditionFiles, StoreError};
use crate::transfer::Transfer;

/// Programmes by the edition that was recorded.
pub(super) struct Facts<'f> {
    store: &'f dyn Transfer,
    given: &'f GivenFiles,
    recorded: HashMap<String, Arc<Programme>>,
    now: HashMap<String, Arc<Programme>>,
}

impl<'f> Facts<'f> {
    pub(super) fn new(store: &'f dyn Transfer, given: &'f GivenFiles) -> Self {
        Self { store, given, recorded: HashMap::new(), now: HashMap::new() }
    }

    /// What the command was judged by.
    pub(super) async fn recorded(&mut self, edition: &str) -> Result<Arc<Programme>, EditionError> {
        if let Some(programme) = self.recorded.get(edition) {
            return Ok(Arc::clone(programme));
        }
        let files = self.files(edition).await?;
        let programme = parsed(&files.catalog, &files.prices).map_err(|error| unreadable(edition, &error))?;
        self.recorded.insert(edition.to_owned(), Arc::clone(&programme));
        Ok(programme)
    }

    /// What it is judged by now.
    pub(super) async fn now(&mut self, edition: &str) -> Result<Arc<Programme>, EditionError> {
        if self.given.catalog.is_none() && self.given.prices.is_none() {
            return self.recorded(edition).await;
        }
        if let Some(programme) = self.now.get(edition) {
            return Ok(Arc::clone(programme));
        }
        let files = self.files(edition).await?;
        let catalog = self.given.catalog.as_ref().unwrap_or(&files.catalog);
        let prices = self.given.prices.as_ref().unwrap_or(&files.prices);
        let programme = parsed(catalog, prices)?;
        self.now.insert(edition.to_owned(), Arc::clone(&programme));
        Ok(programme)
    }

    async fn files(&self, edition: &str) -> Result<EditionFiles, StoreError> {
        let files = self.store.edition(edition).await?;
        files.ok_or_else(|| StoreError::Damaged(format!("edition {edition} is cited, and not there")))
    }
}

fn parsed(catalog: &str, prices: &str) -> Result<Arc<Programme>, EditionError> {
    let (programme, _) = Programme::parse(catalog, prices).map_err(EditionError::Problems)?;
    Ok(Arc::new(programme))
}

fn unreadable(edition: &str, error: &EditionError) -> EditionError {
    let what = match error {
        EditionError::Problems(problems) => problems.first().map(ToString::to_string).unwrap_or_default(),
        EditionError::Store(error) => error.to_string(),
    };
    StoreError::Damaged(format!("edition {edition} cannot be read: {what}")).into()
}
