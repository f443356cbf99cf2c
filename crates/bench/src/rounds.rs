//! Several floors and several contenders in turns, with what each turn cost.
//!
//! Floors, contenders, floors, contenders, …, floors: what disturbs the machine disturbs all alike, and a contender's ratio
//! is to the mean of the floor's turn before it and the one after it.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use crate::child::{self, Run};
use crate::clients::per_second;
use crate::cost::Cost;
use crate::cpu::{Database, Meter};
use crate::samples::Samples;

/// Somebody who does the same thing again and again.
#[async_trait]
pub(crate) trait Contender: Send {
    /// As the table calls it.
    fn name(&self) -> String;

    /// Makes what a turn needs; that is not measured.
    async fn make_ready(&mut self) -> Result<()> {
        Ok(())
    }

    /// Does it for so long.
    async fn turn(&mut self, turn: Duration) -> Result<Turn>;

    /// The services that it asks: their processor time is its, and one has the peak of memory.
    fn services(&self) -> Vec<u32> {
        Vec::new()
    }
}

/// One of them, whichever.
pub(crate) type Boxed = Box<dyn Contender>;

#[async_trait]
impl Contender for Boxed {
    fn name(&self) -> String {
        (**self).name()
    }

    async fn make_ready(&mut self) -> Result<()> {
        (**self).make_ready().await
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        (**self).turn(turn).await
    }

    fn services(&self) -> Vec<u32> {
        (**self).services()
    }
}

/// What a turn gave.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// How often a second.
    pub(crate) rate: f64,
    /// How often.
    pub(crate) count: u64,
    /// How long each took, in milliseconds, where that is known.
    pub(crate) latencies_ms: Vec<f64>,
    /// The peak of memory of the program that ran, in megabytes of 10⁶ bytes, where one did.
    pub(crate) peak_mb: Option<f64>,
}

impl Turn {
    /// Each took so long, and all of them so long together.
    pub(crate) fn timed(latencies_ms: Vec<f64>, all: Duration) -> Self {
        let count = latencies_ms.len() as u64;
        Self { latencies_ms, ..Self::of(count, all) }
    }

    /// So many, so long together.
    pub(crate) fn of(count: u64, all: Duration) -> Self {
        Self { rate: per_second(count, all), count, ..Self::default() }
    }

    /// A program did so many.
    pub(crate) fn ran(run: &Run, count: u64) -> Self {
        Self { peak_mb: Some(run.peak_mb), ..Self::of(count, Duration::from_secs_f64(run.seconds)) }
    }
}

/// What the turns of one of them gave.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) name: String,
    pub(crate) rates: Samples,
    pub(crate) cost: Cost,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Rounds {
    /// Each with one turn more than the rounds: they are first and last.
    pub(crate) floors: Vec<Figures>,
    pub(crate) contenders: Vec<Figures>,
}

impl Rounds {
    /// Lets all of them take turns.
    pub(crate) async fn run(
        (rounds, turn): (u32, Duration),
        databases: &[Database],
        floors: &mut [impl Contender],
        contenders: &mut [impl Contender],
    ) -> Result<Self> {
        let mut figures = Self { floors: named(floors), contenders: named(contenders) };
        once(floors, turn, databases, &mut figures.floors).await?;
        for _ in 0..rounds {
            once(contenders, turn, databases, &mut figures.contenders).await?;
            once(floors, turn, databases, &mut figures.floors).await?;
        }
        Ok(figures)
    }

    /// Each turn of the contender as a share of the floor's beside it.
    pub(crate) fn ratios(&self, contender: usize, floor: usize) -> Samples {
        self.contenders[contender].rates.shares_of(&self.floors[floor].rates)
    }
}

fn named(all: &[impl Contender]) -> Vec<Figures> {
    all.iter().map(|one| Figures { name: one.name(), ..Figures::default() }).collect()
}

async fn once(
    all: &mut [impl Contender],
    turn: Duration,
    databases: &[Database],
    figures: &mut [Figures],
) -> Result<()> {
    for (one, figures) in all.iter_mut().zip(figures) {
        one.make_ready().await?;
        let services = one.services();
        let meter = Meter::begin(services.clone(), databases);
        let took = one.turn(turn).await?;
        figures.rates.push(took.rate);
        figures.cost.took(meter.taken(), took.count);
        figures.cost.waited(took.latencies_ms);
        let peaks = services.into_iter().filter_map(child::peak_mb).chain(took.peak_mb);
        peaks.reduce(f64::max).into_iter().for_each(|peak| figures.cost.peak(peak));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Is faster by 10 in each turn.
    struct Faster(f64);

    #[async_trait]
    impl Contender for Faster {
        fn name(&self) -> String {
            "faster".to_owned()
        }

        async fn turn(&mut self, _: Duration) -> Result<Turn> {
            self.0 += 10.0;
            Ok(Turn { rate: self.0, count: 1, ..Turn::default() })
        }
    }

    #[tokio::test]
    async fn a_contender_is_compared_with_the_floor_before_and_after_it() {
        let (mut floors, mut contenders): ([Boxed; 1], [Boxed; 1]) =
            ([Box::new(Faster(0.0))], [Box::new(Faster(20.0))]);
        let rounds = Rounds::run((2, Duration::ZERO), &[], &mut floors, &mut contenders).await.unwrap();
        // 30 between 10 and 20, 40 between 20 and 30.
        assert_eq!(rounds.ratios(0, 0).iter().collect::<Vec<_>>(), [2.0, 1.6]);
        assert_eq!(rounds.floors[0].rates.len(), 3);
    }
}
