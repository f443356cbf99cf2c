//! Bodies that no type writes as a whole: problems, which an outcome or a quote adds its fields to. Only their schemas are
//! used; the tests hold every answer of the service against them.
#![expect(dead_code, reason = "only the schemas of these types are used")]

use ledger_app::outcome::Outcome;
use ledger_app::promise::QuoteChanged;
use schemars::JsonSchema;

/// What every problem says (RFC 9457).
#[derive(JsonSchema)]
struct ProblemHead {
    /// `/rules/ID` where a rule of the policy says no, else `/problems/KIND`.
    r#type: String,
    /// What kind of problem it is, or the rule; in the language of `Accept-Language`.
    title: String,
    /// The status of the answer.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What is wrong, and what to do; in the language of `Accept-Language`.
    detail: String,
    /// The id of the request, which the log knows it by.
    request_id: String,
}

/// A "no".
#[derive(JsonSchema)]
pub(super) struct Problem {
    #[serde(flatten)]
    head: ProblemHead,
    /// What is wrong with the request, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<RequestError>,
}

/// One thing that is wrong with a request.
#[derive(JsonSchema)]
struct RequestError {
    /// The parameter, header or field of the body.
    parameter: String,
    /// What is wrong with it, and what to do; in English.
    message: String,
}

/// A "no" to a command: with the fields of its outcome.
#[derive(JsonSchema)]
pub(super) struct OutcomeProblem {
    #[serde(flatten)]
    head: ProblemHead,
    #[serde(flatten)]
    outcome: Outcome,
}

/// A "no" to a quote: with the fields of the first outcome that was not accepted, and all outcomes.
#[derive(JsonSchema)]
pub(super) struct OutcomesProblem {
    #[serde(flatten)]
    head: ProblemHead,
    #[serde(flatten)]
    outcome: Outcome,
    /// What each command would give, in order.
    outcomes: Vec<Outcome>,
}

/// A "no" to a quote that was to be committed: what has changed.
#[derive(JsonSchema)]
pub(super) struct QuoteChangedProblem {
    #[serde(flatten)]
    head: ProblemHead,
    #[serde(flatten)]
    changed: QuoteChanged,
}
