//! Reading `prices.csv`: every mistake named with its line.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use csv::{ReaderBuilder, StringRecord, Trim};
use rust_decimal::Decimal;

use super::{Finding, PriceRow, Problem, amount};
use crate::values::{Currency, Date};

/// The columns, all of them, in this order.
const COLUMNS: [&str; 8] =
    ["valid_from", "product", "item", "license_type", "license", "maintenance", "currency", "vat_percent"];

/// The band around 33 % in which a year of SWM is expected, in percent of the license price (SWM-4).
const SWM_PERCENT: std::ops::RangeInclusive<Decimal> =
    Decimal::from_parts(30, 0, 0, false, 0)..=Decimal::from_parts(36, 0, 0, false, 0);

/// What a price list says.
pub(super) struct Read {
    pub(super) currency: Currency,
    pub(super) rows: Vec<PriceRow>,
    pub(super) findings: Vec<Finding>,
}

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
        let record = record.map_err(|error| vec![problem(0, error.to_string(), "save the file as UTF-8 CSV")])?;
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

/// The lines read so far.
#[derive(Default)]
struct Lines {
    rows: Vec<PriceRow>,
    findings: Vec<Finding>,
    problems: Vec<Problem>,
    /// The first currency and its line: the list's.
    currency: Option<(Currency, u64)>,
    /// The line of each row, by what makes a row the same.
    seen: BTreeMap<String, u64>,
}

impl Lines {
    fn add(&mut self, line: u64, record: &StringRecord) {
        let fields: Vec<&str> = record.iter().collect();
        let Ok(fields) = <[&str; COLUMNS.len()]>::try_from(fields) else {
            let what = format!("{} columns instead of {}", record.len(), COLUMNS.len());
            self.problems.push(problem(line, what, "write amounts with a point, and every column"));
            return;
        };
        let mut cells = Cells { line, problems: &mut self.problems };
        let row = cells.row(fields);
        let currency = cells.parsed("currency", fields[6]);
        self.check_currency(line, currency);
        if let Some(row) = row {
            self.check_repetition(line, &row);
            self.findings.extend(judge_maintenance(line, &row));
            self.rows.push(row);
        }
    }

    fn check_currency(&mut self, line: u64, currency: Option<Currency>) {
        let Some(currency) = currency else { return };
        let (first, first_line) = *self.currency.get_or_insert((currency, line));
        if first != currency {
            let what = format!("{currency}, but line {first_line} has {first}");
            self.problems.push(problem(line, what, "keep one currency in one price list (PRC-8)"));
        }
    }

    fn check_repetition(&mut self, line: u64, row: &PriceRow) {
        let PriceRow { valid_from, product, item, license_type, .. } = row;
        let key = format!("{product} {item} {license_type} from {valid_from}");
        if let Some(first) = self.seen.get(&key) {
            self.problems.push(problem(line, format!("line {first} has {key} already"), "remove one of the two"));
        }
        self.seen.entry(key).or_insert(line);
    }

    fn finish(self) -> Result<Read, Vec<Problem>> {
        match self.currency {
            _ if !self.problems.is_empty() => Err(self.problems),
            Some((currency, _)) => Ok(Read { currency, rows: self.rows, findings: self.findings }),
            None => Err(vec![Problem::new("price list", "no rows", "add a row for everything that is sold")]),
        }
    }
}

/// The cells of one line; what cannot be read becomes a problem.
struct Cells<'a> {
    line: u64,
    problems: &'a mut Vec<Problem>,
}

impl Cells<'_> {
    fn row(&mut self, fields: [&str; COLUMNS.len()]) -> Option<PriceRow> {
        let [valid_from, product, item, license_type, license, maintenance, _, vat_percent] = fields;
        let valid_from = self.cell("valid_from", day(valid_from));
        let product = self.parsed("product", product);
        let item = self.parsed("item", item);
        let license_type = self.parsed("license_type", license_type);
        let license = self.cell("license", amount::amount(license));
        let maintenance = self.cell("maintenance", amount::amount(maintenance));
        let vat_percent = self.cell("vat_percent", amount::percent(vat_percent));
        Some(PriceRow {
            valid_from: valid_from?,
            product: product?,
            item: item?,
            license_type: license_type?,
            license: license?,
            maintenance: maintenance?,
            vat_percent: vat_percent?,
        })
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, column: &str, text: &str) -> Option<T> {
        self.cell(column, text.parse::<T>().map_err(|error| error.to_string()))
    }

    fn cell<T>(&mut self, column: &str, read: Result<T, String>) -> Option<T> {
        let remedy = match column {
            "valid_from" => "write the day as 2012-07-30",
            "license" | "maintenance" => "write the amount in digits with a point, such as 124.00",
            "vat_percent" => "write the percentage in digits, such as 18",
            _ => "correct it",
        };
        read.map_err(|what| self.problems.push(problem(self.line, format!("{column}: {what}"), remedy))).ok()
    }
}

/// A day in exactly the form of the contract.
fn day(text: &str) -> Result<Date, String> {
    let parsed = if text.len() == 10 { text.parse().ok() } else { None };
    parsed.ok_or_else(|| format!("\"{text}\" is no day"))
}

/// SWM-4: a year of SWM costs about a third of the license.
fn judge_maintenance(line: u64, row: &PriceRow) -> Option<Finding> {
    let percent = (row.maintenance * Decimal::ONE_HUNDRED).checked_div(row.license);
    let expected = match percent {
        Some(percent) => SWM_PERCENT.contains(&percent),
        None => row.maintenance.is_zero(),
    };
    if expected { None } else { Some(Finding { line, row: row.clone(), percent }) }
}

fn problem(line: u64, what: impl Into<String>, remedy: &str) -> Problem {
    Problem::new(format!("price list, line {line}"), what, remedy)
}
