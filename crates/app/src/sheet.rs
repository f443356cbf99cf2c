//! Tables for spreadsheets: CSV in UTF-8, as the service and the reports write it.

use std::io::{self, Write};

use ledger_domain::entitlement::Entitlement;
use serde::Deserialize;

/// The columns of an entitlement. They stay as they are, in this order; further ones come at the end.
pub const ENTITLEMENT_COLUMNS: [&str; 22] = [
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
pub enum Delimiter {
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
pub struct Table {
    /// What stands between cells.
    pub delimiter: Delimiter,
    /// Whether it begins with a byte order mark, by which a spreadsheet knows UTF-8.
    pub bom: bool,
}

/// A table that is being written, row by row.
pub struct Sheet<W: Write>(csv::Writer<W>);

impl Table {
    /// Begins a table, with the names of its columns.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn begin<W: Write>(self, mut out: W, columns: &[&str]) -> io::Result<Sheet<W>> {
        if self.bom {
            out.write_all(b"\xef\xbb\xbf")?;
        }
        let delimiter = match self.delimiter {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
        };
        let mut table =
            csv::WriterBuilder::new().delimiter(delimiter).terminator(csv::Terminator::CRLF).from_writer(out);
        table.write_record(columns)?;
        Ok(Sheet(table))
    }
}

impl<W: Write> Sheet<W> {
    /// Writes a row: as many cells as there are columns.
    ///
    /// # Errors
    /// It has another number of cells, or the table cannot be written.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
        Ok(self.0.write_record(cells.into_iter().map(harmless))?)
    }

    /// Ends the table: everything is written then.
    ///
    /// # Errors
    /// The table cannot be written.
    pub fn end(self) -> io::Result<W> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// The cells of an entitlement, in the order of [`ENTITLEMENT_COLUMNS`].
#[must_use]
pub fn entitlement_cells(item: &Entitlement) -> [String; ENTITLEMENT_COLUMNS.len()] {
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
pub(crate) fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A text that a spreadsheet would run as a formula gets an apostrophe before it, which spreadsheets take for "this is
/// a text". A holder's name is written by others, and whoever opens the table is not to run what they wrote.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}
