//! A large file: in groups that commit together, against one by one.

use std::time::Instant;

use anyhow::Result;
use ledger_app::ledger::Ledger;

use crate::args::Effort;
use crate::clients::{per_second, post_all};
use crate::file::{COMMANDS_EACH, File};
use crate::places::{Kind, Places};
use crate::progress;
use crate::report::{Goal, Report, Row};
use crate::samples::Samples;
use crate::turns::in_turns;

/// How much faster groups must be.
const GOAL: Goal = Goal::RatioAtLeast(5.0);

/// The commands of a turn in groups: on 5,000 licenses.
const IN_GROUPS: usize = 20_000;

/// The commands of a turn one by one: on 1,000 licenses, each as busy as in the large file.
const ONE_BY_ONE: usize = 4_000;

const _: () = assert!(IN_GROUPS as u64 == 5_000 * COMMANDS_EACH && ONE_BY_ONE as u64 == 1_000 * COMMANDS_EACH);

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    for kind in Kind::BOTH {
        on(places, effort, kind, report).await?;
    }
    Ok(())
}

async fn on(places: &Places, effort: Effort, kind: Kind, report: &mut Report) -> Result<()> {
    progress(&format!("post: {} …", kind.name()));
    let ledger = places.ledger(kind, "post.db").await?;
    let (mut single, mut grouped) = (File::new("ONE", 3), File::new("MANY", 4));
    let turns = in_turns(
        effort.rounds,
        async || one_by_one(&ledger, &mut single).await,
        async || in_groups(&ledger, &mut grouped).await,
    );
    let turns = turns.await?;
    let row = |contender: &str, figures: Samples, ratios, goal| {
        let contender = format!("{}: {contender}", kind.name());
        Row { measured: "post", contender, clients: 1, unit: "/s", figures, ratios, goal }
    };
    report.add(row("one by one", turns.floor, None, None));
    report.add(row("in groups of 500", turns.contender, Some(turns.ratios), Some(GOAL)));
    Ok(())
}

async fn one_by_one(ledger: &Ledger, file: &mut File) -> Result<f64> {
    let lines: Vec<_> = file.take(ONE_BY_ONE).collect();
    let begun = Instant::now();
    for line in lines {
        post_all(ledger, vec![line]).await?;
    }
    settled(ledger, per_second(ONE_BY_ONE as u64, begun.elapsed())).await
}

async fn in_groups(ledger: &Ledger, file: &mut File) -> Result<f64> {
    let lines: Vec<_> = file.take(IN_GROUPS).collect();
    let begun = Instant::now();
    post_all(ledger, lines).await?;
    settled(ledger, per_second(IN_GROUPS as u64, begun.elapsed())).await
}

/// The figure, once nothing is left that would be done in the other's turn.
async fn settled(ledger: &Ledger, figure: f64) -> Result<f64> {
    ledger.settle().await?;
    Ok(figure)
}
