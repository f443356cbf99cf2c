//! Limits: what is too much, too slow or too often is refused, and the service goes on.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::raw;
use super::{Expected, SOON, Service, purchase};

/// The head of a post with so many bytes announced.
fn head(service: &Service, key: &str, length: u64) -> String {
    format!(
        "POST /v1/commands HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n",
        service.running.address
    )
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused_before_it_is_sent() {
    let service = Service::on_sqlite(&[]);
    let key = service.place.distributor();
    let refused = raw(service.running.address, head(&service, &key, 1 << 30).as_bytes()).await.expect("an answer");
    refused.problem(413, "/problems/too-large");
}

#[tokio::test]
async fn a_gigabyte_is_not_read_and_its_sender_still_gets_an_answer() {
    let service = Service::on_sqlite(&[]);
    let key = service.place.distributor();
    let mut stream = TcpStream::connect(service.running.address).await.unwrap();
    stream.write_all(head(&service, &key, 1 << 30).as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let sent = tokio::spawn(async move {
        let mut sent = 0;
        while sent < 1 << 30 {
            match writing.write(&[b' '; 1 << 16]).await {
                Ok(bytes) => sent += bytes,
                Err(_) => break,
            }
        }
        sent
    });
    let mut answer = [0; 12];
    tokio::time::timeout(SOON, reading.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    drop(reading);
    assert!(sent.await.unwrap() < 1 << 29, "half a gigabyte was read");
    assert!(service.running.peak_mib() < 100, "{} MiB", service.running.peak_mib());
}

#[tokio::test]
async fn a_body_in_chunks_that_grows_too_large_is_refused() {
    let service = Service::on_sqlite(&[]);
    let key = service.place.distributor();
    let head = head(&service, &key, 0).replace("content-length: 0", "transfer-encoding: chunked");
    let chunk = format!("{:x}\r\n{}\r\n", 700_000, " ".repeat(700_000));
    let refused = raw(service.running.address, format!("{head}{chunk}{chunk}").as_bytes()).await.expect("an answer");
    refused.problem(413, "/problems/too-large");
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let service = Service::on_sqlite(&[]);
    for body in ["[".repeat(500_000), "{\"a\":".repeat(200_000)] {
        service.vendor.post("/v1/commands", &[], body.as_bytes()).await.problem(400, "/problems/invalid");
        let id = uuid::Uuid::now_v7().to_string();
        let answer = service.vendor.post("/v1/commands", &[("idempotency-key", &id)], body.as_bytes()).await;
        answer.problem(400, "/problems/invalid");
    }
}

#[tokio::test]
async fn floods_of_headers_are_refused() {
    let service = Service::on_sqlite(&[]);
    let many: String = (0..5_000).map(|number| format!("x-{number}: x\r\n")).collect();
    let large = format!("x-large: {}\r\n", "x".repeat(1 << 20));
    for headers in [many, large] {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        // It may be closed while it is still being sent.
        if let Ok(answer) = raw(service.running.address, request.as_bytes()).await {
            assert_eq!(answer.status, 431, "{answer:?}");
        }
        service.vendor.get("/healthz").await.fine();
    }
}

#[tokio::test]
async fn one_key_that_asks_too_often_is_told_when_to_come_back() {
    let service = Service::on_sqlite(&["--rate-per-second", "1", "--rate-burst", "3"]);
    let other = service.with_role("reporter");
    for _ in 0..3 {
        service.vendor.get("/v1/licenses").await.fine();
    }
    let answer = service.vendor.get("/v1/licenses").await;
    answer.problem(429, "/problems/too-many-requests");
    let seconds: u64 = answer.header("retry-after").expect("a time").parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    other.get("/v1/licenses").await.fine();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    service.vendor.get("/v1/licenses").await.fine();
}

#[tokio::test]
async fn slow_senders_are_cut_off() {
    let service = Service::on_sqlite(&["--header-seconds", "1", "--body-seconds", "1"]);
    let mut idle = TcpStream::connect(service.running.address).await.unwrap();
    let mut slow = TcpStream::connect(service.running.address).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nx-slow: ").await.unwrap();
    let begun = Instant::now();
    for stream in [&mut idle, &mut slow] {
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut rest)).await.expect("it is closed");
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());

    let key = service.place.distributor();
    let begun = head(&service, &key, 100) + "{";
    let refused = raw(service.running.address, begun.as_bytes()).await.expect("an answer");
    refused.problem(408, "/problems/body-too-slow");
}

#[tokio::test]
async fn more_requests_than_there_is_room_for_are_turned_away() {
    let service = Service::on_sqlite(&["--max-requests", "1"]);
    let key = service.place.distributor();
    let until = Instant::now() + SOON;
    let (taken, answer) = loop {
        // One request that is not whole yet takes all the room, unless the one that asks was there first.
        let mut taken = TcpStream::connect(service.running.address).await.unwrap();
        taken.write_all(head(&service, &key, 100).as_bytes()).await.unwrap();
        let answer = service.vendor.get("/v1/licenses").await;
        if answer.status != 200 || Instant::now() > until {
            break (taken, answer);
        }
    };
    answer.problem(503, "/problems/busy");
    assert_eq!(answer.header("retry-after"), Some("1"));
    drop(taken);
    let until = Instant::now() + SOON;
    while service.vendor.get("/v1/licenses").await.status != 200 {
        assert!(Instant::now() < until, "there is never room again");
    }
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_are_turned_away() {
    let service = Service::on_sqlite(&["--max-connections", "2"]);
    let first = service.vendor.another();
    first.get("/healthz").await.fine();
    let second = service.vendor.another();
    second.get("/healthz").await.fine();
    let third = raw(service.running.address, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("an answer");
    third.problem(503, "/problems/busy");
    assert_eq!((third.header("retry-after"), third.header("connection")), (Some("1"), Some("close")));
    drop(second);
    let until = Instant::now() + SOON;
    while service.vendor.another().try_send("GET", "/healthz", &[], b"").await.is_ok_and(|answer| answer.status != 200)
    {
        assert!(Instant::now() < until, "there is never room again");
    }
}

#[tokio::test]
async fn a_client_that_leaves_midway_leaves_its_command_whole() {
    let service = Service::on_sqlite(&[]);
    let key = service.place.distributor();
    let bought = purchase("LIC-1", None);
    let mut stream = TcpStream::connect(service.running.address).await.unwrap();
    let body = bought.to_string();
    let request = head(&service, &key, u64::try_from(body.len()).unwrap()) + &body;
    stream.write_all(request.as_bytes()).await.unwrap();
    drop(stream);
    let outcome = service.vendor.command(&bought).await.fine();
    assert_eq!(outcome["version"], 2);
    let events = service.vendor.get("/v1/licenses/LIC-1/events").await.fine();
    assert_eq!(events["items"].as_array().unwrap().len(), 2, "once, and whole");
}
