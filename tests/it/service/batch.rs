//! `POST /v1/commands:batch`: outcomes in order while commands come, and what ends a batch before its summary.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::running::{Place, Running};
use super::{Caller, Expected, SOON, Service};
use crate::command_line::{Cli, envelope, license, ndjson, outcomes, purchase};

const BATCH: &str = "/v1/commands:batch";
const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");
const CHUNKED: (&str, &str) = ("transfer-encoding", "chunked");

/// How many lines of each of the eight kinds.
const EACH: usize = 150;

fn more(number: usize, license: &str, order: &str, users: u32) -> Value {
    envelope(number, license, json!({"type": "add_users", "order": order, "users": users, "registration": "automatic"}))
}

/// Eight lines about one license, and a blank one.
fn eight(begin: usize) -> String {
    let license = license(begin);
    let mut other = more(begin, &license, "PO-9", 5);
    other["command_id"] = purchase(begin)["command_id"].clone();
    let lines = [
        purchase(begin).to_string(),
        more(begin + 1, &license, "PO-2", 5).to_string(),
        more(begin + 2, &license, "PO-3", 7).to_string(),
        format!("nonsense {begin}"),
        purchase(begin).to_string(),
        other.to_string(),
        envelope(begin + 6, &license, json!({"type": "reduce_users", "to": 5, "reason": "fewer"})).to_string(),
        more(begin + 7, &license, "PO-4", 10).to_string(),
    ];
    lines.join("\n") + "\n\r\n"
}

async fn post(caller: &Caller, lines: &str) -> (Vec<Value>, Value) {
    let answer = caller.send("POST", BATCH, &[NDJSON], lines.as_bytes()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(NDJSON.1)), "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut lines = outcomes(&answer.body);
    let end = lines.pop().expect("a summary");
    (lines, end["summary"].clone())
}

async fn answered_in_order(service: &Service) {
    let caller = service.vendor.with_key(&service.place.distributor());
    let lines: String = (0..EACH).map(|number| eight(number * 8)).collect();
    let (told, summary) = post(&caller, &lines).await;
    let folder = tempfile::tempdir().unwrap();
    let (expected, _) = Cli::sqlite(folder.path()).post(&lines);
    assert_eq!((told.len(), expected.len()), (EACH * 8, EACH * 8));
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!(told, expected);
    }
    let invalid: Vec<_> = told.iter().filter(|told| told["outcome"] == "invalid").map(|told| &told["line"]).collect();
    assert_eq!(json!(invalid), json!((0..EACH).map(|number| number * 9 + 4).collect::<Vec<_>>()));
    let counts = |replayed| {
        json!({"lines": EACH * 8, "accepted": EACH * 4, "rejected": EACH, "invalid": EACH, "conflict": EACH,
            "forbidden": EACH, "replayed": replayed})
    };
    assert_eq!(summary, counts(EACH));

    let (again, summary) = post(&caller, &lines).await;
    assert_eq!(summary, counts(EACH * 5));
    for (again, mut first) in again.into_iter().zip(told) {
        if matches!(first["outcome"].as_str(), Some("accepted" | "rejected")) {
            first["replayed"] = json!(true);
        }
        assert_eq!(again, first);
    }
}

#[tokio::test]
async fn every_line_is_answered_in_order_as_by_the_command_line() {
    answered_in_order(&Service::on_sqlite(&[])).await;
}

#[tokio::test]
async fn every_line_is_answered_in_order_as_by_the_command_line_on_postgres() {
    answered_in_order(&Service::on_postgres(&[]).await).await;
}

#[tokio::test]
async fn who_sends_one_line_and_waits_gets_its_outcome() {
    let service = Service::on_sqlite(&[]);
    let (mut sending, mut answered) = service.vendor.stream(&format!("POST {BATCH}"), &[NDJSON, CHUNKED]).await;
    for number in 0..3 {
        // A line may come in pieces.
        let line = ndjson([purchase(number)]);
        let (begin, end) = line.split_at(20);
        sending.send(begin).await.unwrap();
        sending.send(end).await.unwrap();
        let outcome = answered.json().await.expect("an outcome");
        assert_eq!((&outcome["outcome"], &outcome["license"]), (&json!("accepted"), &json!(license(number))));
    }
    // A last line without its end is one all the same.
    sending.send(ndjson([purchase(3)]).trim_end()).await.unwrap();
    sending.end().await;
    assert_eq!(answered.json().await.expect("an outcome")["license"], license(3));
    assert_eq!(answered.json().await.expect("a summary")["summary"]["accepted"], 4);
    assert_eq!(answered.next().await, None);
}

async fn stopped_half_way(service: Service) {
    const LINES: usize = 30_000;
    let (mut sending, mut answered) = service.vendor.stream(&format!("POST {BATCH}"), &[NDJSON, CHUNKED]).await;
    let all: Vec<_> = (0..LINES).map(purchase).collect();
    let pieces: Vec<_> = all.chunks(50).map(|piece| ndjson(piece.iter().cloned())).collect();
    let sender = tokio::spawn(async move {
        for piece in pieces {
            if sending.send(&piece).await.is_err() {
                break;
            }
        }
        // The body stays open: its end is not what ends the batch.
        sending
    });
    let mut told = Vec::new();
    while let Some(outcome) = answered.json().await {
        assert_eq!((&outcome["outcome"], &outcome["license"]), (&json!("accepted"), &json!(license(told.len()))));
        told.push(outcome);
        if told.len() == 700 {
            service.running.terminate();
        }
    }
    assert!((700..LINES).contains(&told.len()), "{} lines: the test shows nothing", told.len());
    service.logged("why", |line| line["cut"] == "the service is stopping" && line["lines"] == told.len());
    drop((answered, sender));

    let Service { place, running, .. } = service;
    assert!(tokio::task::spawn_blocking(move || running.stop()).await.unwrap().success());
    let lines = told.len() + 100;
    let running = Running::start(&place, &[]);
    let caller = Caller::new(running.address, Some(&place.distributor()));
    let (again, summary) = post(&caller, &ndjson(all.into_iter().take(lines))).await;
    assert_eq!(
        (&summary["accepted"], &summary["replayed"]),
        (&json!(lines), &json!(told.len())),
        "all that was done was told"
    );
    for (again, mut first) in again.into_iter().zip(told) {
        first["replayed"] = json!(true);
        assert_eq!(again, first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_a_batch_between_lines_and_posting_it_again_completes_it() {
    stopped_half_way(Service::on_sqlite(&[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_a_batch_between_lines_and_posting_it_again_completes_it_on_postgres() {
    stopped_half_way(Service::on_postgres(&[]).await).await;
}

#[tokio::test]
async fn a_store_that_fails_ends_a_batch_without_its_summary() {
    let server = throwaway_postgres::Server::start_durable().unwrap();
    let service = Service::start(Place::on(server.new_database().await.unwrap()), &[]);
    let (mut sending, mut answered) = service.vendor.stream(&format!("POST {BATCH}"), &[NDJSON, CHUNKED]).await;
    sending.send(&ndjson([purchase(0)])).await.unwrap();
    assert_eq!(answered.json().await.expect("an outcome")["outcome"], "accepted");
    server.kill().unwrap();
    sending.send(&ndjson([purchase(1)])).await.unwrap();
    assert_eq!(answered.next().await, None, "no outcome and no summary");
    service.logged("the end", |line| line["message"] == "a batch ends without its summary" && line["lines"] == 1);

    server.restart().unwrap();
    let (told, summary) = post(&service.vendor.another(), &ndjson([purchase(0), purchase(1)])).await;
    assert_eq!((&told[0]["replayed"], &told[1]["replayed"]), (&json!(true), &json!(false)));
    assert_eq!(summary["accepted"], 2);
}

#[tokio::test]
async fn what_a_batch_does_not_record_is_logged_and_all_of_it_counted() {
    let service = Service::on_sqlite(&[]);
    let caller = service.vendor.with_key(&service.place.distributor());
    let mut merge = purchase(1);
    merge["command"] = json!({"type": "merge_licenses", "from": ["X-1"], "confirm_irreversible": true});
    let mut late = purchase(2);
    late["expected_version"] = json!(7);
    let lines = ndjson([purchase(0), merge.clone(), late]) + "nonsense\n";
    let (_, summary) = post(&caller, &lines).await;
    assert_eq!((&summary["accepted"], &summary["lines"]), (&json!(1), &json!(4)), "{summary}");
    for (answer, outcome) in [(2, "forbidden"), (3, "conflict"), (4, "invalid")] {
        let line =
            service.logged("the line", |line| line["message"] == "a line of a batch" && line["answer"] == answer);
        assert_eq!(line["outcome"], outcome, "{line}");
        assert!(line["request_id"].is_string() && line["key"].is_string(), "{line}");
        assert_eq!(line["command_id"].is_string(), outcome != "invalid", "{line}");
    }
    service.logged("the end", |line| line["message"] == "a batch ends" && line["lines"] == 4 && line["accepted"] == 1);
    let figures = service.with_role("admin").get("/metrics").await;
    let figures = figures.text();
    for outcome in ["accepted", "forbidden", "conflict", "invalid"] {
        assert!(figures.contains(&format!("commands_total{{outcome=\"{outcome}\"}} 1\n")), "{outcome}: {figures}");
    }
}

async fn revoked_half_way(service: Service) {
    let key = service.place.distributor();
    let caller = service.vendor.with_key(&key);
    let (mut sending, mut answered) = caller.stream(&format!("POST {BATCH}"), &[NDJSON, CHUNKED]).await;
    sending.send(&ndjson([purchase(0), purchase(1)])).await.unwrap();
    for _ in 0..2 {
        assert_eq!(answered.json().await.expect("an outcome")["outcome"], "accepted");
    }
    service.place.cli.json(&["keys", "revoke", key.split('_').nth(1).unwrap()]);
    let begun = Instant::now();
    while caller.get("/v1/licenses").await.status != 401 {
        assert!(begun.elapsed() < SOON, "a revoked key is let in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    sending.send(&ndjson([purchase(2)])).await.unwrap();
    assert_eq!(answered.next().await, None, "no outcome and no summary");
    service.logged("why", |line| line["cut"] == "its key is not taken any more" && line["lines"] == 2);

    let lines = ndjson([purchase(0), purchase(1), purchase(2)]);
    let (told, summary) = post(&service.vendor, &lines).await;
    assert_eq!((&summary["accepted"], &summary["replayed"]), (&json!(3), &json!(2)), "{told:#?}");
}

#[tokio::test]
async fn a_key_revoked_half_way_ends_a_batch_before_the_next_line() {
    revoked_half_way(Service::on_sqlite(&[])).await;
}

#[tokio::test]
async fn a_key_revoked_half_way_ends_a_batch_before_the_next_line_on_postgres() {
    revoked_half_way(Service::on_postgres(&[]).await).await;
}

/// Sends lines until the service takes none; nothing of its answers is read.
async fn flood(service: &Service, key: &str) -> tokio::net::TcpStream {
    let address = service.running.address;
    // Most are answered without the store, so that a slow machine too has soon filled what there is to fill.
    let lines = ndjson((0..20).map(purchase)) + &"nonsense\n".repeat(1_000);
    let chunk = format!("{:x}\r\n{lines}\r\n", lines.len());
    let head = format!(
        "POST {BATCH} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
         content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    while let Ok(sent) = tokio::time::timeout(Duration::from_secs(3), stream.write_all(chunk.as_bytes())).await {
        sent.unwrap_or_else(|error| panic!("it is cut off: {error}; {}", service.running.log()));
    }
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_whose_clients_never_read_take_no_memory() {
    let service = Service::on_sqlite(&["--unread-seconds", "120"]);
    let key = service.place.distributor();
    // Whoever sends while the service takes it, and reads nothing, gets nowhere; all at once as well.
    let flood = || flood(&service, &key);
    let _open = tokio::join!(flood(), flood(), flood(), flood());
    service.vendor.get("/v1/licenses/LIC-000001").await.fine();
    let peak = service.running.peak_mib();
    eprintln!("four batches that nobody reads: {peak} MiB at most");
    assert!(peak < 100, "{peak} MiB");
}

#[tokio::test]
async fn only_ndjson_is_taken_and_nobody_names_another() {
    let service = Service::on_sqlite(&[]);
    let body = ndjson([purchase(0)]);
    for headers in [&[][..], &[("content-type", "application/json")], &[("content-type", "text/plain")]] {
        let answer = service.vendor.send("POST", BATCH, headers, body.as_bytes()).await;
        answer.problem(415, "/problems/not-json");
    }
    let mut forged = purchase(0);
    forged["actor"] = json!({"name": "somebody", "role": "vendor"});
    let (told, _) = post(&service.vendor, &ndjson([forged, purchase(1)])).await;
    assert_eq!((&told[0]["outcome"], &told[0]["line"]), (&json!("invalid"), &json!(1)));
    assert_eq!((&told[0]["errors"][0]["path"], &told[1]["outcome"]), (&json!("/actor"), &json!("accepted")));
    let auditor = service.with_role("auditor");
    let (told, summary) = post(&auditor, &ndjson([purchase(2)])).await;
    assert_eq!((&told[0]["outcome"], &summary["forbidden"]), (&json!("forbidden"), &json!(1)));
}
