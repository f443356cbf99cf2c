//! The same on a small and on larger ledgers on PostgreSQL: nothing may cost more because there is more.
//!
//! Whatever is compared is asked alike ([`ask`]): about as many licenses, as many of them remembered by the program, for
//! pages as full. The floor of either kind of licenses, a SELECT of a state by its key, says what the database itself loses
//! on the larger ledger. What its indexes take, and how its tables are kept, comes last ([`storage`]).

mod ask;
mod asking;
mod grown;
mod storage;

use anyhow::{Context, Result};

use crate::args::Effort;
use crate::cpu::Database;
use crate::places::{self, Kind, Places};
use crate::progress;
use crate::report::{Goal, Report};
use crate::rounds::Rounds;
use crate::seed;
use crate::told::Told;

use ask::{Ask, Asked, Of};
use grown::Grown;

/// What `bench all` compares, and what `bench long` does.
pub(crate) const SIZES: [u64; 2] = [10_000, 100_000];
pub(crate) const LONG_SIZES: [u64; 2] = [10_000, 1_000_000];

const AFTER_HELP: &str = "\
The floor is one SELECT of a state by its key, on each ledger's own table. Commands are written to all of them.

Examples:
  license-ledger-bench growth --rounds 5
  license-ledger-bench growth --sizes 10000,1000000,10000000
  license-ledger-bench growth --sizes 10000 --large postgres://localhost/a_copy";

/// How small and how large.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GrowthArgs {
    /// How many events the ledgers have: each is compared with the smallest
    #[arg(long, value_delimiter = ',', default_values_t = LONG_SIZES, value_name = "EVENTS",
        value_parser = clap::value_parser!(u64).range(4_000..))]
    sizes: Vec<u64>,

    /// A large ledger on PostgreSQL that may be written to, compared with the smallest in place of seeded ones
    #[arg(long, value_name = "URL")]
    large: Option<String>,
}

impl GrowthArgs {
    /// Seeded ledgers of those sizes.
    pub(crate) fn seeded(sizes: &[u64]) -> Self {
        Self { sizes: sizes.to_vec(), large: None }
    }
}

pub(crate) async fn measure(places: &Places, effort: Effort, args: &GrowthArgs, report: &mut Report) -> Result<()> {
    let mut sizes = args.sizes.clone();
    sizes.sort_unstable();
    let (smallest, larger) = sizes.split_first().context("no size")?;
    let mut urls = vec![seeded(places, *smallest).await?];
    match &args.large {
        Some(url) => urls.push(url.clone()),
        None => {
            for events in larger {
                urls.push(seeded(places, *events).await?);
            }
        }
    }
    let mut all = Vec::new();
    for url in &urls {
        all.push(Grown::open(url).await?);
    }
    let mut larger = all.split_off(1);
    compare(&Database::of_all(&urls).await?, effort, &mut all, &mut larger, report).await?;
    if let Some(largest) = larger.last() {
        storage::tell(&urls[urls.len() - 1], largest.events, report).await?;
    }
    drop((all, larger));
    let given = args.large.as_ref();
    for url in urls.iter().filter(|url| Some(*url) != given) {
        places::drop_postgres(url).await?;
    }
    Ok(())
}

async fn seeded(places: &Places, events: u64) -> Result<String> {
    progress(&format!("growth: seeding {events} events …"));
    let url = places.new_postgres().await?;
    seed::fill(&url, events, events.div_ceil(seed::EVENTS_EACH), 1).await?;
    Ok(url)
}

/// Everything that is asked, of the smallest ledger and of the larger ones in turns.
async fn compare(
    databases: &[Database],
    effort: Effort,
    smallest: &mut [Grown],
    larger: &mut [Grown],
    report: &mut Report,
) -> Result<()> {
    let told = Told { measured: "growth", kind: Kind::Postgres, clients: 1 };
    let mut kept = Kept::default();
    for ask in Ask::ALL {
        progress(&format!("growth: {ask} …"));
        smallest.iter_mut().chain(larger.iter_mut()).for_each(|grown| grown.ask = ask);
        let rounds = Rounds::run((effort.rounds, effort.turn()), databases, smallest, larger).await?;
        if ask.asked == Asked::State {
            let medians = (0..larger.len()).map(|contender| rounds.ratios(contender, 0).median()).collect();
            kept.0.push((ask.of, medians));
        }
        rounds.tell(told, &kept.goals(ask), report);
    }
    Ok(())
}

/// What the floors keep of their rates on each larger ledger.
#[derive(Debug, Default)]
struct Kept(Vec<(Of, Vec<f64>)>);

impl Kept {
    /// The goals of what is asked, one for each larger ledger; none of a floor.
    fn goals(&self, ask: Ask) -> Vec<Goal> {
        let kept = self.0.iter().filter(|(of, _)| *of == ask.of).flat_map(|(_, kept)| kept);
        ask.may_lose().map(|loss| kept.map(|kept| goal(*kept, loss)).collect()).unwrap_or_default()
    }
}

/// What the floor keeps of its rate on the larger ledger, less what may be lost beside.
fn goal(kept: f64, loss: f64) -> Goal {
    Goal::RatioAtLeast(kept.min(1.0) - loss)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Ids;

    #[test]
    fn what_the_floor_loses_may_be_lost_too_but_what_it_gains_need_not_be_gained() {
        let least = |kept, loss| match goal(kept, loss) {
            Goal::RatioAtLeast(least) => (least * 100.0).round(),
            _ => f64::NAN,
        };
        assert_eq!((least(0.9, 0.15), least(1.2, 0.15), least(0.9, 0.3)), (75.0, 85.0, 60.0));
    }

    #[test]
    fn each_kind_of_licenses_has_its_floor_first_and_commands_come_last() {
        for (number, ask) in Ask::ALL.iter().enumerate() {
            let is_floor = |floor: &&Ask| floor.asked == Asked::State && floor.of == ask.of;
            assert_eq!(Ask::ALL[..=number].iter().filter(is_floor).count(), 1, "{ask}");
            assert_eq!(matches!(ask.asked, Asked::Command(_)), number >= Ask::ALL.len() - 4, "{ask}");
        }
    }

    #[test]
    fn each_larger_ledger_has_goals_of_its_own_by_the_floor_of_the_licenses_asked_about() {
        let kept = Kept(vec![(Of::Any, vec![0.5, 0.4]), (Of::Few, vec![1.0, 1.0])]);
        let goals = |asked, of| kept.goals(Ask { asked, of }).len();
        assert_eq!((goals(Asked::State, Of::Any), goals(Asked::List, Of::Any)), (0, 2));
        let [Goal::RatioAtLeast(first), Goal::RatioAtLeast(second)] =
            kept.goals(Ask { asked: Asked::Command(Ids::ByTime), of: Of::Any })[..]
        else {
            panic!("a share for each")
        };
        assert!((first - 0.35).abs() < 1e-9 && (second - 0.25).abs() < 1e-9);
    }
}
