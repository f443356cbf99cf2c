//! Kept quotes.

use uuid::Uuid;

use super::Tested;
use super::fixture::day;
use crate::feed::{FeedFilter, FeedPage};
use crate::kept::KeptQuote;
use crate::store::{AsOf, Filter, StoreError};

fn quote() -> KeptQuote {
    KeptQuote {
        id: Uuid::from_u128(0x0190_c2b4_7d7e_7c3a_9a52_0d6f_0a1b_2c3d),
        kept_at: "2012-08-20T09:30:00.000001Z".parse().unwrap(),
        kept_by: "заказы@distributor".to_owned(),
        partner: Some("Softline".to_owned()),
        valid_until: day("2012-09-20"),
        // Byte for byte, whatever a database thinks of JSON.
        commands: r#"[ {"b": 1, "a": "Ёж ' \" \\", "a": 1.50} ]"#.to_owned(),
        outcomes: "[]".to_owned(),
    }
}

pub(super) async fn a_kept_quote_comes_back_as_it_was(store: Tested) {
    assert_eq!(store.kept_quote(quote().id).await.unwrap(), None);
    let other = KeptQuote { id: Uuid::from_u128(1), partner: None, ..quote() };
    for quote in [&quote(), &other] {
        store.keep_quote(quote).await.unwrap();
    }
    assert_eq!(store.kept_quote(quote().id).await.unwrap(), Some(quote()));
    assert_eq!(store.kept_quote(other.id).await.unwrap(), Some(other));
    assert_eq!(store.kept_quote(Uuid::from_u128(2)).await.unwrap(), None);
}

pub(super) async fn a_quotes_id_is_taken_once(store: Tested) {
    store.keep_quote(&quote()).await.unwrap();
    let again = store.keep_quote(&KeptQuote { kept_by: "other".to_owned(), ..quote() }).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(store.kept_quote(quote().id).await.unwrap(), Some(quote()));
}

pub(super) async fn a_kept_quote_is_no_event(store: Tested) {
    store.keep_quote(&quote()).await.unwrap();
    store.settle().await.unwrap();
    assert_eq!(store.feed(None, &FeedFilter::default(), 10).await.unwrap(), FeedPage::default());
    assert!(store.list(&Filter::default(), AsOf::default(), None, 10).await.unwrap().is_empty());
}
