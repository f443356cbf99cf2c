//! Up to which instant the log is final.

use chrono::{TimeDelta, Utc};

use super::Tested;
use super::fixture::{issued, number, post};
use crate::store::StoreError;

pub(super) async fn an_instant_that_is_not_over_is_not_final(store: Tested) {
    let asked = Utc::now() + TimeDelta::hours(1);
    match store.wait_until_final(asked).await {
        Err(StoreError::NotYetFinal { asked: named, final_until }) => {
            assert_eq!(named, asked);
            assert!(final_until < asked);
        }
        other => panic!("{other:?}"),
    }
}

pub(super) async fn nothing_is_recorded_at_a_final_instant(store: Tested) {
    store.wait_until_final(Utc::now() - TimeDelta::days(365)).await.unwrap();
    for license in ["A-1", "B-1", "C-1"] {
        let instant = Utc::now();
        store.wait_until_final(instant).await.unwrap();
        post(&store, license, "2012-01-20", vec![issued("PO-1")]).await;
        let recorded = store.history(&number(license), 0, 1).await.unwrap()[0].recorded_at;
        assert!(recorded > instant, "{recorded} is not after {instant}");
        store.wait_until_final(recorded).await.unwrap();
    }
}
