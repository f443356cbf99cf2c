//! Tables that cannot be read: told in one line, with status 2, and nothing of them is taken.

use tempfile::TempDir;

use super::{Cli, DAY, Desk, HEADER, last_line, row, text};

#[test]
fn a_table_that_cannot_be_read_is_told_and_nothing_is_taken() {
    let folder = TempDir::new().unwrap();
    let desk = Desk { cli: Cli::sqlite(folder.path()), folder: folder.path() };
    let good = row("OLD-1", 25, "2013-01-20");
    let bad = [
        (String::new(), "it is empty; its first line names the columns"),
        (format!("{HEADER}\n"), "there is no row below its header"),
        (format!("{HEADER},colour\n{good}"), "there is no column \"colour\"; there are license, product"),
        (format!("{HEADER},users\n{good}"), "the column users stands twice in the header"),
        ("license,users\nOLD-1,25\n".to_owned(), "the header lacks product, license_type, plugins"),
    ];
    for (table, why) in bad {
        let output = desk.import(&table, &["--commit"]);
        assert_eq!(output.status.code(), Some(2), "{table}");
        assert!(last_line(&output).contains(why), "{}", last_line(&output));
    }
    let file = folder.path().join("windows-1251.csv");
    std::fs::write(
        &file,
        [HEADER.as_bytes(), b"\nOLD-1,control,commercial,25,,\xce\xce\xce,2012-01-20,2013-01-20\n"].concat(),
    )
    .unwrap();
    let output = desk.cli.run(&["import-portfolio", file.to_str().unwrap(), "--commit"]);
    assert!(last_line(&output).contains("line 2 is not in UTF-8"), "{}", last_line(&output));
    assert!(desk.listed().is_empty());
}

#[test]
fn a_day_that_lies_ahead_is_refused() {
    let folder = TempDir::new().unwrap();
    let desk = Desk { cli: Cli::sqlite(folder.path()), folder: folder.path() };
    let file = desk.file(&format!("{HEADER}\n{}", row("OLD-1", 25, "2013-01-20")));
    let output = desk.cli.run(&["import-portfolio", &file, "--on", "9999-01-01"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(last_line(&output).contains("--on 9999-01-01 lies ahead: today is"), "{}", last_line(&output));
}

#[test]
fn more_rows_than_a_group_are_taken_and_slips_are_warned_of() {
    let folder = TempDir::new().unwrap();
    let desk = Desk { cli: Cli::sqlite(folder.path()), folder: folder.path() };
    let rows: String = (1..=1_200).map(|number| row(&format!("OLD-{number:04}"), 25, "2013-01-20")).collect();
    let table = format!("{HEADER}\n{rows}{}", row("OLD-9999", 25, "2031-01-20"));
    let output = desk.import(&table, &["--commit"]);
    assert!(last_line(&output).ends_with("1 201 rows: 1 201 opened on 2012-08-20, 0 already there, 0 refused"));
    let warned = text(&output.stderr);
    assert!(warned.contains("line 1202: warning: SWM ends on 2031-01-20, more than two years after"), "{warned}");
    assert_eq!(desk.cli.json(&["show", "OLD-1200", "--on", DAY])["users"], 25);
    assert_eq!(desk.verified_events(), 1_201);
}
