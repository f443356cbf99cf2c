//! Every endpoint in one place. A route and its documentation come from one macro.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::logs::NameRoutes;
use crate::problem::{self, Problem};
use crate::service::Service;
use crate::{batch, commands, docs, expiry, feed, health, licenses, next_commands, openapi, quotes};

fn documented() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(commands::post_command))
        .routes(routes!(batch::post_batch))
        .routes(routes!(quotes::quote))
        .routes(routes!(quotes::commit))
        .routes(routes!(licenses::list_licenses))
        .routes(routes!(licenses::get_license))
        .routes(routes!(licenses::license_events))
        .routes(routes!(next_commands::next_commands))
        .routes(routes!(expiry::swm_expiry))
        .routes(routes!(feed::events))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(openapi::openapi))
        .routes(routes!(docs::docs))
}

/// The endpoints.
pub fn router(service: Arc<Service>) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .route(docs::SCRIPT_PATH, get(docs::script))
        .route_layer(NameRoutes)
        .fallback(no_such_address)
        .method_not_allowed_fallback(wrong_method)
        .with_state(service)
}

/// The description of the endpoints, as far as their handlers give it.
pub(crate) fn described() -> OpenApi {
    documented().into_openapi()
}

async fn no_such_address() -> Problem {
    let en = "there is nothing at this address; /openapi.json lists what there is";
    let ru = "по этому адресу ничего нет; все адреса перечислены в /openapi.json";
    Problem::new(&problem::NOT_FOUND, en, ru)
}

async fn wrong_method() -> Problem {
    let en = "the header Allow lists the methods that this address takes";
    let ru = "методы этого адреса перечислены в заголовке Allow";
    Problem::new(&problem::WRONG_METHOD, en, ru)
}
