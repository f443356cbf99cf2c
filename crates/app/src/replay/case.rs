//! One command, judged as it was.

use ledger_domain::catalog::Programme;
use ledger_domain::command::{self, Request};
use ledger_domain::decide::{Case, Other, Purpose, decide};
use ledger_domain::license::License;
use ledger_domain::values::{Date, LicenseNumber};

use super::damaged;
use super::difference::Decided;
use super::facts::Facts;
use super::history::{History, versions_at};
use crate::audit::CommandRecord;
use crate::edition::EditionError;
use crate::recorded::KeptOutcome;
use crate::store::StoreError;
use crate::transfer::Transfer;

/// What was decided, and what would be decided now.
pub(super) struct Judged {
    pub(super) recorded: Decided,
    pub(super) now: Decided,
}

/// A command with all but the facts that it is judged by.
struct Asked<'a> {
    request: Request,
    on: Date,
    today: Date,
    history: &'a History,
}

/// Another license, as it was.
type Others = Vec<(LicenseNumber, Option<License>)>;

pub(super) async fn judge(
    store: &dyn Transfer,
    facts: &mut Facts<'_>,
    record: &CommandRecord,
    history: &History,
) -> Result<Judged, EditionError> {
    let outcome = outcome(record)?;
    let asked = Asked { request: request(record)?, on: record.on, today: today(record, &outcome), history };
    let recorded = Decided::of_outcome(&outcome).map_err(|error| damaged(record, error))?;
    let others = others(store, facts, record, &outcome, &asked, &recorded).await?;
    let programme = facts.now(&record.edition).await?;
    let now = asked.decided(&others, &programme);
    Ok(Judged { recorded, now })
}

impl Asked<'_> {
    fn decided(&self, others: &Others, programme: &Programme) -> Decided {
        let others: Vec<_> =
            others.iter().map(|(number, license)| Other { number, license: license.as_ref() }).collect();
        let order = self.request.command.places_order();
        let decision = decide(&Case {
            request: &self.request,
            on: self.on,
            purpose: Purpose::Post { today: self.today },
            license: self.history.state.as_ref(),
            others: &others,
            order_is_taken: order.is_some_and(|order| self.history.has_order(order)),
            programme,
        });
        Decided::of_decision(decision)
    }
}

/// The other licenses as they were. An event of the command tells of which version; else the instant does, and where
/// more was written at that very instant, that is taken by which the recorded facts lead to the recorded decision.
async fn others(
    store: &dyn Transfer,
    facts: &mut Facts<'_>,
    record: &CommandRecord,
    outcome: &KeptOutcome,
    asked: &Asked<'_>,
    recorded: &Decided,
) -> Result<Others, EditionError> {
    let mut bounds = Vec::new();
    for number in asked.request.command.others() {
        let events = outcome.events.iter().filter(|event| event.license == number.as_str());
        let bound = match events.map(|event| event.sequence).min() {
            Some(first) => (first.saturating_sub(1), first.saturating_sub(1)),
            None => versions_at(store, number, record.recorded_at).await?,
        };
        bounds.push((number.clone(), bound));
    }
    let steps = bounds.iter().map(|(_, (from, to))| to - from).max().unwrap_or_default();
    if steps == 0 {
        return Ok(at(store, &bounds, 0).await?);
    }
    let programme = facts.recorded(&record.edition).await?;
    for step in 0..steps {
        let others = at(store, &bounds, step).await?;
        if !asked.decided(&others, &programme).differs(recorded) {
            return Ok(others);
        }
    }
    Ok(at(store, &bounds, steps).await?)
}

async fn at(store: &dyn Transfer, bounds: &[(LicenseNumber, (u64, u64))], step: u64) -> Result<Others, StoreError> {
    let mut others = Vec::with_capacity(bounds.len());
    for (number, (from, to)) in bounds {
        let history = History::up_to(store, number.clone(), (from + step).min(*to)).await?;
        others.push((number.clone(), history.state));
    }
    Ok(others)
}

/// What the record says was answered.
pub(super) fn outcome(record: &CommandRecord) -> Result<KeptOutcome, StoreError> {
    serde_json::from_str(&record.outcome).map_err(|error| damaged(record, format!("its outcome: {error}")))
}

pub(super) fn number(license: &str) -> Result<LicenseNumber, StoreError> {
    license.parse().map_err(|error| StoreError::Damaged(format!("license \"{license}\": {error}")))
}

/// The command, from its canonical content.
fn request(record: &CommandRecord) -> Result<Request, StoreError> {
    let rest = record.content.strip_prefix('{').unwrap_or_default();
    let line = format!("{{\"command_id\":\"{}\",{rest}", record.command_id);
    command::read(line.as_bytes()).map_err(|invalid| {
        let first = invalid.errors.first().map(|error| format!("{} {}", error.path, error.message));
        damaged(record, format!("its content cannot be read: {}", first.unwrap_or_default()))
    })
}

/// What today was: a refusal because of it (ACT-4) tells; else the command's date was not after it.
fn today(record: &CommandRecord, outcome: &KeptOutcome) -> Date {
    let told = outcome.violations.iter().filter(|violation| violation.rule == "ACT-4");
    let told = told.filter_map(|violation| violation.facts.get("today")?.as_str()).find_map(command::parse_date);
    told.unwrap_or(record.on)
}
