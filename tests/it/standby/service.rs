//! The service on a standby.

use serde_json::json;
use sqlx::{Executor, PgConnection};
use tokio::time::Instant;

use super::{Pair, SOON, items};
use crate::service::running::{Place, Running};
use crate::service::{Caller, Expected, add_users, command, purchase};

/// Services on both servers, and a vendor's calls to each.
struct Services {
    /// To the primary's.
    there: Caller,
    /// To the standby's.
    here: Caller,
    /// On the primary.
    place: Place,
    _on_primary: Running,
    on_standby: Running,
}

impl Services {
    fn on(pair: &Pair) -> Self {
        let (place, copy) = (Place::on(pair.url.clone()), Place::on(pair.copy.clone()));
        let key = place.key(&["--name", "desk", "--role", "vendor"]);
        let on_primary = Running::start(&place, &[]);
        let on_standby = Running::start(&copy, &[]);
        let there = Caller::new(on_primary.address, Some(&key));
        let here = Caller::new(on_standby.address, Some(&key));
        Self { there, here, place, _on_primary: on_primary, on_standby }
    }
}

async fn reads(services: &Services) {
    let listed = services.there.get("/v1/licenses").await.fine();
    let one = items(&listed)[0]["license"].as_str().unwrap();
    let paths = [
        "/v1/licenses".to_owned(),
        "/v1/licenses?on=2012-08-20&status=active".to_owned(),
        "/v1/swm-expiry?from=2008-01-01&to=2020-01-01".to_owned(),
        "/v1/events?limit=1000".to_owned(),
        format!("/v1/licenses/{one}"),
        format!("/v1/licenses/{one}?on=2012-08-20&known_at=2012-01-01T00:00:00Z"),
        format!("/v1/licenses/{one}/events"),
        format!("/v1/licenses/{one}/next-commands?on=2013-01-01"),
    ];
    for path in paths {
        let (here, there) = (services.here.get(&path).await, services.there.get(&path).await);
        assert_eq!((here.status, here.header("etag")), (there.status, there.header("etag")), "{path}");
        if here.status == 200 {
            assert_eq!(here.fine(), there.fine(), "{path}");
        }
    }
    assert_eq!(services.here.without_key().get("/readyz").await.fine(), json!({"status": "ready"}));
}

/// 503, and what to do, whatever the command would give; what asks nothing of the ledger is answered as everywhere.
async fn refuses(pair: &Pair, services: &Services) {
    let here = &services.here;
    let quote = json!({"commands": [purchase("KEPT-1", None)], "keep": true}).to_string();
    let kept = services.there.post("/v1/quotes", &[], quote.as_bytes()).await.fine();
    pair.caught_up().await;
    let commit = format!("/v1/quotes/{}/commit", kept["quote"]["id"].as_str().unwrap());
    let rejected = add_users("NONE-1", "PO-2", 7);
    let ndjson = [("content-type", "application/x-ndjson")];
    let line = format!("{}\n", purchase("NEW-1", None));
    let answers = [
        here.command(&purchase("NEW-1", None)).await,
        here.command(&rejected).await,
        here.post("/v1/quotes", &[], quote.as_bytes()).await,
        here.post(&commit, &[], b"").await,
        here.send("POST", "/v1/commands:batch", &ndjson, line.as_bytes()).await,
    ];
    for answer in &answers {
        let problem = answer.problem(503, "/problems/standby");
        assert!(problem["detail"].as_str().unwrap().contains("service of the primary"), "{problem:#}");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
    here.command(&json!({"nonsense": true})).await.problem(400, "/problems/invalid");
    let quoted = here.post("/v1/quotes", &[], purchase("NEW-1", None).to_string().as_bytes()).await.fine();
    assert_eq!(quoted["outcomes"][0]["outcome"], "accepted");
    assert!(!services.on_standby.log().contains("\"level\":\"ERROR\""), "{}", services.on_standby.log());
}

/// As far as it has come: what has not arrived is not there, is waited for on request, and comes.
async fn behind(pair: &Pair, services: &Services) {
    let mut standby = pair.on_standby().await;
    standby.execute("SELECT pg_wal_replay_pause()").await.unwrap();
    pair.until("SELECT pg_get_wal_replay_pause_state() = 'paused'").await;
    let last = services.there.get("/v1/events?limit=1000").await.fine()["next"].as_u64().unwrap();
    services.there.command(&purchase("LATE-1", None)).await.fine();
    services.there.get("/v1/licenses/LATE-1").await.fine();
    services.here.get("/v1/licenses/LATE-1").await.problem(404, "/problems/not-found");
    services.here.get("/v1/licenses/LATE-1?min_version=2").await.problem(503, "/problems/behind");
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    services.here.get(&format!("/v1/licenses?known_at={now}")).await.problem(503, "/problems/not-yet-final");

    let follower = services.here.another();
    let target = format!("/v1/events?after={last}&wait=50");
    let (page, ()) = tokio::join!(follower.get(&target), resume(&mut standby));
    assert_eq!(items(&page.fine())[0]["license"], "LATE-1");
    assert_eq!(services.here.get("/v1/licenses/LATE-1?min_version=2").await.fine()["version"], 2);
    // The primary says what is final without being asked: the same instant is answered now.
    let begun = Instant::now();
    while services.here.get(&format!("/v1/licenses?known_at={now}")).await.status != 200 {
        assert!(begun.elapsed() < SOON, "the instant does not become final here");
    }
}

async fn resume(standby: &mut PgConnection) {
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    standby.execute("SELECT pg_wal_replay_resume()").await.unwrap();
}

/// Promoted, it takes commands, has what was acknowledged before, and goes on giving positions.
async fn promoted(pair: &Pair, services: &Services) {
    let acknowledged = purchase("BEFORE-1", None);
    services.there.command(&acknowledged).await.fine();
    pair.caught_up().await;
    let last = services.here.get("/v1/events?limit=1000").await.fine()["next"].as_u64().unwrap();
    pair.primary.stop().unwrap();
    pair.on_standby().await.execute("SELECT pg_promote()").await.unwrap();
    let begun = Instant::now();
    let bought = purchase("AFTER-1", None);
    loop {
        let answer = services.here.command(&bought).await;
        if answer.status == 200 {
            break;
        }
        answer.problem(503, "/problems/standby");
        assert!(begun.elapsed() < SOON, "it takes no commands");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(services.here.command(&acknowledged).await.fine()["replayed"], true);
    let page = services.here.get(&format!("/v1/events?after={last}&license=AFTER-1&wait=50")).await.fine();
    assert_eq!(items(&page)[0]["license"], "AFTER-1");
    services.here.command(&command("AFTER-1", json!({"type": "activate_license"}))).await.problem(422, "/rules/ACT-5");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_as_far_as_it_has_come_and_takes_commands_once_it_is_the_primary() {
    let pair = Pair::new().await;
    // The tables, and a key, come from the primary.
    let place = Place::on(pair.url.clone());
    place.key(&["--name", "first", "--role", "auditor"]);
    pair.caught_up().await;
    let services = Services::on(&pair);
    pair.caught_up().await;
    pair.all_is_final().await;
    reads(&services).await;
    refuses(&pair, &services).await;
    behind(&pair, &services).await;

    let auditor = services.place.key(&["--name", "audit", "--role", "auditor"]);
    pair.caught_up().await;
    services.here.with_key(&auditor).get("/v1/licenses").await.fine();
    let id = auditor.split('_').nth(1).unwrap();
    services.place.cli.json(&["keys", "revoke", id]);
    let begun = Instant::now();
    while services.here.with_key(&auditor).get("/v1/licenses").await.status != 401 {
        assert!(begun.elapsed() < SOON, "a revoked key is let in");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    promoted(&pair, &services).await;
}
