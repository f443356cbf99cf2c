//! The description of the service, OpenAPI 3.1: the routes from their handlers, the bodies from the types that are
//! written and read, and examples of every command and every kind of answer.

mod answers;
mod bodies;
mod examples;
mod parameters;
mod schemas;

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::Response;
use serde_json::{Map, Value, json};

use crate::service::json_response;

/// The description as it is served.
static WRITTEN: LazyLock<String> = LazyLock::new(|| document().to_string());

/// Answers with it.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "operations", security(()),
    responses((status = 200, description = "This description.", body = Value, content_type = "application/json")))]
pub(crate) async fn openapi() -> Response<Body> {
    json_response(WRITTEN.as_str())
}

/// The description.
#[must_use]
pub fn document() -> Value {
    let mut document = serde_json::to_value(crate::routes::described()).unwrap_or_default();
    document["info"] = info();
    document["servers"] = json!([{"url": "/", "description": "Where this description is."}]);
    document["tags"] = tags();
    document["security"] = json!([{"key": []}]);
    document["components"] = json!({
        "schemas": schemas::all(),
        "responses": answers::shared(),
        "headers": answers::headers(),
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer",
            "description": "An API key, `ll_…`, which `license-ledger keys create` makes."}},
    });
    if let Some(paths) = document["paths"].as_object_mut() {
        operations(paths).for_each(finish);
    }
    document
}

fn operations(paths: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let methods = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    methods.filter_map(Value::as_object_mut).filter(|operation| operation.contains_key("operationId"))
}

/// Adds to an operation what the macros at the handlers do not say.
fn finish(operation: &mut Map<String, Value>) {
    if let Some(body) = operation.get_mut("requestBody") {
        body["required"] = true.into();
    }
    parameters::finish(operation);
    answers::finish(operation);
    examples::finish(operation);
}

fn info() -> Value {
    json!({
        "title": "license-ledger",
        "version": env!("CARGO_PKG_VERSION"),
        "description": include_str!("about.md"),
    })
}

fn tags() -> Value {
    json!([
        {"name": "commands", "description": "What changes the ledger."},
        {"name": "quotes", "description": "What commands would give, and promises of it."},
        {"name": "reads", "description": "What licenses are worth, and what can be done with them."},
        {"name": "events", "description": "What has happened."},
        {"name": "operations", "description": "For whoever runs the service."},
    ])
}
