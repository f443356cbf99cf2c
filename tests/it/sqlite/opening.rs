//! Opening what is there, and what is no ledger.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use ledger_app::store::{AsOf, Batch, Filter, Store, StoreError};
use ledger_sqlite::SqliteStore;
use tempfile::TempDir;

use super::File;

/// Why a file is not opened: one line, with its name in it.
async fn refused(path: &Path) -> StoreError {
    let error = SqliteStore::open(path.to_str().unwrap()).await.err().unwrap();
    let line = error.to_string();
    assert!(line.contains(path.to_str().unwrap()) && !line.contains('\n'), "{line}");
    error
}

async fn is_unavailable(path: &Path, why: &str) {
    match refused(path).await {
        StoreError::Unavailable(line) => assert!(line.contains(why), "{line}"),
        other => panic!("{other:?}"),
    }
}

async fn licenses(store: &SqliteStore) -> usize {
    store.list(&Filter::default(), AsOf::default(), None, 100).await.unwrap().len()
}

fn mark_read_only(path: &Path) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(path, permissions).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_open_a_new_file_at_once_all_succeed() {
    for _ in 0..5 {
        let file = File::new();
        let openings = (0..8).map(|_| {
            let path = file.path().to_owned();
            tokio::spawn(async move { SqliteStore::open(&path).await })
        });
        for opening in openings.collect::<Vec<_>>() {
            assert_eq!(licenses(&opening.await.unwrap().unwrap()).await, 0);
        }
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let file = File::filled().await;
    assert_eq!(licenses(&file.open().await).await, 5);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let file = File::filled().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'newer', TRUE, x'00', 0)";
    sqlx::query(newer).execute(&mut file.connect().await).await.unwrap();
    assert!(matches!(refused(&file.path).await, StoreError::Newer(_)));
}

#[tokio::test]
async fn what_is_no_ledger_is_refused_in_one_line() {
    let folder = TempDir::new().unwrap();
    is_unavailable(folder.path(), "folder").await;
    is_unavailable(&folder.path().join("none").join("ledger.db"), "unable to open").await;
    let text = folder.path().join("letter.txt");
    fs::write(&text, "Dear sirs, ".repeat(500)).unwrap();
    is_unavailable(&text, "not an SQLite database").await;
    assert_eq!(fs::read_to_string(&text).unwrap().len(), 5500);
}

#[tokio::test]
async fn a_database_of_something_else_is_left_alone() {
    let file = File::new();
    fs::write(&file.path, "").unwrap();
    sqlx::query("CREATE TABLE notes (text)").execute(&mut file.connect().await).await.unwrap();
    let before = fs::read(&file.path).unwrap();
    is_unavailable(&file.path, "something else").await;
    assert_eq!(fs::read(&file.path).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_read() {
    let file = File::filled().await;
    mark_read_only(&file.path);
    let before = fs::read(&file.path).unwrap();
    can_only_be_read(&file).await;
    // A folder in its place: the file that readers share cannot be made, as in a folder that cannot be written.
    let shared = file.folder.path().join("ledger.db-shm");
    fs::remove_file(&shared).ok();
    fs::create_dir(&shared).unwrap();
    can_only_be_read(&file).await;
    assert_eq!(fs::read(&file.path).unwrap(), before);
}

async fn can_only_be_read(file: &File) {
    let store = file.open().await;
    assert_eq!(licenses(&store).await, 5);
    store.wait_until_final(Utc::now() - TimeDelta::seconds(1)).await.unwrap();
    let refused = store.append(&Batch::default()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    store.close().await;
}

#[tokio::test]
async fn a_file_that_must_be_migrated_but_cannot_be_written_is_refused() {
    let file = File::new();
    fs::write(&file.path, "").unwrap();
    mark_read_only(&file.path);
    is_unavailable(&file.path, "migrated first").await;
}

#[tokio::test]
async fn a_file_that_is_damaged_is_called_so() {
    let file = File::filled().await;
    let mut bytes = fs::read(&file.path).unwrap();
    bytes[4096..].fill(0xEE);
    fs::write(&file.path, bytes).unwrap();
    assert!(matches!(refused(&file.path).await, StoreError::Damaged(_)));
}

#[tokio::test]
async fn many_read_at_once() {
    let file = File::filled().await;
    let store = Arc::new(file.open().await);
    let reads = (0..100).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.list(&Filter::default(), AsOf::default(), None, 10).await.unwrap().len() })
    });
    for read in reads.collect::<Vec<_>>() {
        assert_eq!(read.await.unwrap(), 5);
    }
}
