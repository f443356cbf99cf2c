//! A healthy ledger is looked at once, quickly: nothing of the example year is in doubt, in a rebuild or in `verify`.

use std::sync::Arc;

use ledger_app::rebuild::refold;
use ledger_app::store::{RebuiltPage, Store};
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use tempfile::TempDir;
use throwaway_postgres::Server;

use crate::seal::history;

#[tokio::test]
async fn nothing_of_the_year_is_in_doubt_on_sqlite() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    nothing_of_the_year_is_in_doubt(Arc::new(SqliteStore::open(path.to_str().unwrap()).await.unwrap())).await;
}

#[tokio::test]
async fn nothing_of_the_year_is_in_doubt_on_postgresql() {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    nothing_of_the_year_is_in_doubt(Arc::new(PostgresStore::connect(&url).await.unwrap())).await;
}

async fn nothing_of_the_year_is_in_doubt(store: Arc<dyn Store>) {
    history(&store, 10).await;
    let rebuilt = store.rebuild_page(None, 1_000, refold).await.unwrap();
    let compared = store.audit().compare_page(None, 1_000, refold).await.unwrap();
    assert!(rebuilt.licenses > 40 && rebuilt.events > 200, "{rebuilt:?}");
    let healthy = RebuiltPage { last: None, in_doubt: 0, mended: vec![], ..rebuilt.clone() };
    assert_eq!((rebuilt, compared), (healthy.clone(), healthy));
}
