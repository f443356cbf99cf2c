//! What a refusal says: which rules, which facts, which way forward.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Command, Request};
use crate::rule::Rule;
use crate::rules;
use crate::values::{Date, LicenseNumber};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// Russian.
    pub ru: String,
}

impl Text {
    /// The text in both languages.
    #[must_use]
    pub fn new(en: impl Into<String>, ru: impl Into<String>) -> Self {
        Self { en: en.into(), ru: ru.into() }
    }
}

/// A rule broken, with the facts and, where there is one, the way forward.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The rule.
    pub rule: &'static Rule,
    /// What is wrong in this case.
    pub message: Text,
    /// The facts it was judged by.
    pub facts: BTreeMap<&'static str, Value>,
    /// Commands on the same license that lead on; alternatives, not steps.
    pub way_forward: Vec<Command>,
}

/// Something worth telling about an accepted command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The rule it comes from, if any.
    pub rule: Option<&'static Rule>,
    /// What it says.
    pub message: Text,
}

/// What was found so far. A rule is cited once, with its first finding.
#[derive(Debug, Default)]
pub struct Findings {
    violations: Vec<Violation>,
}

impl Findings {
    /// Notes that the rule is broken; returns the violation to add facts and a way forward to.
    pub fn broken(&mut self, rule: &'static Rule, en: impl Into<String>, ru: impl Into<String>) -> &mut Violation {
        let found = self.violations.iter().position(|violation| violation.rule == rule);
        let at = found.unwrap_or_else(|| {
            let message = Text::new(en, ru);
            self.violations.push(Violation { rule, message, facts: BTreeMap::new(), way_forward: Vec::new() });
            self.violations.len() - 1
        });
        &mut self.violations[at]
    }

    /// Whether nothing is broken so far.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.violations.is_empty()
    }

    /// The violations in the order of the policy's page.
    #[must_use]
    pub fn in_policy_order(mut self) -> Vec<Violation> {
        self.violations.sort_by_key(|violation| rules::rank(violation.rule));
        self.violations
    }
}

impl Violation {
    /// Adds a fact.
    pub fn fact(&mut self, name: &'static str, value: impl Into<Value>) -> &mut Self {
        self.facts.entry(name).or_insert_with(|| value.into());
        self
    }

    /// Adds a command that leads on.
    pub fn way(&mut self, command: Command) -> &mut Self {
        if !self.way_forward.contains(&command) {
            self.way_forward.push(command);
        }
        self
    }

    /// Adds the command that leads on, if there is one.
    pub fn ways(&mut self, commands: impl IntoIterator<Item = Command>) -> &mut Self {
        for command in commands {
            self.way(command);
        }
        self
    }
}

/// A command of a way forward, ready to post.
#[must_use]
pub fn ready_to_post(command_id: uuid::Uuid, license: &LicenseNumber, on: Date, command: Command) -> Request {
    Request { command_id, license: license.clone(), on: Some(on), expected_version: None, actor: None, command }
}
