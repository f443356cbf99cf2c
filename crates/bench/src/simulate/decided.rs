//! All lives decided in memory, one after the other: nothing of a license that was simulated is kept but its counts.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use ledger_domain::catalog::Programme;

use super::Plan;
use super::tally::{Count, Tally};
use crate::distributor::{Book, Judged, Life};

/// What the years came to.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) tally: Tally,
    /// With those that were split off or bought beside.
    pub(crate) licenses: u64,
    /// How long it took to decide all of it.
    pub(crate) took: Duration,
}

/// Decides whatever comes up in the plan's years, on all processors.
pub(crate) fn decide(plan: &Plan) -> Result<Decided> {
    let programme = Programme::built_in().map_err(|problems| anyhow!("the built-in catalog: {problems:?}"))?;
    let begun = Instant::now();
    let workers = thread::available_parallelism()?.get();
    let shares = thread::scope(|scope| {
        let programme = &programme;
        let work = |first| scope.spawn(move || share(plan, programme, (first..plan.licenses).step_by(workers)));
        let working: Vec<_> = (0..workers as u64).map(work).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| worker.join().map_err(|_| anyhow!("a worker panicked"))?;
        working.into_iter().map(join).collect::<Result<Vec<_>>>()
    })?;
    let mut decided = Decided { tally: plan.tally(), licenses: 0, took: begun.elapsed() };
    for (tally, licenses) in shares {
        decided.tally.add(&tally);
        decided.licenses += licenses;
    }
    Ok(decided)
}

/// The licenses of those numbers, one after the other: what they came to, and how many there were in the end.
fn share(plan: &Plan, programme: &Programme, numbers: impl Iterator<Item = u64>) -> Result<(Tally, u64)> {
    let (mut tally, mut licenses) = (plan.tally(), 0);
    for number in numbers {
        let mut life = Life::new(&plan.distributor, number)?;
        let mut book = Book::new(programme);
        while life.next_on().is_some_and(|on| on < plan.ends) {
            let Some(asked) = life.step()? else { continue };
            let Judged { accepted, events } = book.judge(&asked.request, asked.on)?;
            tally.count(asked.on, asked.hour, Count { commands: 1, events, refused: u64::from(!accepted) });
        }
        licenses += book.len() as u64;
    }
    Ok((tally, licenses))
}
