//! Reading `prices.csv`: its lines and its header. The rows are read in `price_rows`.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::Problem;
use super::price_rows::{Lines, Read};

/// The columns, all of them, in this order.
pub(super) const COLUMNS: [&str; 8] =
    ["valid_from", "product", "item", "license_type", "license", "maintenance", "currency", "vat_percent"];

/// Reads all lines, and then either everything or every mistake.
pub(super) fn read(text: &str) -> Result<Read, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = records(text)?.into_iter();
    check_header(records.next()).map_err(|problem| vec![problem])?;

    let mut lines = Lines::default();
    records.for_each(|(line, record)| lines.add(line, &record));
    lines.finish()
}

/// The lines that say something, with their numbers.
fn records(text: &str) -> Result<Vec<(u64, StringRecord)>, Vec<Problem>> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    for record in reader.records() {
        let record =
            record.map_err(|error| vec![Problem::new("price list", error.to_string(), "save it as CSV in UTF-8")])?;
        let line = record.position().map_or(0, |position| line_after_skipped(text, position));
        if record.iter().any(|field| !field.is_empty()) {
            records.push((line, record));
        }
    }
    Ok(records)
}

/// The reader gives the place where it began to look for a record: before the comments and blank lines it skips.
fn line_after_skipped(text: &str, position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|byte| text.get(byte..)).unwrap_or_default();
    let skipped = rest.lines().take_while(|line| line.is_empty() || line.starts_with('#'));
    position.line() + skipped.count() as u64
}

fn check_header(first: Option<(u64, StringRecord)>) -> Result<(), Problem> {
    let remedy = format!("begin with the line {}", COLUMNS.join(","));
    let Some((line, header)) = first else {
        return Err(Problem::new("price list", "empty", remedy));
    };
    if header.iter().eq(COLUMNS) {
        return Ok(());
    }
    if header.iter().any(|field| field.contains(';')) {
        return Err(problem(
            line,
            "its columns are separated by semicolons",
            "save it with commas between the columns",
        ));
    }
    let found: Vec<_> = header.iter().collect();
    Err(problem(line, format!("the columns are {}", found.join(",")), &remedy))
}

/// A problem of one line.
pub(super) fn problem(line: u64, what: impl Into<String>, remedy: &str) -> Problem {
    Problem::new(format!("price list, line {line}"), what, remedy)
}
