//! `GET /v1/licenses/{number}/next-commands`: what can be done with a license.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use ledger_domain::values::Date;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{Identity, Right};
use crate::licenses::written;
use crate::params::{Number, Query, read_as};
use crate::problem::Problem;
use crate::service::{Service, json_response};

/// For which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NextCommandsParams {
    /// The day on which they would be posted; without it today. It may lie ahead.
    #[serde(default, deserialize_with = "read_as::date")]
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
}

/// What can be done with a license on a day
///
/// Every command, with examples ready to post, and what each would give: accepted with its events and price, or refused by
/// which rules, by the same judgement as a command that is posted. They are judged for the key's role, and for an auditor or
/// a reporter, who post nothing, for a distributor. A license that does not exist has an answer too: only
/// what begins one is allowed.
#[utoipa::path(get, path = "/v1/licenses/{number}/next-commands", operation_id = "next_commands", tag = "reads",
    params(("number" = String, Path, description = "The license number."), NextCommandsParams),
    responses(
        (status = 200, description = "Every command.", body = ref("#/components/schemas/NextCommands"), content_type = "application/json"),
    ))]
pub(crate) async fn next_commands(
    State(service): State<Arc<Service>>,
    identity: Identity,
    Number(number): Number,
    Query(NextCommandsParams { on }): Query<NextCommandsParams>,
) -> Result<Response<Body>, Problem> {
    identity.must_have(Right::Read)?;
    let (ledger, on) = (service.ledger(), on.unwrap_or_else(|| service.today()));
    match ledger.next_commands(&number, &identity.poster(), on).await? {
        Some(next) => Ok(json_response(written(&next)?)),
        None => Err(identity.not_theirs()),
    }
}
