//! Several floors and several contenders in turns, with what each turn cost.
//!
//! Floors, contenders, floors, contenders, …, floors: what disturbs the machine disturbs all alike, and a contender's ratio
//! is to the mean of the floor's turn before it and the one after it.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use crate::clients::per_second;
use crate::cost::Cost;
use crate::cpu::{Database, Meter};
use crate::samples::Samples;

/// Somebody who does the same thing again and again.
#[async_trait]
pub(crate) trait Contender {
    /// As the table calls it.
    fn name(&self) -> String;

    /// Makes what a turn needs; that is not measured.
    async fn make_ready(&mut self) -> Result<()> {
        Ok(())
    }

    /// Does it for so long.
    async fn turn(&mut self, turn: Duration) -> Result<Turn>;
}

/// One of them, whichever.
pub(crate) type Boxed = Box<dyn Contender + Send>;

/// What a turn gave.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// How often a second.
    pub(crate) rate: f64,
    /// How often.
    pub(crate) count: u64,
    /// How long each took, in milliseconds, where that is known.
    pub(crate) latencies_ms: Vec<f64>,
    /// The peak of memory of whoever serves, in megabytes of 10⁶ bytes, where somebody does.
    pub(crate) peak_mb: Option<f64>,
}

impl Turn {
    /// Each took so long, and all of them so long together.
    pub(crate) fn timed(latencies_ms: Vec<f64>, all: Duration) -> Self {
        let count = latencies_ms.len() as u64;
        Self { rate: per_second(count, all), count, latencies_ms, peak_mb: None }
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
        database: Option<Database>,
        floors: &mut [Boxed],
        contenders: &mut [Boxed],
    ) -> Result<Self> {
        let named = |all: &[Boxed]| -> Vec<Figures> {
            all.iter().map(|one| Figures { name: one.name(), ..Figures::default() }).collect()
        };
        let mut figures = Self { floors: named(floors), contenders: named(contenders) };
        once(floors, turn, database, &mut figures.floors).await?;
        for _ in 0..rounds {
            once(contenders, turn, database, &mut figures.contenders).await?;
            once(floors, turn, database, &mut figures.floors).await?;
        }
        Ok(figures)
    }

    /// Each turn of the contender as a share of the floor's beside it.
    pub(crate) fn ratios(&self, contender: usize, floor: usize) -> Samples {
        let beside = self.floors[floor].rates.pairs().map(|(before, after)| f64::midpoint(before, after));
        self.contenders[contender].rates.iter().zip(beside).map(|(rate, floor)| rate / floor).collect()
    }
}

async fn once(all: &mut [Boxed], turn: Duration, database: Option<Database>, figures: &mut [Figures]) -> Result<()> {
    for (one, figures) in all.iter_mut().zip(figures) {
        one.make_ready().await?;
        let meter = Meter::begin(database);
        let took = one.turn(turn).await?;
        figures.rates.push(took.rate);
        figures.cost.took(meter.taken(), took.count);
        figures.cost.waited(took.latencies_ms);
        took.peak_mb.into_iter().for_each(|peak| figures.cost.peak(peak));
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
        let rounds = Rounds::run((2, Duration::ZERO), None, &mut floors, &mut contenders).await.unwrap();
        // 30 between 10 and 20, 40 between 20 and 30.
        assert_eq!(rounds.ratios(0, 0).iter().collect::<Vec<_>>(), [2.0, 1.6]);
        assert_eq!(rounds.floors[0].rates.len(), 3);
    }
}
