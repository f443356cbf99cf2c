//! Lists of entitlements: as JSON, or as a table for a spreadsheet.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, Uri, header};
use ledger_app::read::Page;
use ledger_domain::entitlement::Entitlement;
use serde::Deserialize;

use crate::accept::prefers;
use crate::licenses::written;
use crate::problem::{self, Problem};
use crate::service::json_response;

/// The columns. They stay as they are, in this order; further ones come at the end.
pub(crate) const COLUMNS: [&str; 22] = [
    "license",
    "product",
    "license_type",
    "status",
    "holder_name",
    "holder_inn",
    "holder_country",
    "partner",
    "users",
    "plugins",
    "swm_state",
    "swm_starts",
    "swm_ends",
    "days_left",
    "certified",
    "installed_version",
    "pending_order",
    "version",
    "on",
    "partner_level",
    "split_from",
    "merged_into",
];

/// What stands between cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Delimiter {
    /// As the standard has it.
    #[default]
    #[serde(rename = ",")]
    Comma,
    /// As spreadsheets set to Russian expect it.
    #[serde(rename = ";")]
    Semicolon,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Table {
    pub(crate) delimiter: Delimiter,
    /// Whether it begins with a byte order mark, by which a spreadsheet knows UTF-8.
    pub(crate) bom: bool,
}

/// A page in what the client prefers, with the address of the next one.
pub(crate) fn page_response(
    page: &Page,
    headers: &HeaderMap,
    uri: &Uri,
    table: Table,
) -> Result<Response<Body>, Problem> {
    let mut response = if prefers(headers, "text/csv") {
        let mut response = Response::new(Body::from(table.write(&page.items).map_err(|error| unwritable(&error))?));
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

impl Table {
    fn write(self, items: &[Entitlement]) -> Result<Vec<u8>, csv::Error> {
        let begin = if self.bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        let delimiter = match self.delimiter {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
        };
        let mut table =
            csv::WriterBuilder::new().delimiter(delimiter).terminator(csv::Terminator::CRLF).from_writer(begin);
        table.write_record(COLUMNS)?;
        for item in items {
            table.write_record(row(item).map(harmless))?;
        }
        table.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }
}

fn row(item: &Entitlement) -> [String; COLUMNS.len()] {
    let plugins: Vec<_> = item.plugins.iter().map(|plugin| plugin.to_string()).collect();
    let partner = item.partner.as_ref();
    [
        item.license.to_string(),
        item.product.to_string(),
        item.license_type.to_string(),
        item.status.to_string(),
        item.holder.name.clone(),
        cell(item.holder.inn.as_ref()),
        item.holder.country.to_string(),
        cell(partner.map(|partner| &partner.name)),
        cell(item.users),
        plugins.join(" "),
        item.swm.state.to_string(),
        cell(item.swm.starts),
        cell(item.swm.ends),
        item.swm.days_left.to_string(),
        cell(item.certified),
        cell(item.installed_version.as_ref()),
        cell(item.pending_orders.first().map(|pending| &pending.order)),
        item.version.to_string(),
        item.on.to_string(),
        cell(partner.and_then(|partner| partner.level)),
        cell(item.split_from.as_ref()),
        cell(item.merged_into.as_ref()),
    ]
}

/// What is not there is an empty cell.
fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A text that a spreadsheet would run as a formula gets an apostrophe before it, which spreadsheets take for "this is
/// a text". A holder's name is written by others, and whoever opens the table is not to run what they wrote.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

/// The same question, going on after the page.
fn link(uri: &Uri, next: &str) -> Option<HeaderValue> {
    let asked = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "after");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked).append_pair("after", next);
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish())).ok()
}

fn unwritable(error: &csv::Error) -> Problem {
    tracing::error!(%error, "a list cannot be written as CSV");
    problem::fault()
}
