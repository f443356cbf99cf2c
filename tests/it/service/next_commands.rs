//! `GET /v1/licenses/{number}/next-commands`: what it says is what quoting each command says.

use serde_json::Value;

use super::{Caller, Expected, Service, add_users, command, purchase};

/// Quotes every example; how many are accepted, rejected and forbidden.
async fn as_quoted(caller: &Caller, license: &str, on: &str) -> [usize; 3] {
    let answer = caller.get(&format!("/v1/licenses/{license}/next-commands{on}")).await.fine();
    assert!(on.is_empty() || on == format!("?on={}", answer["on"].as_str().unwrap()), "{}", answer["on"]);
    let commands = answer["commands"].as_array().unwrap();
    let types: std::collections::BTreeSet<_> =
        commands.iter().map(|command| command["type"].as_str().unwrap()).collect();
    assert_eq!((commands.len(), types.len()), (23, 23), "{types:?}");
    let mut counts = [0; 3];
    for command in commands {
        let mut allowed = false;
        for example in command["examples"].as_array().unwrap() {
            assert_eq!(example["request"]["command"]["type"], command["type"]);
            let body = example["request"].to_string();
            let quoted = caller.post("/v1/quotes", &[], body.as_bytes()).await.json().unwrap();
            assert_eq!(quoted["outcomes"][0], example["outcome"], "{body}");
            let kind =
                ["accepted", "rejected", "forbidden"].iter().position(|kind| example["outcome"]["outcome"] == *kind);
            counts[kind.unwrap_or_else(|| panic!("{example:#}"))] += 1;
            allowed |= kind == Some(0);
        }
        assert_eq!(command["allowed"], allowed, "{command:#}");
    }
    counts
}

async fn answers_are_as_quoted(service: &Service) {
    let vendor = &service.vendor;
    let mut bought = purchase("OWN-1", Some("Softline"));
    bought["on"] = "2012-01-20".into();
    vendor.command(&bought).await.fine();
    let mut waits = command("OWN-1", add_users("OWN-1", "PO-2", 5)["command"].clone());
    waits["command"]["registration"] = "manual".into();
    waits["on"] = "2012-08-01".into();

    let own = service.with_partner("Softline");
    for on in ["", "?on=2012-08-20"] {
        let [accepted, rejected, forbidden] = as_quoted(vendor, "own-1", on).await;
        assert!(accepted > 0 && rejected > 0 && forbidden == 0, "{on}: {accepted} {rejected} {forbidden}");
    }
    vendor.command(&waits).await.fine();
    let [accepted, rejected, forbidden] = as_quoted(&own, "OWN-1", "?on=2012-08-20").await;
    assert!(accepted > 0 && rejected > 0 && forbidden > 8, "{accepted} {rejected} {forbidden}");
    as_quoted(vendor, "NEW-1", "").await;
    who_only_reads_is_told_what_a_distributor_could_do(service).await;

    let other = service.with_partner("Other");
    let mut refused = Vec::<Value>::new();
    for license in ["OWN-1", "NEW-1"] {
        let target = format!("/v1/licenses/{license}/next-commands");
        let mut problem = other.get(&target).await.problem(403, "/problems/forbidden");
        problem["request_id"].take();
        refused.push(problem);
    }
    assert_eq!(refused[0], refused[1], "it is not told which numbers exist");
    vendor.get("/v1/licenses/OWN-1/next-commands?on=x").await.problem(400, "/problems/bad-request");
}

async fn who_only_reads_is_told_what_a_distributor_could_do(service: &Service) {
    let target = "/v1/licenses/OWN-1/next-commands?on=2012-08-20";
    let distributors = service.with_role("distributor").get(target).await.fine();
    assert_eq!(distributors["role"], "distributor");
    for role in ["auditor", "reporter"] {
        assert_eq!(service.with_role(role).get(target).await.fine(), distributors, "{role}");
    }
    let vendors = service.vendor.get(target).await.fine();
    assert_eq!(vendors["role"], "vendor");
    assert_ne!(vendors["commands"], distributors["commands"], "the vendor desk's commands are the vendor's");
}

#[tokio::test]
async fn every_command_is_answered_as_quoting_it_would() {
    answers_are_as_quoted(&Service::on_sqlite(&[])).await;
}

#[tokio::test]
async fn every_command_is_answered_as_quoting_it_would_on_postgres() {
    answers_are_as_quoted(&Service::on_postgres(&[]).await).await;
}
