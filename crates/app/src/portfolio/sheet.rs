//! A portfolio as a table: CSV in UTF-8 with a header of known columns, `,` or `;` between its cells.

use std::fmt;

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};

use super::Column;

/// The largest file that is read, in bytes: about a million and a half licenses. It is held in memory.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A table that was read.
#[derive(Debug)]
pub struct Sheet<'t> {
    text: &'t str,
    format: Format,
    header: StringRecord,
    /// What stands at each place of the header.
    columns: Vec<Column>,
}

/// How a table is written, so that another can be written alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Format {
    delimiter: u8,
    has_mark: bool,
    ends_lines_with_crlf: bool,
}

/// A row, with the number of the line that it begins on.
#[derive(Debug, Clone)]
pub struct Row {
    /// The line, counted from 1, the header's.
    pub line: u64,
    cells: StringRecord,
    fault: Option<String>,
}

/// Why a table cannot be read. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// There is no header.
    #[error("it is empty; its first line names the columns: {}", Known)]
    Empty,
    /// Something else than UTF-8.
    #[error("line {0} is not in UTF-8; save the table as \"CSV UTF-8\"")]
    NotUtf8(usize),
    /// A column that is none.
    #[error("there is no column \"{name}\"; there are {}", Known)]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A column twice.
    #[error("the column {0} stands twice in the header; keep one")]
    Twice(Column),
    /// A column that must be there.
    #[error("the header lacks {}; where nothing is to be said, leave the cells below empty", names(.0))]
    Missing(Vec<Column>),
}

/// The names of all columns.
struct Known;

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&names(Column::ALL))
    }
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name()).collect::<Vec<_>>().join(", ")
}

/// The file's text.
///
/// # Errors
/// [`SheetError::NotUtf8`], with the line.
pub fn text(bytes: &[u8]) -> Result<&str, SheetError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        SheetError::NotUtf8(good.iter().filter(|byte| **byte == b'\n').count() + 1)
    })
}

impl Row {
    /// What is wrong with the row as a row.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }
}

/// Counts lines up to places that only go forward. The `csv` crate takes the end of a line for the next one's beginning.
struct LineCount<'t> {
    text: &'t str,
    counted: usize,
    line: u64,
}

impl LineCount<'_> {
    /// The line of the first character at the place that ends no line.
    fn at(&mut self, byte: u64) -> u64 {
        let text = self.text.as_bytes();
        let place = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
        let ends = text[place..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = text[self.counted..place + ends].iter().filter(|byte| **byte == b'\n').count();
        self.counted = place + ends;
        self.line += u64::try_from(passed).unwrap_or_default();
        self.line
    }
}

impl<'t> Sheet<'t> {
    /// Reads the header. `needed` must be there; the other columns may.
    ///
    /// # Errors
    /// What is wrong with the header.
    pub fn read(text: &'t str, needed: &[Column]) -> Result<Self, SheetError> {
        let unmarked = text.strip_prefix(BYTE_ORDER_MARK);
        let (text, has_mark) = (unmarked.unwrap_or(text), unmarked.is_some());
        let first = text.lines().next().unwrap_or_default();
        let format = Format {
            delimiter: if first.contains(';') { b';' } else { b',' },
            has_mark,
            ends_lines_with_crlf: text.split_once('\n').is_some_and(|(line, _)| line.ends_with('\r')),
        };
        let mut sheet = Self { text, format, header: StringRecord::new(), columns: Vec::new() };
        let Some(Ok(header)) = sheet.records().next() else { return Err(SheetError::Empty) };
        for name in &header {
            let column: Column =
                name.trim().parse().map_err(|_| SheetError::Unknown { name: name.trim().to_owned() })?;
            if sheet.columns.contains(&column) {
                return Err(SheetError::Twice(column));
            }
            sheet.columns.push(column);
        }
        sheet.header = header;
        let missing: Vec<_> = needed.iter().copied().filter(|column| !sheet.has(*column)).collect();
        if missing.is_empty() { Ok(sheet) } else { Err(SheetError::Missing(missing)) }
    }

    /// Whether the column is there.
    #[must_use]
    pub fn has(&self, column: Column) -> bool {
        self.columns.contains(&column)
    }

    /// The rows that are not blank, in order.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let is_blank = |cells: &StringRecord| cells.iter().all(|cell| cell.trim().is_empty());
        let mut lines = LineCount { text: self.text, counted: 0, line: 1 };
        self.records().skip(1).filter_map(Result::ok).filter(move |cells| !is_blank(cells)).map(move |cells| {
            let line = lines.at(cells.position().map_or(0, csv::Position::byte));
            let fault = self.fault(&cells);
            Row { line, cells, fault }
        })
    }

    /// The text was checked to be UTF-8, and rows may be of any length: no record is an error.
    fn records(&self) -> impl Iterator<Item = Result<StringRecord, csv::Error>> + 't {
        let mut reader = ReaderBuilder::new();
        reader.has_headers(false).flexible(true).delimiter(self.format.delimiter);
        reader.from_reader(self.text.as_bytes()).into_records()
    }

    fn fault(&self, cells: &StringRecord) -> Option<String> {
        if cells.iter().any(|cell| cell.contains(['\n', '\r'])) {
            return Some("a cell runs over several lines: is a quotation mark not closed?".to_owned());
        }
        let (found, wanted) = (cells.len(), self.columns.len());
        (found != wanted).then(|| format!("the header has {wanted} columns, and this row {found}"))
    }

    /// What stands in the row under the column; `None` where nothing does, or there is no such column.
    #[must_use]
    pub fn cell<'r>(&self, row: &'r Row, column: Column) -> Option<&'r str> {
        let place = self.columns.iter().position(|found| *found == column)?;
        row.cells.get(place).map(str::trim).filter(|cell| !cell.is_empty())
    }

    /// The header of a table written like this one, with a column for reasons.
    #[must_use]
    pub fn header_of_refused(&self) -> Vec<u8> {
        let mark = if self.format.has_mark { BYTE_ORDER_MARK.as_bytes() } else { b"" };
        [mark, &self.written(&self.header, Column::Reason.name())].concat()
    }

    /// The row as it was given, with a reason: a line of a table like this one.
    #[must_use]
    pub fn refused(&self, row: &Row, reason: &str) -> Vec<u8> {
        self.written(&row.cells, reason)
    }

    /// A line: the cells, as many as there are columns, and the reason at its place.
    fn written(&self, cells: &StringRecord, reason: &str) -> Vec<u8> {
        let mut cells: Vec<&str> = cells.iter().collect();
        cells.resize(self.columns.len(), "");
        match self.columns.iter().position(|column| *column == Column::Reason) {
            Some(place) => cells[place] = reason,
            None => cells.push(reason),
        }
        let ends = if self.format.ends_lines_with_crlf { Terminator::CRLF } else { Terminator::Any(b'\n') };
        let mut line = WriterBuilder::new().delimiter(self.format.delimiter).terminator(ends).from_writer(Vec::new());
        // Memory takes what it is given.
        let _ = line.write_record(cells);
        line.into_inner().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_NEEDED: &str = "license,product,license_type,users,plugins,holder_name,swm_starts,swm_ends";

    fn read(text: &str) -> Result<Sheet<'_>, SheetError> {
        Sheet::read(text, &[Column::License])
    }

    fn said(text: &str) -> String {
        Sheet::read(text, Column::REQUIRED).unwrap_err().to_string()
    }

    #[test]
    fn the_header_says_what_stands_between_cells() {
        for text in
            ["license,users\nA-1,25\n", "\u{feff}license;users\r\nA-1;25\r\n", "\"license\";\"users\"\nA-1;\"25\""]
        {
            let sheet = read(text).unwrap();
            let rows: Vec<_> = sheet.rows().collect();
            assert_eq!(rows.len(), 1, "{text}");
            assert_eq!((rows[0].line, sheet.cell(&rows[0], Column::Users)), (2, Some("25")), "{text}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_used_is_told() {
        assert!(said("").starts_with("it is empty; its first line names the columns: license, product, license_type,"));
        assert!(said("license,lizenz").starts_with("there is no column \"lizenz\"; there are license, product,"));
        assert_eq!(said("license,users,license"), "the column license stands twice in the header; keep one");
        let missing = said("license,users,swm_ends");
        assert!(
            missing.starts_with("the header lacks product, license_type, plugins, holder_name, swm_starts;"),
            "{missing}"
        );
        assert!(Sheet::read(ALL_NEEDED, Column::REQUIRED).is_ok());
        assert_eq!(text(b"license\nA\xc0\n"), Err(SheetError::NotUtf8(2)));
    }

    #[test]
    fn a_row_is_refused_in_the_format_that_it_came_in() {
        let sheet = read("\u{feff}license;holder_name\r\nA-1;\"ООО \"\"Ромашка\"\"; сын\"\r\nA-2\r\n;\r\n").unwrap();
        let rows: Vec<_> = sheet.rows().collect();
        assert_eq!(rows.len(), 2, "the last one is blank");
        assert_eq!(sheet.header_of_refused(), "\u{feff}license;holder_name;reason\r\n".as_bytes());
        let refused = sheet.refused(&rows[0], "why; because");
        assert_eq!(String::from_utf8(refused).unwrap(), "A-1;\"ООО \"\"Ромашка\"\"; сын\";\"why; because\"\r\n");
        assert_eq!(rows[1].fault.as_deref(), Some("the header has 2 columns, and this row 1"));
        assert_eq!(sheet.refused(&rows[1], "why"), b"A-2;;why\r\n");
    }

    #[test]
    fn a_reason_from_before_is_replaced() {
        let sheet = read("reason,license\nold,A-1\n").unwrap();
        let row = sheet.rows().next().unwrap();
        assert_eq!(sheet.header_of_refused(), b"reason,license\n");
        assert_eq!(sheet.refused(&row, "new"), b"new,A-1\n");
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_is_found() {
        let sheet = read("license,holder_name\nA-1,\"ООО\nA-2,АО\n").unwrap();
        let rows: Vec<_> = sheet.rows().collect();
        assert!(rows[0].fault.as_deref().unwrap().contains("several lines"), "{rows:?}");
    }
}
