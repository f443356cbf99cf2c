//! The tables, in Markdown.

use std::io::{Write, stdout};

use anyhow::Result;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::cost::{self, CostRow};
use crate::progress;
use crate::samples::Samples;

const HEADER: [&str; 10] =
    ["measured", "contender", "clients", "unit", "median", "least–most", "turns", "ratio", "goal", "met"];

/// What a ratio, or a figure, must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// The median of the ratios at least so much.
    RatioAtLeast(f64),
    /// The median of the ratios at most so much.
    RatioAtMost(f64),
    /// The median of the ratios no further from 1 than so much.
    RatioWithin(f64),
    /// The largest figure at most so much.
    AtMost(f64),
}

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which measurement.
    pub(crate) measured: &'static str,
    pub(crate) contender: String,
    pub(crate) clients: u32,
    pub(crate) unit: &'static str,
    pub(crate) figures: Samples,
    /// None for the floor, to which the others compare.
    pub(crate) ratios: Option<Samples>,
    pub(crate) goal: Option<Goal>,
}

/// What was measured so far.
pub(crate) struct Report {
    machine: String,
    rows: Vec<Row>,
    costs: Vec<CostRow>,
    appendices: Vec<String>,
}

impl Report {
    pub(crate) const fn new(machine: String) -> Self {
        Self { machine, rows: Vec::new(), costs: Vec::new(), appendices: Vec::new() }
    }

    pub(crate) fn add(&mut self, row: Row) {
        progress(&row.cells().join("  "));
        self.rows.push(row);
    }

    pub(crate) fn add_cost(&mut self, row: CostRow) {
        progress(&format!("  cost  {}", row.cells().join("  ")));
        self.costs.push(row);
    }

    /// A table of another kind, to be printed last.
    pub(crate) fn append(&mut self, title: &str, table: &str) {
        self.appendices.push(format!("{title}:\n\n{table}"));
    }

    /// Prints the tables on standard output, between the machine as it was before and as it is now.
    pub(crate) fn print(&self, machine_now: &str) -> Result<()> {
        let figures = table(&HEADER, self.rows.iter().map(|row| row.cells().to_vec()));
        writeln!(stdout(), "before: {}\nafter:  {machine_now}\n\n{figures}", self.machine)?;
        if !self.costs.is_empty() {
            let header: Vec<_> = ["measured", "contender", "clients"].into_iter().chain(cost::TITLES).collect();
            writeln!(stdout(), "\nEach cost:\n\n{}", table(&header, self.costs.iter().map(CostRow::cells)))?;
        }
        self.appendices.iter().try_for_each(|appendix| writeln!(stdout(), "\n{appendix}"))?;
        Ok(())
    }
}

/// Which columns hold words.
const WORDS: [&str; 10] =
    ["measured", "contender", "unit", "goal", "what", "table", "index", "on", "last autovacuum", "autovacuum after"];

/// A table in Markdown: words to the left, figures to the right.
pub(crate) fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    table.add_rows(rows);
    for (column, title) in table.column_iter_mut().zip(header) {
        if !WORDS.contains(title) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

impl Row {
    fn cells(&self) -> [String; 10] {
        let ratio = self.ratios.as_ref().map(|ratios| match self.goal {
            Some(Goal::RatioWithin(_)) => format!("{:.3}", ratios.median()),
            _ => format!("{:.2} ({:.2}–{:.2})", ratios.median(), ratios.least(), ratios.most()),
        });
        [
            self.measured.to_owned(),
            self.contender.clone(),
            self.clients.to_string(),
            self.unit.to_owned(),
            figure(self.figures.median()),
            format!("{}–{}", figure(self.figures.least()), figure(self.figures.most())),
            self.figures.len().to_string(),
            ratio.unwrap_or_default(),
            self.goal.map(Goal::text).unwrap_or_default(),
            self.is_met().map(|met| if met { "yes" } else { "NO" }.to_owned()).unwrap_or_default(),
        ]
    }

    fn is_met(&self) -> Option<bool> {
        let ratio = self.ratios.as_ref().map(Samples::median);
        match self.goal? {
            Goal::RatioAtLeast(least) => Some(ratio? >= least),
            Goal::RatioAtMost(most) => Some(ratio? <= most),
            Goal::RatioWithin(distance) => Some((ratio? - 1.0).abs() <= distance),
            Goal::AtMost(most) => Some(self.figures.most() <= most),
        }
    }
}

impl Goal {
    fn text(self) -> String {
        match self {
            Self::RatioAtLeast(least) => format!("≥ {}", hundredths(least)),
            Self::RatioAtMost(most) => format!("≤ {}", hundredths(most)),
            Self::RatioWithin(distance) => format!("1 ± {distance:.3}, the floor's spread"),
            Self::AtMost(most) => format!("≤ {most}"),
        }
    }
}

/// As short as can be with two decimals at most.
fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Rates without decimals, small figures with some.
fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_met(goal: Goal) -> Option<bool> {
        let ratios = Some([0.4, 0.6, 0.9].into_iter().collect());
        let figures = [90.0, 101.0].into_iter().collect();
        let (measured, contender) = ("command", String::new());
        Row { measured, contender, clients: 1, unit: "/s", figures, ratios, goal: Some(goal) }.is_met()
    }

    #[test]
    fn ratios_are_judged_by_their_median_and_limits_by_the_worst() {
        assert_eq!(is_met(Goal::RatioAtLeast(0.6)), Some(true));
        assert_eq!(is_met(Goal::RatioAtLeast(0.7)), Some(false));
        assert_eq!(is_met(Goal::RatioAtMost(0.6)), Some(true));
        assert_eq!(is_met(Goal::RatioAtMost(0.5)), Some(false));
        assert_eq!(is_met(Goal::RatioWithin(0.3)), Some(false));
        assert_eq!(is_met(Goal::AtMost(100.0)), Some(false));
    }
}
