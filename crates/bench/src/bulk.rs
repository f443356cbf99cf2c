//! The whole log on PostgreSQL: followed, rebuilt, verified, imported, each against COPY of the events alone.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ledger_app::follow::Follower;

use crate::args::Effort;
use crate::child;
use crate::clients::{per_second, post_all};
use crate::cost::{Cost, CostRow};
use crate::cpu::{Database, Meter, Taken};
use crate::lines::Lines;
use crate::places::{self, Kind, Places};
use crate::progress;
use crate::psql::Psql;
use crate::report::{Goal, Report, Row};
use crate::seed;
use crate::turns::{Turns, in_turns};

/// What reads the whole log, and the share of COPY … TO STDOUT that it must reach.
const READERS: [(Reader, f64); 3] = [(Reader::Follow, 1.5), (Reader::Rebuild, 0.5), (Reader::Verify, 0.4)];

/// The share of COPY … FROM that an import must reach.
const IMPORT: Goal = Goal::RatioAtLeast(0.4);

/// How many licenses are imported at most, each with the two events of its purchase.
const IMPORTED_LICENSES: u64 = 100_000;

/// How many purchases are posted at once, to be exported and imported.
const PURCHASES_AT_ONCE: u64 = 5_000;

const AFTER_HELP: &str = "\
Each is a process of its own: the program with `rebuild`, `verify` and `import`, this one with `follow`. COPY is psql's, its
text thrown away. Without --database a ledger is seeded.

Examples:
  license-ledger-bench bulk --rounds 3
  license-ledger-bench bulk --events 1000000
  license-ledger-bench bulk --database postgres://localhost/seeded";

/// How large a ledger, or which.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BulkArgs {
    /// A ledger on PostgreSQL to read: it is followed, rebuilt and verified, which changes nothing in a healthy one
    #[arg(long, value_name = "URL")]
    database: Option<String>,

    /// How many events to seed, where no ledger is given; and half as many licenses are imported, up to 100,000
    #[arg(long, default_value_t = EVENTS, value_parser = clap::value_parser!(u64).range(2..))]
    events: u64,
}

/// What `bench all` measures on.
pub(crate) const EVENTS: u64 = 200_000;

impl BulkArgs {
    /// On a ledger of its own, with so many events.
    pub(crate) const fn seeded(events: u64) -> Self {
        Self { database: None, events }
    }
}

#[derive(Debug, Clone, Copy)]
enum Reader {
    Follow,
    Rebuild,
    Verify,
}

impl Reader {
    const fn verb(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::Rebuild => "rebuild",
            Self::Verify => "verify",
        }
    }
}

/// A measurement under way.
struct Bulk<'p> {
    places: &'p Places,
    program: &'p Path,
    effort: Effort,
}

pub(crate) async fn measure(places: &Places, effort: Effort, args: &BulkArgs, report: &mut Report) -> Result<()> {
    let program = child::license_ledger()?;
    let bulk = Bulk { places, program: &program, effort };
    let seeded = match &args.database {
        Some(url) => url.clone(),
        None => {
            progress(&format!("bulk: seeding {} events …", args.events));
            let url = places.new_postgres().await?;
            seed::fill(&url, args.events, args.events.div_ceil(seed::EVENTS_EACH), 1).await?;
            url
        }
    };
    for (reader, goal) in READERS {
        bulk.read(&seeded, reader, Goal::RatioAtLeast(goal), report).await?;
    }
    if args.database.is_none() {
        places.drop_postgres(&seeded).await?;
    }
    bulk.import((args.events / 2).min(IMPORTED_LICENSES), report).await
}

impl Bulk<'_> {
    /// The log read whole, again and again, with COPY in between.
    async fn read(&self, url: &str, reader: Reader, goal: Goal, report: &mut Report) -> Result<()> {
        let (verb, psql) = (reader.verb(), Psql::new(url)?);
        progress(&format!("bulk: {verb} …"));
        let events = psql.events().await?;
        let database = Database::of(url).await?;
        let (mut copying, mut reading) = (Cost::default(), Cost::default());
        let turns = in_turns(
            self.effort.rounds,
            async || metered(database, events, &mut copying, || psql.copy_to_nowhere()),
            async || {
                metered(database, events, &mut reading, || {
                    let program =
                        if matches!(reader, Reader::Follow) { &std::env::current_exe()? } else { self.program };
                    let mut command = Command::new(program);
                    command.arg(verb).args(["--database", url]);
                    child::run(&mut command, &self.places.folder().join("bulk.log"))
                })
            },
        );
        let names = ["psql, COPY events TO STDOUT".to_owned(), format!("{verb}, {events} events")];
        add(report, names, turns.await?, [copying, reading], goal);
        Ok(())
    }

    /// New licenses imported into one empty ledger after the other, with COPY of their events in between.
    async fn import(&self, licenses: u64, report: &mut Report) -> Result<()> {
        let (source, file, events) = self.exported(licenses).await?;
        let database = Database::of(&source).await?;
        let psql = Psql::new(&source)?;
        let text = self.places.folder().join("events.copy");
        psql.copy_to(&text)?;
        let (mut copying, mut importing) = (Cost::default(), Cost::default());
        let turns = in_turns(
            self.effort.rounds,
            async || {
                psql.empty_twin()?;
                metered(database, events, &mut copying, || psql.copy_into_twin(&text))
            },
            async || {
                let target = self.places.new_postgres().await?;
                let rate = metered(database, events, &mut importing, || {
                    let mut command = Command::new(self.program);
                    command.args(["--database", &target, "import"]).arg(&file);
                    child::run(&mut command, &self.places.folder().join("import.log"))
                })?;
                self.places.drop_postgres(&target).await?;
                Ok(rate)
            },
        );
        let names = ["psql, COPY FROM, events alone".to_owned(), format!("import, {licenses} licenses, all tables")];
        add(report, names, turns.await?, [copying, importing], IMPORT);
        std::fs::remove_file(text)?;
        std::fs::remove_file(file)?;
        self.places.drop_postgres(&source).await
    }

    /// A ledger with so many licenses of two events each; its database, its export, its events.
    async fn exported(&self, licenses: u64) -> Result<(String, PathBuf, u64)> {
        progress(&format!("bulk: {licenses} licenses to import …"));
        let source = self.places.new_postgres().await?;
        let ledger = places::open(&source).await?;
        let mut lines = Lines::seeded(8);
        for first in (0..licenses).step_by(usize::try_from(PURCHASES_AT_ONCE)?) {
            let numbers = first..(first + PURCHASES_AT_ONCE).min(licenses);
            post_all(&ledger, numbers.map(|number| lines.purchase(&format!("IMPORT-{number:08}"))).collect()).await?;
        }
        ledger.settle().await?;
        let file = self.places.folder().join("import.ndjson");
        let mut command = Command::new(self.program);
        command.args(["--database", &source, "export"]).arg(&file);
        child::run(&mut command, &self.places.folder().join("export.log"))?;
        let events = Psql::new(&source)?.events().await?;
        Ok((source, file, events))
    }
}

/// Runs it; how many of so many a second. Whatever else the database does meanwhile counts as its.
fn metered(
    database: Option<Database>,
    count: u64,
    cost: &mut Cost,
    run: impl FnOnce() -> Result<child::Run>,
) -> Result<f64> {
    let meter = Meter::begin(database);
    let run = run()?;
    cost.took(Taken { client: run.cpu_seconds, ..meter.taken() }, count);
    cost.peak(run.peak_mb);
    Ok(per_second(count, Duration::from_secs_f64(run.seconds)))
}

fn add(report: &mut Report, names: [String; 2], turns: Turns, costs: [Cost; 2], goal: Goal) {
    let [floor, contender] = names.map(|name| format!("{}: {name}", Kind::Postgres.name()));
    let (measured, clients, unit) = ("bulk", 1, "/s");
    for (contender, cost) in [&floor, &contender].into_iter().zip(costs) {
        report.add_cost(CostRow { measured, contender: contender.clone(), clients, cost });
    }
    let Turns { floor: floors, contender: figures, ratios } = turns;
    report.add(Row { measured, contender: floor, clients, unit, figures: floors, ratios: None, goal: None });
    report.add(Row { measured, contender, clients, unit, figures, ratios: Some(ratios), goal: Some(goal) });
}

/// Which log to follow.
#[derive(Debug, clap::Args)]
pub(crate) struct FollowArgs {
    /// The ledger: sqlite:PATH or a postgres:// URL
    #[arg(long, value_name = "URL")]
    database: String,
}

/// `follow`: goes through the whole log, each event as what it is, and tells how many there were.
pub(crate) async fn follow(args: &FollowArgs) -> Result<()> {
    let begun = Instant::now();
    let mut follower = Follower::begin(places::store(&args.database).await?, 0).await?;
    let mut next = 0;
    while let Some(page) = follower.page().await? {
        for followed in page {
            ensure!(followed.position == next, "position {} came where {next} was to come", followed.position);
            next += 1;
        }
    }
    progress(&format!("{next} events, {:.0}/s", per_second(next, begun.elapsed())));
    Ok(())
}
