//! Query parameters, read strictly: one that is unknown, or stands twice, is refused.

use std::collections::HashSet;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use ledger_app::read::When;
use ledger_domain::command::{parse_date, parse_text};
use ledger_domain::values::{Date, InvalidLicenseNumber, LicenseNumber};
use serde::de::{DeserializeOwned, Error, IntoDeserializer};
use serde::{Deserialize, Deserializer};

use crate::problem::{self, Problem};

/// The query of a request. The fields of `T` are its parameters; `T` refuses others.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// That an address takes no parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParams {}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = || form_urlencoded::parse(query.as_bytes());
    let mut seen = HashSet::new();
    if let Some((name, _)) = pairs().find(|(name, _)| !seen.insert(name.clone())) {
        return Err(Problem::parameter(&name, "it stands twice; give it once"));
    }
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs())).map_err(|error| {
        let (path, said) = (error.path().to_string(), error.inner().to_string());
        // One that is missing stands nowhere: serde names it in what it says.
        let missing = said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        match missing {
            Some(name) => Problem::parameter(name, "it is needed"),
            None => Problem::parameter(&path, said),
        }
    })
}

/// The license number in the path; upper-cased.
pub(crate) struct Number(pub(crate) LicenseNumber);

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // What is refused before it is a text is no UTF-8.
        let text =
            Path::<String>::from_request_parts(parts, state).await.map_or_else(|_| String::new(), |Path(text)| text);
        text.parse().map(Self).map_err(|error: InvalidLicenseNumber| Problem::parameter("number", error.to_string()))
    }
}

/// How a parameter is read, for `deserialize_with`.
pub(crate) mod read_as {
    use super::*;

    /// A date written `YYYY-MM-DD`, where there must be one.
    pub(crate) fn needed_date<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        let text = String::deserialize(from)?;
        let date = parse_date(&text);
        date.ok_or_else(|| D::Error::custom("a date that exists is written YYYY-MM-DD"))
    }

    /// A date written `YYYY-MM-DD`.
    pub(crate) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
        needed_date(from).map(Some)
    }

    /// The same in JSON, where null is as if it were absent.
    pub(crate) fn date_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| needed_date(text.into_deserializer())).transpose()
    }

    /// An instant in RFC 3339.
    pub(crate) fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        // A plus sign that was not escaped arrives as a space.
        let text = String::deserialize(from)?.replace(' ', "+");
        let instant = DateTime::parse_from_rfc3339(&text).map_err(|_| {
            D::Error::custom("an instant is written like 2012-08-20T15:04:05Z, or with an offset such as +04:00")
        })?;
        Ok(Some(instant.to_utc()))
    }

    /// A text such as a name, as commands take it.
    pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        let text = String::deserialize(from)?;
        parse_text(&text).map(Some).map_err(|fault| D::Error::custom(format!("it {fault}")))
    }

    /// How many to list: 1 to 1000.
    pub(crate) fn limit<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        let text = String::deserialize(from)?;
        let number = text.parse().ok().filter(|number| (1..=1000).contains(number));
        number.ok_or_else(|| D::Error::custom("give a whole number, 1 to 1000"))
    }

    /// How many seconds to wait: 0 to 60.
    pub(crate) fn wait<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        let number = text.parse().ok().filter(|number| *number <= 60);
        number.ok_or_else(|| D::Error::custom("give a whole number of seconds, 0 to 60"))
    }

    /// A position in the log.
    pub(crate) fn position<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
        let text = String::deserialize(from)?;
        let position = parse_position(&text);
        position.map(Some).ok_or_else(|| D::Error::custom("a position is a whole number, 0 or more"))
    }

    /// Positions count up from 0, within 63 bits.
    pub(crate) fn parse_position(text: &str) -> Option<u64> {
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|position| is_digits && i64::try_from(*position).is_ok())
    }

    /// Whatever is written as in the contract: a product, a status, a license number.
    pub(crate) fn word<'de, D: Deserializer<'de>, T: std::str::FromStr<Err: std::fmt::Display>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Some).map_err(D::Error::custom)
    }
}

/// The day and the instant that a question is about. What was known at an instant can be asked once it is over.
///
/// # Errors
/// It is not: 409.
pub(crate) fn when(today: Date, on: Option<Date>, known_at: Option<DateTime<Utc>>) -> Result<When, Problem> {
    if known_at.is_none_or(|instant| instant <= Utc::now()) {
        return Ok(When { today, on, known_at });
    }
    let en = "known_at: this instant is not over yet; give one that is";
    let ru = "known_at: этот момент ещё не наступил; укажите прошедший";
    Err(Problem::new(&problem::NOT_OVER, en, ru))
}

/// How many are listed where nothing is said.
pub(crate) const fn default_limit() -> u32 {
    50
}
