//! The same on a small and on a large ledger on PostgreSQL: nothing may cost more because there is more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::Days;
use fastrand::Rng;
use ledger_app::feed::FeedFilter;
use ledger_app::ledger::Ledger;
use ledger_app::outcome::OutcomeKind;
use ledger_app::post::{InputLine, PostContext};
use ledger_app::poster::Poster;
use ledger_app::store::{AsOf, Expiring, Filter};
use ledger_app::writer::Writer;
use ledger_domain::command::{Actor, Role};
use ledger_domain::values::{Date, LicenseNumber};
use sqlx::{Connection, PgConnection};

use crate::args::Effort;
use crate::clients::per_second;
use crate::lines::Lines;
use crate::places::{self, Places};
use crate::progress;
use crate::report::{Goal, Report, Row};
use crate::seed;
use crate::turns::in_turns;

/// How many licenses are asked about, by chance: far more than the program remembers of those written last.
const ASKED: i64 = 20_000;

/// How many rows a page has.
const PAGE: u32 = 100;

/// What of the figure may be lost beside what the floor loses: of commands and of look-ups, and of pages.
const POINT_LOSS: f64 = 0.15;
const PAGE_LOSS: f64 = 0.3;

const AFTER_HELP: &str = "\
The floor is one SELECT of a state by its key, on either ledger's own table. Commands are written to both.

Examples:
  license-ledger-bench growth --rounds 5
  license-ledger-bench growth --large postgres://localhost/a_copy";

/// How small and how large.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GrowthArgs {
    /// How many events the small ledger has
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    small: u64,

    /// How many events the large one has
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    events: u64,

    /// A large ledger on PostgreSQL that may be written to, in place of a seeded one
    #[arg(long, value_name = "URL")]
    large: Option<String>,
}

/// What is asked again and again.
#[derive(Debug, Clone, Copy)]
enum Ask {
    /// The floor.
    State,
    Command,
    Entitlement,
    Expiring,
    List,
    Feed,
}

impl Ask {
    const ALL: [(Self, &'static str, f64); 5] = [
        (Self::Command, "a command", POINT_LOSS),
        (Self::Entitlement, "an entitlement", POINT_LOSS),
        (Self::Expiring, "expiring, a page of 100", PAGE_LOSS),
        (Self::List, "a list, a page of 100", PAGE_LOSS),
        (Self::Feed, "the feed, a page of 100", PAGE_LOSS),
    ];
}

pub(crate) async fn measure(places: &Places, effort: Effort, args: &GrowthArgs, report: &mut Report) -> Result<()> {
    let mut small = Grown::seeded(places, args.small).await?;
    let mut large = match &args.large {
        Some(url) => Grown::open(url).await?,
        None => Grown::seeded(places, args.events).await?,
    };
    let mut compare = async |ask: Ask| {
        let turns = in_turns(
            effort.rounds,
            async || small.turn(ask, effort.turn()).await,
            async || large.turn(ask, effort.turn()).await,
        );
        turns.await
    };
    progress("growth: the floor …");
    let floor = compare(Ask::State).await?;
    let kept = floor.ratios.median().min(1.0);
    let mut rows = vec![("SELECT of a state", floor, None)];
    for (ask, name, loss) in Ask::ALL {
        progress(&format!("growth: {name} …"));
        rows.push((name, compare(ask).await?, Some(Goal::RatioAtLeast(((kept - loss) * 100.0).round() / 100.0))));
    }
    for (name, turns, goal) in rows {
        let row = |contender, figures, ratios, goal| Row {
            measured: "growth",
            contender,
            clients: 1,
            unit: "/s",
            figures,
            ratios,
            goal,
        };
        report.add(row(format!("{name}: {} events", small.events), turns.floor, None, None));
        report.add(row(format!("{name}: {} events", large.events), turns.contender, Some(turns.ratios), goal));
    }
    Ok(())
}

/// A ledger of some size.
struct Grown {
    ledger: Arc<Ledger>,
    connection: PgConnection,
    events: u64,
    /// Some of its licenses.
    licenses: Vec<LicenseNumber>,
    /// Between which days its SWM ends lie.
    swm_ends: (Date, Date),
    rng: Rng,
    lines: Lines,
}

impl Grown {
    async fn seeded(places: &Places, events: u64) -> Result<Self> {
        progress(&format!("growth: seeding {events} events …"));
        let url = places.new_postgres().await?;
        seed::fill(&url, events, events.div_ceil(seed::EVENTS_EACH), 1).await?;
        Self::open(&url).await
    }

    async fn open(url: &str) -> Result<Self> {
        let ledger = places::open(url).await?;
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await?;
        // As the product looks states up.
        sqlx::raw_sql("SET plan_cache_mode = force_generic_plan; SET jit = off").execute(&mut connection).await?;
        let asked = "SELECT license FROM current_entitlement WHERE status IN ('active', 'blocked') ORDER BY md5(license) LIMIT $1";
        let asked: Vec<String> = sqlx::query_scalar(asked).bind(ASKED).fetch_all(&mut connection).await?;
        let licenses = asked.iter().map(|license| license.parse()).collect::<Result<Vec<_>, _>>()?;
        ensure!(!licenses.is_empty(), "there are no active licenses in {url}");
        let swm_ends = "SELECT min(swm_ends), max(swm_ends) FROM swm_expiry";
        let swm_ends = sqlx::query_as(swm_ends).fetch_one(&mut connection).await?;
        let events = ledger.store().head().await?.context("an empty ledger")? + 1;
        let (rng, lines) = (Rng::with_seed(1), Lines::seeded(events));
        Ok(Self { ledger, connection, events, licenses, swm_ends, rng, lines })
    }

    /// Asks again and again; how often a second.
    async fn turn(&mut self, ask: Ask, turn: Duration) -> Result<f64> {
        let writer = Writer::start(Arc::clone(&self.ledger));
        let (begun, mut count) = (Instant::now(), 0);
        while begun.elapsed() < turn {
            self.ask(ask, &writer).await?;
            count += 1;
        }
        let rate = per_second(count, begun.elapsed());
        self.ledger.settle().await?;
        Ok(rate)
    }

    async fn ask(&mut self, ask: Ask, writer: &Writer) -> Result<()> {
        let license = self.licenses[self.rng.usize(..self.licenses.len())].clone();
        let store = self.ledger.store();
        match ask {
            Ask::State => {
                let state = sqlx::query_scalar::<_, String>("SELECT state FROM current_entitlement WHERE license = $1");
                state.bind(license.as_str()).fetch_one(&mut self.connection).await?;
            }
            Ask::Command => self.command(&license, writer).await?,
            Ask::Entitlement => drop(store.facts(&license, AsOf::default()).await?.context("no such license")?),
            Ask::Expiring => {
                let (first, last) = self.swm_ends;
                let days = self.rng.u64(..u64::try_from((last - first).num_days())?.max(1));
                let from = first + Days::new(days);
                let asked = Expiring { from, to: Date::MAX, partner: None, kept_to: None, known_at: None, after: None };
                store.expiring(&asked, PAGE).await?;
            }
            Ask::List => drop(store.list(&Filter::default(), AsOf::default(), Some(&license), PAGE).await?),
            Ask::Feed => {
                let page = store.feed(Some(self.rng.u64(..self.events)), &FeedFilter::default(), PAGE).await?;
                drop(page);
            }
        }
        Ok(())
    }

    /// A version of long ago installed today, on whatever license.
    async fn command(&mut self, license: &LicenseNumber, writer: &Writer) -> Result<()> {
        // Far ahead, for seeded licenses have a future already.
        let today = "2060-01-01".parse()?;
        let actor = Actor { name: "bench".to_owned(), role: Role::Distributor };
        let bytes = Some(self.lines.old_version_today(license.as_str()).into_bytes());
        let context = PostContext::new(today, Poster::local(actor));
        let answered = writer.post(InputLine { number: 1, bytes }, context).await?;
        // A few are blocked, and refuse.
        ensure!(
            matches!(answered.kind, OutcomeKind::Accepted | OutcomeKind::Rejected),
            "not judged: {}",
            answered.json
        );
        Ok(())
    }
}
