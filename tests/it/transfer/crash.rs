//! SIGKILL of an import, at any moment: the same import again completes it.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tempfile::tempdir;

use super::{exported, file_database, filled, import, said, server};
use crate::command_line::{Cli, text};

#[test]
fn a_killed_import_into_sqlite_is_completed() {
    let folder = tempdir().unwrap();
    is_completed(&Cli::on(file_database(folder.path(), "target.db")), folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_into_postgres_is_completed() {
    let folder = tempdir().unwrap();
    is_completed(&Cli::on(server().await), folder.path());
}

fn is_completed(cli: &Cli, folder: &Path) {
    let from = Cli::on(file_database(folder, "from.db"));
    filled(&from, folder, 1_500);
    let (file, lines) = exported(&from, folder, "from.ndjson");
    for after in [30, 200, 600, 1_000, 1_400, 1_800] {
        let mut child = cli.spawn(&["import", file.to_str().unwrap()]);
        std::thread::sleep(Duration::from_millis(after));
        child.kill().unwrap();
        child.wait().unwrap();
        // Empty, complete, or refused: never a part of it.
        let output = cli.run(&["list", "--limit", "1", "--format", "json"]);
        match output.status.code() {
            Some(0) => {
                let licenses: Value = serde_json::from_slice(&output.stdout).unwrap();
                let is_empty = licenses["items"].as_array().unwrap().is_empty();
                assert!(is_empty || cli.json(&["verify"])["damages"] == 0);
            }
            status => {
                assert_eq!(status, Some(3), "{}", said(&output));
                assert!(said(&output).contains("its import has not ended"), "{}", said(&output));
            }
        }
    }
    let output = import(cli, &file);
    assert_eq!(output.status.code(), Some(0), "{} {}", text(&output.stdout), said(&output));
    assert!(exported(cli, folder, "again.ndjson").1 == lines, "it is not byte for byte the file");
    assert_eq!(cli.json(&["verify"])["damages"], 0);
    assert_eq!(cli.json(&["rebuild"])["mended"], 0);
}
