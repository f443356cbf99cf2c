//! The list: its rows by license number, each cell as the ledger would write it.

use std::collections::BTreeMap;
use std::str::FromStr;

use ledger_domain::command::{parse_date, parse_text};
use ledger_domain::values::{LicenseNumber, LicenseType, PartnerLevel, Plugin, PluginSet, Product, ProductVersion};

use super::{Difference, Kind};
use crate::portfolio::sheet::{Row, Sheet};
use crate::portfolio::{Column, plugin_names};

/// A row of the list.
pub(super) struct Listed {
    pub(super) license: LicenseNumber,
    pub(super) line: u64,
    /// The row as it was given: what it says is read again when its turn has come, which takes less memory.
    pub(super) row: Row,
}

/// What a row says, as the ledger would write it. An empty cell says nothing, but of plugins: there are none.
pub(super) type Says = BTreeMap<Column, String>;

/// The rows by number, and those that cannot be read or stand twice, by line.
pub(super) fn listed(sheet: &Sheet<'_>) -> (Vec<Listed>, Vec<Difference>) {
    let (mut rows, mut unreadable): (Vec<Listed>, Vec<Difference>) = (Vec::new(), Vec::new());
    for row in sheet.rows() {
        let number = sheet.cell(&row, Column::License).unwrap_or_default().to_owned();
        let line = row.line;
        match read(sheet, row) {
            Ok(listed) => rows.push(listed),
            Err(reason) => unreadable.push(told(number, line, reason)),
        }
    }
    // Stable: of two rows the first one counts.
    rows.sort_by(|one, other| one.license.cmp(&other.license));
    rows.dedup_by(|later, first| {
        let twice = later.license == first.license;
        if twice {
            let reason = format!("it stands on line {} already", first.line);
            unreadable.push(told(later.license.to_string(), later.line, reason));
        }
        twice
    });
    (rows, unreadable)
}

fn told(license: String, line: u64, reason: String) -> Difference {
    let kind = Kind::Unreadable;
    Difference { license, line: Some(line), kind, fields: Vec::new(), notes: vec![reason], settle: Vec::new() }
}

fn read(sheet: &Sheet<'_>, row: Row) -> Result<Listed, String> {
    if let Some(fault) = row.fault() {
        return Err(fault.to_owned());
    }
    let license = sheet.cell(&row, Column::License).unwrap_or_default().parse().map_err(|error| format!("{error}"))?;
    says(sheet, &row)?;
    Ok(Listed { license, line: row.line, row })
}

/// What the row says; an error is told when the list is read.
pub(super) fn says(sheet: &Sheet<'_>, row: &Row) -> Result<Says, String> {
    let mut says = Says::new();
    for column in Column::ALL.iter().copied().filter(|column| sheet.has(*column)) {
        if matches!(column, Column::License | Column::Reason) {
            continue;
        }
        match sheet.cell(row, column) {
            Some(cell) => _ = says.insert(column, normal(column, cell).map_err(|error| format!("{column}: {error}"))?),
            None if column == Column::Plugins => _ = says.insert(column, String::new()),
            None => {}
        }
    }
    Ok(says)
}

/// The cell as the ledger would write it.
fn normal(column: Column, cell: &str) -> Result<String, String> {
    match column {
        Column::Product => named::<Product>(cell),
        Column::LicenseType => named::<LicenseType>(cell),
        Column::PartnerLevel => named::<PartnerLevel>(cell),
        Column::Certified => named::<bool>(cell),
        Column::Users => match cell.parse::<u32>() {
            Ok(users) if users <= 1_000_000 => Ok(users.to_string()),
            _ => Err(format!("\"{cell}\" is no number of users, 0 to 1000000")),
        },
        Column::Plugins => {
            let plugins: Result<PluginSet, _> = plugin_names(cell).map(str::parse::<Plugin>).collect();
            plugins.map(|plugins| plugins.to_string()).map_err(|error| error.to_string())
        }
        Column::SwmStarts | Column::SwmEnds => match parse_date(cell) {
            Some(date) => Ok(date.to_string()),
            None => Err(format!("\"{cell}\" is no date that exists, written YYYY-MM-DD")),
        },
        Column::InstalledVersion => parse_text(cell).map(|text| ProductVersion::from(text).to_string()),
        _ => parse_text(cell),
    }
}

fn named<T: FromStr<Err: ToString> + ToString>(cell: &str) -> Result<String, String> {
    cell.parse::<T>().map(|value| value.to_string()).map_err(|error| error.to_string())
}
