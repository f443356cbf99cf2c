//! `seed`: an empty ledger filled through the product's own way in, for what is measured on a large one.

use std::ops::Add;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ledger_app::ledger::Ledger;
use ledger_app::outcome::OutcomeKind;
use ledger_app::post::{GROUP_LINES, InputLine, PostContext};
use ledger_app::poster::Poster;
use ledger_app::store::{AsOf, Filter};
use ledger_domain::command::{Actor, Role};
use ledger_domain::values::Date;

use crate::clients::per_second;
use crate::distributor::{Asked, Distributor, Lives};
use crate::places;
use crate::progress;

/// How many events a license has on average, where nothing else is said.
pub(crate) const EVENTS_EACH: u64 = 20;

/// The first day of business of a seeded ledger: the sample price list and the sample releases are in force.
const OPENS: Option<Date> = Date::from_ymd_opt(2016, 1, 11);

/// How often to tell how far it is.
const TELLS_EVERY: Duration = Duration::from_secs(5);

const AFTER_HELP: &str = "\
Purchases, users, plugins, renewals, servers, versions, refusals, splits and merges, dated from 2016 on; the same seed
makes the same commands. Without --licenses there are about 20 events for each.

Examples:
  license-ledger-bench seed --database postgres://localhost/seeded --events 1000000
  license-ledger-bench seed --database sqlite:seeded.db --events 100000 --licenses 50000";

/// What to seed.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SeedArgs {
    /// The empty ledger: sqlite:PATH or a postgres:// URL
    #[arg(long, value_name = "URL")]
    database: String,

    /// How many events to write, or up to a group more
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    events: u64,

    /// How many licenses to sell
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    licenses: Option<u64>,

    /// Another seed, other licenses
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) commands: u64,
    pub(crate) refused: u64,
    pub(crate) events: u64,
}

impl Add for Written {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            commands: self.commands + more.commands,
            refused: self.refused + more.refused,
            events: self.events + more.events,
        }
    }
}

pub(crate) async fn run(args: &SeedArgs) -> Result<()> {
    let licenses = args.licenses.unwrap_or_else(|| args.events.div_ceil(EVENTS_EACH));
    let begun = Instant::now();
    let Written { commands, refused, events } = fill(&args.database, args.events, licenses, args.seed).await?;
    let seconds = begun.elapsed().as_secs_f64();
    progress(&format!("{commands} commands ({refused} refused), {events} events in {seconds:.0} s"));
    Ok(())
}

/// Fills an empty ledger with so many events, or up to a group more.
pub(crate) async fn fill(database: &str, events: u64, licenses: u64, seed: u64) -> Result<Written> {
    let ledger = places::open(database).await?;
    let first = ledger.store().list(&Filter::default(), AsOf::default(), None, 1).await?;
    ensure!(first.is_empty(), "there are licenses in {database} already: seed an empty ledger");
    let mut lives = Lives::new(&distributor(seed, events, licenses)?, licenses)?;
    let written = write(&ledger, &mut lives, |so_far| so_far.events < events).await?;
    ledger.settle().await?;
    Ok(written)
}

/// Whose licenses have about so many events each by the time that all are written: all are sold in the first part of it,
/// and each has about six events in a year.
fn distributor(seed: u64, events: u64, licenses: u64) -> Result<Distributor> {
    let sells_for_days = u32::try_from(events / licenses * 40)?.clamp(10, 3650);
    Ok(Distributor { seed, opens: OPENS.context("a day")?, sells_for_days })
}

/// Posts the lives' commands in groups, as long as the question says so.
pub(crate) async fn write(
    ledger: &Ledger,
    lives: &mut Lives,
    mut goes_on: impl FnMut(&Written) -> bool,
) -> Result<Written> {
    let (begun, mut told) = (Instant::now(), Instant::now());
    let mut written = Written::default();
    let mut group = Vec::with_capacity(GROUP_LINES);
    while goes_on(&written) {
        while group.len() < GROUP_LINES
            && let Some(asked) = lives.next()?
        {
            group.push(asked);
        }
        if group.is_empty() {
            break;
        }
        post(ledger, &mut group, &mut written).await?;
        if told.elapsed() >= TELLS_EVERY {
            told = Instant::now();
            let rate = per_second(written.events, begun.elapsed());
            progress(&format!("{} events written, {rate:.0}/s …", written.events));
        }
    }
    Ok(written)
}

/// Posts the group, which is empty afterwards. Each must be accepted, or refused by a rule.
pub(crate) async fn post(ledger: &Ledger, group: &mut Vec<Asked>, written: &mut Written) -> Result<()> {
    let today = group.iter().map(|asked| asked.on).max().context("an empty group")?;
    let actor = Actor { name: "bench".to_owned(), role: Role::Distributor };
    let line = |asked: Asked| Ok(InputLine { number: 1, bytes: Some(serde_json::to_vec(&asked.request)?) });
    let lines = group.drain(..).map(line).collect::<Result<Vec<_>>>()?;
    let posted = ledger.post(&lines, &PostContext::new(today, Poster::local(actor))).await;
    if let Some(failed) = posted.failed {
        return Err(failed.into());
    }
    for answered in posted.answered {
        written.commands += 1;
        match answered.kind {
            OutcomeKind::Accepted => written.events += events_in(&answered.json)?,
            OutcomeKind::Rejected => {
                written.refused += 1;
                written.events += 1;
            }
            _ => anyhow::bail!("not judged: {}", answered.json),
        }
    }
    Ok(())
}

/// How many events the outcome tells of.
fn events_in(outcome: &str) -> Result<u64> {
    #[derive(serde::Deserialize)]
    struct Events {
        events: Vec<serde::de::IgnoredAny>,
    }
    Ok(serde_json::from_str::<Events>(outcome)?.events.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_events_are_written_and_the_ledger_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("seeded.db").display());
        let args = SeedArgs { database, events: 3_000, licenses: None, seed: 1 };
        run(&args).await.unwrap();
        let ledger = places::open(&args.database).await.unwrap();
        let licenses = ledger.store().list(&Filter::default(), AsOf::default(), None, 1_000).await.unwrap();
        let events: u64 = licenses.iter().map(|facts| facts.version).sum();
        assert!((2_800..4_500).contains(&events), "{events} events, and the refusals");
        assert!((120..=180).contains(&licenses.len()), "{} licenses", licenses.len());
        let rebuilt = ledger.rebuild(|_| {}).await.unwrap();
        assert_eq!((rebuilt.events, rebuilt.mended), (events, 0));
        assert!(run(&args).await.unwrap_err().to_string().contains("seed an empty ledger"));
    }
}
