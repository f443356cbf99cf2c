//! More than one machine, as far as one can show it: several services on one PostgreSQL, and reads on a streaming standby.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use crate::args::Effort;
use crate::child;
use crate::clients::post_all;
use crate::cpu::Database;
use crate::lines::Lines;
use crate::places::{self, Kind, Places};
use crate::progress;
use crate::report::{Goal, Report};
use crate::rounds::{Boxed, Contender, Rounds, Turn};
use crate::samples::Samples;
use crate::service::{self, Service};
use crate::told::Told;
use crate::visitors::{self, Act, Visitor, Visitors};

/// How many licenses all clients share, so that services overtake each other on them: all of them remembered by every
/// service, and more than one remembers.
const SHARED: [usize; 2] = [100, 10_000];

/// Several services may not be slower than one.
const NOT_BELOW: f64 = 1.0;

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    let program = child::license_ledger()?;
    for clients in [8, 32].into_iter().filter(|clients| effort.is_for(*clients)) {
        several(&program, places, (effort, clients), report).await?;
    }
    if effort.is_for(8) {
        standby(&program, places, effort, report).await?;
    }
    Ok(())
}

/// One, two and four services on one database.
async fn several(program: &Path, places: &Places, (effort, clients): (Effort, u32), report: &mut Report) -> Result<()> {
    let (database, told) = (Database::of(&places.new_postgres().await?).await?, told(clients));
    let mut peaks = Vec::new();
    for licenses in SHARED {
        progress(&format!("machines: one, two and four services, {clients} clients, {licenses} licenses …"));
        let mut fleets: Vec<Boxed> = Vec::new();
        for services in [1, 2, 4] {
            fleets.push(Box::new(Fleet::start(program, places, (services, clients, licenses)).await?));
        }
        let (one, more) = fleets.split_at_mut(1);
        let goal = Some(Goal::RatioAtLeast(NOT_BELOW));
        peaks.extend(run(&database, (effort, told), (one, more), goal, report).await?.iter());
    }
    report.add(told.peak("any of the services", peaks.into_iter().collect(), service::MOST_MB));
    Ok(())
}

const fn told(clients: u32) -> Told {
    Told { measured: "machines", kind: Kind::Postgres, clients }
}

/// Entitlements read by eight clients on the primary, and on a standby; and those who read on the standby what they have
/// just written on the primary.
async fn standby(program: &Path, places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    progress("machines: a standby …");
    let url = places.new_postgres().await?;
    buy(&url, SHARED[0]).await?;
    let primary = Service::start(program, &url, places.folder())?;
    let server = places.standby()?;
    let second = Service::start_with(primary.key.clone(), program, &server.url_of(&url), places.folder())?;
    let visitors = |service: &Service, act: fn(&Service) -> Act| -> Vec<Visitor> {
        (0..8).map(|number| Visitor::new(&primary, number, SHARED[0], act(service))).collect()
    };
    let both = vec![primary.pid(), second.pid()];
    let named = |name: &str, service, act| Visitors {
        name: name.to_owned(),
        services: both.clone(),
        visitors: visitors(service, act),
    };
    let on = |service: &Service| Act::Read(service.client());
    let mut floors: Vec<Boxed> = vec![Box::new(named("reads on the primary", &primary, on))];
    let write_and_read = |service: &Service| Act::WriteAndRead(service.client());
    let mut contenders: Vec<Boxed> = vec![
        Box::new(named("reads on a standby", &second, on)),
        Box::new(named("a command, then its read on the primary", &primary, write_and_read)),
        Box::new(named("a command, then its read on a standby", &second, write_and_read)),
    ];
    let databases = Database::of_all(&[server.url_of(&url), url]).await?;
    let all: (&mut [Boxed], &mut [Boxed]) = (&mut floors, &mut contenders);
    let peaks = run(&databases, (effort, told(8)), all, None, report).await?;
    report.add(told(8).peak("the services of primary and standby", peaks, service::MOST_MB));
    Ok(())
}

/// Lets all of them take turns, and adds them to the tables; the peaks of memory of their services.
async fn run(
    databases: &[Database],
    (effort, told): (Effort, Told),
    (floors, contenders): (&mut [Boxed], &mut [Boxed]),
    goal: Option<Goal>,
    report: &mut Report,
) -> Result<Samples> {
    let rounds = Rounds::run((effort.rounds, effort.turn()), databases, floors, contenders).await?;
    let peaks = rounds.floors.iter().chain(&rounds.contenders).flat_map(|figures| figures.cost.peaks_mb().iter());
    let peaks = peaks.collect();
    let goals: Vec<_> = contenders.iter().filter_map(|_| goal).collect();
    rounds.tell(told, &goals, report);
    Ok(peaks)
}

/// Services on one database, and the clients of each.
struct Fleet {
    /// They run until this is dropped.
    services: Vec<Service>,
    visitors: Visitors,
}

impl Fleet {
    async fn start(program: &Path, places: &Places, (services, clients, licenses): (u32, u32, usize)) -> Result<Self> {
        let url = places.new_postgres().await?;
        buy(&url, licenses).await?;
        let mut all = vec![Service::start(program, &url, places.folder())?];
        for _ in 1..services {
            all.push(Service::start_with(all[0].key.clone(), program, &url, places.folder())?);
        }
        let service = |number: u32| &all[number as usize % all.len()];
        let client = |number| Visitor::new(service(number), number, licenses, Act::Write);
        let visitors = (0..clients).map(client).collect();
        let name = format!("commands on {licenses} shared licenses, {services} service(s)");
        // The fleet says whom they ask.
        Ok(Self { services: all, visitors: Visitors { name, services: Vec::new(), visitors } })
    }
}

#[async_trait]
impl Contender for Fleet {
    fn name(&self) -> String {
        self.visitors.name()
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        self.visitors.turn(turn).await
    }

    fn services(&self) -> Vec<u32> {
        self.services.iter().map(Service::pid).collect()
    }
}

/// Buys the licenses.
async fn buy(url: &str, licenses: usize) -> Result<()> {
    let (ledger, mut lines) = (places::open(url).await?, Lines::seeded(9));
    post_all(&ledger, (0..licenses).map(|license| lines.purchase(&visitors::number(license))).collect()).await?;
    ledger.settle().await?;
    Ok(())
}
