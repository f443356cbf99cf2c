//! Tables for people.

use std::io::{IsTerminal, stdout};

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

/// A line under the header, and nothing else: easy to read, easy to copy from.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The narrowest terminal that a table is fitted to; a narrower one wraps by itself.
const LEAST_WIDTH: u16 = 60;

/// An empty table with the header; fitted to the terminal, if there is one.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = unfitted(header);
    if let (true, Some((terminal_size::Width(width), _))) = (stdout().is_terminal(), terminal_size::terminal_size()) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(LEAST_WIDTH));
    }
    table
}

fn unfitted(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    table
}

/// A table as text, without the blanks at the ends of lines.
pub(crate) fn rendered(table: &Table) -> String {
    table.trim_fmt()
}
