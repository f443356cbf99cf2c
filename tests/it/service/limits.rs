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

/// Announces a body, and sends it when it is asked for; what is answered before it, and to it.
async fn announced(service: &Service, head: &str, body: &str) -> (String, Option<plain_http::Answer>) {
    const GO_ON: &str = "HTTP/1.1 100 Continue\r\n\r\n";
    let mut stream = TcpStream::connect(service.running.address).await.unwrap();
    stream.write_all(head.replace("content-type", "expect: 100-continue\r\ncontent-type").as_bytes()).await.unwrap();
    let mut first = [0; GO_ON.len()];
    tokio::time::timeout(SOON, stream.read_exact(&mut first)).await.unwrap().unwrap();
    let first = String::from_utf8_lossy(&first).into_owned();
    if first != GO_ON {
        return (first, None);
    }
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut reading = plain_http::Reading::new(stream);
    let head = tokio::time::timeout(SOON, reading.head()).await.unwrap().unwrap();
    (first, Some(reading.rest(head).await.unwrap()))
}

#[tokio::test]
async fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
    let service = Service::on_sqlite(&[]);
    let key = service.place.distributor();
    let body = purchase("LIC-1", None).to_string();
    let length = u64::try_from(body.len()).unwrap();
    let (_, answer) = announced(&service, &head(&service, &key, length), &body).await;
    assert_eq!(answer.expect("an answer").fine()["outcome"], "accepted");

    let batch = head(&service, &key, length).replace("/v1/commands", "/v1/commands:batch");
    let batch = batch.replace("application/json", "application/x-ndjson");
    let (_, answer) = announced(&service, &batch, &body).await;
    let answer = answer.expect("an answer");
    let lines: Vec<_> = answer.text().lines().map(str::to_owned).collect();
    assert_eq!((answer.status, lines.len()), (200, 2), "{lines:?}");
    assert!(lines[0].contains("\"replayed\":true") && lines[1].contains("\"summary\""), "{lines:?}");

    // Whoever is refused by the head alone is told so, and sends no body.
    for (refused, status) in [
        (head(&service, "ll_none", length), "HTTP/1.1 401"),
        (head(&service, &key, 1 << 30), "HTTP/1.1 413"),
        (head(&service, &key, length).replace("application/json", "text/plain"), "HTTP/1.1 415"),
    ] {
        let (first, answer) = announced(&service, &refused, &body).await;
        assert!(first.starts_with(status) && answer.is_none(), "{first}");
    }
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
    let rate = |answer: &plain_http::Answer| answer.header("ratelimit").map(str::to_owned);
    let mut asked = 0;
    let answer = loop {
        let answer = service.vendor.get("/v1/licenses").await;
        assert_eq!(answer.header("ratelimit-policy"), Some("\"key\";q=3;w=3"));
        if answer.status == 429 {
            break answer;
        }
        answer.fine();
        // A second makes one more.
        let left = ["\"key\";r=2;t=1", "\"key\";r=1;t=2", "\"key\";r=0;t=3"];
        assert!(left.iter().any(|left| rate(&answer).as_deref() == Some(left)), "{answer:?}");
        asked += 1;
        assert!(asked < 1_000, "it is never too often");
    };
    assert!(asked >= 3, "the burst is let through");
    answer.problem(429, "/problems/too-many-requests");
    assert_eq!(rate(&answer).as_deref(), Some("\"key\";r=0;t=3"));
    assert_eq!(rate(&service.vendor.get("/healthz").await), None, "it is not counted");
    assert_eq!(rate(&service.vendor.with_key("ll_none").get("/v1/licenses").await), None);
    service.logged("whose request it was", |line| line["status"] == 429 && line["name"] == "desk");
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
