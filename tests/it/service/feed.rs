//! `GET /v1/events`: every event once and in order, as pages, for who waits, and as a stream.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Lines, Sending};
use super::load::UNHINDERED;
use super::told::pages;
use super::{Caller, Expected, SOON, Service, add_users, purchase};

/// Three licenses, two partners, and refusals.
async fn with_events(service: &Service) {
    for (license, partner) in [("OWN-1", Some("Softline")), ("OTHER-1", Some("Other")), ("NOBODYS-1", None)] {
        service.vendor.command(&purchase(license, partner)).await.fine();
        service.vendor.command(&add_users(license, "PO-2", 7)).await.problem(422, "/rules/USR-4");
        service.vendor.command(&add_users(license, "PO-3", 5)).await.fine();
    }
}

fn of(all: &[Value], member: &str, value: &str) -> Vec<Value> {
    let found: Vec<_> = all.iter().filter(|event| event[member] == value).cloned().collect();
    assert!((1..all.len()).contains(&found.len()), "{member} {value} says nothing: {}", found.len());
    found
}

async fn page_by_page(service: &Service) {
    with_events(service).await;
    let mut client = service.running.client(&service.place.distributor());
    let all = pages(&mut client, "/v1/events?limit=1000").await;
    let positions: Vec<_> = all.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (0..15).collect::<Vec<_>>(), "three licenses with four events and a refusal each");
    assert_eq!(of(&all, "stream", "refusal").len(), 3);
    for license in ["OWN-1", "OTHER-1", "NOBODYS-1"] {
        let history = service.vendor.get(&format!("/v1/licenses/{license}/events")).await.fine()["items"].clone();
        let fed: Vec<_> =
            of(&all, "license", license).into_iter().filter(|event| event["stream"] == "license").collect();
        for (fed, event) in fed.iter().zip(history.as_array().unwrap()) {
            for member in ["sequence", "type", "on", "recorded_at", "actor", "command_id"] {
                assert_eq!(fed[member], event[member], "{member}");
            }
        }
        assert_eq!(fed.len(), 4);
    }
    for (filter, expected) in [
        ("limit=2", all.clone()),
        ("limit=2&type=LicenseIssued", of(&all, "type", "LicenseIssued")),
        ("limit=1&type=CommandRejected", of(&all, "type", "CommandRejected")),
        ("limit=2&license=own-1", of(&all, "license", "OWN-1")),
        ("limit=3&partner=Softline", of(&all, "license", "OWN-1")),
        ("partner=Softline&license=OTHER-1", vec![]),
        ("type=NoSuchEvent", vec![]),
    ] {
        assert_eq!(pages(&mut client, &format!("/v1/events?{filter}")).await, expected, "{filter}");
    }

    let key = service.place.key(&["--name", "own", "--role", "distributor", "--partner", "Softline"]);
    let mut partner = service.running.client(&key);
    for filter in ["limit=2", "partner=Softline"] {
        assert_eq!(pages(&mut partner, &format!("/v1/events?{filter}")).await, of(&all, "license", "OWN-1"));
    }
    assert_eq!(pages(&mut partner, "/v1/events?license=OTHER-1").await, Vec::<Value>::new());
    service.vendor.with_key(&key).get("/v1/events?partner=Other").await.problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn pages_have_every_event_once_and_in_order() {
    page_by_page(&Service::on_sqlite(&[])).await;
}

#[tokio::test]
async fn pages_have_every_event_once_and_in_order_on_postgres() {
    page_by_page(&Service::on_postgres(&[]).await).await;
}

async fn who_waits_is_told(service: &Service) {
    let waiter = service.vendor.another();
    let begun = Instant::now();
    let empty = waiter.get("/v1/events?wait=1").await.fine();
    assert_eq!(empty, json!({"items": [], "next": null}));
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());

    with_events(service).await;
    for (after, type_) in [(14, "LicenseIssued"), (16, "LicenseActivated")] {
        let begun = Instant::now();
        let target = format!("/v1/events?after={after}&type={type_}&wait=25");
        let (page, ()) = tokio::join!(waiter.get(&target), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            service.vendor.command(&purchase(&format!("LATE-{after}"), None)).await.fine();
        });
        let page = page.fine();
        assert_eq!(page["items"][0]["license"], format!("LATE-{after}"), "{page:#}");
        let waited = begun.elapsed();
        assert!((Duration::from_millis(500)..Duration::from_secs(10)).contains(&waited), "{waited:?}");
    }
}

#[tokio::test]
async fn who_waits_for_an_event_gets_it_when_it_comes() {
    who_waits_is_told(&Service::on_sqlite(&[])).await;
}

#[tokio::test]
async fn who_waits_for_an_event_gets_it_when_it_comes_on_postgres() {
    who_waits_is_told(&Service::on_postgres(&[]).await).await;
}

#[tokio::test]
async fn who_waits_with_a_key_that_is_revoked_meanwhile_gets_nothing() {
    let service = Service::on_sqlite(&[]);
    let key = service.place.key(&["--name", "follower", "--role", "auditor"]);
    let (waiter, beside) = (service.vendor.with_key(&key), service.vendor.with_key(&key));
    let (page, ()) = tokio::join!(waiter.get("/v1/events?wait=25"), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        service.place.cli.json(&["keys", "revoke", key.split('_').nth(1).unwrap()]);
        let begun = Instant::now();
        while beside.get("/v1/events").await.status != 401 {
            assert!(begun.elapsed() < Duration::from_secs(10), "a revoked key is let in");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        service.vendor.command(&purchase("LATE-1", None)).await.fine();
    });
    assert_eq!(page.fine(), json!({"items": [], "next": null}));
}

const WRITERS: usize = 4;
const COMMANDS: usize = 60;

/// Three events a round: a purchase that is activated, and a refusal.
async fn write(caller: Caller, writer: usize) {
    for number in 0..COMMANDS {
        let license = format!("LIC-{writer}-{number}");
        caller.command(&purchase(&license, None)).await.fine();
        caller.command(&add_users(&license, "PO-2", 7)).await.problem(422, "/rules/USR-4");
    }
}

/// The next server-sent event's data, whose id and type must be the data's.
async fn event(lines: &mut Lines) -> Value {
    let (mut id, mut name, mut data) = (None, None, None);
    loop {
        let line = lines.next().await.expect("a stream without end");
        match line.split_once(": ") {
            Some(("id", value)) => id = value.parse::<u64>().ok(),
            Some(("event", value)) => name = Some(value.to_owned()),
            Some(("data", value)) => data = serde_json::from_str::<Value>(value).ok(),
            _ if line.is_empty() && data.is_some() => break,
            _ => {}
        }
    }
    let data = data.unwrap();
    assert_eq!((json!(id), json!(name)), (data["position"].clone(), data["type"].clone()));
    data
}

/// Goes on after the last event that was read whole. Who drops the sending half hangs up.
async fn connect(caller: &Caller, read: &[Value]) -> (Sending, Lines) {
    let last = read.last().map(|event| event["position"].to_string());
    let mut headers = vec![("accept", "text/event-stream")];
    headers.extend(last.as_deref().map(|last| ("last-event-id", last)));
    // `after` says nothing where there is a Last-Event-ID.
    let target = if read.is_empty() { "GET /v1/events" } else { "GET /v1/events?after=0" };
    caller.stream(target, &headers).await
}

async fn followed_while_written(service: &Service) {
    let writers = (0..WRITERS).map(|writer| tokio::spawn(write(service.vendor.another(), writer)));
    let writers: Vec<_> = writers.collect();
    let (mut read, mut connections) = (Vec::new(), 0);
    while read.len() < WRITERS * COMMANDS * 3 {
        let (_connected, mut lines) = connect(&service.vendor, &read).await;
        connections += 1;
        for _ in 0..(connections * 7) % 40 + 1 {
            let next = tokio::time::timeout(SOON, event(&mut lines)).await.expect("an event");
            assert_eq!(next["position"], read.len(), "each once, in order");
            read.push(next);
            if read.len() == WRITERS * COMMANDS * 3 {
                break;
            }
        }
        if read.len() < WRITERS * COMMANDS * 3 {
            // What was read of an event that is not whole is lost.
            lines.next().await;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(connections > 20, "{connections} connections");
    let mut client = service.running.client(&service.place.distributor());
    assert_eq!(pages(&mut client, "/v1/events?limit=1000").await, read, "what a page shows");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_again_and_again_gets_every_event_once() {
    followed_while_written(&Service::on_sqlite(&UNHINDERED)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_again_and_again_gets_every_event_once_on_postgres() {
    followed_while_written(&Service::on_postgres(&UNHINDERED).await).await;
}

#[tokio::test]
async fn a_partners_stream_has_only_its_own_and_a_stop_ends_it() {
    let service = Service::on_sqlite(&[]);
    with_events(&service).await;
    let partner = service.with_partner("Other");
    let (_connected, mut lines) = connect(&partner, &[]).await;
    for _ in 0..5 {
        assert_eq!(event(&mut lines).await["license"], "OTHER-1");
    }
    service.vendor.command(&add_users("OWN-1", "PO-4", 5)).await.fine();
    service.vendor.command(&add_users("OTHER-1", "PO-4", 5)).await.fine();
    assert_eq!(event(&mut lines).await["license"], "OTHER-1");
    for wrong in ["-1", "x", ""] {
        let headers = [("accept", "text/event-stream"), ("last-event-id", wrong)];
        let answer = partner.send("GET", "/v1/events", &headers, b"").await;
        answer.problem(400, "/problems/bad-request");
    }
    let begun = Instant::now();
    service.running.terminate();
    while lines.next().await.is_some() {}
    assert!(begun.elapsed() < SOON / 2, "{:?}", begun.elapsed());
}
