//! `POST /v1/quotes` and `POST /v1/quotes/{id}/commit`: what commands would give, and the promise of it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use ledger_app::commit_quote::KeepError;
use ledger_app::outcome::{Answered, OutcomeKind};
use ledger_app::post::{GROUP_LINES, InputLine, PostContext};
use ledger_app::promise::{Committed, QuoteAnswer, QuoteChanged, QuoteCommitted, Quoted};
use ledger_app::quote::QuoteSession;
use ledger_domain::command::Request;
use ledger_domain::values::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::access::{Identity, Right};
use crate::body::JsonBytes;
use crate::commands::outcome_name;
use crate::licenses::written;
use crate::metrics;
use crate::params::{NoParams, Query, read_as};
use crate::problem::{self, Problem};
use crate::service::{Service, json_response};

/// Commands to quote: one alone, or several in order.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "it is the description of the body; the commands in it are read as posted ones are")]
pub(crate) enum QuoteRequest {
    /// One command.
    One(Box<Request>),
    /// Several, each judged as if those before it had been posted.
    Several(SeveralCommands<Request>),
}

/// Commands to quote together.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeveralCommands<Command> {
    /// The commands, in order.
    #[schemars(length(min = 1, max = 500))]
    commands: Vec<Command>,
    /// Whether to keep the quote: then it can be committed by its id, exactly as promised.
    #[serde(default)]
    keep: Option<bool>,
    /// The last day on which it can be committed: a year from today at most. Without it, a month from today or from the
    /// last command's day.
    #[serde(default, deserialize_with = "read_as::date_or_null")]
    valid_until: Option<Date>,
}

/// Quote commands
///
/// They are judged and priced in order, each as if those before it had been posted; nothing is recorded. A quote that is
/// kept can be committed later, and gives then exactly the events and the price it promises. Were not all accepted, the
/// answer is that of the first that was not, with all `outcomes` inside, and nothing is kept.
#[utoipa::path(post, path = "/v1/quotes", operation_id = "quote_commands", tag = "quotes",
    request_body(content = ref("#/components/schemas/QuoteRequest"), content_type = "application/json"),
    responses(
        (status = 200, description = "All would be accepted.", body = ref("#/components/schemas/QuoteAnswer"), content_type = "application/json"),
        (status = 400, description = "A command cannot be understood, or the quote cannot be kept so.", body = ref("#/components/schemas/QuoteProblem"), content_type = "application/problem+json"),
        (status = 403, description = "The role, or a key that is kept to a partner, may not post one of the commands.", body = ref("#/components/schemas/QuoteProblem"), content_type = "application/problem+json"),
        (status = 409, description = "The id of a command stands for another one, or a license is not at `expected_version`.", body = ref("#/components/schemas/QuoteProblem"), content_type = "application/problem+json"),
        (status = 422, description = "A rule of the policy says no to one of the commands, or the quote cannot be kept like that.", body = ref("#/components/schemas/QuoteProblem"), content_type = "application/problem+json"),
    ))]
pub(crate) async fn quote(
    State(service): State<Arc<Service>>,
    identity: Identity,
    Query(NoParams {}): Query<NoParams>,
    JsonBytes(body): JsonBytes,
) -> Result<Response<Body>, Problem> {
    let asked = Asked::read(&body)?;
    let context = PostContext::new(service.today(), identity.poster());
    let quoted = asked.quoted(&service, &context).await?;
    match quoted.answered.iter().find_map(|answered| Some((answered, problem::of_outcome(answered)?))) {
        Some((answered, problem)) => Err(problem.with_members(with_outcomes(answered, &quoted.answered)?)),
        None => Ok(json_response(written(&QuoteAnswer::new(&quoted.answered, quoted.quote)?)?)),
    }
}

/// Commit a kept quote
///
/// All its commands are posted in one transaction, if all come out exactly as promised; else nothing is recorded, and the
/// answer says what has changed. Committed again, it gives the same outcomes again.
#[utoipa::path(post, path = "/v1/quotes/{id}/commit", operation_id = "commit_quote", tag = "quotes",
    params(("id" = Uuid, Path, description = "The quote's id.")),
    responses(
        (status = 200, description = "Done, now or before: exactly as promised.", body = ref("#/components/schemas/QuoteCommitted"), content_type = "application/json"),
        (status = 404, description = "There is no such quote for this key.", body = ref("#/components/schemas/Problem"), content_type = "application/problem+json"),
        (status = 409, description = "Not everything would come out as promised, or the quote is over: nothing was recorded.", body = ref("#/components/schemas/QuoteChangedProblem"), content_type = "application/problem+json"),
    ))]
pub(crate) async fn commit(
    State(service): State<Arc<Service>>,
    identity: Identity,
    Path(id): Path<String>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Response<Body>, Problem> {
    identity.must_have(Right::Post)?;
    let id =
        Uuid::try_parse(&id).map_err(|_| Problem::parameter("id", "give the UUID that the quote was answered with"))?;
    let context = PostContext::new(service.today(), identity.poster());
    let ledger = service.ledger();
    // What is begun is finished, whether the client waits for it or not.
    let committing = tokio::spawn(async move { ledger.commit_quote(id, &context).await });
    match committing.await.map_err(|error| fault(&error))?? {
        Committed::Unknown => Err(no_such_quote(id)),
        Committed::Done { answered } => {
            answered.iter().for_each(|answered| metrics::posted(outcome_name(answered.kind)));
            Ok(json_response(written(&QuoteCommitted::new(id, &answered)?)?))
        }
        Committed::Changed(changed) => Err(has_changed(&changed)?),
    }
}

/// What is to be quoted.
struct Asked {
    lines: Vec<InputLine>,
    keep: bool,
    valid_until: Option<Date>,
}

/// What a body is: one command, or several. What one command is, is read later.
#[derive(Deserialize)]
struct Shape {
    commands: Option<serde::de::IgnoredAny>,
}

impl Asked {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        if serde_json::from_slice(body).ok().and_then(|shape: Shape| shape.commands).is_none() {
            let line = InputLine { number: 1, bytes: Some(body.to_vec()) };
            return Ok(Self { lines: vec![line], keep: false, valid_until: None });
        }
        let several: SeveralCommands<&RawValue> =
            serde_json::from_slice(body).map_err(|error| Problem::parameter("body", error.to_string()))?;
        let count = several.commands.len();
        if !(1..=GROUP_LINES).contains(&count) {
            let message = format!("give 1 to {GROUP_LINES} commands; there are {count}");
            return Err(Problem::parameter("commands", message));
        }
        let keep = several.keep.unwrap_or_default();
        if several.valid_until.is_some() && !keep {
            let en = "only a quote that is kept is valid until a day: \"keep\": true";
            let ru = "срок действия есть только у сохранённого предложения: \"keep\": true";
            return Err(Problem::new(&problem::NOT_KEPT, en, ru));
        }
        let line = |(number, command): (u64, &RawValue)| InputLine { number, bytes: Some(command.get().into()) };
        let lines = (1..).zip(several.commands).map(line).collect();
        Ok(Self { lines, keep, valid_until: several.valid_until })
    }

    async fn quoted(self, service: &Service, context: &PostContext) -> Result<Quoted, Problem> {
        let ledger = service.ledger();
        if self.keep {
            return ledger.keep_quote(&self.lines, context, self.valid_until).await.map_err(not_kept);
        }
        let posted = ledger.quote(&mut QuoteSession::default(), &self.lines, context).await;
        match posted.failed {
            Some(failed) => Err(failed.into()),
            None => Ok(Quoted { answered: posted.answered, quote: None }),
        }
    }
}

fn not_kept(error: KeepError) -> Problem {
    match error {
        KeepError::Store(error) => error.into(),
        KeepError::Count(_) => Problem::parameter("commands", error.to_string()),
        KeepError::ValidUntil { asked, from, to } => {
            let ru = format!("срок действия {asked} невозможен: назовите день от {from} до {to}");
            Problem::new(&problem::NOT_KEPT, error.to_string(), ru)
        }
        KeepError::TooFarAhead { on, to } => {
            let ru = format!("предложение сохраняется не дольше чем до {to}, а одна из команд — на {on}");
            Problem::new(&problem::NOT_KEPT, error.to_string(), ru)
        }
    }
}

/// The members of a quote's problem: the fields of the outcome that was not accepted, and all outcomes.
fn with_outcomes(of: &Answered, all: &[Answered]) -> Result<String, Problem> {
    #[derive(Serialize)]
    struct Outcomes {
        outcomes: Vec<Box<RawValue>>,
    }
    let outcomes = written(&Outcomes { outcomes: QuoteAnswer::new(all, None)?.outcomes })?;
    let outcomes = String::from_utf8_lossy(&outcomes).into_owned();
    Ok(format!("{},{}", of.json.trim_end_matches('}'), outcomes.trim_start_matches('{')))
}

fn no_such_quote(id: Uuid) -> Problem {
    let en = format!("there is no quote {id} for this key");
    let ru = format!("предложения {id} для этого ключа нет");
    Problem::new(&problem::NOT_FOUND, en, ru)
}

/// A quote that cannot be committed as promised. Where the key may not post a command of it, that is the reason.
fn has_changed(changed: &QuoteChanged) -> Result<Problem, Problem> {
    #[derive(Deserialize)]
    struct Now {
        outcome: OutcomeKind,
    }
    let is_forbidden =
        |now: &RawValue| serde_json::from_str(now.get()).is_ok_and(|now: Now| now.outcome == OutcomeKind::Forbidden);
    if changed.commands.iter().any(|command| is_forbidden(&command.now)) {
        let en = "this key may not post every command of the quote";
        let ru = "не все команды предложения разрешены этому ключу";
        return Ok(Problem::new(&problem::FORBIDDEN, en, ru));
    }
    let (en, ru) = if changed.expired {
        let until = changed.valid_until;
        (
            format!("the quote was valid until {until}; ask for a new one"),
            format!("предложение действовало до {until}; запросите новое"),
        )
    } else {
        (
            "not everything would come out as promised; `commands` says what has changed, ask for a new quote"
                .to_owned(),
            "не всё получится так, как обещано: что изменилось, сказано в `commands`; запросите новое предложение"
                .to_owned(),
        )
    };
    let members = String::from_utf8_lossy(&written(changed)?).into_owned();
    Ok(Problem::new(&problem::QUOTE_CHANGED, en, ru).with_members(members))
}

fn fault(error: &tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "a quote was not committed");
    problem::fault()
}
