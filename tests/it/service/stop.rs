//! A stop loses nothing that was acknowledged.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

use super::{Caller, Expected, Service, purchase};

/// Buys licenses until the service is gone; remembers what it was told.
async fn buy(caller: Caller, name: String, told: Arc<Mutex<Vec<Value>>>) {
    for number in 0.. {
        let bought = purchase(&format!("{name}-{number}"), None);
        let body = bought.to_string();
        let headers = [("content-type", "application/json")];
        match caller.try_send("POST", "/v1/commands", &headers, body.as_bytes()).await {
            Ok(answer) if answer.status == 200 => told.lock().await.push(bought),
            Ok(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
            Err(_) => return,
        }
    }
}

async fn stopped_under_load(service: Service) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let buyers = (0..8).map(|buyer| buy(service.vendor.another(), format!("BUYER-{buyer}"), Arc::clone(&told)));
    let buyers: Vec<_> = buyers.map(tokio::spawn).collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let Service { place, running, .. } = service;
    let status = tokio::task::spawn_blocking(move || running.stop()).await.unwrap();
    assert!(status.success(), "{status}");
    for buyer in buyers {
        buyer.await.unwrap();
    }
    let told = told.lock().await;
    assert!(told.len() > 20, "only {} commands: the test shows nothing", told.len());

    // Posted once more, every acknowledged command is a replay.
    let lines: String = told.iter().map(|command| format!("{command}\n")).collect();
    let (outcomes, status) = place.cli.post(&lines);
    assert_eq!((outcomes.len(), status), (told.len(), 0));
    for outcome in &outcomes {
        assert_eq!((&outcome["outcome"], &outcome["replayed"]), (&"accepted".into(), &true.into()), "{outcome:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_loses_nothing_acknowledged() {
    stopped_under_load(Service::on_sqlite(&[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_loses_nothing_acknowledged_on_postgres() {
    stopped_under_load(Service::on_postgres(&[]).await).await;
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_a_stop_and_the_file_is_closed() {
    let service = Service::on_sqlite(&[]);
    service.vendor.command(&purchase("LIC-1", None)).await.fine();
    let begun = std::time::Instant::now();
    let Service { place, running, vendor } = service;
    assert!(running.stop().success());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(vendor.try_send("GET", "/healthz", &[], b"").await.is_err());
    assert!(!place.file("ledger.db-wal").exists(), "one file holds the whole ledger");
}

#[tokio::test]
async fn a_request_in_work_is_answered_before_the_end() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let service = Service::on_sqlite(&[]);
    let key = service.place.distributor();
    let body = purchase("LIC-1", None).to_string();
    let head = format!(
        "POST /v1/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(service.running.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..20]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    service.running.terminate();
    service.logged("that it stops", |line| line["message"].as_str().is_some_and(|said| said.starts_with("stopping")));
    stream.write_all(&body.as_bytes()[20..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
