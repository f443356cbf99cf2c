//! Commands as NDJSON lines, realistic and the same in every run.

use chrono::Utc;
use fastrand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

/// The business date of every command: the sample price list has prices, and orders are registered automatically.
const ON: &str = "2016-03-01";

/// What a command's id begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Anything (a UUID of version 4).
    ByChance,
    /// The time (of version 7).
    ByTime,
}

/// Makes commands; the same seed makes the same ones.
#[derive(Debug)]
pub(crate) struct Lines {
    rng: Rng,
    orders: u64,
}

impl Lines {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), orders: 0 }
    }

    /// A purchase that is active at once: two events.
    pub(crate) fn purchase(&mut self, license: &str) -> String {
        let holder = format!("ООО «Ромашка {}»", self.rng.u32(1..10_000));
        let product = ["connect", "control", "operator"][self.rng.usize(..3)];
        let users = 5 * self.rng.u32(1..20);
        let order = self.next_order();
        self.line(
            license,
            &json!({
                "type": "issue_license", "order": order, "product": product, "users": users,
                "holder": {"name": holder, "inn": "7202991043"}, "partner": {"name": "Softline", "level": "certified"},
                "registration": "automatic",
            }),
        )
    }

    /// A server coming online, or going offline: one event each, when they alternate. It is measured one by one against
    /// pgbench, whose lines are there already, so it is written out.
    pub(crate) fn server(&mut self, license: &str, online: bool) -> String {
        let id = self.next_id();
        let command = if online { "report_server_online" } else { "report_server_offline" };
        format!(
            r#"{{"command_id":"{id}","license":"{license}","on":"{ON}","command":{{"type":"{command}","server":"mail-1.romashka.example"}}}}"#
        )
    }

    /// A version that was installed: one event.
    pub(crate) fn version(&mut self, license: &str) -> String {
        let version = ["7.3.0", "7.4.0", "8.0.0", "8.1.0", "8.2.0"][self.rng.usize(..5)];
        self.line(license, &json!({"type": "record_installed_version", "version": version}))
    }

    /// A version that every SWM ever covered, installed on the day that is today.
    pub(crate) fn old_version_today(&mut self, license: &str, ids: Ids) -> String {
        let id = match ids {
            Ids::ByChance => self.next_id(),
            Ids::ByTime => self.id_of_now(),
        };
        let command = json!({"type": "record_installed_version", "version": "7.0.0", "released": "2010-06-01"});
        json!({"command_id": id, "license": license, "command": command}).to_string()
    }

    /// An order for ten more users, registered at once: two events.
    pub(crate) fn more_users(&mut self, license: &str) -> String {
        self.add_users(license, 10, "automatic")
    }

    /// An order that is refused, with three rules explained: a refusal's event.
    pub(crate) fn refused(&mut self, license: &str) -> String {
        self.add_users(license, 7, "automatic")
    }

    /// An order that waits, and its withdrawal: one event each.
    pub(crate) fn ordered_and_cancelled(&mut self, license: &str) -> [String; 2] {
        let ordered = self.add_users(license, 5, "manual");
        let order = self.order();
        [ordered, self.line(license, &json!({"type": "cancel_order", "order": order}))]
    }

    /// One of the numbers below `end`.
    pub(crate) fn pick(&mut self, end: usize) -> usize {
        self.rng.usize(..end)
    }

    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        self.rng.shuffle(values);
    }

    fn add_users(&mut self, license: &str, users: u32, registration: &str) -> String {
        let order = self.next_order();
        self.line(
            license,
            &json!({
                "type": "add_users", "order": order, "users": users, "registration": registration,
                "partner": {"name": "Softline", "level": "certified"},
            }),
        )
    }

    fn next_order(&mut self) -> String {
        self.orders += 1;
        self.order()
    }

    /// The number of the order placed last.
    fn order(&self) -> String {
        format!("PO-16-{:08}", self.orders)
    }

    fn next_id(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.rng.u128(..).to_le_bytes()).into_uuid()
    }

    fn id_of_now(&mut self) -> Uuid {
        let mut random = [0; 10];
        self.rng.fill(&mut random);
        let millis = u64::try_from(Utc::now().timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    fn line(&mut self, license: &str, command: &Value) -> String {
        let id = self.next_id();
        json!({"command_id": id, "license": license, "on": ON, "command": command}).to_string()
    }
}
