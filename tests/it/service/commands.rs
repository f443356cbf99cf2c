//! `POST /v1/commands`: every status of the contract.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Expected, Service, add_users, command, purchase};

async fn one_after_another(service: &Service) {
    let vendor = &service.vendor;
    let bought = purchase("LIC-1", None);
    let answer = vendor.command(&bought).await;
    let outcome = answer.fine();
    assert_eq!(
        (&outcome["outcome"], &outcome["version"], &outcome["replayed"]),
        (&json!("accepted"), &json!(2), &json!(false))
    );
    assert_eq!((answer.header("etag"), answer.header("content-type")), (Some("\"2\""), Some("application/json")));

    let again = vendor.command(&bought).await;
    let mut first = outcome.clone();
    first["replayed"] = json!(true);
    assert_eq!((again.fine(), again.header("etag")), (first, None));

    let refused = add_users("LIC-1", "PO-2", 7);
    let problem = vendor.command(&refused).await.problem(422, "/rules/USR-4");
    assert_eq!((&problem["outcome"], &problem["violations"][0]["rule"]), (&json!("rejected"), &json!("USR-4")));
    assert_eq!(problem["violations"][0]["facts"]["next_valid"], 10);
    assert_eq!(problem["violations"][0]["way_forward"][0]["command"]["users"], 10);
    let again = vendor.command(&refused).await.problem(422, "/rules/USR-4");
    assert_eq!((&again["replayed"], &again["violations"]), (&json!(true), &problem["violations"]));

    let mut other = add_users("LIC-1", "PO-3", 5);
    other["command_id"] = bought["command_id"].clone();
    let problem = vendor.command(&other).await.problem(409, "/problems/conflict");
    assert_eq!((&problem["outcome"], &problem["errors"][0]["path"]), (&json!("conflict"), &json!("/command_id")));

    let mut stale = add_users("LIC-1", "PO-3", 5);
    stale["expected_version"] = json!(1);
    let problem = vendor.command(&stale).await.problem(409, "/problems/conflict");
    assert_eq!(problem["errors"][0]["path"], "/expected_version");
    stale["expected_version"] = json!(2);
    assert_eq!(vendor.command(&stale).await.fine()["version"], 4, "a version conflict does not bind the id");
}

#[tokio::test]
async fn a_command_is_accepted_replayed_rejected_or_conflicts() {
    one_after_another(&Service::on_sqlite(&[])).await;
}

#[tokio::test]
async fn a_command_is_accepted_replayed_rejected_or_conflicts_on_postgres() {
    one_after_another(&Service::on_postgres(&[]).await).await;
}

#[tokio::test]
async fn what_cannot_be_understood_is_invalid_and_says_where() {
    let service = Service::on_sqlite(&[]);
    let id = json!(Uuid::now_v7());
    let cases = [
        (json!({"command_id": id, "license": "LIC-1", "command": {"type": "fly"}}), "/command/type"),
        (
            json!({"command_id": id, "license": "LIC-1", "colour": 1, "command": {"type": "activate_license"}}),
            "/colour",
        ),
        (json!({"license": "LIC-1", "command": {"type": "activate_license"}}), "/command_id"),
        (json!({"command_id": id, "license": "?", "command": {"type": "activate_license"}}), "/license"),
        (json!([1]), ""),
    ];
    for (body, path) in cases {
        let problem = service.vendor.command(&body).await.problem(400, "/problems/invalid");
        assert_eq!(
            (&problem["outcome"], &problem["errors"][0]["path"]),
            (&json!("invalid"), &json!(path)),
            "{problem:#}"
        );
    }
    for body in [&b"nonsense"[..], b"", b"{", b"\xff\xfe", b"{\"command_id\": \"\0\"}"] {
        service.vendor.post("/v1/commands", &[], body).await.problem(400, "/problems/invalid");
    }
}

#[tokio::test]
async fn only_json_is_taken() {
    let service = Service::on_sqlite(&[]);
    let body = purchase("LIC-1", None).to_string();
    for headers in [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/x-ndjson")]] {
        let answer = service.vendor.send("POST", "/v1/commands", headers, body.as_bytes()).await;
        answer.problem(415, "/problems/not-json");
    }
    let with_charset = [("content-type", "Application/JSON; charset=utf-8")];
    service.vendor.send("POST", "/v1/commands", &with_charset, body.as_bytes()).await.fine();
}

#[tokio::test]
async fn an_idempotency_key_stands_for_the_command_id() {
    let service = Service::on_sqlite(&[]);
    let mut bought = purchase("LIC-1", None);
    let id = bought["command_id"].take().as_str().unwrap().to_owned();
    bought.as_object_mut().unwrap().remove("command_id");
    let quoted = format!("\"{id}\"");
    let first = service.vendor.command_with(&[("idempotency-key", &quoted)], &bought).await.fine();
    assert_eq!((&first["command_id"], &first["replayed"]), (&json!(id), &json!(false)));
    let bare = service.vendor.command_with(&[("idempotency-key", &id)], &bought).await.fine();
    assert_eq!(bare["replayed"], true);
    bought["command_id"] = json!(id);
    assert_eq!(service.vendor.command_with(&[("idempotency-key", &id)], &bought).await.fine()["replayed"], true);
    let other = Uuid::now_v7().to_string();
    let two = service.vendor.command_with(&[("idempotency-key", &other)], &bought).await;
    let two = two.problem(409, "/problems/conflict");
    assert_eq!(
        (&two["outcome"], &two["command_id"], &two["license"]),
        (&json!("conflict"), &json!(id), &json!("LIC-1"))
    );
    assert_eq!(two["errors"][0]["path"], "/command_id");
    for wrong in ["order-118", "\"\""] {
        let answer = service.vendor.command_with(&[("idempotency-key", wrong)], &bought).await;
        let problem = answer.problem(400, "/problems/bad-request");
        assert_eq!(problem["errors"][0]["parameter"], "Idempotency-Key");
    }
}

#[tokio::test]
async fn if_match_holds_the_license_to_a_version() {
    let service = Service::on_sqlite(&[]);
    let vendor = &service.vendor;
    let missing = vendor.command_with(&[("if-match", "*")], &purchase("LIC-1", None)).await;
    let problem = missing.problem(412, "/problems/if-match");
    assert_eq!((&problem["outcome"], &problem["license"]), (&json!("conflict"), &json!("LIC-1")));
    vendor.command(&purchase("LIC-1", None)).await.fine();

    let more = add_users("LIC-1", "PO-2", 5);
    let problem = vendor.command_with(&[("if-match", "\"1\"")], &more).await.problem(412, "/problems/if-match");
    assert!(problem["detail"].as_str().unwrap().contains("version 2"), "{problem:#}");
    for wrong in ["1", "W/\"2\"", "\"2\", \"3\"", "", "\"x\""] {
        let problem = vendor.command_with(&[("if-match", wrong)], &more).await.problem(400, "/problems/bad-request");
        assert_eq!(problem["errors"][0]["parameter"], "If-Match", "{wrong}");
    }
    let tag = vendor.get("/v1/licenses/LIC-1").await.header("etag").unwrap().to_owned();
    let answer = vendor.command_with(&[("if-match", &tag)], &more).await;
    assert_eq!((answer.fine()["version"].clone(), answer.header("etag")), (json!(4), Some("\"4\"")));
    // A replay comes before the version: the client that missed the answer gets it.
    assert_eq!(vendor.command_with(&[("if-match", &tag)], &more).await.fine()["replayed"], true);
    vendor.command_with(&[("if-match", "*")], &add_users("LIC-1", "PO-3", 5)).await.fine();
}

#[tokio::test]
async fn problems_speak_the_clients_language() {
    let service = Service::on_sqlite(&[]);
    service.vendor.command(&purchase("LIC-1", None)).await.fine();
    let refused = add_users("LIC-1", "PO-2", 7);
    for (asked, tag, word) in
        [("ru", "ru", "пакетами"), ("en", "en", "packs"), ("de", "en", "packs"), ("en;q=0.1, ru", "ru", "пакетами")]
    {
        let answer = service.vendor.command_with(&[("accept-language", asked)], &refused).await;
        let problem = answer.problem(422, "/rules/USR-4");
        assert_eq!((answer.header("content-language"), answer.header("vary")), (Some(tag), Some("Accept-Language")));
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().unwrap().contains(word), "{asked}: {problem:#}");
        }
    }
    let reporter = service.with_role("reporter");
    let mut at_another = add_users("LIC-1", "PO-3", 5);
    at_another["expected_version"] = json!(7);
    let mut another = refused.clone();
    another["command"]["users"] = json!(10);
    for (caller, headers, command, status, word) in [
        (&reporter, &[][..], &add_users("LIC-1", "PO-3", 5), 403, "роль reporter"),
        (&service.vendor, &[], &at_another, 409, "имеет версию 2"),
        (&service.vendor, &[], &another, 409, "другую команду"),
        (&service.vendor, &[("if-match", "\"7\"")], &add_users("LIC-1", "PO-3", 5), 412, "имеет версию 2"),
        (&service.vendor, &[("if-match", "*")], &add_users("LIC-9", "PO-3", 5), 412, "лицензии LIC-9 нет"),
    ] {
        let answer = caller.command_with(&[headers, &[("accept-language", "ru")]].concat(), command).await;
        let problem = answer.json().unwrap();
        assert_eq!((answer.status, answer.header("content-language")), (status, Some("ru")), "{problem:#}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{word}: {problem:#}");
    }
    let nobody = service.vendor.without_key().send("GET", "/v1/licenses", &[("accept-language", "ru")], b"").await;
    assert_eq!(nobody.problem(401, "/problems/no-key")["title"], "Нужен ключ API.");
}

#[tokio::test]
async fn what_must_be_confirmed_shows_what_would_happen() {
    let service = Service::on_sqlite(&[]);
    service.vendor.command(&purchase("LIC-1", None)).await.fine();
    let reduce = command("LIC-1", json!({"type": "reduce_users", "to": 5, "reason": "fewer people"}));
    let problem = service.vendor.command(&reduce).await.problem(422, "/rules/VND-10");
    assert_eq!(problem["would"]["entitlements"][0]["users"], 5);
}

#[tokio::test]
async fn many_callers_at_once_each_get_their_own_outcome() {
    let service = Service::on_postgres(&[]).await;
    let callers: Vec<_> = (0..200).map(|number| (number, service.vendor.another())).collect();
    let calls = callers.into_iter().map(|(number, caller)| async move {
        let license = format!("LIC-{}", number % 20);
        let mut bought = purchase(&license, None);
        bought["command"]["order"] = json!(format!("PO-{number}"));
        let id = bought["command_id"].clone();
        let answer = caller.command(&bought).await;
        let outcome: Value = answer.json().unwrap();
        assert_eq!((&outcome["command_id"], &outcome["license"]), (&id, &json!(license)), "{outcome:#}");
        answer.status
    });
    let calls: Vec<_> = calls.map(tokio::spawn).collect();
    let mut accepted = 0;
    for call in calls {
        match call.await.unwrap() {
            200 => accepted += 1,
            status => assert_eq!(status, 422, "each license is sold once"),
        }
    }
    assert_eq!(accepted, 20);
}
