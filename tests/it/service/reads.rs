//! What is read: entitlements, lists, ends of SWM, events; and parameters, which are read strictly.

use serde_json::{Value, json};

use super::{Expected, Service, add_users, command, purchase};

fn numbers(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["license"].as_str().unwrap()).collect()
}

/// Four licenses, bought on 2012-01-20.
async fn with_licenses(service: &Service) {
    for (license, partner) in
        [("LIC-1", Some("Softline")), ("LIC-2", None), ("LIC-3", Some("Softline")), ("LIC-4", None)]
    {
        let mut bought = purchase(license, partner);
        bought["on"] = json!("2012-01-20");
        service.vendor.command(&bought).await.fine();
    }
    let mut more = add_users("LIC-1", "PO-2", 5);
    more["on"] = json!("2012-08-20");
    service.vendor.command(&more).await.fine();
    let plugin = json!({"type": "add_plugin", "order": "PO-2", "plugin": "antivirus", "registration": "automatic"});
    let mut plugin = command("LIC-4", plugin);
    plugin["on"] = json!("2012-08-20");
    service.vendor.command(&plugin).await.fine();
}

async fn everything(service: &Service) {
    let vendor = &service.vendor;
    with_licenses(service).await;
    same_as_the_command_line(service).await;
    one_s_own_writes(service).await;

    let past = vendor.get("/v1/licenses/lic-1?on=2012-02-01").await;
    assert_eq!((past.fine()["users"].clone(), past.header("etag")), (json!(25), None));
    let now = vendor.get("/v1/licenses/LIC-1").await;
    assert_eq!((now.fine()["users"].clone(), now.header("etag")), (json!(30), Some("\"4\"")));
    vendor.get("/v1/licenses/LIC-1?known_at=2012-02-01T00:00:00Z").await.problem(404, "/problems/not-found");
    vendor.get("/v1/licenses/LIC-1?on=2012-01-19").await.problem(404, "/problems/not-found");
    vendor.get("/v1/licenses/LIC-9").await.problem(404, "/problems/not-found");
    vendor.get("/v1/licenses/LIC-9/events").await.problem(404, "/problems/not-found");

    let page = vendor.get("/v1/licenses?limit=3").await.fine();
    assert_eq!((numbers(&page), &page["next"]), (vec!["LIC-1", "LIC-2", "LIC-3"], &json!("LIC-3")));
    let page = vendor.get("/v1/licenses?limit=3&after=LIC-3").await.fine();
    assert_eq!((numbers(&page), &page["next"]), (vec!["LIC-4"], &Value::Null));
    for (filter, expected) in [
        ("partner=Softline", &["LIC-1", "LIC-3"][..]),
        ("product=connect", &[]),
        ("product=control&license_type=commercial", &["LIC-1", "LIC-2", "LIC-3", "LIC-4"]),
        ("status=blocked", &[]),
        ("status=active&partner=Softline", &["LIC-1", "LIC-3"]),
        ("plugin=anti_spam", &[]),
        ("plugin=antivirus", &["LIC-4"]),
        ("swm_ends_from=2013-01-20&swm_ends_before=2013-01-21&partner=Softline", &["LIC-1", "LIC-3"]),
        ("swm_ends_before=2013-01-20", &[]),
        ("on=2012-01-19", &[]),
        ("holder=%D0%9E%D0%9E%D0%9E%20%D0%A0%D0%BE%D0%BC%D0%B0%D1%88%D0%BA%D0%B0&after=LIC-2", &["LIC-3", "LIC-4"]),
    ] {
        assert_eq!(numbers(&vendor.get(&format!("/v1/licenses?{filter}")).await.fine()), expected, "{filter}");
    }

    let period = "/v1/swm-expiry?from=2013-01-01&to=2013-02-01";
    let page = vendor.get(&format!("{period}&limit=3")).await.fine();
    assert_eq!((numbers(&page), &page["next"]), (vec!["LIC-1", "LIC-2", "LIC-3"], &json!("2013-01-20/LIC-3")));
    let page = vendor.get(&format!("{period}&after=2013-01-20/LIC-3")).await.fine();
    assert_eq!((numbers(&page), &page["next"]), (vec!["LIC-4"], &Value::Null));
    assert_eq!(numbers(&vendor.get(&format!("{period}&partner=Softline")).await.fine()), ["LIC-1", "LIC-3"]);

    let page = vendor.get("/v1/licenses/LIC-1/events?limit=3").await.fine();
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (3, &json!(3)));
    let page = vendor.get("/v1/licenses/LIC-1/events?after=3").await.fine();
    assert_eq!((&page["items"][0]["sequence"], &page["next"]), (&json!(4), &Value::Null));
    assert_eq!(vendor.get("/v1/licenses/LIC-1/events?after=4").await.fine()["items"], json!([]));
    events_as_known(service).await;
}

/// The purchase and its activation were recorded at one instant, the enlargement later.
async fn events_as_known(service: &Service) {
    let vendor = &service.vendor;
    let all = vendor.get("/v1/licenses/LIC-1/events").await.fine()["items"].clone();
    let first = all[0]["recorded_at"].as_str().unwrap();
    let sequences = async |asked: &str| {
        let page = vendor.get(&format!("/v1/licenses/LIC-1/events?{asked}")).await.fine();
        let items = page["items"].as_array().unwrap().iter().map(|item| item["sequence"].as_u64().unwrap());
        (items.collect::<Vec<_>>(), page["next"].as_u64())
    };
    assert_eq!(sequences(&format!("known_at={first}")).await, (vec![1, 2], None));
    assert_eq!(sequences(&format!("known_at={first}&limit=1")).await, (vec![1], Some(1)));
    assert_eq!(sequences(&format!("known_at={first}&after=1&limit=1")).await, (vec![2], None));
    assert_eq!(sequences("on=2012-08-19").await, (vec![1, 2], None));
    assert_eq!(sequences("on=2012-08-20").await, (vec![1, 2, 3, 4], None));
    let last = all[3]["recorded_at"].as_str().unwrap();
    assert_eq!(sequences(&format!("known_at={last}&on=2012-08-19")).await, (vec![1, 2], None));
    assert_eq!(sequences(&format!("known_at={last}")).await, (vec![1, 2, 3, 4], None));
    let nothing = "/v1/licenses/LIC-1/events?known_at=2012-08-20T00:00:00Z";
    vendor.get(nothing).await.problem(404, "/problems/not-found");
    vendor.get("/v1/licenses/LIC-1/events?known_at=2999-01-01T00:00:00Z").await.problem(409, "/problems/not-over");
}

/// Where nothing is behind, what an outcome told is there at once, and what is not there was never recorded.
async fn one_s_own_writes(service: &Service) {
    let vendor = &service.vendor;
    for (there, never) in [
        ("/v1/licenses/LIC-1?min_version=4", "/v1/licenses/LIC-1?min_version=5"),
        ("/v1/licenses/LIC-1/events?min_version=4", "/v1/licenses/LIC-9/events?min_version=1"),
        ("/v1/licenses?min_position=0", "/v1/licenses?min_position=1000"),
        ("/v1/events?min_position=0", "/v1/events?min_position=1000"),
        (
            "/v1/swm-expiry?from=2013-01-01&to=2013-02-01&min_position=0",
            "/v1/swm-expiry?from=2013-01-01&to=2013-02-01&min_position=1000",
        ),
    ] {
        vendor.get(there).await.fine();
        vendor.get(never).await.problem(409, "/problems/conflict");
    }
    vendor.get("/v1/licenses/LIC-1?min_version=-1").await.problem(400, "/problems/bad-request");
}

/// The service and the command line give the same answers.
async fn same_as_the_command_line(service: &Service) {
    let cli = &service.place.cli;
    for (words, path) in [
        (&["show", "LIC-1"][..], "/v1/licenses/LIC-1"),
        (&["show", "LIC-1", "--on", "2012-02-01"], "/v1/licenses/LIC-1?on=2012-02-01"),
        (&["list", "--partner", "Softline"], "/v1/licenses?partner=Softline"),
        (&["expiring", "--from", "2013-01-01", "--to", "2013-02-01"], "/v1/swm-expiry?from=2013-01-01&to=2013-02-01"),
    ] {
        assert_eq!(service.vendor.get(path).await.fine(), cli.json(words), "{path}");
    }
    let events = service.vendor.get("/v1/licenses/LIC-1/events").await.fine();
    assert_eq!(events["items"], cli.json(&["history", "LIC-1"]));
}

#[tokio::test]
async fn entitlements_lists_and_events() {
    everything(&Service::on_sqlite(&[])).await;
}

#[tokio::test]
async fn entitlements_lists_and_events_on_postgres() {
    everything(&Service::on_postgres(&[]).await).await;
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let service = Service::on_sqlite(&[]);
    let cases = [
        ("/v1/licenses?colour=red", "colour"),
        ("/v1/licenses?limit=0", "limit"),
        ("/v1/licenses?limit=1001", "limit"),
        ("/v1/licenses?limit=1e2", "limit"),
        ("/v1/licenses?limit=", "limit"),
        ("/v1/licenses?limit=5&limit=6", "limit"),
        ("/v1/licenses?on=2012-2-1", "on"),
        ("/v1/licenses?on=2011-02-29", "on"),
        ("/v1/licenses?known_at=yesterday", "known_at"),
        ("/v1/licenses?product=kontrol", "product"),
        ("/v1/licenses?status=alive", "status"),
        ("/v1/licenses?plugin=", "plugin"),
        ("/v1/licenses?holder=%00", "holder"),
        ("/v1/licenses?holder=", "holder"),
        ("/v1/licenses?after=%27%3B%20DROP%20TABLE%20events", "after"),
        ("/v1/licenses/LIC-1?on=x", "on"),
        ("/v1/licenses/LIC-1?limit=1", "limit"),
        ("/v1/licenses/%00", "number"),
        ("/v1/licenses/%FF", "number"),
        ("/v1/licenses/AB", "number"),
        ("/v1/licenses/..%2F..%2Fetc%2Fpasswd", "number"),
        ("/v1/licenses/LIC-1/events?after=-1", "after"),
        ("/v1/licenses/LIC-1/events?product=control", "product"),
        ("/v1/swm-expiry?to=2012-01-01", "from"),
        ("/v1/swm-expiry?from=2012-01-01&to=2012-01-02&after=LIC-1", "after"),
    ];
    for (path, parameter) in cases {
        let problem = service.vendor.get(path).await.problem(400, "/problems/bad-request");
        let error = &problem["errors"][0];
        assert_eq!(error["parameter"], parameter, "{path}: {problem:#}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn what_takes_no_parameters_refuses_them() {
    let service = Service::on_sqlite(&[]);
    let id = uuid::Uuid::now_v7();
    for (path, kind) in [
        ("/v1/commands", "application/json"),
        ("/v1/commands:batch", "application/x-ndjson"),
        ("/v1/quotes", "application/json"),
        (&format!("/v1/quotes/{id}/commit"), "application/json"),
    ] {
        let headers = [("content-type", kind)];
        let body = purchase("LIC-1", None).to_string();
        let answer = service.vendor.send("POST", &format!("{path}?dry_run=true"), &headers, body.as_bytes()).await;
        let problem = answer.problem(400, "/problems/bad-request");
        assert_eq!(problem["errors"][0]["parameter"], "dry_run", "{path}: {problem:#}");
    }
    service.vendor.get("/v1/licenses/LIC-1").await.problem(404, "/problems/not-found");
}

/// `й` is one letter, or an `и` with a breve: a name is found however it is typed.
#[tokio::test]
async fn texts_are_compared_as_they_are_kept() {
    let service = Service::on_sqlite(&[]);
    service.vendor.command(&purchase("LIC-1", Some("Йод"))).await.fine();
    for partner in ["%D0%99%D0%BE%D0%B4", "%D0%98%CC%86%D0%BE%D0%B4", "%20%D0%99%D0%BE%D0%B4%20"] {
        let page = service.vendor.get(&format!("/v1/licenses?partner={partner}")).await.fine();
        assert_eq!(numbers(&page), ["LIC-1"], "{partner}");
    }
}

#[tokio::test]
async fn an_instant_that_is_not_over_is_no_instant_to_ask_about_yet() {
    let service = Service::on_sqlite(&[]);
    let answer = service.vendor.get("/v1/licenses?known_at=2999-01-01T00:00:00Z").await;
    answer.problem(409, "/problems/not-over");
}

#[tokio::test]
async fn no_swm_ends_in_a_period_that_ends_before_it_begins() {
    let service = Service::on_sqlite(&[]);
    let page = service.vendor.get("/v1/swm-expiry?from=2012-01-02&to=2012-01-01").await.fine();
    assert_eq!(page["items"], serde_json::json!([]));
}

#[tokio::test]
async fn what_is_no_address_and_no_method_of_one() {
    let service = Service::on_sqlite(&[]);
    for path in ["/", "/v1", "/v2/licenses", "/v1/licenses/LIC-1/", "//v1/licenses", "/v1/licenses/../../etc/passwd"] {
        service.vendor.get(path).await.problem(404, "/problems/not-found");
    }
    let answer = service.vendor.send("DELETE", "/v1/licenses/LIC-1", &[], b"").await;
    answer.problem(405, "/problems/wrong-method");
    assert!(answer.header("allow").unwrap().contains("GET"));
}

#[tokio::test]
async fn health_readiness_and_figures() {
    let service = Service::on_sqlite(&[]);
    let anybody = service.vendor.without_key();
    assert_eq!(anybody.get("/healthz").await.fine(), json!({"status": "ok"}));
    assert_eq!(anybody.get("/readyz").await.fine(), json!({"status": "ready"}));
    service.vendor.command(&purchase("LIC-1", None)).await.fine();
    service.vendor.command(&command("LIC-1", json!({"type": "activate_license"}))).await.problem(422, "/rules/ACT-5");
    let figures = service.with_role("admin").get("/metrics").await;
    assert_eq!(
        (figures.status, figures.header("content-type")),
        (200, Some("text/plain; version=0.0.4; charset=utf-8"))
    );
    let figures = figures.text();
    for line in [
        "http_request_seconds_count{route=\"/v1/commands\",status=\"200\"} 1",
        "http_request_seconds_count{route=\"/v1/commands\",status=\"422\"} 1",
        "commands_total{outcome=\"accepted\"} 1",
        "commands_total{outcome=\"rejected\"} 1",
    ] {
        assert!(figures.lines().any(|found| found == line), "{line}: {figures}");
    }
    let lag = figures.lines().find_map(|line| line.strip_prefix("sealer_lag_seconds ")).expect("the sealer's lag");
    let lag: f64 = lag.parse().unwrap();
    assert!((0.0..60.0).contains(&lag), "{lag} s");
}

#[tokio::test]
async fn a_database_that_goes_away_is_503_and_not_ready() {
    let server = throwaway_postgres::Server::start().unwrap();
    let place = super::running::Place::on(server.new_database().await.unwrap());
    let service = Service::start(place, &[]);
    service.vendor.get("/v1/licenses").await.fine();
    drop(server);
    let answer = service.vendor.get("/v1/licenses").await;
    let problem = answer.problem(503, "/problems/unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"), "{problem:#}");
    let answer = service.vendor.command(&purchase("LIC-1", None)).await;
    answer.problem(503, "/problems/unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"));
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    service.vendor.without_key().get("/readyz").await.problem(503, "/problems/unavailable");
    service.vendor.without_key().get("/healthz").await.fine();
    assert!(!problem.to_string().contains("postgres"), "nothing of the inside is told: {problem:#}");
}
