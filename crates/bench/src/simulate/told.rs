//! What the simulation came to, in words and figures.

use std::io::{Write, stdout};

use anyhow::{Context, Result};

use super::decided::Decided;
use super::part::{Measured, Table};
use super::tally::Count;
use crate::report::table;

const HOUR_SECONDS: f64 = 3600.0;

/// Prints it on standard output.
pub(crate) fn tell(machine: &str, whole: &Decided, part: &Measured) -> Result<()> {
    let mut out = stdout();
    let total = whole.tally.total();
    let header = ["year", "commands", "refused", "events"];
    let years = whole.tally.years().into_iter().map(|(year, count)| cells(&year.to_string(), count));
    let years = table(&header, years.chain([cells("all", total)]));
    writeln!(out, "{machine}\n\n{} licenses\n\n{years}\n", whole.licenses)?;
    let (day, on_it) = whole.tally.busiest_day().context("no day was simulated")?;
    let hour = whole.tally.busiest_hour().context("no hour was simulated")?;
    let a_second = float(hour.commands) / HOUR_SECONDS;
    writeln!(out, "busiest day: {day}, {} commands, {} events", on_it.commands, on_it.events)?;
    writeln!(out, "busiest hour: {} commands, {a_second:.2} a second", hour.commands)?;
    let decided = float(total.commands) / whole.took.as_secs_f64();
    writeln!(out, "decided in memory: {:.0} s, {decided:.0} commands a second\n", whole.took.as_secs_f64())?;
    let Measured { written, licenses, .. } = part;
    let (commands, events) = (written.commands, written.events);
    writeln!(out, "measured on {licenses} of them, {commands} commands, {events} events, written by the product:\n")?;
    let header = ["what", "rows", "bytes a row", "index bytes a row", "packed", "index packed", "all rows", "all GB"];
    let rows = part.tables.iter().map(|table| scaled(table, packed(table, part), whole, part));
    writeln!(out, "{}\n", self::table(&header, rows))?;
    for (what, tables) in [("as written", &part.tables), ("packed", &part.packed)] {
        let bytes: f64 = tables.iter().map(|table| float(table.all_bytes()) * factor(table, whole, part)).sum();
        let (event, command) = (bytes / float(total.events), bytes / float(total.commands));
        writeln!(out, "{what}: {:.1} GB, {event:.0} bytes an event, {command:.0} a command", bytes / 1e9)?;
    }
    let copy = "COPY events TO STDOUT";
    for (what, rate) in [("post", part.posted), ("rebuild", part.rebuild), ("verify", part.verify), (copy, part.copy)] {
        let minutes = float(total.events) / rate / 60.0;
        writeln!(out, "{what}: {rate:.0} events a second; all of them: {minutes:.0} min")?;
    }
    Ok(())
}

/// The same table, packed.
fn packed<'p>(table: &'p Table, part: &'p Measured) -> &'p Table {
    part.packed.iter().find(|packed| packed.name == table.name).unwrap_or(table)
}

fn cells(name: &str, count: Count) -> Vec<String> {
    [name.to_owned(), count.commands.to_string(), count.refused.to_string(), count.events.to_string()].to_vec()
}

/// A table as it was written and packed, and as large as it would be of all licenses, as written.
fn scaled(table: &Table, packed: &Table, whole: &Decided, part: &Measured) -> Vec<String> {
    let (rows, factor) = (float(table.rows), factor(table, whole, part));
    let each = |bytes: u64| format!("{:.0}", float(bytes) / rows);
    let figures = [
        each(table.bytes),
        each(table.index_bytes),
        each(packed.bytes),
        each(packed.index_bytes),
        format!("{:.0}", rows * factor),
        format!("{:.2}", float(table.all_bytes()) * factor / 1e9),
    ];
    [table.name.clone(), table.rows.to_string()].into_iter().chain(figures).collect()
}

/// How many times as many rows the table has of all licenses: as many times as there are more of what it has rows of.
fn factor(table: &Table, whole: &Decided, part: &Measured) -> f64 {
    let total = whole.tally.total();
    match table.name.as_str() {
        "events" | "entitlement_versions" | "tree_hashes" => float(total.events) / float(part.written.events),
        "commands" => float(total.commands) / float(part.written.commands),
        "current_entitlement" => float(whole.licenses) / float(part.licenses),
        // Editions, keys, checkpoints: they do not grow with the licenses.
        _ => 1.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
const fn float(count: u64) -> f64 {
    count as f64
}
