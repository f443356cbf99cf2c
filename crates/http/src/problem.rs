//! The one file that turns a "no" into a status and a body (RFC 9457).
//!
//! A handler returns a [`Problem`]; the edge writes it, because only the edge knows the language and the request's id.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use ledger_app::outcome::{Answered, OutcomeKind};
use ledger_app::store::StoreError;
use ledger_domain::rules;
use ledger_domain::violation::Text;
use serde::{Deserialize, Serialize};

use crate::language::Language;

/// What kind of problem it is.
#[derive(Debug)]
pub struct Kind {
    /// The last part of its `type`, `/problems/NAME`.
    name: &'static str,
    status: StatusCode,
    en: &'static str,
    ru: &'static str,
}

macro_rules! kinds {
    ($($constant:ident = $status:ident, $name:literal, $en:literal, $ru:literal;)*) => {
        $(#[doc = $en] pub(crate) static $constant: Kind =
            Kind { name: $name, status: StatusCode::$status, en: $en, ru: $ru };)*
    };
}

kinds! {
    BAD_REQUEST = BAD_REQUEST, "bad-request", "The request cannot be understood.", "Запрос непонятен.";
    INVALID = BAD_REQUEST, "invalid", "The command cannot be understood.", "Команда непонятна.";
    NO_KEY = UNAUTHORIZED, "no-key", "An API key is needed.", "Нужен ключ API.";
    FORBIDDEN = FORBIDDEN, "forbidden", "This key may not do that.", "Этому ключу такое не разрешено.";
    NOT_FOUND = NOT_FOUND, "not-found", "There is no such thing.", "Такого нет.";
    WRONG_METHOD = METHOD_NOT_ALLOWED, "wrong-method", "The address does not take this method.", "Этот адрес не принимает такой метод.";
    BODY_TOO_SLOW = REQUEST_TIMEOUT, "body-too-slow", "The request's body did not arrive in time.", "Тело запроса не пришло вовремя.";
    CONFLICT = CONFLICT, "conflict", "The ledger holds something else.", "В реестре записано другое.";
    NOT_OVER = CONFLICT, "not-over", "That instant is not over yet.", "Этот момент ещё не наступил.";
    QUOTE_CHANGED = CONFLICT, "quote-changed", "The quote cannot be kept to.", "Предложение уже не может быть выполнено.";
    IF_MATCH = PRECONDITION_FAILED, "if-match", "The license is at another version.", "У лицензии другая версия.";
    TOO_LARGE = PAYLOAD_TOO_LARGE, "too-large", "The request is too large.", "Запрос слишком велик.";
    NOT_JSON = UNSUPPORTED_MEDIA_TYPE, "not-json", "The content type is not the one that is taken here.", "Здесь принимается другой тип содержимого.";
    REJECTED = UNPROCESSABLE_ENTITY, "rejected", "A rule of the policy says no.", "Правило политики не допускает этого.";
    NOT_KEPT = UNPROCESSABLE_ENTITY, "not-kept", "The quote cannot be kept like that.", "Предложение нельзя сохранить на таких условиях.";
    TOO_MANY = TOO_MANY_REQUESTS, "too-many-requests", "This key asks too often.", "Слишком частые запросы с этим ключом.";
    FAULT = INTERNAL_SERVER_ERROR, "fault", "The service has failed.", "Сбой службы.";
    BUSY = SERVICE_UNAVAILABLE, "busy", "The service has too much to do.", "Служба перегружена.";
    TOO_LONG = SERVICE_UNAVAILABLE, "took-too-long", "The request took too long.", "Запрос выполнялся слишком долго.";
    NOT_YET_FINAL = SERVICE_UNAVAILABLE, "not-yet-final", "What is known at that instant is not final yet.", "Известное на этот момент ещё не окончательно.";
    BEHIND = SERVICE_UNAVAILABLE, "behind", "This standby has not come that far yet.", "Эта реплика ещё не дошла до этого места.";
    STANDBY = SERVICE_UNAVAILABLE, "standby", "This service only answers questions.", "Эта служба только отвечает на вопросы.";
    UNAVAILABLE = SERVICE_UNAVAILABLE, "unavailable", "The database does not answer.", "База данных не отвечает.";
}

/// When a standby may have become the primary.
const STANDBY_RETRY_SECONDS: u32 = 10;

/// A "no" on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: &'static Kind,
    /// The path of `type`, where it is not the kind's.
    rule: Option<&'static ledger_domain::rule::Rule>,
    detail: Text,
    errors: Vec<Error>,
    /// More members: a JSON object.
    members: Option<String>,
    retry_after_seconds: Option<u32>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, Serialize)]
struct Error {
    parameter: String,
    message: String,
}

impl Problem {
    /// A problem of the kind, with what is wrong and what to do, in English and in Russian.
    pub(crate) fn new(kind: &'static Kind, en: impl Into<String>, ru: impl Into<String>) -> Self {
        let detail = Text::new(en, ru);
        Self { kind, rule: None, detail, errors: Vec::new(), members: None, retry_after_seconds: None }
    }

    /// A parameter or a header of the request that cannot be taken. What is wrong with it is said in English, as with
    /// commands.
    pub(crate) fn parameter(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(&BAD_REQUEST, format!("{name}: {message}"), format!("{name}: {message}"));
        problem.errors.push(Error { parameter: name.to_owned(), message });
        problem
    }

    /// Says when to ask again.
    pub(crate) const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Adds members to the body: a JSON object.
    pub(crate) fn with_members(mut self, json: String) -> Self {
        self.members = Some(json);
        self
    }

    /// Its kind, for the log.
    pub(crate) const fn name(&self) -> &'static str {
        self.kind.name
    }

    /// Makes the response this problem's, in the language. Other headers stay, such as the router's `Allow`.
    pub(crate) fn write_to(&self, response: &mut Response<Body>, language: Language, request_id: &str) {
        *response.body_mut() = Body::from(self.body(language, request_id));
        *response.status_mut() = self.kind.status;
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }

    fn body(&self, language: Language, request_id: &str) -> String {
        #[derive(Serialize)]
        struct Written<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            request_id: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [Error],
        }
        let written = Written {
            r#type: self
                .rule
                .map_or_else(|| format!("/problems/{}", self.kind.name), |rule| format!("/rules/{}", rule.id)),
            title: match (language, self.rule) {
                (Language::English, Some(rule)) => rule.en,
                (Language::Russian, Some(rule)) => rule.ru,
                (Language::English, None) => self.kind.en,
                (Language::Russian, None) => self.kind.ru,
            },
            status: self.kind.status.as_u16(),
            detail: language.of(&self.detail),
            request_id,
            errors: &self.errors,
        };
        // Texts and numbers always make JSON.
        let mut body = serde_json::to_string(&written).unwrap_or_default();
        if let Some(members) = self.members.as_deref().and_then(|members| members.strip_prefix('{')) {
            body.pop();
            body.push(',');
            body.push_str(members);
        }
        body
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> axum::response::Response {
        let mut response = self.kind.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) | StoreError::Conflict(_) | StoreError::Held(_) | StoreError::HalfImported => {
                tracing::warn!(%error, "the store failed");
                let en = "send the same request again; a command with the same id is done once";
                let ru = "повторите тот же запрос; команда с тем же идентификатором выполняется один раз";
                Self::new(&UNAVAILABLE, en, ru).retry_after(1)
            }
            StoreError::Standby(_) => {
                let en = "its database is a standby, and nothing was done; send the same request to a service of the primary";
                let ru =
                    "её база данных — реплика, ничего не сделано; отправьте тот же запрос службе основной базы данных";
                Self::new(&STANDBY, en, ru).retry_after(STANDBY_RETRY_SECONDS)
            }
            StoreError::NotYetFinal { .. } => {
                let en = "something may still be recorded before it, or has not come to this standby yet; ask again";
                let ru = "до него ещё может быть что-то записано или не дошло до этой реплики; повторите запрос";
                Self::new(&NOT_YET_FINAL, en, ru).retry_after(1)
            }
            StoreError::Damaged(_) | StoreError::Newer(_) => {
                tracing::error!(%error, "the store failed");
                fault()
            }
        }
    }
}

/// Our failure: what it is stands in the log, under the request's id.
pub(crate) fn fault() -> Problem {
    let en = "tell whoever runs the service the request_id; the log says more";
    let ru = "сообщите request_id тем, кто обслуживает службу: подробности в журнале";
    Problem::new(&FAULT, en, ru)
}

/// An answer that JSON cannot hold: our failure.
pub(crate) fn unwritable(error: &serde_json::Error) -> Problem {
    tracing::error!(%error, "an answer cannot be written as JSON");
    fault()
}

/// Why an outcome says no; the rest of it is handed on as it is.
#[derive(Deserialize)]
struct Reasons {
    #[serde(default)]
    violations: Vec<BrokenRule>,
    #[serde(default)]
    errors: Vec<FormError>,
}

#[derive(Deserialize)]
struct BrokenRule {
    rule: String,
    message: Text,
}

#[derive(Deserialize)]
struct FormError {
    path: String,
    message: String,
}

/// The problem that an outcome is answered with, its own fields inside; `None`: it was accepted.
pub(crate) fn of_outcome(answered: &Answered) -> Option<Problem> {
    let kind = match answered.kind {
        OutcomeKind::Accepted => return None,
        OutcomeKind::Rejected => &REJECTED,
        OutcomeKind::Invalid => &INVALID,
        OutcomeKind::Conflict if answered.if_match_failed => &IF_MATCH,
        OutcomeKind::Conflict => &CONFLICT,
        OutcomeKind::Forbidden => &FORBIDDEN,
    };
    let reasons: Reasons = match serde_json::from_str(&answered.json) {
        Ok(reasons) => reasons,
        Err(error) => {
            tracing::error!(%error, "an outcome cannot be read");
            return Some(fault());
        }
    };
    let mut problem = match &answered.said {
        Some(said) => Problem::new(kind, &said.en, &said.ru),
        None => Problem::new(kind, reasons.in_english(), reasons.in_russian()),
    };
    problem.rule = reasons.violations.first().and_then(|violation| rules::find(&violation.rule));
    Some(problem.with_members(answered.json.clone()))
}

impl Reasons {
    fn in_english(&self) -> String {
        self.said(|message| &message.en)
    }

    fn in_russian(&self) -> String {
        self.said(|message| &message.ru)
    }

    /// What is wrong with a command's form is said in English alone.
    fn said(&self, of: impl Fn(&Text) -> &str) -> String {
        let violations =
            self.violations.iter().map(|violation| format!("{}: {}", violation.rule, of(&violation.message)));
        let errors = self.errors.iter().map(|FormError { path, message }| match path.as_str() {
            "" => message.clone(),
            path => format!("{path}: {message}"),
        });
        violations.chain(errors).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use ledger_app::outcome::Answered;
    use serde_json::{Value, json};

    use super::*;

    fn written(problem: &Problem, language: Language) -> (u16, Response<Body>, Value) {
        let mut response = Response::new(Body::empty());
        problem.write_to(&mut response, language, "r-1");
        let body = serde_json::from_str(&problem.body(language, "r-1")).unwrap();
        (response.status().as_u16(), response, body)
    }

    fn outcome(kind: OutcomeKind, if_match_failed: bool, json: &Value) -> Option<Problem> {
        let json = json.to_string();
        of_outcome(&Answered { kind, replayed: false, if_match_failed, version: None, json, said: None })
    }

    #[test]
    fn outcomes_have_the_contracts_statuses() {
        let json = json!({"violations": [], "errors": [{"path": "/on", "message": "it is none"}]});
        for (kind, if_match_failed, status) in [
            (OutcomeKind::Rejected, false, 422),
            (OutcomeKind::Invalid, false, 400),
            (OutcomeKind::Conflict, false, 409),
            (OutcomeKind::Conflict, true, 412),
            (OutcomeKind::Forbidden, false, 403),
        ] {
            let (found, _, body) = written(&outcome(kind, if_match_failed, &json).unwrap(), Language::English);
            assert_eq!((found, &body["status"], &body["detail"]), (status, &json!(status), &json!("/on: it is none")));
            assert_eq!(body["errors"], json["errors"]);
        }
        assert!(outcome(OutcomeKind::Accepted, false, &json).is_none());
    }

    #[test]
    fn a_refusal_is_named_after_its_first_rule_in_the_language() {
        let violation = |rule, en, ru| json!({"rule": rule, "message": {"en": en, "ru": ru}});
        let json = json!({"outcome": "rejected",
            "violations": [violation("USR-4", "packs", "пакеты"), violation("UPG-3", "waits", "ждёт")]});
        let problem = outcome(OutcomeKind::Rejected, false, &json).unwrap();
        let (_, response, body) = written(&problem, Language::Russian);
        assert_eq!((&body["type"], &body["detail"]), (&json!("/rules/USR-4"), &json!("USR-4: пакеты; UPG-3: ждёт")));
        assert_eq!(body["title"], rules::find("USR-4").unwrap().ru);
        assert_eq!(
            (&body["outcome"], &response.headers()[header::CONTENT_LANGUAGE]),
            (&json!("rejected"), &HeaderValue::from_static("ru"))
        );
        assert_eq!(written(&problem, Language::English).2["detail"], "USR-4: packs; UPG-3: waits");
    }

    #[test]
    fn the_stores_failures_tell_nothing_of_the_inside() {
        let secret = || "password=hunter2".to_owned();
        for (error, status, retry) in [
            (StoreError::Unavailable(secret()), 503, true),
            (StoreError::Held(secret()), 503, true),
            (StoreError::Conflict(secret()), 503, true),
            (StoreError::HalfImported, 503, true),
            (StoreError::Standby(secret()), 503, true),
            (StoreError::NotYetFinal { asked: chrono::Utc::now(), final_until: chrono::Utc::now() }, 503, true),
            (StoreError::Damaged(secret()), 500, false),
            (StoreError::Newer(secret()), 500, false),
        ] {
            let (found, response, body) = written(&Problem::from(error), Language::English);
            assert_eq!((found, response.headers().contains_key(header::RETRY_AFTER)), (status, retry));
            assert!(!body.to_string().contains("hunter2"), "{body}");
        }
    }
}
