//! Tables for people.

use std::io::{IsTerminal, stdout};

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};

/// A line under the header, and nothing else: easy to read, easy to copy from.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The narrowest terminal that a table is fitted to; a narrower one wraps by itself.
const LEAST_WIDTH: u16 = 60;

/// An empty table, fitted to the terminal, if there is one: then the columns `wrapped`, which stand behind the others,
/// take what width is left, and numbers and dates stay in one piece. Without any column it has no header.
pub(crate) fn table(whole: &[&str], wrapped: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    if !whole.is_empty() || !wrapped.is_empty() {
        table.set_header(whole.iter().chain(wrapped).copied());
    }
    if let (true, Some((terminal_size::Width(width), _))) = (stdout().is_terminal(), terminal_size::terminal_size()) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(LEAST_WIDTH));
        table.set_constraints(whole.iter().map(|_| ColumnConstraint::ContentWidth));
    }
    table
}

/// A table as text, two blanks between its columns, none at the ends of lines.
pub(crate) fn rendered(mut table: Table) -> String {
    table.column_iter_mut().for_each(|column| _ = column.set_padding((0, 1)));
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cyrillic_columns_stay_in_line() {
        let mut table = table(&["number"], &["holder", "partner"]);
        table.add_row(["10101-ABC12", "ООО Ромашка", "Softline"]).add_row(["20202", "Acme", "–"]);
        insta::assert_snapshot!(rendered(table), @r"
        number       holder       partner
        ───────────────────────────────────
        10101-ABC12  ООО Ромашка  Softline
        20202        Acme         –
        ");
    }
}
