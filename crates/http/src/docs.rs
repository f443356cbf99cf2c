//! `/docs`: the reference page. Everything it needs is in the binary.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, header};

static PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>license-ledger: reference</title>
</head>
<body>
<redoc spec-url="openapi.json" disable-telemetry="true"></redoc>
<script type="module" src="docs/redoc-3.0.1.js"></script>
</body>
</html>
"#;

static SCRIPT: &[u8] = include_bytes!("../assets/redoc-3.0.1/redoc.standalone.js.gz");

/// Where the script is.
pub(crate) const SCRIPT_PATH: &str = "/docs/redoc-3.0.1.js";

/// Nothing but what this service serves. The page writes its styles itself, and searches in a worker that it makes itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; \
    font-src data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The reference page
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "operations", security(()),
    responses((status = 200, description = "This description, for people.", body = String, content_type = "text/html")))]
pub(crate) async fn docs() -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    answer(Body::from(PAGE), headers)
}

/// Its script. The address names the version, so it may be kept.
pub(crate) async fn script() -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CONTENT_ENCODING, "gzip"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    answer(Body::from(SCRIPT), headers)
}

fn answer(body: Body, headers: [(HeaderName, &'static str); 3]) -> Response<Body> {
    let mut response = Response::new(body);
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
