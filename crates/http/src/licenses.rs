//! `GET /v1/licenses`, `/v1/licenses/{number}` and `/v1/licenses/{number}/events`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri, header};
use chrono::{DateTime, Utc};
use ledger_app::read::{HistoryEntry, ListQuery};
use ledger_app::store::AsOf;
use ledger_domain::entitlement::EntitlementStatus;
use ledger_domain::values::{Date, LicenseNumber, LicenseType, Plugin, Product};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::access::{Identity, Right};
use crate::csv::{Delimiter, Table, page_response};
use crate::if_match::etag;
use crate::params::{self, Number, Query, default_limit, read_as};
use crate::problem::{self, Problem};
use crate::reached;
use crate::service::{Service, json_response};

/// Which day and instant a question about a license is about.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhenParams {
    /// The day; without it today, by everything that is recorded.
    #[serde(default, deserialize_with = "read_as::date")]
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
    /// With only what the ledger knew at this instant.
    #[serde(default, deserialize_with = "read_as::instant")]
    #[param(value_type = Option<String>, format = DateTime)]
    known_at: Option<DateTime<Utc>>,
    /// Only an answer that knows at least this version of the license, as an outcome told it; waited for a moment.
    #[serde(default, deserialize_with = "read_as::position")]
    #[param(value_type = Option<i64>, minimum = 0)]
    min_version: Option<u64>,
}

/// Which licenses to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Of this product.
    #[serde(default, deserialize_with = "read_as::word")]
    #[param(value_type = Option<String>)]
    product: Option<Product>,
    /// Of the partner with exactly this name.
    #[serde(default, deserialize_with = "read_as::text")]
    partner: Option<String>,
    /// Of the holder with exactly this name, or this INN.
    #[serde(default, deserialize_with = "read_as::text")]
    holder: Option<String>,
    /// With this status on the day.
    #[serde(default, deserialize_with = "read_as::word")]
    #[param(value_type = Option<String>)]
    status: Option<EntitlementStatus>,
    /// Of this license type.
    #[serde(default, deserialize_with = "read_as::word")]
    #[param(value_type = Option<String>)]
    license_type: Option<LicenseType>,
    /// With this plugin.
    #[serde(default, deserialize_with = "read_as::word")]
    #[param(value_type = Option<String>)]
    plugin: Option<Plugin>,
    /// Whose SWM ends on this day or later.
    #[serde(default, deserialize_with = "read_as::date")]
    #[param(value_type = Option<String>, format = Date)]
    swm_ends_from: Option<Date>,
    /// Whose SWM ends before this day.
    #[serde(default, deserialize_with = "read_as::date")]
    #[param(value_type = Option<String>, format = Date)]
    swm_ends_before: Option<Date>,
    /// The day; without it today, by everything that is recorded.
    #[serde(default, deserialize_with = "read_as::date")]
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
    /// With only what the ledger knew at this instant.
    #[serde(default, deserialize_with = "read_as::instant")]
    #[param(value_type = Option<String>, format = DateTime)]
    known_at: Option<DateTime<Utc>>,
    /// Only an answer that knows at least this position of the log, as the feed told it; waited for a moment.
    #[serde(default, deserialize_with = "read_as::position")]
    #[param(value_type = Option<i64>, minimum = 0)]
    min_position: Option<u64>,
    /// Only what comes after this license: `next` of the page before.
    #[serde(default, deserialize_with = "read_as::word")]
    #[param(value_type = Option<String>)]
    after: Option<LicenseNumber>,
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

/// Which events of a license.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsParams {
    /// Only events with a sequence above this one: `next` of the page before.
    #[serde(default, deserialize_with = "read_as::position")]
    #[param(value_type = Option<u64>)]
    after: Option<u64>,
    /// Only events with a business date up to this day.
    #[serde(default, deserialize_with = "read_as::date")]
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
    /// With only what the ledger knew at this instant.
    #[serde(default, deserialize_with = "read_as::instant")]
    #[param(value_type = Option<String>, format = DateTime)]
    known_at: Option<DateTime<Utc>>,
    /// Only an answer that knows at least this version of the license, as an outcome told it; waited for a moment.
    #[serde(default, deserialize_with = "read_as::position")]
    #[param(value_type = Option<i64>, minimum = 0)]
    min_version: Option<u64>,
    /// At most so many.
    #[serde(default = "default_limit", deserialize_with = "read_as::limit")]
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: u32,
}

/// What a license is worth on a day
#[utoipa::path(get, path = "/v1/licenses/{number}", operation_id = "get_license", tag = "reads",
    params(("number" = String, Path, description = "The license number."), WhenParams),
    responses(
        (status = 200, description = "The entitlement.", body = ref("#/components/schemas/Entitlement"), content_type = "application/json"),
        (status = 404, description = "There is no such license, or there was none yet.", body = ref("#/components/schemas/Problem"), content_type = "application/problem+json"),
    ))]
pub(crate) async fn get_license(
    State(service): State<Arc<Service>>,
    identity: Identity,
    Number(number): Number,
    Query(WhenParams { on, known_at, min_version }): Query<WhenParams>,
) -> Result<Response<Body>, Problem> {
    identity.must_have(Right::Read)?;
    let when = params::when(service.today(), on, known_at)?;
    reached::version(&service, &identity, &number, min_version).await?;
    let is_of_now = on.is_none() && known_at.is_none();
    if !is_of_now {
        must_see(&service, &identity, &number).await?;
    }
    let found = service.ledger().show(&number, when).await?;
    if is_of_now {
        identity.must_see(found.as_ref().and_then(|license| license.partner.as_ref()))?;
    }
    let license = found.ok_or_else(|| not_found(&number))?;
    let mut response = json_response(written(&license)?);
    if is_of_now {
        response.headers_mut().insert(header::ETAG, etag(license.version));
    }
    Ok(response)
}

/// Licenses by number
///
/// As JSON, or as a table for a spreadsheet with `Accept: text/csv`. `Link` leads to the next page.
#[utoipa::path(get, path = "/v1/licenses", operation_id = "list_licenses", tag = "reads", params(ListParams),
    responses((status = 200, description = "A page of entitlements.", content(
        (ref("#/components/schemas/Page") = "application/json"),
        (ref("#/components/schemas/Table") = "text/csv"),
    ))))]
pub(crate) async fn list_licenses(
    State(service): State<Arc<Service>>,
    identity: Identity,
    uri: Uri,
    headers: HeaderMap,
    Query(asked): Query<ListParams>,
) -> Result<Response<Body>, Problem> {
    identity.must_have(Right::Read)?;
    let table = Table { delimiter: asked.delimiter, bom: asked.bom };
    let when = params::when(service.today(), asked.on, asked.known_at)?;
    reached::position(&service, asked.min_position).await?;
    let query = ListQuery {
        product: asked.product,
        partner: identity.may_ask_about(asked.partner)?,
        holder: asked.holder,
        status: asked.status,
        license_type: asked.license_type,
        plugin: asked.plugin,
        swm_ends_from: asked.swm_ends_from,
        swm_ends_before: asked.swm_ends_before,
        kept_to: identity.kept_to(),
        after: asked.after,
        limit: asked.limit,
    };
    page_response(&service.ledger().list(&query, when).await?, &headers, &uri, table)
}

/// A page of a license's events.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EventsPage {
    /// The events, oldest first.
    items: Vec<HistoryEntry>,
    /// What to ask on with as `after`; null at the end.
    next: Option<u64>,
}

/// A license's events
#[utoipa::path(get, path = "/v1/licenses/{number}/events", operation_id = "license_events", tag = "events",
    params(("number" = String, Path, description = "The license number."), EventsParams),
    responses(
        (status = 200, description = "A page of its events, oldest first.", body = ref("#/components/schemas/EventsPage"), content_type = "application/json"),
        (status = 404, description = "There is no such license, or there was none yet.", body = ref("#/components/schemas/Problem"), content_type = "application/problem+json"),
    ))]
pub(crate) async fn license_events(
    State(service): State<Arc<Service>>,
    identity: Identity,
    Number(number): Number,
    Query(EventsParams { after, on, known_at, min_version, limit }): Query<EventsParams>,
) -> Result<Response<Body>, Problem> {
    identity.must_have(Right::Follow)?;
    let when = params::when(service.today(), on, known_at)?;
    reached::version(&service, &identity, &number, min_version).await?;
    must_see(&service, &identity, &number).await?;
    let after = after.unwrap_or_default();
    let mut items = service.ledger().history(&number, after, limit + 1, when.as_of()).await?;
    if items.is_empty() && after == 0 {
        return Err(not_found(&number));
    }
    let is_last = items.len() <= usize::try_from(limit).unwrap_or(usize::MAX);
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = items.last().map(|entry| entry.sequence).filter(|_| !is_last);
    Ok(json_response(written(&EventsPage { items, next })?))
}

/// Checks that they may see the license: a partner's key sees those whose partner it is now, in all their past.
async fn must_see(service: &Service, identity: &Identity, number: &LicenseNumber) -> Result<(), Problem> {
    if identity.partner.is_none() {
        return Ok(());
    }
    let facts = service.store().facts(number, AsOf::default()).await?;
    identity.must_see(facts.as_ref().and_then(|facts| facts.partner.as_ref()))
}

fn not_found(number: &LicenseNumber) -> Problem {
    let en = format!("there is no license {number}, or there was none yet at that time");
    let ru = format!("лицензии {number} нет, или на тот момент её ещё не было");
    Problem::new(&problem::NOT_FOUND, en, ru)
}

/// An answer as JSON.
pub(crate) fn written(answer: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(answer).map_err(|error| problem::unwritable(&error))
}
