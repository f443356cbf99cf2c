//! Commands from before outcomes were sealed: their leaves have no word of them, and are as good as ever.

use std::fs;
use std::io::{BufRead, Cursor};

use ledger_app::sealing::{init, seal_all};
use ledger_app::transfer::Transfer;
use ledger_app::transfer::export::export;
use ledger_app::transfer::import::{import, look_through};
use ledger_app::verify::Evidence;
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use serde_json::json;
use tempfile::tempdir;
use throwaway_postgres::Server;

use super::history;
use super::tampering::{Tampered, key};
use crate::command_line::Cli;
use crate::files::root;

/// What a new command's line says.
const SEALED: &str = r#","outcome_sealed":true"#;

/// What signed the files that were written then, and the root of their log.
const VERIFIER: &str = "ledger.example/licenses+8b42fa12+AerUvJMrv0TAIJrVT6d4ew+YA0lj/XdYaxhhjJKyPtaz";
const ROOT: &str = "CmAHqJezfz1kYlIkQNmYX1G0lXtjqRDJfAbYGLpETzM=";

/// An export and a certificate that a program of then wrote.
#[test]
fn files_of_then() {
    let golden = |name: &str| root().join("tests/golden").join(name).display().to_string();
    let (file, certificate) = (golden("export-before-outcomes.ndjson"), golden("certificate-before-outcomes.json"));
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    assert_eq!(cli.json(&["verify-export", &file, "--key", VERIFIER])["root"], ROOT);
    assert_eq!(cli.run(&["verify-certificate", &certificate, "--key", VERIFIER]).status.code(), Some(0));
    assert_eq!(cli.json(&["import", &file])["root"], ROOT);
    let verified = cli.json(&["verify", "--verifier", VERIFIER]);
    assert_eq!((&verified["root"], &verified["damages"]), (&json!(ROOT), &json!(0)));
    let again = folder.path().join("again.ndjson");
    cli.json(&["export", again.to_str().unwrap()]);
    assert!(fs::read(again).unwrap() == fs::read(file).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    let mut ledger = Tampered::sqlite().await;
    let file = ledger.old().await;
    let folder = tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    travels(&file, &SqliteStore::open_to_import(copy.to_str().unwrap()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let mut ledger = Tampered::postgres().await;
    let file = ledger.old().await;
    let copy = Server::shared().await.unwrap().new_database().await.unwrap();
    travels(&file, &PostgresStore::connect_to_import(&copy).await.unwrap()).await;
}

impl Tampered {
    /// Makes it a ledger that was written by an older program, sealed, and used by this one since; its export.
    async fn old(&mut self) -> String {
        let commands = self.text("SELECT cast(count(*) AS text) FROM commands").await.parse().unwrap();
        self.sql("UPDATE commands SET outcome_digest = NULL", commands).await;
        self.sql("DELETE FROM checkpoints", 1).await;
        self.sql("DELETE FROM seal_keys", 1).await;
        let pieces = self.pieces().await;
        self.sql("DELETE FROM tree_hashes", pieces).await;
        seal_all(&*self.store).await.unwrap();
        init(&*self.store, &key(1), chrono::Utc::now()).await.unwrap();
        history(&self.store, 12).await;
        let (verified, damages) = self.verified(&Evidence::default()).await;
        assert_eq!(damages, [""; 0]);
        let file = exported(&*self.whole).await;
        let sealed = file.lines().filter(|line| line.contains(SEALED)).count();
        assert_eq!(u64::try_from(sealed).unwrap() + commands, verified.commands, "only the new ones");
        // A digest that is put in later gives another leaf.
        let late = "UPDATE commands SET outcome_digest = content_digest WHERE license = 'MORE-7' AND outcome_digest IS NULL AND accepted
            AND outcome LIKE '%LicenseIssued%'";
        self.sql(late, 1).await;
        self.finds(&["event 1 of license MORE-7", "it is not what was sealed"]).await;
        file
    }
}

/// What is imported is exported again as the same file, with the same leaves.
async fn travels(file: &str, copy: &dyn Transfer) {
    let open = || Ok(Box::new(Cursor::new(file.as_bytes().to_vec())) as Box<dyn BufRead + Send>);
    import(copy, open, &[], &mut |_| {}).await.unwrap();
    assert!(exported(copy).await == file);
    let is_old = |line: &&str| line.starts_with(r#"{"command""#) && !line.contains(SEALED);
    let old = file.lines().find(is_old).unwrap();
    let as_if_new = old.replacen(r#","outcome_digest""#, &format!(r#"{SEALED},"outcome_digest""#), 1);
    for forged in [file.replacen(SEALED, "", 1), file.replacen(old, &as_if_new, 1)] {
        let found = look_through(forged.as_bytes(), &[], &mut |_| {}).await.unwrap_err().to_string();
        assert!(found.ends_with("it is not what its leaf's hash stands for"), "{found}");
    }
}

async fn exported(store: &dyn Transfer) -> String {
    let mut lines = Vec::new();
    export(&mut *store.snapshot().await.unwrap(), &mut lines, &mut |_, _| {}).await.unwrap();
    String::from_utf8(lines).unwrap()
}
