//! `POST /v1/commands`: one command.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, header};
use axum::response::IntoResponse;
use ledger_app::outcome::{Answered, Outcome, OutcomeKind};
use ledger_app::post::{InputLine, PostContext};
use ledger_domain::violation::Text;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::access::Identity;
use crate::body::JsonBytes;
use crate::if_match::{etag, if_match};
use crate::logs::PostedCommand;
use crate::params::{NoParams, Query};
use crate::problem::{self, Problem, unwritable};
use crate::service::{Service, json_response};

/// Post a command
///
/// The command is judged by the policy, and recorded or refused. Sent again with the same id it is answered as the first
/// time, and done once.
#[utoipa::path(post, path = "/v1/commands", operation_id = "post_command", tag = "commands",
    request_body(content = ref("#/components/schemas/RequestInput"), content_type = "application/json"),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Stands for `command_id` where the body has none: a UUID, quoted or not."),
        ("If-Match" = Option<String>, Header, description = "The version that the license must have, as its `ETag` says it, or `*`: it exists."),
    ),
    responses(
        (status = 200, description = "Accepted, now or when it was first posted.", body = ref("#/components/schemas/Outcome"), content_type = "application/json"),
        (status = 400, description = "The command cannot be understood: nothing is recorded, and the id stays free.", body = ref("#/components/schemas/CommandProblem"), content_type = "application/problem+json"),
        (status = 403, description = "The role, or a key that is kept to a partner, may not post this command.", body = ref("#/components/schemas/CommandProblem"), content_type = "application/problem+json"),
        (status = 409, description = "The id stands for another command, or the license is not at `expected_version`.", body = ref("#/components/schemas/CommandProblem"), content_type = "application/problem+json"),
        (status = 412, description = "The license is not at the version in `If-Match`.", body = ref("#/components/schemas/CommandProblem"), content_type = "application/problem+json"),
        (status = 422, description = "A rule of the policy says no: `violations` names every rule broken. That is recorded.", body = ref("#/components/schemas/CommandProblem"), content_type = "application/problem+json"),
    ))]
pub(crate) async fn post_command(
    State(service): State<Arc<Service>>,
    identity: Identity,
    headers: HeaderMap,
    Query(NoParams {}): Query<NoParams>,
    JsonBytes(body): JsonBytes,
) -> Result<Response<Body>, Problem> {
    let bytes = match idempotency_key(&headers)? {
        Some(key) => match with_command_id(key, body.into()) {
            Ok(bytes) => bytes,
            Err(conflict) => return Ok(answer(Answered::now(&conflict).map_err(|error| unwritable(&error))?)),
        },
        None => body.into(),
    };
    let context = PostContext { if_match: if_match(&headers)?, ..PostContext::new(service.today(), identity.poster()) };
    // Once it is in the writer's hands it is written, whether the client waits for it or not.
    let answered = service.writer().post(InputLine { number: 1, bytes: Some(bytes) }, context).await?;
    Ok(answer(answered))
}

/// The answer to a command: its outcome, or the problem with the outcome inside.
pub(crate) fn answer(answered: Answered) -> Response<Body> {
    let posted = PostedCommand { command_id: command_id(&answered), outcome: Some(outcome_name(answered.kind)) };
    let mut response = match problem::of_outcome(&answered) {
        Some(problem) => problem.into_response(),
        None => accepted(answered),
    };
    response.extensions_mut().insert(posted);
    response
}

/// The first answer again has no tag: the license may have gone on since.
fn accepted(answered: Answered) -> Response<Body> {
    let mut response = json_response(answered.json);
    if let Some(version) = answered.version.filter(|_| !answered.replayed) {
        response.headers_mut().insert(header::ETAG, etag(version));
    }
    response
}

/// An outcome begins with the command's id.
pub(crate) fn command_id(answered: &Answered) -> Option<Uuid> {
    let behind = answered.json.strip_prefix(r#"{"command_id":""#)?;
    Uuid::try_parse(behind.get(..36)?).ok()
}

pub(crate) const fn outcome_name(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Accepted => "accepted",
        OutcomeKind::Rejected => "rejected",
        OutcomeKind::Invalid => "invalid",
        OutcomeKind::Conflict => "conflict",
        OutcomeKind::Forbidden => "forbidden",
    }
}

/// The `Idempotency-Key`: a UUID, as a structured string (quoted) or bare.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(first) = given.next() else { return Ok(None) };
    let text = first.to_str().ok().filter(|_| given.next().is_none()).map(str::trim);
    let bare = text.map(|text| text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text));
    let key = bare.filter(|bare| bare.len() == 36).and_then(|bare| Uuid::try_parse(bare).ok());
    let message = "give one UUID, such as \"0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d\"";
    key.map(Some).ok_or_else(|| Problem::parameter("Idempotency-Key", message))
}

/// What is looked at of a body beside an `Idempotency-Key`.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "whatever_stands_there")]
    command_id: Option<&'a RawValue>,
    #[serde(borrow)]
    license: Option<&'a RawValue>,
    command: Option<IgnoredAny>,
}

/// Also `null`, which an option alone would take for absent.
fn whatever_stands_there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// The body with the key as its command id, or the conflict where it names another one. What is no object, or names an id
/// that is none, stays as it is: reading it as a command says what is wrong.
fn with_command_id(key: Uuid, body: Vec<u8>) -> Result<Vec<u8>, Box<Outcome>> {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(&body) else { return Ok(body) };
    if let Some(raw) = envelope.command_id {
        let named = serde_json::from_str::<Uuid>(raw.get()).ok();
        return match named {
            Some(named) if named != key => Err(Box::new(two_ids(named, envelope.license))),
            _ => Ok(body),
        };
    }
    let Some(begin) = body.iter().position(|byte| *byte == b'{') else { return Ok(body) };
    let (before, after) = body.split_at(begin + 1);
    let is_bare = envelope.license.is_none() && envelope.command.is_none();
    // An object without its fields may be an empty one, where a comma would be one too many.
    let comma = if is_bare && after.trim_ascii_start().starts_with(b"}") { "" } else { "," };
    let id = format!("\"command_id\":\"{key}\"{comma}");
    Ok([before, id.as_bytes(), after].concat())
}

fn two_ids(named: Uuid, license: Option<&RawValue>) -> Outcome {
    let license = license.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok()?.parse().ok());
    let said = Text::new(
        "Idempotency-Key is another id than the body's command_id; send one of them, or the same",
        "Idempotency-Key и command_id в теле — разные идентификаторы; передайте один из них или одинаковые",
    );
    Outcome::of_two_ids(named, license, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d";

    fn with_id(body: &str) -> Result<String, Box<Outcome>> {
        let body = with_command_id(ID.parse().unwrap(), body.as_bytes().to_vec());
        body.map(|body| String::from_utf8(body).unwrap())
    }

    fn key(value: &str) -> Result<Option<Uuid>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", value.parse().unwrap());
        idempotency_key(&headers)
    }

    #[test]
    fn a_key_stands_for_an_absent_id() {
        assert_eq!(with_id(r#" {"license": "A"}"#).unwrap(), format!(r#" {{"command_id":"{ID}","license": "A"}}"#));
        assert_eq!(with_id("{ }").unwrap(), format!(r#"{{"command_id":"{ID}" }}"#));
    }

    #[test]
    fn the_same_id_twice_is_fine_and_another_is_not() {
        let same = format!(r#"{{"command_id": "{}"}}"#, ID.to_uppercase());
        assert_eq!(with_id(&same).unwrap(), same);
        let other = ID.replace('3', "4");
        let conflict = with_id(&format!(r#"{{"command_id": "{other}", "license": "lic-1"}}"#)).unwrap_err();
        assert_eq!((conflict.outcome, conflict.command_id), (OutcomeKind::Conflict, other.parse().ok()));
        assert_eq!(conflict.license.unwrap().as_str(), "LIC-1");
    }

    #[test]
    fn what_is_no_command_stays_as_it_is() {
        for body in ["", "[1]", "nonsense", r#"{"command_id": 7}"#, r#"{"command_id": null}"#] {
            assert_eq!(with_id(body).unwrap(), body);
        }
    }

    #[test]
    fn keys_are_uuids_quoted_or_bare() {
        assert_eq!(key(ID).unwrap(), key(&format!("\"{ID}\"")).unwrap());
        for wrong in ["", "\"\"", "order-118", "0190c2b47d7e7c3a9a520d6f0a1b2c3d"] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}
