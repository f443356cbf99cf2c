//! What a partner's key may do: everything with the partner's licenses, nothing with any other.

use std::collections::BTreeMap;

use ledger_app::ledger::Ledger;
use ledger_app::post::PostContext;
use ledger_app::poster::Poster;
use ledger_app::quote::QuoteSession;
use ledger_domain::command::{Actor, Role};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::properties::{TODAY, any_command, entitlements, run};
use super::{answers, context, ledger, lines, post};

const OURS: &str = "Аксофт";
const THEIRS: &str = "Софтлайн";

fn key(today: &str, partner: &str) -> PostContext {
    let actor = Actor { name: format!("orders@{partner}"), role: Role::Vendor };
    PostContext::new(today.parse().expect("a date"), Poster::with_key(actor, Some(partner.to_owned())))
}

/// A command on the license; its id follows from what it says.
fn command(license: &str, command: Value) -> Value {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("{license} {command}").as_bytes());
    json!({"command_id": id, "license": license, "on": "2013-01-10", "command": command})
}

fn issue(partner: Option<&str>) -> Value {
    let mut issue = json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": 25,
        "registration": "automatic", "holder": {"name": "ООО Ромашка"}});
    if let Some(partner) = partner {
        issue["partner"] = json!({"name": partner});
    }
    issue
}

/// `OURS-1`…`OURS-3`, `THEIRS-1`, `NOBODYS-1`, the trial `TRIAL-1`, and `OURS-4`, which an order waits to hand to them.
async fn all_kinds() -> Ledger {
    let ledger = ledger().await;
    let trial = json!({"type": "register_trial", "product": "control", "holder": {"name": "ООО Ромашка"}});
    let leaving = json!({"type": "add_users", "order": "PO-2", "users": 5, "partner": {"name": THEIRS}});
    let licenses = [
        ("OURS-1", issue(Some(OURS))),
        ("OURS-2", issue(Some(OURS))),
        ("OURS-3", issue(Some(OURS))),
        ("OURS-4", issue(Some(OURS))),
        ("THEIRS-1", issue(Some(THEIRS))),
        ("NOBODYS-1", issue(None)),
        ("TRIAL-1", trial),
        ("OURS-4", leaving),
    ];
    for (license, what) in licenses {
        assert_eq!(post(&ledger, "2013-01-10", &command(license, what)).await["outcome"], "accepted");
    }
    ledger
}

/// The commands that touch one license alone.
fn of_one_license() -> Vec<Value> {
    let desk = |mut command: Value| {
        command["reason"] = "по запросу".into();
        command["confirm_irreversible"] = true.into();
        command
    };
    let renewal = json!([{"type": "renew_swm", "years": 1}]);
    vec![
        json!({"type": "activate_license"}),
        json!({"type": "add_users", "order": "PO-9", "users": 5}),
        json!({"type": "add_plugin", "order": "PO-9", "plugin": "antivirus"}),
        json!({"type": "renew_swm", "order": "PO-9", "years": 1}),
        json!({"type": "switch_to_fstek", "order": "PO-9", "confirm_irreversible": true}),
        json!({"type": "order_upgrade", "order": "PO-9", "lines": renewal}),
        json!({"type": "activate_upgrade", "order": "PO-1"}),
        json!({"type": "cancel_order", "order": "PO-1"}),
        desk(json!({"type": "rename_holder", "name": "АО Вега"})),
        desk(json!({"type": "change_license_type", "to": "education"})),
        desk(json!({"type": "reduce_users", "to": 5})),
        desk(json!({"type": "remove_plugins", "plugins": ["antivirus"]})),
        desk(json!({"type": "activate_legacy_order", "order": "PO-1"})),
        json!({"type": "report_server_online", "server": "A"}),
        json!({"type": "report_server_offline", "server": "A"}),
        json!({"type": "record_installed_version", "version": "7.2.1"}),
        json!({"type": "unblock_license", "reason": "проверено"}),
    ]
}

fn split(into: &[&str]) -> Value {
    let part = |license: &&str| json!({"license": license, "users": 5});
    json!({"type": "split_license", "into": into.iter().map(part).collect::<Vec<_>>(), "reason": "два сервера",
        "confirm_irreversible": true})
}

fn merge(from: &[&str]) -> Value {
    json!({"type": "merge_licenses", "from": from, "reason": "один сервер", "confirm_irreversible": true})
}

fn transfer(to: &str) -> Value {
    json!({"type": "transfer_users", "to": to, "users": 5, "reason": "два сервера", "confirm_irreversible": true})
}

/// What our key is answered by posting and by quoting, which must be the same, on a ledger of its own each time.
async fn ours(license: &str, what: &Value) -> Value {
    let ledger = all_kinds().await;
    let (lines, key) = (lines(&[command(license, what.clone())]), key("2013-01-10", OURS));
    let quoted = answers(&ledger.quote(&mut QuoteSession::default(), &lines, &key).await).remove(0);
    let posted = answers(&ledger.post(&lines, &key).await).remove(0);
    assert_eq!(quoted, posted);
    posted
}

async fn is_forbidden(license: &str, what: &Value, path: &str) {
    let answer = ours(license, what).await;
    assert_eq!(
        (&answer["outcome"], &answer["errors"][0]["path"]),
        (&json!("forbidden"), &json!(path)),
        "{license} {what}"
    );
}

#[tokio::test]
async fn with_its_own_licenses_a_key_does_what_anybody_may() {
    for what in of_one_license() {
        let asked = command("OURS-1", what.clone());
        let anybody = post(&all_kinds().await, "2013-01-10", &asked).await;
        assert_ne!(anybody["outcome"], "forbidden");
        assert_eq!(ours("OURS-1", &what).await, anybody);
    }
}

#[tokio::test]
async fn other_licenses_are_out_of_reach_and_the_answer_does_not_tell_which_exist() {
    for what in of_one_license() {
        let messages = ["THEIRS-1", "NOBODYS-1", "TRIAL-1", "UNKNOWN-1"].map(async |license| {
            is_forbidden(license, &what, "/license").await;
            let message = ours(license, &what).await["errors"][0]["message"].to_string();
            (message.replace(license, "…"), message)
        });
        let mut said = Vec::new();
        for message in messages {
            said.push(message.await.0);
        }
        said.dedup();
        assert_eq!(said.len(), 1, "{said:?}");
    }
}

#[tokio::test]
async fn a_license_is_bought_in_the_partners_name_on_a_free_number() {
    assert_eq!(ours("NEW-1", &issue(Some(OURS))).await["outcome"], "accepted");
    is_forbidden("NEW-1", &issue(None), "/command/partner").await;
    is_forbidden("NEW-1", &issue(Some(THEIRS)), "/command/partner").await;
    is_forbidden("OURS-1", &issue(Some(THEIRS)), "/command/partner").await;
    for taken in ["THEIRS-1", "NOBODYS-1", "TRIAL-1"] {
        is_forbidden(taken, &issue(Some(OURS)), "/license").await;
    }
    let mut again = issue(Some(OURS));
    again["order"] = "PO-9".into();
    assert_eq!(ours("OURS-1", &again).await["violations"][0]["rule"], "PUR-8");
}

#[tokio::test]
async fn a_trial_belongs_to_nobody_so_a_key_registers_none() {
    let trial = json!({"type": "register_trial", "product": "control", "holder": {"name": "АО Вега"}});
    for license in ["NEW-1", "OURS-1", "THEIRS-1", "TRIAL-1"] {
        is_forbidden(license, &trial, "/command/type").await;
    }
}

#[tokio::test]
async fn an_order_names_the_partner_or_none() {
    let fields = |mut order: Value, partner: &str| {
        order["partner"] = json!({"name": partner});
        order
    };
    for order in of_one_license().into_iter().filter(|command| command["order"] == "PO-9") {
        is_forbidden("OURS-1", &fields(order.clone(), THEIRS), "/command/partner").await;
        let own = ours("OURS-1", &fields(order, OURS)).await;
        assert_ne!(own["outcome"], "forbidden", "{own}");
    }
}

#[tokio::test]
async fn an_order_that_came_through_another_partner_is_not_the_keys_to_touch() {
    for what in ["activate_upgrade", "cancel_order", "activate_legacy_order"] {
        is_forbidden("OURS-4", &json!({"type": what, "order": "PO-2"}), "/command/order").await;
    }
    let unknown = ours("OURS-4", &json!({"type": "activate_upgrade", "order": "PO-3"})).await;
    assert_eq!(unknown["violations"][0]["rule"], "ACT-5");
}

#[tokio::test]
async fn users_are_redistributed_among_the_partners_licenses_alone() {
    for good in [split(&["NEW-1", "NEW-2"]), merge(&["OURS-2", "OURS-3"]), transfer("OURS-2")] {
        let answer = ours("OURS-1", &good).await;
        assert_eq!(answer["outcome"], "accepted", "{answer}");
    }
    for foreign in ["THEIRS-1", "NOBODYS-1", "TRIAL-1"] {
        let bad = [split(&["NEW-1", foreign]), merge(&["OURS-2", foreign]), transfer(foreign)];
        for what in bad {
            is_forbidden("OURS-1", &what, "/command").await;
            is_forbidden(foreign, &what, "/license").await;
        }
        is_forbidden(foreign, &merge(&["OURS-1"]), "/license").await;
        is_forbidden(foreign, &transfer("OURS-1"), "/license").await;
    }
    for unknown in [merge(&["UNKNOWN-1"]), transfer("UNKNOWN-1")] {
        is_forbidden("OURS-1", &unknown, "/command").await;
    }
    assert_eq!(ours("OURS-1", &split(&["OURS-2"])).await["violations"][0]["rule"], "PUR-8");
}

/// The command id is judged before who may (the contract's order): a client that did not hear the first answer must hear
/// it, whoever the license belongs to by now. It takes the id and the exact content to hear another's.
#[tokio::test]
async fn an_answer_given_before_is_given_again_whoever_the_license_belongs_to_by_now() {
    let ledger = all_kinds().await;
    let asked = [
        command("THEIRS-1", issue(Some(THEIRS))),
        command("OURS-1", issue(Some(OURS))),
        command("OURS-4", json!({"type": "add_users", "order": "PO-2", "users": 5, "partner": {"name": THEIRS}})),
    ];
    for answer in answers(&ledger.post(&lines(&asked), &key("2013-01-10", OURS)).await) {
        assert_eq!((&answer["outcome"], &answer["replayed"]), (&json!("accepted"), &json!(true)));
    }
}

#[tokio::test]
async fn a_version_named_wrongly_tells_nothing_of_another_partners_license() {
    let ledger = all_kinds().await;
    let mut asked = command("THEIRS-1", json!({"type": "activate_license"}));
    asked["expected_version"] = 77.into();
    let answer = answers(&ledger.post(&lines(&[asked]), &key("2013-01-10", OURS)).await).remove(0);
    assert_eq!(answer["outcome"], "forbidden");
}

/// The partner of every license.
async fn partners(ledger: &Ledger) -> BTreeMap<String, (Value, Value)> {
    let licenses = entitlements(ledger).await.into_iter();
    licenses.map(|license| (license["license"].to_string(), (license["partner"]["name"].clone(), license))).collect()
}

fn partner() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![None, Some(OURS), Some(OURS), Some(THEIRS)])
}

/// Commands that change hands, which random ones seldom do: the order named `last` is the license's last.
fn changing_hands() -> impl Strategy<Value = Value> {
    let (order, registration) = (1..1000u32, prop::sample::select(vec!["automatic", "manual", "manual"]));
    prop_oneof![
        2 => Just(issue(None)),
        3 => (order, registration).prop_map(|(order, registration)| {
            json!({"type": "add_users", "order": format!("PO-{order}"), "users": 5, "registration": registration})
        }),
        3 => Just(json!({"type": "activate_upgrade", "order": "last"})),
        1 => Just(json!({"type": "cancel_order", "order": "last"})),
        1 => (0..3u32).prop_map(|to| transfer(&format!("ABC-{to}"))),
        1 => (0..3u32).prop_map(|from| merge(&[&format!("ABC-{from}")])),
        1 => (0..3u32).prop_map(|part| split(&[&format!("ABC-{part}")])),
    ]
}

/// A history in which purchases and orders come through partners, and who posts each command; `None`: the desk.
fn posted_by_some() -> impl Strategy<Value = Vec<(Value, Option<&'static str>)>> {
    let command = prop_oneof![1 => any_command(), 4 => changing_hands()];
    prop::collection::vec((command, 0..3u32, partner(), partner()), 1..60).prop_map(|commands| {
        let mut last = BTreeMap::new();
        let posted = |(number, (mut command, license, through, poster)): (usize, (Value, u32, Option<_>, _))| {
            if ["issue_license", "order_upgrade", "add_users"].iter().any(|order| command["type"] == *order) {
                command["partner"] = through.map_or(Value::Null, |name| json!({"name": name}));
                last.insert(license, command["order"].clone());
            }
            if command["order"] == "last" {
                command["order"] = last.get(&license).cloned().unwrap_or_else(|| json!("PO-1"));
            }
            let id = format!("00000000-0000-7000-8000-{number:012}");
            let on = "2013-01-10";
            (json!({"command_id": id, "license": format!("ABC-{license}"), "on": on, "command": command}), poster)
        };
        commands.into_iter().enumerate().map(posted).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Nothing that a partner's key posts changes a license that was not the partner's, or takes one from the partner.
    #[test]
    fn a_key_stays_within_its_partner(history in posted_by_some()) {
        run(async {
            let ledger = ledger().await;
            for (command, poster) in &history {
                let before = partners(&ledger).await;
                let lines = lines(std::slice::from_ref(command));
                let context = poster.map_or_else(|| context(TODAY), |partner| key(TODAY, partner));
                answers(&ledger.post(&lines, &context).await);
                let (Some(partner), after) = (poster, partners(&ledger).await) else { continue };
                for (license, (owner, entitlement)) in &after {
                    let was = before.get(license);
                    if was.is_none_or(|(_, was)| was != entitlement) {
                        let was_own = was.is_none_or(|(was, _)| was == *partner);
                        prop_assert!(was_own && owner == *partner, "{partner} changed {license} of {was:?}: {command}");
                    }
                }
            }
            Ok(())
        })?;
    }
}
