//! More than one machine, as far as one can show it: several services on one PostgreSQL, and reads on a streaming standby.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use plain_http::Client;
use serde_json::Value;

use crate::args::Effort;
use crate::child;
use crate::clients::post_all;
use crate::cpu::Database;
use crate::lines::Lines;
use crate::places::{self, Kind, Places};
use crate::progress;
use crate::report::{Goal, Report};
use crate::rounds::{Boxed, Contender, Rounds, Told, Turn};
use crate::service::{self, Service};

/// How many licenses all clients share, so that services overtake each other on them: all of them remembered by every
/// service, and more than one remembers.
const SHARED: [usize; 2] = [100, 10_000];

/// Several services may not be slower than one.
const NOT_BELOW: f64 = 1.0;

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    let program = child::license_ledger()?;
    let database = Database::of(&places.new_postgres().await?).await?;
    for clients in [8, 32].into_iter().filter(|clients| effort.is_for(*clients)) {
        for licenses in SHARED {
            progress(&format!("machines: one, two and four services, {clients} clients, {licenses} licenses …"));
            let mut fleets: Vec<Boxed> = Vec::new();
            for services in [1, 2, 4] {
                fleets.push(Box::new(Fleet::start(&program, places, (services, clients, licenses)).await?));
            }
            let mut several = fleets.split_off(1);
            run(&database, effort, clients, &mut fleets, &mut several, Some(NOT_BELOW), report).await?;
        }
    }
    if effort.is_for(8) {
        standby(&program, places, effort, report).await?;
    }
    Ok(())
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
    let mut databases = Database::of(&url).await?;
    databases.extend(Database::of(&server.url_of(&url)).await?);
    run(&databases, effort, 8, &mut floors, &mut contenders, None, report).await
}

/// Lets all of them take turns, and adds them to the tables.
async fn run(
    databases: &[Database],
    effort: Effort,
    clients: u32,
    floors: &mut [Boxed],
    contenders: &mut [Boxed],
    goal: Option<f64>,
    report: &mut Report,
) -> Result<()> {
    let rounds = Rounds::run((effort.rounds, effort.turn()), databases, floors, contenders).await?;
    let told = Told { measured: "machines", kind: Kind::Postgres, clients };
    let all = rounds.floors.iter().chain(&rounds.contenders);
    let peaks: Vec<_> = all.map(|figures| told.peak(&figures.name, &figures.cost, service::MOST_MB)).collect();
    let goals: Vec<_> = goal.into_iter().cycle().take(rounds.contenders.len()).map(Goal::RatioAtLeast).collect();
    rounds.tell(told, &goals, report);
    peaks.into_iter().for_each(|peak| report.add(peak));
    Ok(())
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

/// Clients who do the same thing at the same time.
struct Visitors {
    name: String,
    /// Whom they ask.
    services: Vec<u32>,
    visitors: Vec<Visitor>,
}

#[async_trait]
impl Contender for Visitors {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        let begun = Instant::now();
        let visit = |visitor: Visitor| tokio::spawn(visitor.visit(begun + turn));
        let visiting: Vec<_> = self.visitors.drain(..).map(visit).collect();
        let mut latencies_ms = Vec::new();
        for visit in visiting {
            let (visitor, took) = visit.await??;
            self.visitors.push(visitor);
            latencies_ms.extend(took);
        }
        Ok(Turn::timed(latencies_ms, begun.elapsed()))
    }

    fn services(&self) -> Vec<u32> {
        self.services.clone()
    }
}

/// A client of a service.
struct Visitor {
    client: Client,
    lines: Lines,
    /// How many licenses there are.
    licenses: usize,
    act: Act,
}

/// What a client does again and again.
enum Act {
    /// A command on one of the licenses.
    Write,
    /// What one of them is worth, asked elsewhere.
    Read(Client),
    /// A command; then what its license is worth, asked elsewhere, with that command's event at least.
    WriteAndRead(Client),
}

impl Visitor {
    fn new(service: &Service, number: u32, licenses: usize, act: Act) -> Self {
        Self { client: service.client(), lines: Lines::seeded(1_000 + u64::from(number)), licenses, act }
    }

    /// Acts until the time is over; how long each took, in milliseconds.
    async fn visit(mut self, end: Instant) -> Result<(Self, Vec<f64>)> {
        let mut latencies_ms = Vec::new();
        let mut asked = Instant::now();
        while asked < end {
            self.act().await?;
            latencies_ms.push(asked.elapsed().as_secs_f64() * 1e3);
            asked = Instant::now();
        }
        Ok((self, latencies_ms))
    }

    async fn act(&mut self) -> Result<()> {
        let license = number(self.lines.pick(self.licenses));
        match &mut self.act {
            Act::Write => post(&mut self.client, &self.lines.version(&license)).await.map(|_| ()),
            Act::Read(elsewhere) => get(elsewhere, &license).await,
            Act::WriteAndRead(elsewhere) => {
                let version = post(&mut self.client, &self.lines.version(&license)).await?;
                get(elsewhere, &format!("{license}?min_version={version}")).await
            }
        }
    }
}

fn number(license: usize) -> String {
    format!("SHARED-{license:05}")
}

/// Buys the licenses.
async fn buy(url: &str, licenses: usize) -> Result<()> {
    let (ledger, mut lines) = (places::open(url).await?, Lines::seeded(9));
    post_all(&ledger, (0..licenses).map(|license| lines.purchase(&number(license))).collect()).await?;
    ledger.settle().await?;
    Ok(())
}

/// Posts a command, which must be accepted; the version that its license has then.
async fn post(client: &mut Client, line: &str) -> Result<u64> {
    let answer = client.post("/v1/commands", line).await?;
    ensure!(answer.status == 200, "not accepted: {}", answer.text());
    let outcome: Value = serde_json::from_str(&answer.text())?;
    outcome["version"].as_u64().context("an outcome without a version")
}

async fn get(client: &mut Client, license: &str) -> Result<()> {
    let answer = client.get(&format!("/v1/licenses/{license}")).await?;
    ensure!(answer.status == 200, "not found: {}", answer.text());
    Ok(())
}
