//! What clients were told, and whether the ledger says the same.

use std::collections::{BTreeMap, HashMap};

use plain_http::Client;
use serde_json::Value;

use super::shopper::BOUGHT;

/// Every command that was answered.
#[derive(Debug, Default)]
pub(crate) struct Told {
    accepted: HashMap<String, Accepted>,
    rejected: HashMap<String, Value>,
    versions: BTreeMap<String, u64>,
    users: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Accepted {
    outcome: Value,
    license: String,
    version: u64,
    events: u64,
}

impl Told {
    /// Notes the outcome of a command that was sent, once or more often, and answered for the first time.
    pub(crate) fn outcome(&mut self, sent: &Value, outcome: &Value) {
        let id = text(&sent["command_id"]);
        assert_eq!(text(&outcome["command_id"]), id, "the answer to another command");
        let license = text(&sent["license"]);
        let is_new = match outcome["outcome"].as_str() {
            Some("accepted") => {
                let version = outcome["version"].as_u64().expect("a version");
                let events = outcome["events"].as_array().map_or(0, |events| events.len() as u64);
                self.versions
                    .entry(license.clone())
                    .and_modify(|known| *known = version.max(*known))
                    .or_insert(version);
                *self.users.entry(license.clone()).or_default() += users_in(&sent["command"]);
                let accepted = Accepted { outcome: outcome.clone(), license, version, events };
                self.accepted.insert(id, accepted).is_none()
            }
            Some("rejected") => self.rejected.insert(id, outcome.clone()).is_none(),
            other => panic!("{other:?}: {outcome}"),
        };
        assert!(is_new, "answered twice: {outcome}");
    }

    /// Compares the answer to a command that had been answered before.
    pub(crate) fn replayed(&self, sent: &Value, outcome: &Value) {
        let id = text(&sent["command_id"]);
        let first = self.accepted.get(&id).map(|accepted| &accepted.outcome).or_else(|| self.rejected.get(&id));
        let mut first = first.expect("it was answered").clone();
        assert_eq!(outcome["replayed"], true, "{outcome}");
        let mut outcome = outcome.clone();
        for changes in ["replayed", "request_id"] {
            first[changes] = Value::Null;
            outcome[changes] = Value::Null;
        }
        assert_eq!(outcome, first, "the first outcome again");
    }

    /// The license's version after the last command that this client was told of.
    pub(crate) fn version(&self, license: &str) -> u64 {
        self.versions.get(license).copied().unwrap_or_default()
    }

    /// The users that were bought.
    pub(crate) fn users(&self, license: &str) -> u64 {
        self.users.get(license).copied().unwrap_or_default()
    }

    /// What all of the clients were told.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.accepted.extend(other.accepted);
        self.rejected.extend(other.rejected);
        for (license, version) in other.versions {
            let known = self.versions.entry(license).or_default();
            *known = version.max(*known);
        }
        for (license, users) in other.users {
            *self.users.entry(license).or_default() += users;
        }
        self
    }

    /// How many commands were answered.
    pub(crate) fn len(&self) -> usize {
        self.accepted.len() + self.rejected.len()
    }

    /// Compares everything with the ledger: every command that was answered is there once, and no other.
    pub(crate) async fn is_what_the_ledger_holds(&self, client: &mut Client) {
        assert!(self.accepted.len() > 10 && self.rejected.len() > 1, "too few to say anything: {}", self.len());
        let mut found: HashMap<String, u64> = HashMap::new();
        for (license, version) in &self.versions {
            let history = history(client, license).await;
            let sequences: Vec<_> = history.iter().map(|event| event["sequence"].as_u64().expect("one")).collect();
            assert_eq!(sequences, (1..=*version).collect::<Vec<_>>(), "{license}: gaps, or events nobody was told of");
            for event in &history {
                let id = text(&event["command_id"]);
                let accepted = self.accepted.get(&id).unwrap_or_else(|| panic!("nobody was told of {event}"));
                assert_eq!(&accepted.license, license, "{event}");
                let sequence = event["sequence"].as_u64().expect("one");
                assert!(sequence <= accepted.version && sequence + accepted.events > accepted.version, "{event}");
                *found.entry(id).or_default() += 1;
            }
            let answer = client.get(&format!("/v1/licenses/{license}")).await.expect("an answer");
            let entitlement = answer.json().expect("JSON");
            assert_eq!(entitlement["users"].as_u64(), Some(self.users(license)), "{entitlement}");
        }
        for (id, accepted) in &self.accepted {
            assert_eq!(found.get(id).copied().unwrap_or_default(), accepted.events, "lost: {id}, {}", accepted.outcome);
        }
        self.refusals_are_in_the_feed(client).await;
    }

    async fn refusals_are_in_the_feed(&self, client: &mut Client) {
        let feed = feed(client).await;
        let positions: Vec<_> = feed.iter().map(|event| event["position"].as_u64().expect("one")).collect();
        assert_eq!(positions, (0..feed.len() as u64).collect::<Vec<_>>(), "gapless");
        let mut refused: Vec<_> = feed.iter().filter(|event| event["stream"] == "refusal").collect();
        refused.sort_by_key(|event| text(&event["command_id"]));
        let refused: Vec<_> = refused.iter().map(|event| text(&event["command_id"])).collect();
        let mut told: Vec<_> = self.rejected.keys().cloned().collect();
        told.sort();
        assert_eq!(refused, told, "each refusal once");
        let events: u64 = self.accepted.values().map(|accepted| accepted.events).sum();
        assert_eq!(feed.len() as u64, events + told.len() as u64);
    }
}

fn users_in(command: &Value) -> u64 {
    match command["type"].as_str() {
        Some("issue_license") => BOUGHT,
        Some("add_users") => command["users"].as_u64().expect("users"),
        _ => 0,
    }
}

async fn history(client: &mut Client, license: &str) -> Vec<Value> {
    pages(client, &format!("/v1/licenses/{license}/events?limit=1000")).await
}

async fn feed(client: &mut Client) -> Vec<Value> {
    pages(client, "/v1/events?limit=1000").await
}

/// Every page until there is nothing after it.
pub(crate) async fn pages(client: &mut Client, target: &str) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let answer = client.get(&format!("{target}{after}")).await.expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = answer.json().expect("JSON");
        items.extend(page["items"].as_array().expect("items").iter().cloned());
        match &page["next"] {
            Value::Null => return items,
            next => after = format!("&after={next}"),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
