//! `replay`: the whole history judged anew.

use std::io::{self, BufWriter, Write, stdout};

use ledger_app::replay::{Amount, Difference, Replayed, Told, replay as judge_anew};
use serde::Serialize;

use crate::args::Format;
use crate::exit::{Ended, FINE, REFUSED};
use crate::output::words::counted;
use crate::progress::Count;
use crate::run::Run;

const AFTER_HELP: &str = "\
A file that is not given is the recorded one of each command: without any, nothing differs. Each command is judged on \
the licenses as they were recorded, so that one difference brings no others along. One difference a line; the last \
line is the summary. Exit status 1 when something differs. Nothing is written.

Examples:
  license-ledger replay --prices prices-2013.csv
  license-ledger replay --catalog catalog.toml --prices prices-2013.csv | jq 'select(.amounts)'
  license-ledger replay --format table";

/// Judge the whole history anew, and list what would be decided otherwise
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ReplayArgs {}

/// The last line.
#[derive(Serialize)]
struct Last {
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    commands: u64,
    differences: u64,
    amounts: Vec<Amount>,
}

/// Replays, and lists the differences.
pub(crate) async fn replay(run: &Run<'_>) -> Ended {
    run.needs_a_ledger()?;
    let store = run.database.open_to_export().await?;
    let progress = Count::new();
    let mut out = BufWriter::new(stdout());
    let mut unwritten: Option<io::Error> = None;
    let mut tell = |told| match told {
        Told::Progress(commands) => progress.show("commands", commands, None),
        Told::Difference(difference) if unwritten.is_none() => {
            progress.beside(|| unwritten = shown(run.format, &mut out, &difference).err());
        }
        Told::Difference(_) => {}
    };
    let replayed = judge_anew(&*store, run.given(), &mut tell).await;
    progress.end();
    let Replayed { commands, differences, amounts } = replayed?;
    if let Some(error) = unwritten {
        return Err(error.into());
    }
    let amounts: Vec<_> = amounts.into_iter().map(|(currency, difference)| Amount { currency, difference }).collect();
    match run.format {
        Format::Json => line(&mut out, &Last { summary: Summary { commands, differences, amounts } })?,
        Format::Table => writeln!(out, "{}", in_words(commands, differences, &amounts))?,
    }
    out.flush()?;
    Ok(if differences == 0 { FINE } else { REFUSED })
}

fn shown(format: Format, out: &mut impl Write, difference: &Difference) -> io::Result<()> {
    match format {
        Format::Json => line(out, difference),
        Format::Table => writeln!(out, "{}", told(difference)),
    }
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

fn told(difference: &Difference) -> String {
    let Difference { command_id, license, on, differs, recorded, now, amounts } = difference;
    let mut text = format!("{license}, {on}, command {command_id}: {} differ", differs.join(", "));
    let was = |rules: &[String]| if rules.is_empty() { "accepted".to_owned() } else { rules.join(", ") };
    if recorded.rules != now.rules {
        text.push_str(&format!("; {} → {}", was(&recorded.rules), was(&now.rules)));
    }
    let total = |price: Option<&ledger_domain::price::Price>| {
        price.map_or("no price".to_owned(), |price| format!("{} {}", price.total, price.currency))
    };
    if recorded.price != now.price {
        text.push_str(&format!("; {} → {}", total(recorded.price.as_ref()), total(now.price.as_ref())));
    }
    text + &in_money(amounts)
}

fn in_money(amounts: &[Amount]) -> String {
    amounts.iter().map(|amount| format!(" ({:+} {})", amount.difference.amount(), amount.currency)).collect()
}

fn in_words(commands: u64, differences: u64, amounts: &[Amount]) -> String {
    let commands = counted(commands, "command", "commands");
    match differences {
        0 => format!("{commands} judged anew: every decision and price as recorded"),
        count => format!(
            "{commands} judged anew: {} decided or priced otherwise{}",
            counted(count, "command", "commands"),
            in_money(amounts)
        ),
    }
}
