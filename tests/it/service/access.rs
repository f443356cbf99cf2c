//! Who comes in, as what, and what is logged of it.

use chrono::{TimeDelta, Utc};
use ledger_app::keys::{NewKey, make};
use ledger_domain::command::Role;
use ledger_sqlite::SqliteStore;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::raw;
use super::{Caller, Expected, SOON, Service, add_users, command, purchase};

/// The log's line about the request that gets this status.
fn logged(service: &Service, status: u16, path: &str) -> Value {
    service.logged("the request", |line| line["status"] == status && line["path"] == path)
}

async fn keys(service: &Service) {
    let client = &service.vendor;
    client.get("/v1/licenses").await.fine();

    let answer = client.without_key().get("/v1/licenses").await;
    answer.problem(401, "/problems/no-key");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    assert_eq!(logged(service, 401, "/v1/licenses")["problem"], "no-key");
    client.without_key().get("/nowhere").await.problem(401, "/problems/no-key");

    let key = service.place.distributor();
    let id = key.split('_').nth(1).unwrap();
    let other_secret = format!("ll_{id}_{}", "A".repeat(43));
    for wrong in ["", "nonsense", "ll_", &key[..key.len() - 1], &other_secret, &key.replace("ll_", "lx_")] {
        client.with_key(wrong).get("/v1/licenses").await.problem(401, "/problems/no-key");
    }
    client.with_key(&key).get("/v1/licenses").await.fine();
    service.logged("whose key it was", |line| line["key"] == id && line["why"] == "Unknown");

    service.place.cli.json(&["keys", "revoke", id]);
    tokio::time::timeout(SOON, refused(&client.with_key(&key))).await.expect("a revoked key is refused");
    service.logged("that it was revoked", |line| line["key"] == id && line["why"] == "Revoked");

    let log = service.running.log();
    assert!(!log.contains("ll_") && !log.contains(&key[16..]), "a key is in the log: {log}");
}

async fn refused(client: &Caller) {
    while client.get("/v1/licenses").await.status != 401 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn only_a_key_that_is_in_force_lets_in() {
    keys(&Service::on_sqlite(&[])).await;
}

#[tokio::test]
async fn only_a_key_that_is_in_force_lets_in_on_postgres() {
    keys(&Service::on_postgres(&[]).await).await;
}

#[tokio::test]
async fn an_expired_key_is_refused() {
    let service = Service::on_sqlite(&[]);
    let store = SqliteStore::open(service.place.file("ledger.db").to_str().unwrap()).await.unwrap();
    let now = Utc::now();
    let new = NewKey {
        name: "orders".to_owned(),
        role: Role::Reporter,
        partner: None,
        expires_at: Some(now + TimeDelta::seconds(2)),
    };
    let made = make(&store, new, now).await.unwrap();
    let caller = service.vendor.with_key(&made.shown);
    caller.get("/v1/licenses").await.fine();
    tokio::time::timeout(SOON, refused(&caller)).await.expect("an expired key is refused");
    service.logged("that it has expired", |line| line["key"] == made.stored.id && line["why"] == "Expired");
}

#[tokio::test]
async fn every_role_does_what_it_may_and_nothing_else() {
    let service = Service::on_sqlite(&[]);
    service.vendor.command(&purchase("LIC-1", None)).await.fine();
    let table = [
        // role, posts, reads, follows, watches
        ("distributor", 200, 200, 200, 403),
        ("vendor", 200, 200, 200, 403),
        ("auditor", 403, 200, 200, 403),
        ("reporter", 403, 200, 403, 200),
        ("admin", 403, 403, 403, 200),
    ];
    for (role, posts, reads, follows, watches) in table {
        let client = service.with_role(role);
        let posted = client.command(&add_users("LIC-1", role, 5)).await;
        assert_eq!(posted.status, posts, "{role}: {posted:?}");
        if posts == 403 {
            let problem = posted.problem(403, "/problems/forbidden");
            assert_eq!(
                (&problem["outcome"], &problem["errors"][0]["path"]),
                (&json!("forbidden"), &json!("/actor/role"))
            );
            let line = service.logged("who was refused", |line| line["request_id"] == problem["request_id"]);
            assert_eq!(
                [&line["name"], &line["outcome"], &line["command_id"]],
                [&json!(role), &json!("forbidden"), &problem["command_id"]]
            );
        }
        for path in ["/v1/licenses/LIC-1", "/v1/licenses", "/v1/swm-expiry?from=2026-01-01&to=2030-01-01"] {
            assert_eq!(client.get(path).await.status, reads, "{role} {path}");
        }
        assert_eq!(client.get("/v1/licenses/LIC-1/events").await.status, follows, "{role}");
        assert_eq!(client.get("/metrics").await.status, watches, "{role}");
        assert_eq!(client.get("/healthz").await.status, 200, "{role}");
    }
    let kept = service.place.key(&["--name", "kept", "--role", "reporter", "--partner", "Softline"]);
    service.vendor.with_key(&kept).get("/metrics").await.problem(403, "/problems/forbidden");
}

#[tokio::test]
async fn the_vendor_desks_commands_are_the_vendors() {
    let service = Service::on_sqlite(&[]);
    service.vendor.command(&purchase("LIC-1", None)).await.fine();
    service.vendor.command(&purchase("LIC-2", None)).await.fine();
    let merge =
        json!({"type": "merge_licenses", "from": ["LIC-2"], "reason": "one office", "confirm_irreversible": true});
    let distributor = service.with_role("distributor");
    let problem = distributor.command(&command("LIC-1", merge.clone())).await.problem(403, "/problems/forbidden");
    assert!(problem["detail"].as_str().unwrap().contains("vendor"), "{problem:#}");
    let line = logged(&service, 403, "/v1/commands");
    assert_eq!((&line["outcome"], &line["command_id"]), (&json!("forbidden"), &problem["command_id"]));
    service.vendor.command(&command("LIC-1", merge)).await.fine();
}

#[tokio::test]
async fn a_partners_key_sees_and_touches_only_the_partners_licenses() {
    let service = Service::on_postgres(&[]).await;
    for (license, partner) in [("OWN-1", Some("Softline")), ("OTHER-1", Some("Other")), ("NOBODYS-1", None)] {
        service.vendor.command(&purchase(license, partner)).await.fine();
    }
    let partner = service.with_partner("Softline");
    partner.get("/v1/licenses/OWN-1").await.fine();
    partner.get("/v1/licenses/OWN-1?on=2030-01-01").await.fine();
    partner.get("/v1/licenses/OWN-1/events").await.fine();
    let told: Vec<_> = told_of(&partner, ["OTHER-1", "NOBODYS-1", "UNKNOWN-1"]).await;
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "it is not told which numbers exist: {told:#?}");

    let items = partner.get("/v1/licenses").await.fine()["items"].clone();
    let numbers: Vec<_> = items.as_array().unwrap().iter().map(|item| item["license"].clone()).collect();
    assert_eq!(numbers, ["OWN-1"]);
    partner.get("/v1/licenses?partner=Softline").await.fine();
    partner.get("/v1/licenses?partner=Other").await.problem(403, "/problems/forbidden");
    let period = "/v1/swm-expiry?from=2000-01-01&to=2100-01-01";
    assert_eq!(partner.get(period).await.fine()["items"].as_array().unwrap().len(), 1);
    partner.get(&format!("{period}&partner=Other")).await.problem(403, "/problems/forbidden");

    partner.command(&add_users("OWN-1", "PO-2", 5)).await.fine();
    let problem = partner.command(&add_users("OTHER-1", "PO-2", 5)).await.problem(403, "/problems/forbidden");
    let line = service.logged("which partner", |line| line["request_id"] == problem["request_id"]);
    assert_eq!([&line["name"], &line["outcome"]], [&json!("Softline"), &json!("forbidden")]);
    partner.command(&purchase("NEW-1", Some("Softline"))).await.fine();
    partner.command(&purchase("NEW-2", Some("Other"))).await.problem(403, "/problems/forbidden");
    partner.command(&purchase("NEW-3", None)).await.problem(403, "/problems/forbidden");
}

/// OWN-1 came from another partner, and GONE-1 went to one.
#[tokio::test]
async fn a_partners_key_sees_the_whole_past_of_what_is_the_partners_now() {
    let service = Service::on_postgres(&[]).await;
    let partner = service.with_partner("Softline");
    for (license, before, after) in [("OWN-1", "Other", "Softline"), ("GONE-1", "Softline", "Other")] {
        let mut bought = purchase(license, Some(before));
        bought["on"] = json!("2012-01-20");
        service.vendor.command(&bought).await.fine();
        let mut more = add_users(license, "PO-2", 5);
        more["on"] = json!("2012-08-20");
        more["command"]["partner"] = json!({"name": after});
        service.vendor.command(&more).await.fine();
    }
    let now = partner.get("/v1/licenses/OWN-1/events").await.fine()["items"][0]["recorded_at"].clone();
    let first = now.as_str().unwrap();
    let numbers = async |path: &str| {
        let items = partner.get(path).await.fine()["items"].clone();
        items.as_array().unwrap().iter().map(|item| item["license"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for past in ["on=2012-02-01".to_owned(), format!("known_at={first}"), "limit=10".to_owned()] {
        assert_eq!(numbers(&format!("/v1/licenses?{past}")).await, ["OWN-1"], "{past}");
        partner.get("/v1/licenses/OWN-1?on=2012-02-01").await.fine();
        partner.get("/v1/licenses/GONE-1?on=2012-02-01").await.problem(403, "/problems/forbidden");
    }
    let period = "/v1/swm-expiry?from=2013-01-01&to=2014-01-01";
    for past in [String::new(), format!("&known_at={first}")] {
        assert_eq!(numbers(&format!("{period}{past}")).await, ["OWN-1"], "{past}");
    }
    // Asked about by name, it is about the day: then OWN-1 was another's.
    assert_eq!(numbers("/v1/licenses?partner=Softline").await, ["OWN-1"]);
    assert!(numbers("/v1/licenses?partner=Softline&on=2012-02-01").await.is_empty());
    assert!(numbers(&format!("{period}&partner=Softline&known_at={first}")).await.is_empty());
}

/// What the key is told about licenses that are not its own, but for the ids of the requests.
async fn told_of(client: &Caller, licenses: [&str; 3]) -> Vec<Value> {
    let mut told = Vec::new();
    for license in licenses {
        for path in ["", "/events", "?on=2030-01-01"] {
            let mut problem =
                client.get(&format!("/v1/licenses/{license}{path}")).await.problem(403, "/problems/forbidden");
            problem["request_id"].take();
            told.push(problem);
        }
    }
    told
}

#[tokio::test]
async fn events_carry_who_posted_them_and_nobody_names_another() {
    let service = Service::on_sqlite(&[]);
    let distributor = service.with_role("distributor");
    distributor.command(&purchase("LIC-1", None)).await.fine();
    let events = distributor.get("/v1/licenses/LIC-1/events").await.fine();
    assert_eq!(events["items"][0]["actor"], json!({"name": "distributor", "role": "distributor"}));
    let mut forged = add_users("LIC-1", "PO-2", 5);
    forged["actor"] = json!({"name": "somebody", "role": "vendor"});
    let problem = distributor.command(&forged).await.problem(400, "/problems/invalid");
    assert_eq!(problem["errors"][0]["path"], "/actor");
}

#[tokio::test]
async fn the_log_names_requests_and_commands_and_no_holder() {
    let service = Service::on_sqlite(&[]);
    let bought = purchase("LIC-1", None);
    let answer = service.vendor.command_with(&[("x-request-id", "order-118")], &bought).await;
    assert_eq!(answer.header("x-request-id"), Some("order-118"));
    let line = service.logged("the request", |line| line["request_id"] == "order-118");
    assert_eq!((&line["command_id"], &line["outcome"]), (&bought["command_id"], &json!("accepted")));
    assert_eq!((&line["name"], &line["status"]), (&json!("desk"), &json!(200)));
    let answer =
        service.vendor.get("/v1/licenses?holder=%D0%9E%D0%9E%D0%9E+%D0%A0%D0%BE%D0%BC%D0%B0%D1%88%D0%BA%D0%B0").await;
    assert_eq!(answer.fine()["items"].as_array().unwrap().len(), 1);
    let id = answer.header("x-request-id").unwrap().to_owned();
    assert!(Uuid::parse_str(&id).is_ok(), "{id}");
    service.logged("the list", |line| line["request_id"] == id);
    let log = service.running.log();
    assert!(!log.contains("Ромашка") && !log.contains("%D0"), "{log}");
}

#[tokio::test]
async fn an_open_service_takes_everybody_and_no_foreign_host() {
    let service = Service::on_sqlite(&["--open"]);
    let anybody = service.vendor.without_key();
    anybody.command(&purchase("LIC-1", None)).await.fine();
    let events = anybody.get("/v1/licenses/LIC-1/events").await.fine();
    assert_eq!(events["items"][0]["actor"], json!({"name": "open", "role": "vendor"}));
    let rebound = "GET /v1/licenses HTTP/1.1\r\nhost: attacker.example\r\n\r\n";
    raw(service.running.address, rebound.as_bytes()).await.expect("an answer").problem(403, "/problems/forbidden");
}
