//! Quotes: what commands would give, promised, and kept exactly or not at all.

use std::sync::Arc;

use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::post::PostContext;
use ledger_app::poster::Poster;
use ledger_domain::command::{Actor, Role};
use ledger_sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::use_cases::lines;

use super::{Caller, Expected, Service, add_users, command, purchase};

async fn quote(caller: &Caller, body: &Value) -> plain_http::Answer {
    caller.post("/v1/quotes", &[], body.to_string().as_bytes()).await
}

/// Keeps a quote; its id and what it promises.
async fn keep(caller: &Caller, commands: &[Value]) -> (String, Value) {
    let answer = quote(caller, &json!({"commands": commands, "keep": true})).await.fine();
    let id = answer["quote"]["id"].as_str().unwrap_or_else(|| panic!("it is kept: {answer:#}")).to_owned();
    (id, answer["outcomes"].clone())
}

async fn commit(caller: &Caller, id: &str) -> plain_http::Answer {
    caller.post(&format!("/v1/quotes/{id}/commit"), &[], b"").await
}

fn on(mut command: Value, day: &str) -> Value {
    command["on"] = json!(day);
    command
}

async fn log(service: &Service) -> Value {
    service.vendor.get("/v1/events?limit=1000").await.fine()["items"].clone()
}

fn renewal(license: &str, order: &str) -> Value {
    command(license, json!({"type": "renew_swm", "order": order, "years": 1, "registration": "automatic"}))
}

async fn promised_and_committed(service: &Service) {
    let day = "2012-08-20";
    let commands = [
        on(purchase("LIC-1", None), "2012-01-20"),
        on(add_users("LIC-1", "PO-2", 10), day),
        on(renewal("LIC-1", "PO-3"), day),
    ];
    let vendor = &service.vendor;
    let unkept = quote(vendor, &json!({"commands": commands})).await.fine();
    let (id, promised) = keep(vendor, &commands).await;
    assert_eq!((&unkept["outcomes"], &unkept["quote"]), (&promised, &Value::Null));
    let versions: Vec<_> = promised.as_array().unwrap().iter().map(|outcome| &outcome["version"]).collect();
    assert_eq!(versions, [2, 4, 6], "each is judged after those before it");
    assert!(promised.as_array().unwrap().iter().all(|outcome| outcome["price"]["total"].is_string()), "{promised:#}");
    assert_eq!(log(service).await, json!([]), "a quote writes nothing");

    let done = commit(vendor, &id).await.fine();
    assert_eq!((&done["quote"], &done["outcomes"]), (&json!(id), &promised));
    let written = log(service).await;
    let told: Vec<_> =
        promised.as_array().unwrap().iter().flat_map(|outcome| outcome["events"].as_array().unwrap()).collect();
    assert_eq!(written.as_array().unwrap().len(), told.len());
    for (written, told) in written.as_array().unwrap().iter().zip(told) {
        assert_eq!((&written["type"], &written["sequence"]), (&told["type"], &told["sequence"]));
    }

    let mut replayed = promised;
    replayed.as_array_mut().unwrap().iter_mut().for_each(|outcome| outcome["replayed"] = json!(true));
    assert_eq!(commit(vendor, &id).await.fine()["outcomes"], replayed);
    assert_eq!(log(service).await, written, "nothing is done twice");
}

async fn overtaken(service: &Service) {
    let vendor = &service.vendor;
    let (id, promised) = keep(vendor, &[add_users("LIC-2", "PO-2", 10), add_users("LIC-2", "PO-3", 5)]).await;
    vendor.command(&add_users("LIC-2", "PO-3", 5)).await.fine();
    let before = log(service).await;
    let problem = commit(vendor, &id).await.problem(409, "/problems/quote-changed");
    assert_eq!((&problem["quote"], &problem["expired"]), (&json!(id), &json!(false)));
    let [first, second] = problem["commands"].as_array().unwrap().as_slice() else { panic!("{problem:#}") };
    assert_eq!((&first["changed"], &second["changed"]), (&json!([]), &json!(["outcome"])), "{problem:#}");
    assert_eq!((&first["promised"], &second["promised"]), (&promised[0], &promised[1]));
    assert_eq!(second["now"]["outcome"], "rejected");
    assert!(second["now"]["violations"][0]["rule"].is_string(), "{second:#}");
    assert_eq!(log(service).await, before, "nothing is written, not even the refusal");
}

async fn everything(service: &Service) {
    promised_and_committed(service).await;
    service.vendor.command(&purchase("LIC-2", None)).await.fine();
    overtaken(service).await;
}

#[tokio::test]
async fn a_kept_quote_is_committed_as_promised_or_not_at_all() {
    everything(&Service::on_sqlite(&[])).await;
}

#[tokio::test]
async fn a_kept_quote_is_committed_as_promised_or_not_at_all_on_postgres() {
    everything(&Service::on_postgres(&[]).await).await;
}

#[tokio::test]
async fn what_is_refused_is_not_kept() {
    let service = Service::on_sqlite(&[]);
    let commands = [purchase("LIC-1", None), add_users("LIC-1", "PO-2", 7), add_users("LIC-1", "PO-3", 5)];
    let refused = quote(&service.vendor, &json!({"commands": commands, "keep": true})).await;
    let problem = refused.problem(422, "/rules/USR-4");
    let outcomes: Vec<_> = problem["outcomes"].as_array().unwrap().iter().map(|outcome| &outcome["outcome"]).collect();
    assert_eq!(outcomes, ["accepted", "rejected", "accepted"], "each by itself");
    assert_eq!((&problem["command_id"], &problem["quote"]), (&commands[1]["command_id"], &Value::Null));
    assert_eq!(log(&service).await, json!([]));
    let url = format!("sqlite:{}", service.place.file("ledger.db").display());
    let mut database = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let kept = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM kept_quotes");
    assert_eq!(kept.fetch_one(&mut database).await.unwrap(), 0);
    keep(&service.vendor, &commands[..1]).await;
    let kept = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM kept_quotes");
    assert_eq!(kept.fetch_one(&mut database).await.unwrap(), 1, "that is where quotes are kept");

    let invalid = json!({"commands": [purchase("LIC-1", None), {"license": "LIC-1"}]});
    let problem = quote(&service.vendor, &invalid).await.problem(400, "/problems/invalid");
    assert_eq!(problem["outcomes"][1]["outcome"], "invalid");
    for wrong in [json!({"commands": []}), json!({"commands": 1}), json!({"commands": [], "colour": 1})] {
        quote(&service.vendor, &wrong).await.problem(400, "/problems/bad-request");
    }
}

/// Two quotes were kept in 2013, until the end of that January; one of them was committed in time.
#[tokio::test]
async fn an_expired_quote_is_not_committed_and_a_committed_one_is_told_again() {
    let service = Service::on_sqlite(&[]);
    let store = SqliteStore::open(service.place.file("ledger.db").to_str().unwrap()).await.unwrap();
    let ledger = Ledger::open(Arc::new(store), GivenFiles::default()).await.unwrap();
    let actor = Actor { name: "desk".to_owned(), role: Role::Vendor };
    let context = PostContext::new("2013-01-10".parse().unwrap(), Poster::with_key(actor, None));
    let mut ids = Vec::new();
    for license in ["LATE-1", "KEPT-1"] {
        let commands = lines(&[on(purchase(license, None), "2013-01-10")]);
        let kept = ledger.keep_quote(&commands, &context, Some("2013-01-31".parse().unwrap())).await.unwrap();
        ids.push(kept.quote.expect("it is kept").id);
    }
    ledger.commit_quote(ids[1], &context).await.unwrap();

    let problem = commit(&service.vendor, &ids[0].to_string()).await.problem(409, "/problems/quote-changed");
    assert_eq!((&problem["expired"], &problem["valid_until"]), (&json!(true), &json!("2013-01-31")), "{problem:#}");
    assert!(problem["detail"].as_str().unwrap().contains("2013-01-31"), "{problem:#}");
    service.vendor.get("/v1/licenses/LATE-1").await.problem(404, "/problems/not-found");
    let again = commit(&service.vendor, &ids[1].to_string()).await.fine();
    assert_eq!(again["outcomes"][0]["replayed"], true, "{again:#}");
}

#[tokio::test]
async fn only_who_may_post_commits_and_a_partner_only_its_own() {
    let service = Service::on_sqlite(&[]);
    service.vendor.command(&purchase("OWN-1", Some("Softline"))).await.fine();
    let (own, other) = (service.with_partner("Softline"), service.with_partner("Other"));
    let more = |order| {
        let mut more = add_users("OWN-1", order, 5);
        more["command"]["partner"] = json!({"name": "Softline"});
        more
    };
    let (id, _) = keep(&own, &[more("PO-2")]).await;
    let (desks, _) = keep(&service.vendor, &[more("PO-3")]).await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    for id in [&*id, &*desks, unknown] {
        commit(&other, id).await.problem(404, "/problems/not-found");
    }
    commit(&service.with_role("auditor"), &id).await.problem(403, "/problems/forbidden");
    quote(&other, &more("PO-2")).await.problem(403, "/problems/forbidden");
    assert_eq!(service.vendor.get("/v1/licenses/OWN-1").await.fine()["users"], 25);
    commit(&own, &id).await.fine();
    commit(&service.with_role("auditor"), &id).await.problem(403, "/problems/forbidden");
    commit(&service.vendor, &desks).await.fine();
    assert_eq!(service.vendor.get("/v1/licenses/OWN-1").await.fine()["users"], 35);
    commit(&own, "x").await.problem(400, "/problems/bad-request");
}
