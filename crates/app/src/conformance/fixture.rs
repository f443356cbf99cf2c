//! Batches made of real events, folded as the ledger folds them.

use std::collections::BTreeMap;

use ledger_domain::command::{Actor, Role};
use ledger_domain::event::{Event, LicenseActivated, LicenseIssued, Server, TrialRegistered};
use ledger_domain::license::{EventPlace, Facts, License, evolve};
use ledger_domain::values::{Date, Holder, LicenseNumber, LicenseType, Plugin, PluginSet, Product, Swm, Users};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Tested;
use crate::edition::edition_of;
use crate::rebuild::state_write;
use crate::store::{
    AsOf, Batch, EditionFiles, JudgedCommand, LICENSE_STREAM, Loaded, NewEvent, REFUSAL_STREAM, StoreError, Wanted,
};

pub(super) fn number(text: &str) -> LicenseNumber {
    text.parse().unwrap()
}

pub(super) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(super) fn edition(name: &str) -> EditionFiles {
    let (catalog, prices) = (
        format!(
            "# catalog {name}
"
        ),
        format!(
            "{name};
"
        ),
    );
    EditionFiles { edition: edition_of(&catalog, &prices), catalog, prices }
}

/// The edition that the batches are judged by.
pub(super) fn judged_by() -> EditionFiles {
    edition("judged by")
}

/// A purchase of Kerio Control for ten users.
pub(super) fn purchase(order: &str) -> LicenseIssued {
    LicenseIssued {
        order: order.to_owned(),
        product: Product::Control,
        license_type: LicenseType::Commercial,
        users: Users::recorded(10),
        plugins: PluginSet::none(),
        swm_years: 1,
        holder: Holder {
            name: "ООО Ромашка".to_owned(), inn: Some("7204196795".to_owned()), country: "RU".to_owned()
        },
        partner: None,
        price: None,
    }
}

pub(super) fn issued(order: &str) -> Event {
    Event::LicenseIssued(purchase(order))
}

/// The activation that starts a year of SWM.
pub(super) fn activated(starts: &str) -> Event {
    Event::LicenseActivated(LicenseActivated { swm: Swm::bought(day(starts), 1) })
}

pub(super) fn online(server: &str) -> Event {
    Event::ServerCameOnline(Server { server: server.to_owned() })
}

pub(super) fn trial(ends: &str) -> Event {
    Event::TrialRegistered(TrialRegistered {
        product: Product::Connect,
        holder: Holder { name: "Trier".to_owned(), inn: None, country: "DE".to_owned() },
        plugins: [Plugin::Antivirus, Plugin::ActiveSync, Plugin::AntiSpam].into_iter().collect(),
        ends: day(ends),
    })
}

/// A batch in the making: the licenses as loaded, and what becomes of them.
#[derive(Clone)]
pub(super) struct Draft {
    bases: BTreeMap<LicenseNumber, u64>,
    licenses: BTreeMap<LicenseNumber, License>,
    batch: Batch,
}

impl Draft {
    /// A batch about licenses that do not exist yet.
    pub(super) fn new() -> Self {
        let batch = Batch { edition: judged_by().edition, ..Batch::default() };
        Self { bases: BTreeMap::new(), licenses: BTreeMap::new(), batch }
    }

    /// A batch about licenses as they stand.
    pub(super) async fn on(store: &Tested, licenses: &[&str]) -> Self {
        let mut draft = Self::new();
        for (license, row) in load(store, licenses).await.states {
            draft.bases.insert(license.clone(), row.version);
            draft.licenses.insert(license, serde_json::from_slice(&row.state).unwrap());
        }
        draft
    }

    /// Adds an accepted command with its events, all of one license.
    pub(super) fn command(&mut self, license: &str, on: &str, events: Vec<Event>) -> Uuid {
        let events = events.into_iter().map(|event| (license, event)).collect();
        self.command_on_several(license, on, events)
    }

    /// Adds an accepted command with its events, each of the license named with it.
    pub(super) fn command_on_several(&mut self, license: &str, on: &str, events: Vec<(&str, Event)>) -> Uuid {
        let events = events.into_iter().map(|(license, event)| self.event(&number(license), day(on), &event)).collect();
        self.push(number(license), on, true, events)
    }

    /// Adds a refused command: an event of its own stream.
    pub(super) fn refusal(&mut self, license: &str, on: &str) -> Uuid {
        let id = self.push(number(license), on, false, Vec::new());
        let refusal = NewEvent {
            stream_type: REFUSAL_STREAM,
            stream_id: id.to_string(),
            sequence: 1,
            event_type: "CommandRejected",
            event_version: "1",
            payload: r#"{"CommandRejected":{"violations":["USR-2"]}}"#.to_owned(),
            users_moved: None,
            order_number: None,
            facts: None,
        };
        self.last_command().events.push(refusal);
        id
    }

    /// Adds a guard on the version that was loaded.
    pub(super) fn guard(&mut self, license: &str, version: u64) {
        self.batch.guards.push((number(license), version));
        self.batch.guards.sort();
    }

    pub(super) fn last_command(&mut self) -> &mut JudgedCommand {
        self.batch.commands.last_mut().unwrap()
    }

    /// The facts of a license after the batch.
    pub(super) fn facts(&self, license: &str) -> Facts {
        self.licenses[&number(license)].facts.clone()
    }

    /// The batch as it stands.
    pub(super) fn batch(&self) -> Batch {
        let written =
            |license: &&License| {
                self.batch.commands.iter().flat_map(|command| &command.events).any(|event| {
                    event.stream_type == LICENSE_STREAM && event.stream_id == license.facts.license.as_str()
                })
            };
        let base = |license: &License| self.bases.get(&license.facts.license).copied().unwrap_or_default();
        let states = self.licenses.values().filter(written);
        let states = states.map(|license| state_write(license, base(license)).unwrap()).collect();
        Batch { states, ..self.batch.clone() }
    }

    /// Appends the batch to a ledger that has adopted the edition.
    pub(super) async fn append(&self, store: &Tested) -> Result<(), StoreError> {
        store.adopt_edition(&judged_by()).await.unwrap();
        store.append(&self.batch()).await
    }

    fn event(&mut self, license: &LicenseNumber, on: Date, event: &Event) -> NewEvent {
        let before = self.licenses.remove(license);
        let sequence = before.as_ref().map_or(0, |license| license.facts.version) + 1;
        let after = evolve(before, &EventPlace { license, sequence, on }, event).unwrap();
        let facts = after.facts.clone();
        self.licenses.insert(license.clone(), after);
        NewEvent {
            stream_type: LICENSE_STREAM,
            stream_id: license.to_string(),
            sequence,
            event_type: event.event_type(),
            event_version: event.event_version(),
            payload: serde_json::to_string(event).unwrap(),
            users_moved: event.users_moved(),
            order_number: event.order_number().map(str::to_owned),
            facts: Some(facts),
        }
    }

    fn push(&mut self, license: LicenseNumber, on: &str, accepted: bool, events: Vec<NewEvent>) -> Uuid {
        let command_id = Uuid::new_v4();
        let content = format!(r#"{{"license":"{license}","number":"{command_id}"}}"#);
        let digest = Sha256::digest(&content).into();
        let outcome = format!(r#"{{"command_id":"{command_id}","accepted":{accepted},"text":"Ёж \" \\ '"}}"#);
        let command = JudgedCommand {
            command_id,
            license,
            others: Vec::new(),
            on: day(on),
            actor: actor(),
            content,
            content_digest: digest,
            outcome_digest: Sha256::digest(&outcome).into(),
            outcome,
            accepted,
            events,
        };
        self.batch.commands.push(command);
        command_id
    }
}

pub(super) fn actor() -> Actor {
    Actor { name: "заказы@distributor".to_owned(), role: Role::Vendor }
}

/// Posts one command on one license as it stands, and returns its id.
pub(super) async fn post(store: &Tested, license: &str, on: &str, events: Vec<Event>) -> Uuid {
    let mut draft = Draft::on(store, &[license]).await;
    let id = draft.command(license, on, events);
    draft.append(store).await.unwrap();
    id
}

/// Posts a license bought and activated on the day, whose SWM ends a year later.
pub(super) async fn post_active(store: &Tested, license: &str, on: &str) {
    post(store, license, on, vec![issued("PO-1"), activated(on)]).await;
}

pub(super) async fn load(store: &Tested, licenses: &[&str]) -> Loaded {
    let wanted = |license: &&str| Wanted { command_id: Uuid::new_v4(), license: number(license), order: None };
    store.load(&licenses.iter().map(wanted).collect::<Vec<_>>()).await.unwrap()
}

/// The version of a license; 0: there is none.
pub(super) async fn version(store: &Tested, license: &str) -> u64 {
    load(store, &[license]).await.states.get(&number(license)).map_or(0, |row| row.version)
}

pub(super) async fn facts(store: &Tested, license: &str, as_of: AsOf) -> Option<Facts> {
    store.facts(&number(license), as_of).await.unwrap()
}

/// The numbers in a list.
pub(super) fn numbers(facts: &[Facts]) -> Vec<&str> {
    facts.iter().map(|facts| facts.license.as_str()).collect()
}
