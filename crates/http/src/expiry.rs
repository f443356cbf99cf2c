//! `GET /v1/swm-expiry`: whom to offer a renewal.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};
use chrono::{DateTime, Utc};
use ledger_app::read::parse_expiring_key;
use ledger_app::store::Expiring;
use ledger_domain::values::Date;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{Identity, Right};
use crate::csv::{Delimiter, Table, page_response};
use crate::params::{self, Query, default_limit, read_as};
use crate::problem::Problem;
use crate::reached;
use crate::service::Service;

/// Which ends to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExpiryParams {
    /// The first day of the period.
    #[serde(deserialize_with = "read_as::needed_date")]
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The day after the last one of the period. A period that ends before it begins has no days.
    #[serde(deserialize_with = "read_as::needed_date")]
    #[param(value_type = String, format = Date)]
    to: Date,
    /// Of the partner with exactly this name.
    #[serde(default, deserialize_with = "read_as::text")]
    partner: Option<String>,
    /// With only what the ledger knew at this instant.
    #[serde(default, deserialize_with = "read_as::instant")]
    #[param(value_type = Option<String>, format = DateTime)]
    known_at: Option<DateTime<Utc>>,
    /// Only an answer that knows at least this position of the log, as the feed told it; waited for a moment.
    #[serde(default, deserialize_with = "read_as::position")]
    #[param(value_type = Option<i64>, minimum = 0)]
    min_position: Option<u64>,
    /// Only what comes after this: `next` of the page before.
    #[serde(default, deserialize_with = "read_as::text")]
    after: Option<String>,
    /// At most so many.
    #[serde(default = "default_limit", deserialize_with = "read_as::limit")]
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: u32,
    /// What stands between the cells of a table: `,` or `;`. Spreadsheets set to Russian expect `;`.
    #[serde(default)]
    #[param(value_type = Option<String>, default = ",")]
    delimiter: Delimiter,
    /// Whether a table begins with a byte order mark, by which a spreadsheet knows UTF-8.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    bom: bool,
}

/// Licenses whose Software Maintenance ends in a period, soonest first
///
/// These are the active and the blocked ones.
///
/// As JSON, or as a table for a spreadsheet with `Accept: text/csv`. `Link` leads to the next page.
#[utoipa::path(get, path = "/v1/swm-expiry", operation_id = "swm_expiry", tag = "reads", params(ExpiryParams),
    responses((status = 200, description = "A page of entitlements.", content(
        (ref("#/components/schemas/Page") = "application/json"),
        (ref("#/components/schemas/Table") = "text/csv"),
    ))))]
pub(crate) async fn swm_expiry(
    State(service): State<Arc<Service>>,
    identity: Identity,
    uri: Uri,
    headers: HeaderMap,
    Query(asked): Query<ExpiryParams>,
) -> Result<Response<Body>, Problem> {
    identity.must_have(Right::Read)?;
    let ExpiryParams { from, to, partner, known_at, min_position, after, limit, delimiter, bom } = asked;
    let after = after.map(|key| parse_expiring_key(&key).ok_or_else(wrong_key)).transpose()?;
    let query =
        Expiring { from, to, partner: identity.may_ask_about(partner)?, kept_to: identity.kept_to(), known_at, after };
    let when = params::when(service.today(), None, known_at)?;
    reached::position(&service, min_position).await?;
    page_response(&service.ledger().expiring(&query, limit, when).await?, &headers, &uri, Table { delimiter, bom })
}

fn wrong_key() -> Problem {
    Problem::parameter("after", "give what `next` of the page before says, such as 2013-01-20/10101-ABC12")
}
