//! Lists of entitlements: as JSON, or as a table for a spreadsheet.

use std::io;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, Uri, header};
use ledger_app::read::Page;
use ledger_app::sheet::entitlement_cells;
pub(crate) use ledger_app::sheet::{Delimiter, ENTITLEMENT_COLUMNS as COLUMNS, Table};
use ledger_domain::entitlement::Entitlement;

use crate::accept::prefers;
use crate::licenses::written;
use crate::problem::{self, Problem};
use crate::service::json_response;

/// A page in what the client prefers, with the address of the next one.
pub(crate) fn page_response(
    page: &Page,
    headers: &HeaderMap,
    uri: &Uri,
    table: Table,
) -> Result<Response<Body>, Problem> {
    let mut response = if prefers(headers, "text/csv") {
        let mut response =
            Response::new(Body::from(written_as(table, &page.items).map_err(|error| unwritable(&error))?));
        let csv = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
        response.headers_mut().insert(header::CONTENT_TYPE, csv);
        response
    } else {
        json_response(written(page)?)
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    if let Some(next) = page.next.as_deref().and_then(|next| link(uri, next)) {
        response.headers_mut().insert(header::LINK, next);
    }
    Ok(response)
}

fn written_as(table: Table, items: &[Entitlement]) -> io::Result<Vec<u8>> {
    let mut sheet = table.begin(Vec::new(), &COLUMNS)?;
    for item in items {
        sheet.row(entitlement_cells(item))?;
    }
    sheet.end()
}

/// The same question, going on after the page.
fn link(uri: &Uri, next: &str) -> Option<HeaderValue> {
    let asked = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "after");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked).append_pair("after", next);
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish())).ok()
}

fn unwritable(error: &io::Error) -> Problem {
    tracing::error!(%error, "a list cannot be written as CSV");
    problem::fault()
}
