//! Editions of facts: which catalog and price list commands are judged by.

use ledger_domain::catalog::{BUILT_IN_CATALOG, BUILT_IN_PRICES, Finding, Problem, Programme};
use sha2::{Digest, Sha256};

use crate::patience::in_time;
use crate::store::{EditionFiles, Store, StoreError};

/// The files given for this run; what is absent is the ledger's current, or the built-in.
#[derive(Debug, Clone, Default)]
pub struct GivenFiles {
    /// The text of a catalog.
    pub catalog: Option<String>,
    /// The text of a price list.
    pub prices: Option<String>,
}

impl GivenFiles {
    const fn is_empty(&self) -> bool {
        self.catalog.is_none() && self.prices.is_none()
    }
}

/// The facts of a run, parsed, with the bytes they came from.
#[derive(Debug)]
pub struct Edition {
    /// The parsed facts.
    pub programme: Programme,
    /// The bytes, and their hash.
    pub files: EditionFiles,
    /// What the price list's loading found (SWM-4): warnings.
    pub findings: Vec<Finding>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where an edition of facts comes from, and so whether it becomes the ledger's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is the ledger's current one.
    Current,
    /// Its files were given, or one of them: it becomes the current one, whatever that is.
    Given,
    /// It is built in, and the ledger has none: it becomes the current one unless there is another by then.
    BuiltIn,
}

/// Why a built-in edition is not adopted.
#[must_use]
pub fn another_edition() -> StoreError {
    StoreError::Conflict("a catalog and a price list have just been adopted".to_owned())
}

/// Why there is no edition to work with.
#[derive(Debug, thiserror::Error)]
pub enum EditionError {
    /// The files do not make a programme: every problem, with its place.
    #[error("the catalog or the price list cannot be used")]
    Problems(Vec<Problem>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// SHA-256 over both files in hex: each is hashed behind its length, so that no two pairs look alike.
#[must_use]
pub fn edition_of(catalog: &str, prices: &str) -> String {
    let mut hash = Sha256::new();
    for file in [catalog, prices] {
        hash.update(u64::try_from(file.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(file.as_bytes());
    }
    hex::encode(hash.finalize())
}

impl Edition {
    /// The edition of the two files.
    ///
    /// # Errors
    /// Every problem of either file.
    pub fn parse(catalog: String, prices: String) -> Result<Self, Vec<Problem>> {
        let (programme, findings) = Programme::parse(&catalog, &prices)?;
        let edition = edition_of(&catalog, &prices);
        Ok(Self { programme, findings, files: EditionFiles { edition, catalog, prices }, origin: Origin::Given })
    }

    /// The edition to judge by: the given files, else the ledger's current, else the built-in.
    ///
    /// # Errors
    /// Problems of the files, or the store's failure.
    pub async fn choose(store: &dyn Store, given: GivenFiles) -> Result<Self, EditionError> {
        let current = in_time(store.current_edition()).await?;
        let use_current = given.is_empty();
        let current_edition = current.as_ref().map(|files| files.edition.clone());
        let (catalog, prices) = match current {
            Some(files) => (files.catalog, files.prices),
            None => (BUILT_IN_CATALOG.to_owned(), BUILT_IN_PRICES.to_owned()),
        };
        if current_edition.as_ref().is_some_and(|current| *current != edition_of(&catalog, &prices)) {
            let what = "the current edition's catalog or price list was changed; `license-ledger verify` says which";
            return Err(StoreError::Damaged(what.to_owned()).into());
        }
        let edition = Self::parse(given.catalog.unwrap_or(catalog), given.prices.unwrap_or(prices));
        let mut edition = match (edition, current_edition.is_some() && use_current) {
            (Ok(edition), _) => edition,
            (Err(problems), false) => return Err(EditionError::Problems(problems)),
            (Err(problems), true) => {
                let first = problems.first().map(ToString::to_string).unwrap_or_default();
                return Err(StoreError::Damaged(format!("the current edition of facts cannot be read: {first}")).into());
            }
        };
        edition.origin = match current_edition {
            Some(current) if current == edition.files.edition => Origin::Current,
            None if use_current => Origin::BuiltIn,
            _ => Origin::Given,
        };
        Ok(edition)
    }
}
