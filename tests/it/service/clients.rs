//! The example client of `examples/clients/python`, run by a real Python.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::running::{Place, Running};
use super::told::pages;
use crate::command_line::{outcomes, text};
use crate::files::root;

/// How a script begins that uses the client as a module.
const MODULE: &str = "
import json, os, sys, threading
from ledger_client import Ledger, Refused
ledger = Ledger(os.environ['LICENSE_LEDGER_URL'], os.environ['LICENSE_LEDGER_KEY'])
def tell(answer): print(json.dumps(answer, ensure_ascii=False), flush=True)
";

/// Python on the client's folder, with the service's address and a key in its environment.
fn python(running: &Running, key: &str) -> Command {
    let mut command = Command::new("python3");
    command.current_dir(root().join("examples/clients/python"));
    command.env("LICENSE_LEDGER_URL", running.url()).env("LICENSE_LEDGER_KEY", key);
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUTF8", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the client as a program.
fn program(running: &Running, key: &str, words: &[&str]) -> Output {
    python(running, key).arg("ledger_client.py").args(words).output().expect("python3 runs: install it")
}

/// Runs a script that uses the client as a module; what it tells.
fn script(running: &Running, key: &str, script: &str) -> Vec<Value> {
    let output =
        python(running, key).args(["-c", &format!("{MODULE}{script}")]).output().expect("python3 runs: install it");
    assert!(output.status.success(), "{}", text(&output.stderr));
    outcomes(&output.stdout)
}

/// The commands of the example year with their outcomes, without those that another role must refuse: over HTTP the key
/// decides on the role, and nobody names an actor.
fn year() -> (Vec<String>, Vec<Value>) {
    let read = |name: &str| fs::read_to_string(root().join("examples").join(name)).expect("the example year");
    let commands = read("year.ndjson");
    let outcomes = outcomes(read("year.outcomes.ndjson").as_bytes());
    let pairs = commands.lines().filter(|line| !line.trim().is_empty()).zip(outcomes);
    pairs
        .filter(|(_, outcome)| outcome["outcome"] != "forbidden")
        .map(|(line, outcome)| (without_actor(line), outcome))
        .unzip()
}

fn without_actor(line: &str) -> String {
    let Ok(mut command) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
    if let Some(command) = command.as_object_mut() {
        command.remove("actor");
    }
    command.to_string()
}

/// What must be the same: where a line stands is said of lines that are not understood, and some lines are left out.
fn essence(mut outcome: Value) -> Value {
    if let Some(outcome) = outcome.as_object_mut() {
        outcome.remove("line");
    }
    outcome
}

async fn the_year_by_batch(place: &Place) {
    let key = place.key(&["--name", "desk", "--role", "vendor"]);
    let running = Running::start(place, &[]);
    let (commands, expected) = year();
    let file = place.file("year.ndjson");
    fs::File::create(&file)
        .and_then(|mut file| file.write_all((commands.join("\n") + "\n").as_bytes()))
        .expect("written");
    let path = file.to_str().expect("a path");
    let output = program(&running, &key, &["batch", path]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told: Vec<_> = outcomes(&output.stdout).into_iter().map(essence).collect();
    assert_eq!(told.len(), expected.len());
    for (told, expected) in told.iter().zip(expected.into_iter().map(essence)) {
        assert_eq!(told, &expected);
    }
    let again = outcomes(&program(&running, &key, &["batch", path]).stdout);
    for (again, first) in again.iter().zip(&told) {
        let binds = matches!(first["outcome"].as_str(), Some("accepted" | "rejected"));
        assert_eq!((&again["outcome"], again["replayed"] == true), (&first["outcome"], binds), "{again}");
    }
    lists_are_paged(&running, &key).await;
}

/// Page by page the client gives what one long page does.
async fn lists_are_paged(running: &Running, key: &str) {
    let mut client = running.client(key);
    let whole = pages(&mut client, "/v1/licenses?limit=1000").await;
    assert!(whole.len() > 50, "{}", whole.len());
    assert_eq!(script(running, key, "for license in ledger.licenses(limit=7): tell(license)"), whole);
    let whole = pages(&mut client, "/v1/swm-expiry?from=2013-01-01&to=2014-01-01&limit=1000").await;
    let expiring = program(running, key, &["expiring", "2013-01-01", "2014-01-01"]);
    assert_eq!(outcomes(&expiring.stdout), whole);
    assert!(!whole.is_empty());
    let license = whole[0]["license"].as_str().expect("a number");
    let shown = program(running, key, &["show", license, "--on", "2013-01-01"]);
    assert_eq!(outcomes(&shown.stdout)[0]["on"], "2013-01-01", "{}", text(&shown.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_year_by_batch_on_sqlite() {
    the_year_by_batch(&Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_year_by_batch_on_postgres() {
    the_year_by_batch(&Place::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_batch_are_read_while_it_is_written() {
    let place = Place::sqlite();
    let key = place.distributor();
    let running = Running::start(&place, &[]);
    // Each line is written only when the one before it was answered.
    let told = script(
        &running,
        &key,
        "
answered = threading.Semaphore(1)
def lines():
    for number in range(20):
        if not answered.acquire(timeout=20): os._exit(9)
        command = {'type': 'register_trial', 'product': 'connect', 'holder': {'name': 'ООО Ромашка'}}
        yield json.dumps({'command_id': f'00000000-0000-4000-8000-{number:012}', 'license': f'TRIAL-{number:02}',
                          'command': command}).encode()
for outcome in ledger.batch(lines()):
    tell(outcome)
    answered.release()
",
    );
    let licenses: Vec<_> =
        told.iter().map(|outcome| (outcome["license"].clone(), outcome["outcome"].clone())).collect();
    let expected: Vec<_> = (0..20).map(|number| (json!(format!("TRIAL-{number:02}")), json!("accepted"))).collect();
    assert_eq!(licenses, expected);
}

const QUOTED: &str = "
purchase = {'license': 'QUOTED-1', 'on': '2012-08-20', 'command': {'type': 'issue_license', 'order': 'PO-1',
            'product': 'control', 'users': 25, 'holder': {'name': 'ООО Ромашка'}, 'registration': 'automatic'}}
users = {'license': 'QUOTED-1', 'on': '2012-08-20', 'command': {'type': 'add_users', 'order': 'PO-2', 'users': 10}}
quoted = ledger.quote(purchase, users, keep=True)
try: ledger.entitlement('QUOTED-1')
except Refused as refused: tell(refused.status)
done = ledger.commit(quoted['quote']['id'])
again = ledger.commit(quoted['quote']['id'])
for answer in quoted, done, again, ledger.entitlement('QUOTED-1', on='2012-08-20'): tell(answer)
try: ledger.quote({'license': 'QUOTED-1', 'on': '2012-08-20', 'command': {'type': 'add_users', 'order': 'PO-3', 'users': 7}})
except Refused as refused: tell([refused.status, str(refused), refused.problem])
";

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_quote_is_committed() {
    let place = Place::sqlite();
    let key = place.distributor();
    let running = Running::start(&place, &[]);
    let told = script(&running, &key, QUOTED);
    let [unknown, quoted, done, again, entitlement, refused] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(unknown, 404, "a quote writes nothing");
    for (promised, done) in
        quoted["outcomes"].as_array().expect("outcomes").iter().zip(done["outcomes"].as_array().expect("outcomes"))
    {
        for part in ["events", "price", "version", "outcome"] {
            assert_eq!(promised[part], done[part], "{part}");
        }
    }
    assert_eq!(done["quote"], quoted["quote"]["id"]);
    assert_eq!((&again["outcomes"][0]["events"], &entitlement["version"]), (&done["outcomes"][0]["events"], &json!(3)));
    assert_eq!(refused[0], 422);
    let said = refused[1].as_str().expect("a text");
    assert!(said.contains("USR-4") && said.chars().any(|letter| ('а'..='я').contains(&letter)), "in Russian: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_followed_while_it_grows() {
    let place = Place::sqlite();
    let key = place.distributor();
    let running = Running::start(&place, &[]);
    let told = script(
        &running,
        &key,
        "
def buy(number):
    ledger.post({'license': f'FED-{number}', 'on': '2012-08-20', 'command': {'type': 'issue_license', 'order': 'PO-1',
        'product': 'control', 'users': 25, 'holder': {'name': 'ООО Ромашка'}}})
buy(0)
for event in Ledger(os.environ['LICENSE_LEDGER_URL'], os.environ['LICENSE_LEDGER_KEY']).events(type='LicenseIssued'):
    tell([event['position'], event['license']])
    if event['position'] == 9: break
    buy(event['position'] + 1)
",
    );
    let expected: Vec<_> = (0..10).map(|number| json!([number, format!("FED-{number}")])).collect();
    assert_eq!(told, expected, "in order, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_outlast_a_restart_and_do_nothing_twice() {
    const POSTS: usize = 150;
    let place = Place::sqlite();
    let key = place.distributor();
    let mut running = Running::start(&place, &[]);
    let address = running.address.to_string();
    let posts = "
ledger.post({'license': 'AGAIN-1', 'on': '2012-08-20', 'command': {'type': 'issue_license', 'order': 'PO-0',
    'product': 'control', 'users': 25, 'holder': {'name': 'ООО Ромашка'}, 'registration': 'automatic'}})
for number in range(150):
    tell(ledger.post({'license': 'AGAIN-1', 'on': '2012-08-20', 'command': {'type': 'add_users', 'order': f'PO-1{number}',
        'users': 5, 'registration': 'automatic'}}))
";
    let client =
        python(&running, &key).args(["-c", &format!("{MODULE}{posts}")]).spawn().expect("python3 runs: install it");
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(300));
        running.kill();
        running = Running::start_at(&place, &address, &[]);
    }
    let output = client.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = outcomes(&output.stdout);
    assert_eq!(told.len(), POSTS);
    let read = running.client(&key).get("/v1/licenses/AGAIN-1").await.expect("an answer").json().expect("JSON");
    assert_eq!(read["users"], 25 + 5 * POSTS, "each once");
    assert_eq!(read["version"], told[POSTS - 1]["version"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_with_its_rule() {
    let place = Place::sqlite();
    let key = place.distributor();
    let running = Running::start(&place, &[]);
    let refused = json!({"license": "NEW-1", "on": "2012-08-20", "command": {"type": "issue_license", "order": "PO-1",
        "product": "control", "users": 7, "holder": {"name": "ООО Ромашка"}}});
    let output = program(&running, &key, &["post", &refused.to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(outcomes(&output.stdout)[0]["outcome"], "rejected");
    assert!(text(&output.stderr).starts_with("refused (422): "), "{}", text(&output.stderr));
    let output = program(&running, "ll_abcdefghijkl_wrong", &["show", "NEW-1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("refused (401): "), "{}", text(&output.stderr));
    let nobody =
        python(&running, &key).args(["ledger_client.py", "--url", "http://127.0.0.1:1", "batch", "/dev/null"]).output();
    let nobody = nobody.expect("python3 runs: install it");
    assert_eq!(nobody.status.code(), Some(1));
    assert!(!text(&nobody.stderr).contains("Traceback"), "{}", text(&nobody.stderr));
}
