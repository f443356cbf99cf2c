//! What every store must do.

use std::sync::Arc;

use ledger_app::conformance::{rebuild_mends, run_all};
use sqlx::Executor;

use super::support::{open, open_bare};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_does_what_every_store_must() {
    run_all(open_bare).await;
}

#[tokio::test]
async fn a_rebuild_mends_every_damage() {
    let opened = open().await;
    let pool = opened.pool;
    rebuild_mends(Arc::new(opened.store), |damage| {
        let pool = pool.clone();
        async move {
            pool.execute(damage.sql()).await.unwrap();
        }
    })
    .await;
}
