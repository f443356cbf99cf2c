//! The editions of facts: each holds the catalog and the price list that its name, a hash of both, stands for.

use std::collections::HashSet;

use super::look::Look;
use crate::edition::edition_of;
use crate::store::StoreError;

/// Checks every edition; returns which there are.
pub(super) async fn check(look: &mut Look) -> Result<HashSet<String>, StoreError> {
    let editions = look.store.audit().editions().await?;
    for files in &editions {
        let name = edition_of(&files.catalog, &files.prices);
        if name != files.edition {
            look.damage(format!(
                "edition {}: its catalog or price list was changed: what is kept is edition {name}",
                files.edition
            ));
        }
    }
    Ok(editions.into_iter().map(|files| files.edition).collect())
}
