//! Where there is no room, or no time: 503, and when to come again.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use throwaway_postgres::Server;

use super::running::{Place, Running};
use super::{Caller, Expected, SOON, Service};

/// Asks again until it is answered so: what went before may still be on its way out.
async fn answered(caller: &Caller, path: &str, status: u16) -> plain_http::Answer {
    let asking = async {
        loop {
            let answer = caller.get(path).await;
            if answer.status == status {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, asking).await.expect(path)
}

#[tokio::test]
async fn as_many_batches_as_there_is_room_for() {
    let service = Service::on_sqlite(&["--max-batches", "1"]);
    let head = [("content-type", "application/x-ndjson"), ("transfer-encoding", "chunked")];
    let (mut sending, mut lines) = service.vendor.stream("POST /v1/commands:batch", &head).await;
    sending.send("{}\n").await.unwrap();
    assert_eq!(lines.json().await.expect("an outcome")["outcome"], "invalid");
    let one_line = async || service.vendor.send("POST", "/v1/commands:batch", &head[..1], b"{}\n").await;
    let refused = one_line().await;
    refused.problem(503, "/problems/busy");
    assert!(refused.header("retry-after").is_some());
    sending.end().await;
    while lines.next().await.is_some() {}
    tokio::time::timeout(SOON, async { while one_line().await.status != 200 {} }).await.expect("there is room again");
}

#[tokio::test]
async fn as_many_who_wait_for_events_as_there_is_room_for() {
    let service = Service::on_sqlite(&["--max-followers", "1"]);
    let (hanging, mut lines) = service.vendor.stream("GET /v1/events", &[("accept", "text/event-stream")]).await;
    assert_eq!(lines.next().await.as_deref(), Some("retry: 1000"));
    let refused = service.vendor.get("/v1/events?wait=1").await;
    refused.problem(503, "/problems/busy");
    assert_eq!(refused.header("retry-after"), Some("5"));
    service.vendor.get("/v1/events").await.fine();
    drop((hanging, lines));
    answered(&service.vendor, "/v1/events?wait=1", 200).await;
}

#[tokio::test]
async fn a_stream_without_events_shows_that_it_is_alive() {
    let service = Service::on_sqlite(&[]);
    let (_hanging, mut lines) = service.vendor.stream("GET /v1/events", &[("accept", "text/event-stream")]).await;
    for expected in ["retry: 1000", "", ": keep-alive", ""] {
        assert_eq!(lines.next().await.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_and_done_once_if_it_is_sent_again() {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    let place = Place::on(url.clone());
    let key = place.key(&["--name", "desk", "--role", "vendor"]);
    let running = Running::start(&place, &["--request-seconds", "1"]);
    let vendor = Caller::new(running.address, Some(&key));
    let bought = super::purchase("LIC-1", None);
    let mut locked = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE commands IN ACCESS EXCLUSIVE MODE").execute(&mut locked).await.unwrap();
    let given_up = vendor.command(&bought).await;
    given_up.problem(503, "/problems/took-too-long");
    assert_eq!(given_up.header("retry-after"), Some("1"));
    sqlx::raw_sql("COMMIT").execute(&mut locked).await.unwrap();
    assert_eq!(vendor.command(&bought).await.fine()["version"], 2);
    assert_eq!(vendor.command(&bought).await.fine()["replayed"], true);
    let events = vendor.get("/v1/licenses/LIC-1/events").await.fine();
    assert_eq!(events["items"].as_array().unwrap().len(), 2, "once");
}

/// The soft limit is raised to the hard one; connections beyond that are turned away, not left without an answer.
#[test]
fn as_many_connections_as_the_system_lets_it_have() {
    let place = Place::sqlite();
    place.distributor();
    for (limits, files, room) in [("ulimit -Sn 120", None, None), ("ulimit -n 300", Some(300), Some(200))] {
        let serve = place.cli.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &format!("{limits} && exec \"$@\""), "sh"]).arg(serve.get_program()).args(serve.get_args());
        let log = place.file(&format!("{}.log", limits.len()));
        let running = Running::run(&mut command, &log);
        let [soft, hard] = running.open_files();
        assert_eq!(soft, files.unwrap_or(hard), "{limits}");
        let warned = running.log().lines().find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            line["room"].as_u64()
        });
        assert!(room.is_none() || warned == room, "{limits}: {}", running.log());
    }
}

#[test]
fn a_log_that_nobody_understands_is_not_begun() {
    let place = Place::sqlite();
    place.distributor();
    let mut serve = place.cli.command(&["serve", "--listen", "127.0.0.1:0"]);
    let output = serve.env("LICENSE_LEDGER_LOG", "loud").output().unwrap();
    let said = crate::command_line::last_line(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("LICENSE_LEDGER_LOG is \"loud\"; set it to"), "{said}");
}
