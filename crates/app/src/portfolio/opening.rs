//! From a row to the command that opens its license.

use ledger_domain::command::{self, InputError, InvalidRequest, Request};
use ledger_domain::values::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Column, Row, Sheet};
use crate::content::canonical;
use crate::judge::unwritable;
use crate::store::StoreError;

/// The command that opens the license of the row on the day, or everything that is wrong with the row.
///
/// Its id follows from its content: the same row on the same day is the same command, a mended row is another one.
pub(crate) fn opening(sheet: &Sheet<'_>, row: &Row, on: Date) -> Result<Result<Request, String>, StoreError> {
    if let Some(fault) = row.fault() {
        return Ok(Err(fault.to_owned()));
    }
    let line = json!({"command_id": Uuid::nil(), "license": cell(sheet, row, Column::License), "on": on,
        "expected_version": 0, "command": command(sheet, row)});
    let request = match command::read(line.to_string().as_bytes()) {
        Ok(request) => request,
        Err(invalid) => return Ok(Err(in_words(&invalid))),
    };
    let content = canonical(&request).map_err(|error| unwritable(&error))?;
    let openings = Uuid::new_v5(&Uuid::NAMESPACE_OID, b"license-ledger/import-portfolio");
    Ok(Ok(Request { command_id: Uuid::new_v5(&openings, content.json.as_bytes()), ..request }))
}

/// The cells as the fields of `open_license`; what is empty is left out, and the reader says what it wants instead.
fn command(sheet: &Sheet<'_>, row: &Row) -> Value {
    let cell = |column| cell(sheet, row, column);
    let mut command = fields([
        ("product", cell(Column::Product)),
        ("license_type", cell(Column::LicenseType)),
        ("users", cell(Column::Users).map(number)),
        ("swm_starts", cell(Column::SwmStarts)),
        ("swm_ends", cell(Column::SwmEnds)),
        ("certified", cell(Column::Certified).map(flag)),
        ("installed_version", cell(Column::InstalledVersion)),
    ]);
    command.insert("type".to_owned(), "open_license".into());
    let plugins = sheet.cell(row, Column::Plugins).unwrap_or_default();
    command.insert("plugins".to_owned(), plugin_names(plugins).collect());
    let holder = fields([
        ("name", cell(Column::HolderName)),
        ("inn", cell(Column::HolderInn)),
        ("country", cell(Column::HolderCountry)),
    ]);
    command.insert("holder".to_owned(), holder.into());
    let partner = fields([("name", cell(Column::Partner)), ("level", cell(Column::PartnerLevel))]);
    if !partner.is_empty() {
        command.insert("partner".to_owned(), partner.into());
    }
    command.into()
}

/// The names in a cell of plugins, with blanks or commas between them.
pub(crate) fn plugin_names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([' ', ',']).filter(|name| !name.is_empty())
}

fn cell(sheet: &Sheet<'_>, row: &Row, column: Column) -> Option<Value> {
    sheet.cell(row, column).map(Value::from)
}

fn fields<const N: usize>(cells: [(&str, Option<Value>); N]) -> Map<String, Value> {
    cells.into_iter().filter_map(|(name, cell)| Some((name.to_owned(), cell?))).collect()
}

/// A number in digits; what is none stays a text, which the reader refuses.
fn number(cell: Value) -> Value {
    let digits = cell.as_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse::<u64>().ok()).map_or(cell.clone(), Value::from)
}

fn flag(cell: Value) -> Value {
    match cell.as_str() {
        Some("true") => true.into(),
        Some("false") => false.into(),
        _ => cell,
    }
}

/// What is wrong, by the names of the columns.
fn in_words(invalid: &InvalidRequest) -> String {
    let say = |error: &InputError| format!("{}: {}", column_at(&error.path), error.message);
    invalid.errors.iter().map(say).collect::<Vec<_>>().join("; ")
}

/// The column that a place in the command stands under.
fn column_at(path: &str) -> &str {
    match path {
        "/command/holder/name" => "holder_name",
        "/command/holder/inn" => "holder_inn",
        "/command/holder/country" => "holder_country",
        "/command/partner/name" => "partner",
        "/command/partner/level" => "partner_level",
        path if path.starts_with("/command/plugins") => "plugins",
        path => path.rsplit('/').next().unwrap_or(path),
    }
}
