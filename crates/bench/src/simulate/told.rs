//! What the simulation came to, in words and figures: what was counted, what was measured, what follows from both, and how
//! far that can be trusted.

use std::io::{Write, stdout};

use anyhow::{Context, Result};

use super::decided::Decided;
use super::part::Measured;
use super::scale::{Amount, float};
use super::state::Table;
use super::tally::{Count, Tally};
use crate::report::table;

const HOUR_SECONDS: f64 = 3600.0;

/// Prints it on standard output. The part's licenses were decided in memory too.
pub(crate) fn tell(machine: &str, whole: &Decided, part: &Decided, measured: &Measured) -> Result<()> {
    let text =
        [counted(whole)?, self::measured(measured), extrapolated(whole, measured), trusted(whole, part, measured)?];
    Ok(writeln!(stdout(), "{machine}\n\n{}", text.join("\n\n"))?)
}

impl Decided {
    fn amount(&self) -> Amount {
        let Count { commands, events, .. } = self.tally.total();
        Amount { commands, events, licenses: self.licenses }
    }
}

/// Every command of all licenses.
fn counted(whole: &Decided) -> Result<String> {
    let cells = |name: &str, count: Count| {
        vec![name.to_owned(), count.commands.to_string(), count.refused.to_string(), count.events.to_string()]
    };
    let total = whole.tally.total();
    let years = whole.tally.years().into_iter().map(|(year, count)| cells(&year.to_string(), count));
    let years = table(&["year", "commands", "refused", "events"], years.chain([cells("all", total)]));
    let (day, on_it) = whole.tally.busiest_day().context("no day was simulated")?;
    let hour = whole.tally.busiest_hour().context("no hour was simulated")?.commands;
    let (took, a_second) = (whole.took.as_secs_f64(), float(hour) / HOUR_SECONDS);
    Ok(format!(
        "Counted: {} licenses, each command decided in memory, {:.0} commands a second in {took:.0} s.\n\n{years}\n\n\
         busiest day: {day}, {} commands, {} events\nbusiest hour: {hour} commands, {a_second:.2} a second",
        whole.licenses,
        float(total.commands) / took,
        on_it.commands,
        on_it.events
    ))
}

/// The part that was written.
fn measured(Measured { whole, packed, .. }: &Measured) -> String {
    let Amount { commands, events, licenses } = whole.amount;
    let header = ["table", "rows", "bytes a row", "index bytes a row", "packed", "index packed"];
    let rows = whole.tables.iter().map(|table| {
        let packed = packed.iter().find(|packed| packed.name == table.name).unwrap_or(table);
        let bytes = [table.bytes, table.index_bytes, packed.bytes, packed.index_bytes];
        let each = bytes.map(|bytes| format!("{:.0}", float(bytes) / float(table.rows)));
        [table.name.clone(), table.rows.to_string()].into_iter().chain(each).collect()
    });
    let rates = whole.rates.iter().map(|(what, rate)| vec![(*what).to_owned(), format!("{rate:.0}")]);
    format!(
        "Measured: {licenses} of the licenses, {commands} commands, {events} events, written by the product.\n\n{}\n\n{}",
        table(&header, rows),
        table(&["what", "events a second"], rates)
    )
}

/// All licenses, as the part would be if it had as many rows more as was counted.
fn extrapolated(whole: &Decided, measured: &Measured) -> String {
    let (state, all) = (&measured.whole, whole.amount());
    let gb = |tables: &[Table]| format!("{:.2}", state.scaled_bytes(tables, all) / 1e9);
    let rows = state.tables.iter().map(|table| {
        let times = state.amount.times(&table.name, all);
        let packed: Vec<_> = measured.packed.iter().filter(|packed| packed.name == table.name).cloned().collect();
        let rows = format!("{:.0}", float(table.rows) * times);
        vec![table.name.clone(), format!("{times:.1}"), rows, gb(std::slice::from_ref(table)), gb(&packed)]
    });
    let sums = vec!["all".to_owned(), String::new(), String::new(), gb(&state.tables), gb(&measured.packed)];
    let bytes = state.scaled_bytes(&state.tables, all);
    let minutes = |rate: f64| format!("{:.1}", float(all.events) / rate / 60.0);
    let rates = state.rates.iter().map(|(what, rate)| vec![(*what).to_owned(), minutes(*rate)]);
    format!(
        "Extrapolated: all licenses, each table by its rows, each time by its events.\n\n{}\n\n\
         as written: {:.0} bytes an event, {:.0} a command\n\n{}",
        table(&["table", "times the part", "rows", "GB", "GB packed"], rows.chain([sums])),
        bytes / float(all.events),
        bytes / float(all.commands),
        table(&["what", "minutes"], rates)
    )
}

/// The part foretold from its half, and all that was counted foretold from the part, in the same way.
fn trusted(whole: &Decided, part: &Decided, measured: &Measured) -> Result<String> {
    let Measured { half, whole: end, .. } = measured;
    let sizes = half.tables.iter().map(|table| {
        let now = end.tables.iter().find(|now| now.name == table.name).unwrap_or(table);
        let (foretold, now) = (half.scaled_bytes([table], end.amount), float(now.all_bytes()));
        compared(&format!("{}, MB", table.name), foretold / 1e6, now / 1e6)
    });
    let all = compared("all tables, MB", half.scaled_bytes(&half.tables, end.amount) / 1e6, megabytes(&end.tables));
    let rates = half.rates.iter().zip(&end.rates);
    let rates = rates.map(|((what, before), (_, now))| compared(&format!("{what}, events a second"), *before, *now));
    let header = ["what", "foretold", "found", "off by %"];
    let times = float(whole.licenses) / float(part.licenses);
    let counts = counts(&part.tally)?.into_iter().zip(counts(&whole.tally)?);
    let counts = counts.map(|((what, part), (_, whole))| compared(what, float(part) * times, float(whole)));
    Ok(format!(
        "Compared: the part as its half foretold it, in the same way ({} of {} events).\n\n{}\n\n\
         Compared: all licenses as the part foretold them, times {times:.1}.\n\n{}",
        half.amount.events,
        end.amount.events,
        table(&header, sizes.chain([all]).chain(rates)),
        table(&header, counts)
    ))
}

fn counts(tally: &Tally) -> Result<[(&'static str, u64); 5]> {
    let total = tally.total();
    Ok([
        ("commands", total.commands),
        ("refused", total.refused),
        ("events", total.events),
        ("commands on the busiest day", tally.busiest_day().context("no day was simulated")?.1.commands),
        ("commands in the busiest hour", tally.busiest_hour().context("no hour was simulated")?.commands),
    ])
}

fn megabytes(tables: &[Table]) -> f64 {
    tables.iter().map(|table| float(table.all_bytes()) / 1e6).sum()
}

fn compared(what: &str, foretold: f64, found: f64) -> Vec<String> {
    let off = (foretold / found - 1.0) * 100.0;
    vec![what.to_owned(), format!("{foretold:.1}"), format!("{found:.1}"), format!("{off:+.1}")]
}
