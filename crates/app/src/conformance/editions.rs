//! Editions of facts.

use super::Tested;
use super::fixture::edition;
use crate::store::{EditionFiles, StoreError};

pub(super) async fn the_edition_adopted_last_is_the_current_one(store: Tested) {
    assert_eq!(store.current_edition().await.unwrap(), None);
    for name in ["a", "a", "b", "a", "c", "a"] {
        store.adopt_edition(&edition(name)).await.unwrap();
        assert_eq!(store.current_edition().await.unwrap(), Some(edition(name)));
    }
}

pub(super) async fn an_editions_bytes_are_kept_as_they_were(store: Tested) {
    let first = edition("a");
    store.adopt_edition(&first).await.unwrap();
    store.adopt_edition(&edition("b")).await.unwrap();
    let other = EditionFiles { catalog: "other".to_owned(), prices: "other".to_owned(), ..first.clone() };
    // A store may refuse other bytes under the same name, or pass over them.
    if store.adopt_edition(&other).await.is_ok() {
        assert_eq!(store.current_edition().await.unwrap(), Some(first.clone()));
    }
    store.adopt_edition(&first).await.unwrap();
    assert_eq!(store.current_edition().await.unwrap(), Some(first));
}

pub(super) async fn a_first_edition_takes_no_others_place(store: Tested) {
    for _ in 0..2 {
        store.adopt_first_edition(&edition("a")).await.unwrap();
    }
    let refused = store.adopt_first_edition(&edition("b")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "{refused:?}");
    assert_eq!(store.current_edition().await.unwrap(), Some(edition("a")));
    store.adopt_edition(&edition("b")).await.unwrap();
    let refused = store.adopt_first_edition(&edition("a")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "it was adopted, and another one later: {refused:?}");
    assert_eq!(store.current_edition().await.unwrap(), Some(edition("b")));
}
