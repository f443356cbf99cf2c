//! What `verify` holds a database against is what the migrations make.

use std::fmt::Write;

use ledger_postgres::schema::objects;

use super::support::open;
use crate::files::{root, update_or_compare};

#[tokio::test]
async fn the_list_is_what_the_migrations_make() {
    let mut list = String::new();
    for ((kind, table, name), definition) in objects(&open().await.pool).await.unwrap() {
        writeln!(list, "{kind}\t{table}\t{name}\t{definition}").unwrap();
    }
    update_or_compare(&root().join("crates/postgres/src/schema.txt"), &list);
}
