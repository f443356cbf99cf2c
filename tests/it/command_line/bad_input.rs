//! Bad input: each line gets its own outcome, the others are done, nothing panics, nothing is half-written.

use serde_json::json;
use tempfile::tempdir;

use super::{Cli, envelope, last_line, license, outcomes, purchase, text};

fn add_users(number: usize, users: &str) -> Vec<u8> {
    let command = envelope(
        number,
        &license(1),
        json!({
        "type": "add_users", "order": format!("PO-{number}"), "users": "@", "registration": "automatic"}),
    );
    command.to_string().replace("\"@\"", users).into_bytes()
}

fn bought_by(number: usize, name: &str) -> Vec<u8> {
    let mut command = purchase(number);
    command["command"]["holder"]["name"] = name.into();
    command.to_string().into_bytes()
}

/// The line, and what becomes of it: the path of the fault, or the rule that refuses it, or nothing.
fn cases() -> Vec<(Vec<u8>, &'static str)> {
    let mut unknown = purchase(20);
    unknown["command"]["colour"] = json!("red");
    let mut no_date = purchase(21);
    no_date["on"] = json!("2012-02-30");
    let mut broken = bought_by(22, "OOO X");
    let at = broken.iter().position(|byte| *byte == b'X').expect("there");
    broken[at] = 0xff;
    vec![
        (purchase(1).to_string().into_bytes(), ""),
        (b"this is not JSON".to_vec(), "invalid "),
        (unknown.to_string().into_bytes(), "invalid /command/colour"),
        (add_users(3, "-5"), "invalid /command/users"),
        (add_users(4, "2147483648"), "invalid /command/users"),
        (add_users(5, "\"10\""), "invalid /command/users"),
        (add_users(6, "1e3"), "invalid /command/users"),
        (no_date.to_string().into_bytes(), "invalid /on"),
        (bought_by(7, &"x".repeat(1_000_000)), "invalid /command/holder/name"),
        (bought_by(8, "a\u{0}b"), "invalid /command/holder/name"),
        (broken, "invalid "),
        (bought_by(9, &"x".repeat(2_000_000)), "invalid "),
        (b"[".repeat(500_000), "invalid "),
        (add_users(10, "0"), "rejected USR-4"),
        (add_users(11, "7"), "rejected USR-4"),
        (b"   ".to_vec(), "blank"),
        (add_users(12, "10"), ""),
    ]
}

fn check(cli: &Cli) {
    let cases = cases();
    let input: Vec<u8> = cases.iter().flat_map(|(line, _)| line.iter().chain(b"\n")).copied().collect();
    let output = cli.feed(&["post"], &input);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let mut outcomes = outcomes(&output.stdout).into_iter();
    for ((_, expected), number) in cases.iter().zip(1u64..).filter(|((_, expected), _)| *expected != "blank") {
        let outcome = outcomes.next().expect("one outcome a line");
        match expected.split_once(' ') {
            Some(("invalid", path)) => {
                assert_eq!(outcome["outcome"], "invalid", "line {number}: {outcome}");
                assert_eq!(outcome["line"], number, "{outcome}");
                assert_eq!(outcome["errors"][0]["path"], path, "line {number}: {outcome}");
                assert!(!outcome["errors"][0]["message"].as_str().expect("a text").is_empty());
            }
            Some((_, rule)) => assert_eq!(outcome["violations"][0]["rule"], rule, "line {number}: {outcome}"),
            None => assert_eq!(outcome["outcome"], "accepted", "line {number}: {outcome}"),
        }
    }
    assert!(outcomes.next().is_none());
    assert_eq!(cli.json(&["show", &license(1), "--on", "2012-08-20"])["users"], 35);
    assert_eq!(cli.json(&["list"])["items"].as_array().expect("a list").len(), 1, "no other license came to be");
    assert_eq!(cli.run(&["rebuild"]).status.code(), Some(0));
}

#[test]
fn every_bad_line_gets_its_own_answer_on_sqlite() {
    let folder = tempdir().expect("a folder");
    check(&Cli::sqlite(folder.path()));
}

#[tokio::test]
async fn every_bad_line_gets_its_own_answer_on_postgres() {
    check(&Cli::postgres().await);
}

#[test]
fn an_empty_input_is_one_clear_line() {
    let folder = tempdir().expect("a folder");
    let cli = Cli::sqlite(folder.path());
    for input in [&b""[..], b"\n\n  \n"] {
        let output = cli.feed(&["post"], input);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert!(last_line(&output).contains("there is no command"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_last_line_without_its_end_and_windows_line_ends_are_read() {
    let folder = tempdir().expect("a folder");
    let input = format!("{}\r\n{}", purchase(1), purchase(2));
    let (outcomes, status) = Cli::sqlite(folder.path()).post(&input);
    assert_eq!((outcomes.len(), status), (2, 0));
}
