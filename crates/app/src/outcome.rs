//! Outcomes: what a command is answered with, in the contract's JSON.

use std::collections::BTreeMap;

use ledger_domain::command::{InputError, InvalidRequest, Request};
use ledger_domain::entitlement::Entitlement;
use ledger_domain::event::Event;
use ledger_domain::price::Price;
use ledger_domain::values::LicenseNumber;
use ledger_domain::violation::{Text, Violation, Warning, ready_to_post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The answer to one command.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Outcome {
    /// The command; null where it could not be read.
    pub command_id: Option<Uuid>,
    /// What became of it.
    pub outcome: OutcomeKind,
    /// Whether this is the first answer again; nothing was changed this time.
    pub replayed: bool,
    /// The license; null where it could not be read.
    pub license: Option<LicenseNumber>,
    /// The license's last sequence after the command; null where it is not known.
    pub version: Option<u64>,
    /// The events it caused, or in a quote would cause.
    pub events: Vec<EventView>,
    /// What it costs; null where nothing is sold or no price is known (PRC-11).
    pub price: Option<Price>,
    /// What is worth telling about an accepted command.
    pub warnings: Vec<WarningView>,
    /// Every rule broken, in the policy's order.
    pub violations: Vec<ViolationView>,
    /// With a VND-10 refusal: what the confirmed command would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<Would>,
    /// What cannot be understood, or conflicts, or is forbidden.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorView>,
    /// The line of the input, counted from 1; only of an invalid command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The conflict, or what is forbidden, in both languages; `errors` has it in English.
    #[serde(skip)]
    pub said: Option<Text>,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// Done, and recorded.
    Accepted,
    /// A rule of the policy says no; that is recorded.
    Rejected,
    /// It cannot be understood.
    Invalid,
    /// The license has another version, or the command id stands for another command.
    Conflict,
    /// The role may not post it.
    Forbidden,
}

/// An event as outcomes and histories show it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventView {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its license.
    pub license: LicenseNumber,
    /// Its sequence within the license.
    pub sequence: u64,
    /// What it says.
    #[schemars(with = "Value")]
    pub data: Value,
}

impl EventView {
    /// The event as outcomes show it.
    #[must_use]
    pub fn new(license: &LicenseNumber, sequence: u64, event: &Event) -> Self {
        let data = event_data(event);
        Self { event_type: event.event_type().to_owned(), license: license.clone(), sequence, data }
    }
}

/// What an event says, without its type.
#[must_use]
pub fn event_data(event: &Event) -> Value {
    match serde_json::to_value(event) {
        Ok(Value::Object(tagged)) => tagged.into_iter().next().map_or(Value::Null, |(_, data)| data),
        _ => Value::Null,
    }
}

/// A warning.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WarningView {
    /// The rule it comes from; null where it is none of the policy's.
    pub rule: Option<&'static str>,
    /// What it says.
    pub message: Text,
}

/// A rule broken.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ViolationView {
    /// The rule's id; `license-ledger rule ID` explains it.
    pub rule: &'static str,
    /// What is wrong in this case.
    pub message: Text,
    /// The facts it was judged by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<&'static str, Value>,
    /// Commands that lead on, ready to post: alternatives, not steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub way_forward: Vec<Request>,
}

/// What a command that must be confirmed would do.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Would {
    /// Its events.
    pub events: Vec<EventView>,
    /// The entitlements afterwards, on the command's date.
    pub entitlements: Vec<Entitlement>,
    /// What is worth telling about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WarningView>,
}

/// One thing that is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ErrorView {
    /// Where: a JSON Pointer; empty for the whole line.
    pub path: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl From<InputError> for ErrorView {
    fn from(error: InputError) -> Self {
        Self { path: error.path, message: error.message }
    }
}

impl From<&Warning> for WarningView {
    fn from(warning: &Warning) -> Self {
        Self { rule: warning.rule.map(|rule| rule.id), message: warning.message.clone() }
    }
}

impl ViolationView {
    /// The violation, its way forward made ready to post. The ids of those commands follow from the refused one's,
    /// so that the same command always gets the same answer.
    #[must_use]
    pub fn new(violation: &Violation, refused: &Request, on: ledger_domain::values::Date) -> Self {
        let ready = |(i, command): (usize, &ledger_domain::command::Command)| {
            let name = format!("{}/{i}", violation.rule.id);
            let id = Uuid::new_v5(&refused.command_id, name.as_bytes());
            ready_to_post(id, &refused.license, on, command.clone())
        };
        Self {
            rule: violation.rule.id,
            message: violation.message.clone(),
            facts: violation.facts.clone(),
            way_forward: violation.way_forward.iter().enumerate().map(ready).collect(),
        }
    }
}

impl Outcome {
    fn blank(kind: OutcomeKind, command_id: Option<Uuid>, license: Option<LicenseNumber>) -> Self {
        Self {
            command_id,
            outcome: kind,
            replayed: false,
            license,
            version: None,
            events: Vec::new(),
            price: None,
            warnings: Vec::new(),
            violations: Vec::new(),
            would: None,
            errors: Vec::new(),
            line: None,
            said: None,
        }
    }

    /// An empty outcome of the kind, for the command.
    #[must_use]
    pub fn of(kind: OutcomeKind, request: &Request) -> Self {
        Self::blank(kind, Some(request.command_id), Some(request.license.clone()))
    }

    /// A line that cannot be understood.
    #[must_use]
    pub fn invalid(invalid: InvalidRequest, line: Option<u64>) -> Self {
        Self {
            errors: invalid.errors.into_iter().map(ErrorView::from).collect(),
            line,
            ..Self::blank(OutcomeKind::Invalid, invalid.command_id, invalid.license)
        }
    }

    /// The role may not post the command.
    #[must_use]
    pub fn forbidden(request: &Request, role: ledger_domain::command::Role) -> Self {
        let name = request.command.name();
        let (en, ru) = if request.command.is_the_vendor_desks() {
            ("the vendor desk's commands need the role vendor", "командам вендора нужна роль vendor")
        } else {
            ("commands need the role distributor or vendor", "командам нужна роль distributor или vendor")
        };
        let en = format!("the role {role} may not post {name}: {en}");
        let ru = format!("роль {role} не может отправлять {name}: {ru}");
        Self::of(OutcomeKind::Forbidden, request).saying("/actor/role", Text::new(en, ru))
    }

    /// The key may not touch the license, or not on those terms.
    #[must_use]
    pub fn not_the_partners(request: &Request, path: &str, said: Text) -> Self {
        Self::of(OutcomeKind::Forbidden, request).saying(path, said)
    }

    /// The command conflicts with what the ledger holds.
    #[must_use]
    pub fn conflict(request: &Request, path: &str, said: Text) -> Self {
        Self::of(OutcomeKind::Conflict, request).saying(path, said)
    }

    /// The command names another id than what stands beside it: which one is meant?
    #[must_use]
    pub fn of_two_ids(command_id: Uuid, license: Option<LicenseNumber>, said: Text) -> Self {
        Self::blank(OutcomeKind::Conflict, Some(command_id), license).saying("/command_id", said)
    }

    fn saying(mut self, path: &str, said: Text) -> Self {
        self.errors.push(ErrorView { path: path.to_owned(), message: said.en.clone() });
        self.said = Some(said);
        self
    }
}

/// An outcome, ready to print: made now, or the first one again.
#[derive(Debug, Clone)]
pub struct Answered {
    /// What became of the command.
    pub kind: OutcomeKind,
    /// Whether it is the first answer again.
    pub replayed: bool,
    /// Whether it is a conflict with the version named beside the command ([`crate::post::PostContext::if_match`]).
    pub if_match_failed: bool,
    /// The license's last sequence after the command, as the outcome says it.
    pub version: Option<u64>,
    /// The outcome as one line of JSON.
    pub json: String,
    /// The conflict, or what is forbidden, in both languages; the JSON has it in English.
    pub said: Option<Text>,
}

impl Answered {
    /// The outcome as JSON.
    ///
    /// # Errors
    /// Never for an outcome that this program makes; a number that JSON cannot hold would be one.
    pub fn now(outcome: &Outcome) -> serde_json::Result<Self> {
        let json = serde_json::to_string(outcome)?;
        let Outcome { outcome: kind, replayed, version, .. } = *outcome;
        Ok(Self { kind, replayed, if_match_failed: false, version, json, said: outcome.said.clone() })
    }

    /// The first answer again, word for word but for `replayed`.
    ///
    /// # Errors
    /// When the stored outcome is none.
    pub fn again(stored: &[u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Kind {
            outcome: OutcomeKind,
            version: Option<u64>,
        }
        let Kind { outcome: kind, version } = serde_json::from_slice(stored)?;
        // Only a UUID and the outcome's word stand before it, so the first match is the outcome's own field.
        let json = String::from_utf8_lossy(stored).replacen("\"replayed\":false", "\"replayed\":true", 1);
        Ok(Self { kind, replayed: true, if_match_failed: false, version, json, said: None })
    }
}
