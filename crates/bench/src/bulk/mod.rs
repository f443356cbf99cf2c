//! The whole log on PostgreSQL: followed, rebuilt, verified, exported ([`mod@read`]) and imported ([`import`]), each against
//! COPY of the events alone, with the peak of memory that each takes.

mod follow;
mod import;
mod read;

use std::path::Path;

use anyhow::Result;

use crate::args::Effort;
use crate::child;
use crate::places::{self, Kind, Places};
use crate::progress;
use crate::report::Report;
use crate::seed;
use crate::told::Told;

pub(crate) use follow::{FollowArgs, follow};

/// As the tables call it.
const TOLD: Told = Told { measured: "bulk", kind: Kind::Postgres, clients: 1 };

/// The most memory that whatever goes through a whole ledger may take, in megabytes; following has a limit of its own.
const MOST_MB: f64 = 200.0;

const AFTER_HELP: &str = "\
Each is a process of its own: the program with `rebuild`, `verify`, `export` and `import`, this one with `follow`. COPY is
psql's, its text thrown away. Without --database a ledger is seeded.

Examples:
  license-ledger-bench bulk --rounds 3
  license-ledger-bench bulk --events 1000000
  license-ledger-bench bulk --database postgres://localhost/seeded";

/// How large a ledger, or which.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BulkArgs {
    /// A ledger on PostgreSQL to read: it is followed, rebuilt, verified and exported, which changes nothing in a
    /// healthy one
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

/// A measurement under way.
#[derive(Clone, Copy)]
struct Bulk<'p> {
    places: &'p Places,
    program: &'p Path,
    effort: Effort,
}

pub(crate) async fn measure(places: &Places, effort: Effort, args: &BulkArgs, report: &mut Report) -> Result<()> {
    let program = child::license_ledger()?;
    let bulk = Bulk { places, program: &program, effort };
    match &args.database {
        Some(url) => read::measure(bulk, url, report).await?,
        None => {
            progress(&format!("bulk: seeding {} events …", args.events));
            let url = places.new_postgres().await?;
            seed::fill(&url, args.events, args.events.div_ceil(seed::EVENTS_EACH), 1).await?;
            read::measure(bulk, &url, report).await?;
            places::drop_postgres(&url).await?;
        }
    }
    import::measure(bulk, (args.events / 2).min(import::LICENSES), report).await
}
