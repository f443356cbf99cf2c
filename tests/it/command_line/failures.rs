//! A read-only file, a full disk, a database that goes away: one clear line, exit 3, and what was printed is there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::tempdir;
use throwaway_postgres::Server;

use super::{Cli, last_line, ndjson, outcomes, purchase, text};

/// Exit 3, and one line of ours that names the database; no panic.
fn assert_database_failed(output: &Output, names: &str) {
    let line = last_line(output);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(line.starts_with("license-ledger: ") && line.contains(names), "{line}");
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
}

#[test]
fn a_database_that_cannot_be_made_or_is_none() {
    let folder = tempdir().expect("a folder");
    let no_database = folder.path().join("notes.txt");
    fs::write(&no_database, "these are notes, and no database at all; ".repeat(100)).expect("written");
    for path in ["/proc/no/such.db".to_owned(), folder.path().display().to_string(), no_database.display().to_string()]
    {
        let cli = Cli::on(format!("sqlite:{path}"));
        assert_database_failed(&cli.feed(&["post"], ndjson([purchase(1)]).as_bytes()), &path);
        if !path.starts_with("/proc") {
            assert_database_failed(&cli.run(&["list"]), &path);
        }
    }
    assert!(fs::read_to_string(no_database).expect("still there").starts_with("these are notes"), "it is left alone");
}

#[test]
fn a_read_only_file_can_be_read_and_not_posted_to() {
    let folder = tempdir().expect("a folder");
    Cli::sqlite(folder.path()).post(&ndjson([purchase(1)]));
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    let file = folder.path().join("ledger.db");
    open(&file, 0o444);
    open(folder.path(), 0o555);
    let post = as_nobody(folder.path(), &["post"], &ndjson([purchase(2)]));
    let list = as_nobody(folder.path(), &["list"], "");
    open(folder.path(), 0o755);
    assert_database_failed(&post, "ledger.db");
    assert_eq!(list.status.code(), Some(0), "{}", text(&list.stderr));
    assert_eq!(outcomes(&post.stdout).len(), 0);
}

/// Runs the binary as a user who may not write what root may: a copy of it, where that user can reach it.
fn as_nobody(folder: &Path, args: &[&str], input: &str) -> Output {
    let own = tempdir().expect("a folder");
    fs::set_permissions(own.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    let binary = own.path().join("license-ledger");
    fs::copy(env!("CARGO_BIN_EXE_license-ledger"), &binary).expect("a copy");
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary);
        command
    } else {
        Command::new(&binary)
    };
    let database = format!("sqlite:{}", folder.join("ledger.db").display());
    let file = own.path().join("input.ndjson");
    fs::write(&file, input).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("permissions");
    command.args(["--database", &database]).args(args).stdin(fs::File::open(&file).expect("the input"));
    command.output().expect("it runs")
}

/// A file-size limit makes writes fail as a full disk does, at the same place and with the same result.
#[test]
fn a_full_disk() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    cli.post(&ndjson([purchase(0)]));
    let input = folder.path().join("input.ndjson");
    fs::write(&input, ndjson((1..4_000).map(purchase))).expect("written");
    let script = "trap '' XFSZ; ulimit -f 6000; exec \"$0\" \"$@\"";
    let database = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_license-ledger"), "--database", &database, "post"])
        .arg(&input)
        .stdout(Stdio::piped())
        .output()
        .expect("it runs");
    assert_database_failed(&output, "ledger.db");
    let printed = outcomes(&output.stdout);
    assert!(!printed.is_empty() && printed.len() < 3_999, "{} were printed", printed.len());
    for outcome in [&printed[0], &printed[printed.len() - 1]] {
        cli.json(&["show", outcome["license"].as_str().expect("a number"), "--on", "2012-08-20"]);
    }
    let (again, status) = cli.post(&fs::read_to_string(&input).expect("the input"));
    assert_eq!((again.len(), status), (3_999, 0));
    assert!(again[..printed.len()].iter().all(|outcome| outcome["replayed"] == true));
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    let cli = Cli::on("postgres://nobody:secret@127.0.0.1:1/none");
    let output = cli.run(&["list"]);
    assert_database_failed(&output, "127.0.0.1");
    assert!(!text(&output.stderr).contains("secret"), "no password is printed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_between_two_commands() {
    let server = Server::start_durable().expect("a server");
    let cli = Cli::on(server.new_database().await.expect("a database"));
    let mut child = cli.spawn(&["post"]);
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    let mut first = String::new();
    std::io::Write::write_all(&mut stdin, ndjson([purchase(1)]).as_bytes()).expect("it reads");
    std::io::BufRead::read_line(&mut stdout, &mut first).expect("it answers");
    assert!(first.contains("\"accepted\""), "{first}");
    server.kill().expect("a kill");
    std::io::Write::write_all(&mut stdin, ndjson([purchase(2)]).as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_database_failed(&output, "postgres");
    server.restart().expect("it starts again");
    cli.json(&["show", &super::license(1), "--on", "2012-08-20"]);
    assert_eq!(cli.run(&["show", &super::license(2)]).status.code(), Some(1), "what was not answered is not there");
}

/// Whoever mistypes the database's name is told so, and not only that the license is not in it.
#[test]
fn a_license_is_not_said_to_be_missing_where_there_is_no_ledger() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::on(format!("sqlite:{}", folder.path().join("misspelt.db").display()));
    for asked in [
        &["show", "LIC-000001"][..],
        &["history", "LIC-000001"],
        &["lineage", "LIC-000001"],
        &["support", "LIC-000001", "--on", "2012-08-20"],
        &["certificate", "LIC-000001", "--on", "2012-08-20"],
        &["needed-users", "connect", "--mailboxes", "5", "--license", "LIC-000001"],
    ] {
        let output = cli.run(asked);
        let said = last_line(&output);
        assert_eq!(output.status.code(), Some(1), "{asked:?}: {said}");
        assert!(said.contains("there is no ledger in sqlite:") && said.contains("misspelt.db"), "{asked:?}: {said}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn files_that_cannot_be_written_are_named_with_what_to_do() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    cli.post(&ndjson([purchase(1)]));
    let export = folder.path().join("ledger.ndjson");
    let nowhere = folder.path().join("nowhere/ledger.ndjson");
    let (export, nowhere) = (export.to_str().expect("a path"), nowhere.to_str().expect("a path"));
    let refused = |args: &[&str], status, why: &str| {
        let output = cli.run(args);
        let said = last_line(&output);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {said}");
        assert!(said.contains(why), "{args:?}: {said}");
    };
    refused(&["export", nowhere], 2, &format!("cannot write {nowhere}: "));
    refused(&["export", nowhere], 2, "; give a folder that is there");
    assert_eq!(cli.run(&["export", export]).status.code(), Some(0));
    cli.post(&ndjson([purchase(2)]));
    refused(&["import", export], 1, "name another file or database with --database");
}
