//! Ten thousand commands, twice, the second time on another day.

use serde_json::{Value, json};
use tempfile::tempdir;

use super::{Cli, envelope, license, ndjson, one_of_three, outcomes, text};

/// The earliest day there is on earth right now, and the latest: never the same one.
const A_DAY: &str = "Etc/GMT+12";
const ANOTHER_DAY: &str = "Pacific/Kiritimati";

/// Purchases, additions, refusals, reports; half of them without a date of their own.
fn commands() -> String {
    ndjson((0..10_000).map(|number| {
        let of = license(number / 4);
        let mut command = match number % 4 {
            3 => envelope(number, &of, json!({"type": "report_server_online", "server": "A"})),
            step => one_of_three(number, &of, step),
        };
        if number % 8 > 3 {
            command.as_object_mut().expect("an object").remove("on");
        }
        command
    }))
}

fn snapshot(cli: &Cli) -> Vec<Value> {
    let list = cli.json(&["list", "--on", "2040-01-01", "--limit", "100000"]);
    vec![list, cli.json(&["history", &license(7)]), cli.json(&["history", &license(2_499)])]
}

fn check(cli: &Cli) {
    let input = commands();
    let first = cli.feed(&["--time-zone", A_DAY, "post"], input.as_bytes());
    assert_eq!(first.status.code(), Some(1), "a quarter is refused: {}", text(&first.stderr));
    let before = snapshot(cli);
    let second = cli.feed(&["--time-zone", ANOTHER_DAY, "post"], input.as_bytes());
    let (first, second) = (outcomes(&first.stdout), outcomes(&second.stdout));
    assert_eq!((first.len(), second.len()), (10_000, 10_000));
    assert_eq!(first.iter().filter(|outcome| outcome["outcome"] == "accepted").count(), 7_500);
    for (first, second) in first.iter().zip(second) {
        let mut expected = first.clone();
        expected["replayed"] = true.into();
        assert_eq!(second, expected);
    }
    assert_eq!(snapshot(cli), before, "the ledger is unchanged");
}

#[test]
fn ten_thousand_commands_again_on_another_day_change_nothing_on_sqlite() {
    let folder = tempdir().expect("a folder");
    check(&Cli::sqlite(folder.path()));
}

#[tokio::test]
async fn ten_thousand_commands_again_on_another_day_change_nothing_on_postgres() {
    check(&Cli::postgres().await);
}
