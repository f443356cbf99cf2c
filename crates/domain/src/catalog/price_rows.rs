//! Reading the rows of `prices.csv`, cell by cell: what cannot be read, what contradicts, what looks mistaken.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use csv::StringRecord;
use rust_decimal::Decimal;

use super::price_file::{COLUMNS, problem};
use super::{Finding, PriceRow, Problem, amount};
use crate::values::{Currency, Date};

/// The band around 33 % in which a year of SWM is expected, in percent of the license price (SWM-4).
const SWM_PERCENT: std::ops::RangeInclusive<Decimal> =
    Decimal::from_parts(30, 0, 0, false, 0)..=Decimal::from_parts(36, 0, 0, false, 0);

/// What a price list says.
pub(super) struct Read {
    pub(super) currency: Currency,
    pub(super) rows: Vec<PriceRow>,
    pub(super) findings: Vec<Finding>,
}

/// The lines read so far.
#[derive(Default)]
pub(super) struct Lines {
    rows: Vec<PriceRow>,
    findings: Vec<Finding>,
    problems: Vec<Problem>,
    /// The first currency and its line: the list's.
    currency: Option<(Currency, u64)>,
    /// The line of each row, by what makes a row the same.
    seen: BTreeMap<String, u64>,
}

impl Lines {
    /// Reads one line.
    pub(super) fn add(&mut self, line: u64, record: &StringRecord) {
        let fields: Vec<&str> = record.iter().collect();
        let Ok(fields) = <[&str; COLUMNS.len()]>::try_from(fields) else {
            let what = format!("{} columns instead of {}", record.len(), COLUMNS.len());
            self.problems.push(problem(line, what, "write every column, and amounts with a point"));
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

    /// Either everything that was read, or every problem.
    pub(super) fn finish(self) -> Result<Read, Vec<Problem>> {
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
    // Chrono alone would also read 2012-7-30 and +2012-07-30.
    let parsed: Option<Date> = text.parse().ok();
    parsed.filter(|day| day.to_string() == text).ok_or_else(|| format!("\"{text}\" is no day"))
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
