//! Properties of random families: whatever is redistributed among them, these hold on every store.

use std::collections::BTreeMap;

use ledger_app::ledger::Ledger;
use ledger_app::read::When;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::model::{Model, Moved};
use super::{Opened, TODAY, all_facts, buy, merge, nothing_to_mend, number, on, post, split, transfer, users};

/// A step of a history. What it names is chosen by number among what is there then.
#[derive(Debug, Clone)]
struct Step {
    kind: &'static str,
    license: usize,
    others: Vec<(usize, u32)>,
    packs: u32,
    is_usual: bool,
    days: i64,
    ends_group: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        4 => Just("split_license"), 4 => Just("merge_licenses"), 8 => Just("transfer_users"),
        3 => Just("issue_license"), 2 => Just("add_users"), 1 => Just("reduce_users"), 2 => Just("activate"),
        1 => Just("cancel_order"), 1 => Just("renew_swm"), 1 => Just("report_server_online"),
        1 => Just("unblock_license"), 1 => Just("rename_holder"), 1 => Just("change_license_type"),
    ];
    let others = prop::collection::vec((0..32usize, 0..4u32), 1..4);
    let rest = (prop::bool::weighted(0.85), 0..9i64, prop::bool::weighted(0.6));
    (kind, 0..32usize, others, 0..5u32, rest).prop_map(
        |(kind, license, others, packs, (is_usual, days, ends_group))| Step {
            kind,
            license,
            others,
            packs,
            is_usual,
            days,
            ends_group,
        },
    )
}

impl Step {
    /// The license it is about: usually one that is open.
    fn any(&self, index: usize, model: &Model) -> String {
        let open = model.open();
        if self.is_usual && !open.is_empty() { open[index % open.len()].clone() } else { format!("FAM-{}", index % 24) }
    }

    /// A number: usually one that was never given.
    fn free(&self, index: usize, model: &Model) -> String {
        let mut numbers = (index..).map(|index| format!("FAM-{}", index % 96));
        let number = numbers.clone().take(96).find(|number| self.is_usual && !model.is_taken(number));
        number.or_else(|| numbers.next()).expect("endless")
    }

    fn command(&self, day: &str, nth: usize, model: &Model) -> Value {
        let registration = if self.is_usual { "automatic" } else { "manual" };
        let license =
            if self.kind == "issue_license" { self.free(self.license, model) } else { self.any(self.license, model) };
        let waiting = model.order_waiting(&license).unwrap_or("PO-0");
        let desk = |mut command: Value| {
            command["reason"] = "asked for".into();
            command["confirm_irreversible"] = true.into();
            command
        };
        let others: BTreeMap<_, _> = self.others.iter().map(|(index, packs)| (*index, packs * 5)).collect();
        let command = match self.kind {
            "split_license" => {
                let into = others.iter().map(|(index, users)| (self.free(*index, model), *users));
                split(&into.collect::<BTreeMap<_, _>>().into_iter().collect::<Vec<_>>())
            }
            "merge_licenses" => {
                let from: std::collections::BTreeSet<_> = others.keys().map(|index| self.any(*index, model)).collect();
                merge(&from.into_iter().collect::<Vec<_>>())
            }
            "transfer_users" => transfer(&self.any(self.others[0].0, model), self.packs * 5),
            "issue_license" => {
                let mut bought = buy(self.packs * 5);
                bought["registration"] = registration.into();
                bought
            }
            "add_users" => json!({"type": "add_users", "order": format!("PO-{}", nth + 2), "users": self.packs * 5,
                "registration": registration}),
            "activate" if waiting == "PO-1" => json!({"type": "activate_license"}),
            "activate" => json!({"type": "activate_upgrade", "order": waiting}),
            "cancel_order" => json!({"type": "cancel_order", "order": waiting}),
            "renew_swm" => json!({"type": "renew_swm", "order": format!("PO-{}", nth + 2), "years": 1,
                "registration": "automatic"}),
            "report_server_online" => json!({"type": self.kind, "server": format!("server {}", self.packs % 2)}),
            "unblock_license" => json!({"type": self.kind, "reason": "checked"}),
            "reduce_users" => desk(json!({"type": self.kind, "to": self.packs * 5})),
            "rename_holder" => {
                desk(json!({"type": self.kind, "name": if self.is_usual { "ООО Ромашка" } else { "АО Вега" }}))
            }
            _ => desk(
                json!({"type": "change_license_type", "to": if self.is_usual { "government" } else { "commercial" }}),
            ),
        };
        on(day, &license, command)
    }
}

/// What came of all histories: the types accepted, the rules that refused.
type Seen = BTreeMap<String, usize>;

/// Posts the history in groups, and compares the ledger with the model after each.
async fn happens(ledger: &Ledger, history: &[Step], seen: &mut Seen) {
    let (mut model, mut closed) = (Model::default(), BTreeMap::new());
    let mut day: chrono::NaiveDate = "2012-08-01".parse().expect("a date");
    let first = [("FAM-0", 50), ("FAM-1", 25), ("FAM-2", 30), ("FAM-3", 10), ("FAM-4", 40)];
    let mut group: Vec<_> = first.iter().map(|(license, users)| on("2012-08-01", license, buy(*users))).collect();
    let later = first.len();
    for (nth, step) in history.iter().enumerate() {
        if step.ends_group || nth == 0 {
            posted(ledger, &std::mem::take(&mut group), &mut model, seen).await;
            let facts = all_facts(ledger.store()).await;
            let found: BTreeMap<_, _> = facts.iter().map(|(license, facts)| (license.clone(), users(facts))).collect();
            assert_eq!(found, model.users(), "users change by purchases, reductions and moves alone");
            for license in model.closed() {
                let before = closed.entry(license.clone()).or_insert_with(|| facts[license].clone());
                assert_eq!(*before, facts[license], "{license} was closed, and changed");
            }
        }
        day += chrono::Duration::days(step.days);
        group.push(step.command(&day.to_string(), later + nth, &model));
    }
    posted(ledger, &group, &mut model, seen).await;
    nothing_to_mend(ledger).await;
    families_are_told(ledger, &model).await;
}

async fn posted(ledger: &Ledger, group: &[Value], model: &mut Model, seen: &mut Seen) {
    for (command, outcome) in group.iter().zip(post(ledger, group).await) {
        let license = command["license"].as_str().expect("a number");
        if outcome["outcome"] == "accepted" {
            model.accepted(license, &command["command"]);
            *seen.entry(command["command"]["type"].to_string()).or_default() += 1;
        }
        for violation in outcome["violations"].as_array().into_iter().flatten() {
            *seen.entry(violation["rule"].to_string()).or_default() += 1;
        }
    }
}

/// Every family is told whole, its moves in the order in which they happened.
async fn families_are_told(ledger: &Ledger, model: &Model) {
    let when = When { today: TODAY.parse().expect("a date"), on: None, known_at: None };
    for license in model.users().keys() {
        let told = ledger.lineage(&number(license), when).await.expect("the store works").expect("a family");
        let members: Vec<_> = told.members.iter().map(|member| member.license.to_string()).collect();
        let family = model.family(license);
        assert_eq!(members, family.iter().cloned().collect::<Vec<_>>());
        let moves = told.moves.iter().map(|of| (of.from.to_string(), of.to.to_string(), of.users.count().into()));
        let moves: Vec<Moved> = moves.collect();
        assert_eq!(moves.len(), model.moves.iter().filter(|(from, _, _)| family.contains(from)).count());
        // Of two that have no license in common nothing says which was first.
        for member in &family {
            let of = |moves: &[Moved]| {
                let own = moves.iter().filter(|(from, to, _)| from == member || to == member);
                own.cloned().collect::<Vec<_>>()
            };
            assert_eq!(of(&moves), of(&model.moves), "the moves of {member} in the family of {license}");
        }
    }
}

/// Runs histories, each on a store of its own.
fn holds(cases: u32, open: impl AsyncFn() -> Opened) -> Seen {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let config =
        ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() };
    let seen = std::cell::RefCell::new(Seen::new());
    let result = TestRunner::new(config).run(&prop::collection::vec(step(), 1..50), |history| {
        runtime.block_on(async {
            let opened = open().await;
            let mut counted = seen.take();
            happens(&opened.ledger().await, &history, &mut counted).await;
            seen.replace(counted);
        });
        Ok(())
    });
    if let Err(failed) = result {
        panic!("{failed}");
    }
    seen.into_inner()
}

#[test]
fn redistributions_hold_in_memory() {
    let seen = holds(450, async || Opened::memory());
    for kind in ["\"split_license\"", "\"merge_licenses\"", "\"transfer_users\"", "\"VND-7\"", "\"VND-9\"", "\"PUR-8\""]
    {
        assert!(seen.get(kind).is_some_and(|times| *times >= 20), "{kind} is hardly tried: {seen:?}");
    }
}

#[test]
fn redistributions_hold_on_sqlite() {
    holds(12, Opened::sqlite);
}

#[test]
fn redistributions_hold_on_postgres() {
    holds(6, Opened::postgres);
}
