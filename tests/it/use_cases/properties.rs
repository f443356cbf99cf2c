//! Properties over random histories: whatever is posted, these hold.

use ledger_app::ledger::Ledger;
use ledger_app::read::{ListQuery, When};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{answers, context, ledger, lines, quote};

pub(super) const TODAY: &str = "2025-12-31";

fn plugin() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["antivirus", "web_filter", "active_sync", "anti_spam"])
}

fn plugins() -> impl Strategy<Value = Value> {
    prop::collection::btree_set(plugin(), 0..3).prop_map(|set| json!(set))
}

fn registration() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["automatic", "automatic", "manual"])
}

fn order() -> impl Strategy<Value = String> {
    (1..40u32).prop_map(|number| format!("PO-{number}"))
}

fn users() -> impl Strategy<Value = u32> {
    prop_oneof![6 => (1..12u32).prop_map(|packs| packs * 5), 1 => 0..30u32]
}

fn line() -> impl Strategy<Value = Value> {
    prop_oneof![
        users().prop_map(|users| json!({"type": "add_users", "users": users})),
        plugin().prop_map(|plugin| json!({"type": "add_plugin", "plugin": plugin})),
        (1..4u32).prop_map(|years| json!({"type": "renew_swm", "years": years})),
        (1..3u32, plugins())
            .prop_map(|(years, plugins)| json!({"type": "renew_swm", "years": years, "plugins": plugins})),
        Just(json!({"type": "switch_to_fstek"})),
    ]
}

fn issue() -> impl Strategy<Value = Value> {
    let product = prop::sample::select(vec!["connect", "control", "control", "operator", "samepage"]);
    let license_type = prop::sample::select(vec!["commercial", "commercial", "education", "government"]);
    (order(), product, users(), plugins(), license_type, 1..4u32, registration()).prop_map(
        |(order, product, users, plugins, license_type, years, registration)| {
            json!({"type": "issue_license", "order": order, "product": product, "users": users, "plugins": plugins,
                "license_type": license_type, "swm_years": years, "registration": registration,
                "holder": {"name": "ООО Ромашка"}, "partner": {"name": "Аксофт", "level": "authorized"}})
        },
    )
}

fn desk() -> impl Strategy<Value = Value> {
    let to = prop::sample::select(vec!["commercial", "education", "government", "fstek"]);
    let command = prop_oneof![
        to.prop_map(|to| json!({"type": "change_license_type", "to": to})),
        users().prop_map(|to| json!({"type": "reduce_users", "to": to})),
        plugin().prop_map(|plugin| json!({"type": "remove_plugins", "plugins": [plugin]})),
        order().prop_map(|order| json!({"type": "activate_legacy_order", "order": order})),
        Just(json!({"type": "rename_holder", "name": "АО Вега", "inn": null})),
    ];
    (command, any::<bool>()).prop_map(|(mut command, confirm)| {
        command["reason"] = "по запросу".into();
        command["confirm_irreversible"] = confirm.into();
        command
    })
}

fn reports() -> impl Strategy<Value = Value> {
    let server = prop::sample::select(vec!["A", "B"]);
    let version = prop::sample::select(vec!["7.2.1", "7.4.0", "8.3.1", "1.0-x"]);
    prop_oneof![
        server.clone().prop_map(|server| json!({"type": "report_server_online", "server": server})),
        server.prop_map(|server| json!({"type": "report_server_offline", "server": server})),
        version.prop_map(|version| json!({"type": "record_installed_version", "version": version})),
        Just(json!({"type": "unblock_license", "reason": "проверено"})),
        Just(json!({"type": "register_trial", "product": "control", "holder": {"name": "АО Вега"}})),
        opening(),
    ]
}

fn opening() -> impl Strategy<Value = Value> {
    let license_type = prop::sample::select(vec!["commercial", "government", "fstek"]);
    let ends = prop::sample::select(vec!["2009-05-15", "2012-06-01", "2013-05-15"]);
    (users(), plugins(), license_type, ends).prop_map(|(users, plugins, license_type, ends)| {
        json!({"type": "open_license", "product": "control", "users": users, "plugins": plugins,
            "license_type": license_type, "swm_starts": "2009-05-15", "swm_ends": ends,
            "holder": {"name": "ООО Ромашка"}})
    })
}

fn number() -> impl Strategy<Value = String> {
    (0..6u32).prop_map(|number| format!("ABC-{number}"))
}

fn redistribution() -> impl Strategy<Value = Value> {
    let into = prop::collection::btree_map(number(), users(), 1..3);
    let from = prop::collection::btree_set(number(), 1..3);
    let command = prop_oneof![
        into.prop_map(|into| {
            let part = |(license, users): (String, u32)| json!({"license": license, "users": users});
            json!({"type": "split_license", "into": into.into_iter().map(part).collect::<Vec<_>>()})
        }),
        from.prop_map(|from| json!({"type": "merge_licenses", "from": from})),
        (number(), users()).prop_map(|(to, users)| json!({"type": "transfer_users", "to": to, "users": users})),
    ];
    (command, prop::bool::weighted(0.9)).prop_map(|(mut command, confirm)| {
        command["reason"] = "два сервера".into();
        command["confirm_irreversible"] = confirm.into();
        command
    })
}

pub(super) fn any_command() -> impl Strategy<Value = Value> {
    let upgrade = (order(), prop::collection::vec(line(), 1..4), registration(), any::<bool>()).prop_map(
        |(order, lines, registration, confirm)| {
            json!({"type": "order_upgrade", "order": order, "lines": lines, "registration": registration,
                "confirm_irreversible": confirm})
        },
    );
    let orders = prop_oneof![
        Just(json!({"type": "activate_license"})),
        order().prop_map(|order| json!({"type": "activate_upgrade", "order": order})),
        order().prop_map(|order| json!({"type": "cancel_order", "order": order})),
    ];
    prop_oneof![3 => issue(), 6 => upgrade, 2 => orders, 2 => desk(), 3 => reports(), 4 => redistribution()]
}

/// Commands on a few licenses, mostly forward in time.
pub(super) fn history() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec((any_command(), 0..3u32, -2..70i64), 1..60).prop_map(|commands| {
        let mut on: chrono::NaiveDate = "2011-10-01".parse().expect("a date");
        let envelope = |(number, (command, license, days)): (usize, (Value, u32, i64))| {
            on += chrono::Duration::days(days);
            json!({"command_id": format!("00000000-0000-7000-8000-{number:012}"), "license": format!("ABC-{license}"),
                "on": on, "command": command})
        };
        commands.into_iter().enumerate().map(envelope).collect()
    })
}

pub(super) async fn entitlements(ledger: &Ledger) -> Vec<Value> {
    let when = When { today: TODAY.parse().expect("a date"), on: None, known_at: None };
    let query = ListQuery { limit: 100, ..ListQuery::default() };
    let page = ledger.list(&query, when).await.expect("the memory store works");
    page.items.into_iter().map(|item| serde_json::to_value(item).expect("JSON")).collect()
}

pub(super) fn run<F: Future<Output = Result<(), TestCaseError>>>(future: F) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A quote is what posting gives: the same code judges both. Only a missing price tells them apart (PRC-11).
    #[test]
    fn a_quote_is_the_outcome(history in history()) {
        run(async {
            let (quoted, posted) = (ledger().await, ledger().await);
            let quotes = quote(&quoted, TODAY, &history).await;
            if quotes.iter().any(|quote| quote["violations"].to_string().contains("PRC-11")) {
                return Ok(());
            }
            let outcomes = answers(&posted.post(&lines(&history), &context(TODAY)).await);
            prop_assert_eq!(quotes, outcomes);
            prop_assert!(entitlements(&quoted).await.is_empty(), "a quote writes nothing");
            Ok(())
        })?;
    }

    /// Posted together or one by one, the outcomes and the licenses are the same.
    #[test]
    fn a_group_is_its_commands_one_by_one(history in history()) {
        run(async {
            let (together, singly) = (ledger().await, ledger().await);
            let group = answers(&together.post(&lines(&history), &context(TODAY)).await);
            let mut single = Vec::new();
            for command in &history {
                single.extend(answers(&singly.post(&lines(std::slice::from_ref(command)), &context(TODAY)).await));
            }
            prop_assert_eq!(group, single);
            prop_assert_eq!(entitlements(&together).await, entitlements(&singly).await);
            Ok(())
        })?;
    }

    /// What was judged is what the events fold to: a rebuild mends nothing. Users stay a multiple of 5.
    #[test]
    fn the_judged_state_is_the_replayed_state(history in history()) {
        run(async {
            let ledger = ledger().await;
            answers(&ledger.post(&lines(&history), &context(TODAY)).await);
            let mut mended = Vec::new();
            ledger.rebuild(|page| mended.extend(page.mended.clone())).await.expect("a rebuild");
            prop_assert_eq!(mended, Vec::<String>::new());
            for license in entitlements(&ledger).await {
                let users = license["users"].as_u64().unwrap_or(0);
                prop_assert!(users.is_multiple_of(5), "{license}");
                prop_assert!(users > 0 || license["status"] == "closed" || license["users"].is_null(), "{license}");
            }
            Ok(())
        })?;
    }

    /// A refusal changes no license, names its rules in the policy's order, and its ways forward can be posted.
    #[test]
    fn a_refusal_changes_nothing_and_leads_on(history in history()) {
        run(async {
            let ledger = ledger().await;
            for command in &history {
                let before = entitlements(&ledger).await;
                let outcome = answers(&ledger.post(&lines(std::slice::from_ref(command)), &context(TODAY)).await).remove(0);
                if outcome["outcome"] != "rejected" {
                    continue;
                }
                prop_assert_eq!(before, entitlements(&ledger).await);
                let violations = outcome["violations"].as_array().expect("a list");
                let ranks: Vec<_> = violations.iter().map(|violation| rank(&violation["rule"])).collect();
                prop_assert!(ranks.is_sorted_by(|a, b| a < b) && !ranks.is_empty(), "{outcome}");
                let ways: Vec<_> = violations.iter().filter_map(|v| v["way_forward"].as_array()).flatten().cloned().collect();
                for way in &ways {
                    let led = quote(&ledger, TODAY, std::slice::from_ref(way)).await.remove(0);
                    let violations = led["violations"].as_array().expect("a list");
                    let waits = violations.iter().all(|violation| violation["rule"] == "VND-10" || violation["rule"] == "PIR-2");
                    prop_assert!(led["outcome"] == "accepted" || waits, "{way} leads to {led}");
                }
            }
            Ok(())
        })?;
    }
}

fn rank(rule: &Value) -> usize {
    let rule = ledger_domain::rules::find(rule.as_str().expect("an id")).expect("a rule");
    ledger_domain::rules::rank(rule)
}
