//! Judging commands in order against what was loaded, each as the ones before it leave the licenses.

use std::collections::{BTreeMap, HashMap, HashSet};

use ledger_domain::catalog::Programme;
use ledger_domain::command::{Actor, Request};
use ledger_domain::decide::{Case, Decision, Other, Purpose, Refusal, decide};
use ledger_domain::entitlement::entitlement;
use ledger_domain::event::{CommandRejected, Event, RecordedViolation, RefusalEvent};
use ledger_domain::license::{EventPlace, Facts, License, evolve};
use ledger_domain::values::{Date, LicenseNumber};
use ledger_domain::violation::Text;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::content::Canonical;
use crate::outcome::{Answered, EventView, Outcome, OutcomeKind, ViolationView, WarningView, Would};
use crate::post::{PostContext, at_another_version};
use crate::rebuild::state_write;
use crate::store::{Answer, Batch, JudgedCommand, LICENSE_STREAM, NewEvent, REFUSAL_STREAM, StateWrite, StoreError};

/// What is known of the ledger while commands are judged: what was loaded, and what the commands so far have changed.
#[derive(Debug, Default, Clone)]
pub(crate) struct Known {
    pub(crate) licenses: BTreeMap<LicenseNumber, Held>,
    pub(crate) answers: HashMap<Uuid, Answer>,
    pub(crate) orders_taken: HashSet<(LicenseNumber, String)>,
}

impl Known {
    fn facts(&self, number: &LicenseNumber) -> Option<&Facts> {
        self.licenses.get(number)?.license.as_ref().map(|license| &license.facts)
    }

    fn other<'k>(&'k self, number: &'k LicenseNumber) -> Other<'k> {
        Other { number, license: self.licenses.get(number).and_then(|held| held.license.as_ref()) }
    }
}

/// A license that was loaded, or remembered.
#[derive(Debug, Default, Clone)]
pub(crate) struct Held {
    pub(crate) license: Option<License>,
    pub(crate) base_version: u64,
    /// The state as stored, of a license that was remembered.
    pub(crate) base_state: Option<String>,
}

impl Held {
    pub(crate) const fn loaded(license: License, base_version: u64) -> Self {
        Self { license: Some(license), base_version, base_state: None }
    }

    pub(crate) fn version(&self) -> u64 {
        self.license.as_ref().map_or(0, |license| license.facts.version)
    }
}

/// What every command of a group is judged by.
pub(crate) struct Judge<'a> {
    pub(crate) programme: &'a Programme,
    pub(crate) purpose: Purpose,
    pub(crate) context: &'a PostContext,
}

/// A command's answer; with what is to be written, if anything is.
pub(crate) struct Judged {
    pub(crate) answered: Answered,
    pub(crate) write: Option<JudgedCommand>,
}

impl Judge<'_> {
    /// Judges one command: its id, the role, the partner, the version, the rules; the first that says no decides.
    pub(crate) fn judge(
        &self,
        request: &Request,
        content: &Canonical,
        known: &mut Known,
    ) -> Result<Judged, StoreError> {
        if let Some(answer) = known.answers.get(&request.command_id) {
            return answered_before(request, content, answer);
        }
        let actor = request.actor.as_ref().unwrap_or(&self.context.poster.actor);
        let version = known.licenses.get(&request.license).map_or(0, Held::version);
        if let Some(answered) = self.before_the_rules(request, actor, version, known) {
            return Ok(Judged { answered: answered.map_err(|error| unwritable(&error))?, write: None });
        }
        let on = request.on.unwrap_or(self.context.today);
        let (outcome, events) = self.decided(request, on, version, known)?;
        let answered = Answered::now(&outcome).map_err(|error| unwritable(&error))?;
        let answer = Answer { digest: content.digest, outcome: answered.json.clone().into_bytes() };
        known.answers.insert(request.command_id, answer);
        let write = JudgedCommand {
            command_id: request.command_id,
            license: request.license.clone(),
            others: request.command.others().into_iter().cloned().collect(),
            on,
            actor: actor.clone(),
            content: content.json.clone(),
            content_digest: content.digest,
            outcome: answered.json.clone(),
            outcome_digest: Sha256::digest(&answered.json).into(),
            accepted: outcome.outcome == OutcomeKind::Accepted,
            events,
        };
        Ok(Judged { answered, write: Some(write) })
    }

    /// What is answered without asking a rule, and leaves nothing: the role, the partner, or the version says no.
    fn before_the_rules(
        &self,
        request: &Request,
        actor: &Actor,
        version: u64,
        known: &Known,
    ) -> Option<serde_json::Result<Answered>> {
        if !request.command.is_allowed_for(actor.role) {
            return Some(Answered::now(&Outcome::forbidden(request, actor.role)));
        }
        if let Some((path, said)) = self.context.poster.is_kept_from(request, |number| known.facts(number)) {
            return Some(Answered::now(&Outcome::not_the_partners(request, path, said)));
        }
        if let Some(expected) = request.expected_version.filter(|expected| *expected != version) {
            let said = at_another_version(&request.license, version, expected);
            return Some(Answered::now(&Outcome::conflict(request, "/expected_version", said)));
        }
        let said = self.context.if_match.and_then(|expected| expected.misses(&request.license, version))?;
        let answered = Answered::now(&Outcome::conflict(request, "", said));
        Some(answered.map(|answered| Answered { if_match_failed: true, ..answered }))
    }

    /// What the rules make of it, with its events; what is known is as they leave it.
    fn decided(
        &self,
        request: &Request,
        on: Date,
        version: u64,
        known: &mut Known,
    ) -> Result<(Outcome, Vec<NewEvent>), StoreError> {
        let license = known.licenses.get(&request.license).and_then(|held| held.license.as_ref());
        let order = request.command.places_order().map(|order| (request.license.clone(), order.to_owned()));
        let order_is_taken = order.is_some_and(|order| known.orders_taken.contains(&order));
        let others: Vec<_> = request.command.others().into_iter().map(|number| known.other(number)).collect();
        let (purpose, programme) = (self.purpose, self.programme);
        let case = Case { request, on, purpose, license, others: &others, order_is_taken, programme };
        match decide(&case) {
            Ok(decision) => self.accepted(request, on, decision, known),
            Err(refusal) => self.rejected(&case, version, refusal),
        }
    }

    fn accepted(
        &self,
        request: &Request,
        on: Date,
        decision: Decision,
        known: &mut Known,
    ) -> Result<(Outcome, Vec<NewEvent>), StoreError> {
        let mut outcome = Outcome::of(OutcomeKind::Accepted, request);
        let mut events = Vec::with_capacity(decision.events.len());
        for (number, event) in &decision.events {
            let held = known.licenses.entry(number.clone());
            let held = held.or_default();
            let facts = advance(&mut held.license, number, on, event)?;
            outcome.events.push(EventView::new(number, facts.version, event));
            if let Some(order) = event.order_number() {
                known.orders_taken.insert((number.clone(), order.to_owned()));
            }
            events.push(new_event(event, facts)?);
        }
        outcome.version = Some(known.licenses.get(&request.license).map_or(0, Held::version));
        outcome.price = decision.price;
        outcome.warnings = decision.warnings.iter().map(WarningView::from).collect();
        Ok((outcome, events))
    }

    fn rejected(
        &self,
        case: &Case<'_>,
        version: u64,
        refusal: Refusal,
    ) -> Result<(Outcome, Vec<NewEvent>), StoreError> {
        let Case { request, on, .. } = *case;
        let violations =
            refusal.violations.iter().map(|violation| ViolationView::new(violation, request, on)).collect();
        let would = refusal.would.map(|decision| self.would(case, &decision)).transpose()?;
        let outcome =
            Outcome { version: Some(version), violations, would, ..Outcome::of(OutcomeKind::Rejected, request) };
        Ok((outcome, vec![refusal_event(request, version, &refusal.violations)?]))
    }

    /// What the confirmed command would do: its events, and the entitlements they would lead to.
    fn would(&self, case: &Case<'_>, decision: &Decision) -> Result<Would, StoreError> {
        let mut licenses: BTreeMap<&LicenseNumber, Option<License>> = BTreeMap::new();
        let mut events = Vec::with_capacity(decision.events.len());
        for (number, event) in &decision.events {
            let license = licenses.entry(number).or_insert_with(|| before(case, number));
            let facts = advance(license, number, case.on, event)?;
            events.push(EventView::new(number, facts.version, event));
        }
        let entitled = |license: &License| entitlement(&license.facts, case.on, &self.programme.catalog);
        Ok(Would {
            events,
            entitlements: licenses.values().flatten().map(entitled).collect(),
            warnings: decision.warnings.iter().map(WarningView::from).collect(),
        })
    }
}

/// A license of the case, before the decision.
fn before(case: &Case<'_>, number: &LicenseNumber) -> Option<License> {
    if *number == case.request.license {
        return case.license.cloned();
    }
    case.others.iter().find(|other| other.number == number).and_then(|other| other.license.cloned())
}

/// Folds the event into the license; the facts after it.
fn advance(
    license: &mut Option<License>,
    number: &LicenseNumber,
    on: Date,
    event: &Event,
) -> Result<Facts, StoreError> {
    let sequence = license.as_ref().map_or(0, |license| license.facts.version) + 1;
    let next = evolve(license.take(), &EventPlace { license: number, sequence, on }, event)
        .map_err(|damaged| StoreError::Damaged(damaged.to_string()))?;
    Ok(license.insert(next).facts.clone())
}

fn new_event(event: &Event, facts: Facts) -> Result<NewEvent, StoreError> {
    Ok(NewEvent {
        stream_type: LICENSE_STREAM,
        stream_id: facts.license.to_string(),
        sequence: facts.version,
        event_type: event.event_type(),
        event_version: event.event_version(),
        payload: serde_json::to_string(event).map_err(|error| unwritable(&error))?,
        users_moved: event.users_moved(),
        order_number: event.order_number().map(str::to_owned),
        facts: Some(facts),
    })
}

fn refusal_event(
    request: &Request,
    version: u64,
    violations: &[ledger_domain::violation::Violation],
) -> Result<NewEvent, StoreError> {
    let recorded = violations.iter().map(|violation| RecordedViolation {
        rule: violation.rule.id.to_owned(),
        message: violation.message.clone(),
        facts: violation.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    });
    let event = RefusalEvent::CommandRejected(CommandRejected {
        license: request.license.clone(),
        version,
        command: serde_json::to_value(&request.command).map_err(|error| unwritable(&error))?,
        violations: recorded.collect(),
    });
    Ok(NewEvent {
        stream_type: REFUSAL_STREAM,
        stream_id: request.command_id.to_string(),
        sequence: 1,
        event_type: event.event_type(),
        event_version: event.event_version(),
        payload: serde_json::to_string(&event).map_err(|error| unwritable(&error))?,
        users_moved: None,
        order_number: None,
        facts: None,
    })
}

fn answered_before(request: &Request, content: &Canonical, answer: &Answer) -> Result<Judged, StoreError> {
    if answer.digest != content.digest {
        let said = Text::new(
            "this command id stands for another command: use a new one",
            "этот идентификатор уже обозначает другую команду: используйте новый",
        );
        return told(&Outcome::conflict(request, "/command_id", said));
    }
    let answered = Answered::again(&answer.outcome).map_err(|error| {
        StoreError::Damaged(format!("the outcome of command {} cannot be read: {error}", request.command_id))
    })?;
    Ok(Judged { answered, write: None })
}

fn told(outcome: &Outcome) -> Result<Judged, StoreError> {
    Ok(Judged { answered: Answered::now(outcome).map_err(|error| unwritable(&error))?, write: None })
}

pub(crate) fn unwritable(error: &serde_json::Error) -> StoreError {
    StoreError::Damaged(format!("a value cannot be written as JSON: {error}"))
}

/// The batch of what was judged: one state row for each license that changed, a guard for each that was only read.
pub(crate) fn batch(edition: &str, commands: Vec<JudgedCommand>, known: &Known) -> Result<Batch, StoreError> {
    let read: HashSet<&LicenseNumber> =
        commands.iter().flat_map(|command| command.others.iter().chain([&command.license])).collect();
    let mut batch = Batch { edition: edition.to_owned(), ..Batch::default() };
    for (number, held) in &known.licenses {
        match &held.license {
            Some(license) if license.facts.version > held.base_version => {
                let write = state_write(license, held.base_version)?;
                batch.states.push(StateWrite { base_state: held.base_state.clone(), ..write });
            }
            _ if read.contains(number) => batch.guards.push((number.clone(), held.base_version)),
            _ => {}
        }
    }
    batch.commands = commands;
    Ok(batch)
}
