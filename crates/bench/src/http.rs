//! Over HTTP, on PostgreSQL: commands and reads of clients that each keep a connection, against the bare database; and a
//! batch, against `post` of the same kind of file.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use plain_http::{Client, Reading};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::args::Effort;
use crate::child;
use crate::clients::per_second;
use crate::file::File;
use crate::floor::Floor;
use crate::lines::Lines;
use crate::pgbench::Pgbench;
use crate::places::{Kind, Places};
use crate::progress;
use crate::report::{Goal, Report, Row};
use crate::samples::Samples;
use crate::service::Service;
use crate::turns::{Turns, in_turns};

/// Clients, with the shares of the floor that commands and reads must reach.
const GOALS: [(u32, f64, f64); 3] = [(1, 0.3, 0.6), (8, 0.4, 0.6), (32, 0.6, 0.6)];

/// The share of `post` that a batch must reach.
const BATCH: Goal = Goal::RatioAtLeast(0.8);

/// The commands of a batch, and of a file: on 5,000 licenses.
const IN_A_BATCH: usize = 20_000;

/// How many licenses a client has, as those of the floor do.
const LICENSES: usize = 100;

/// How many threads the clients have, as those of the floor do.
const THREADS: usize = 2;

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    let program = child::license_ledger()?;
    for (clients, commands, reads) in GOALS.into_iter().filter(|(clients, ..)| effort.is_for(*clients)) {
        progress(&format!("http: {clients} client(s) …"));
        let service = Service::start(&program, &places.new_postgres().await?, places.folder())?;
        let mut floor = floor(places).await?;
        let mut callers = callers(&service, clients).await?;
        let turns = in_turns(
            effort.rounds,
            async || floor.rate(clients, effort.turn()).await,
            async || rate(&mut callers, effort.turn(), Act::Command).await,
        );
        add(
            report,
            clients,
            ["pgbench, SELECT + INSERT", "a command over HTTP"],
            turns.await?,
            Goal::RatioAtLeast(commands),
        );
        let turns = in_turns(
            effort.rounds,
            async || floor.reads(clients, effort.turn()).await,
            async || rate(&mut callers, effort.turn(), Act::Read).await,
        );
        add(report, clients, ["pgbench, SELECT", "an entitlement over HTTP"], turns.await?, Goal::RatioAtLeast(reads));
        progress(&format!("http: the service had {:.0} MB at most", child::peak_mb(service.pid()).unwrap_or_default()));
    }
    batch(places, &program, effort, report).await
}

fn add(report: &mut Report, clients: u32, names: [&str; 2], turns: Turns, goal: Goal) {
    let row = |name: &str, figures: Samples, ratios, goal| {
        let contender = format!("PostgreSQL: {name}");
        Row { measured: "http", contender, clients, unit: "/s", figures, ratios, goal }
    };
    let [floor, contender] = names;
    report.add(row(floor, turns.floor, None, None));
    report.add(row(contender, turns.contender, Some(turns.ratios), Some(goal)));
}

/// The bare database, its rows as large as a ledger's.
async fn floor(places: &Places) -> Result<Pgbench> {
    let ledger = places.ledger(Kind::Postgres, "").await?;
    match Floor::prepare(places, Kind::Postgres, "", &ledger).await? {
        Floor::Postgres(pgbench) => Ok(pgbench),
        Floor::Sqlite(_) => anyhow::bail!("a floor on PostgreSQL was asked for"),
    }
}

/// What callers do again and again.
#[derive(Debug, Clone, Copy)]
enum Act {
    Command,
    Read,
}

/// Somebody who posts commands to licenses of their own, and reads them, on one connection.
struct Caller {
    client: Client,
    lines: Lines,
    /// The licenses' numbers, and whether the server of each was reported online.
    licenses: Vec<(String, bool)>,
}

impl Caller {
    /// A caller with new licenses, bought and active.
    async fn new(service: &Service, number: u32) -> Result<Self> {
        let licenses = (0..LICENSES).map(|license| (format!("CALLER-{number:03}-{license:05}"), false)).collect();
        let mut caller = Self { client: service.client(), lines: Lines::seeded(number.into()), licenses };
        for license in 0..LICENSES {
            let purchase = caller.lines.purchase(&caller.licenses[license].0);
            caller.post(&purchase).await?;
        }
        Ok(caller)
    }

    /// Does the same thing again and again on a new connection; how often.
    async fn act_until(mut self, end: Instant, act: Act) -> Result<(Self, u64)> {
        self.client.hang_up();
        let mut done = 0;
        while Instant::now() < end {
            self.act(act).await?;
            done += 1;
        }
        self.client.hang_up();
        Ok((self, done))
    }

    async fn act(&mut self, act: Act) -> Result<()> {
        match act {
            Act::Command => self.command().await,
            Act::Read => self.read().await,
        }
    }

    async fn post(&mut self, line: &str) -> Result<()> {
        let answer = self.client.post("/v1/commands", line).await?;
        ensure!(answer.status == 200, "not accepted: {}", answer.text());
        Ok(())
    }

    /// A command that is accepted with one event, whatever came before.
    async fn command(&mut self) -> Result<()> {
        let picked = self.lines.pick(LICENSES);
        let (license, is_online) = &mut self.licenses[picked];
        *is_online = !*is_online;
        let line = self.lines.server(license, *is_online);
        self.post(&line).await
    }

    /// What one of the licenses is worth today.
    async fn read(&mut self) -> Result<()> {
        let picked = self.lines.pick(LICENSES);
        let answer = self.client.get(&format!("/v1/licenses/{}", self.licenses[picked].0)).await?;
        ensure!(answer.status == 200, "not found: {}", answer.text());
        Ok(())
    }
}

async fn callers(service: &Service, count: u32) -> Result<Vec<Caller>> {
    let mut callers = Vec::new();
    for number in 0..count {
        callers.push(Caller::new(service, number).await?);
    }
    Ok(callers)
}

/// Lets the callers do the same thing again and again at the same time; how often a second.
///
/// They share as many threads as the clients of pgbench do, each with a loop of its own: what passes work between threads
/// costs more than a thin client does.
async fn rate(callers: &mut Vec<Caller>, turn: Duration, act: Act) -> Result<f64> {
    let begun = Instant::now();
    let mut crews: Vec<Vec<Caller>> = (0..callers.len().min(THREADS)).map(|_| Vec::new()).collect();
    let threads = crews.len();
    for (number, caller) in callers.drain(..).enumerate() {
        crews[number % threads].push(caller);
    }
    let running: Vec<_> =
        crews.into_iter().map(|crew| tokio::task::spawn_blocking(move || work(crew, begun + turn, act))).collect();
    let mut total = 0;
    for running in running {
        let (crew, done) = running.await??;
        callers.extend(crew);
        total += done;
    }
    Ok(per_second(total, begun.elapsed()))
}

/// Lets the callers of one thread work until the end; how much they did. As those of pgbench they connect anew for it.
fn work(mut crew: Vec<Caller>, end: Instant, act: Act) -> Result<(Vec<Caller>, u64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let callers = crew.drain(..).map(|caller| runtime.spawn(caller.act_until(end, act))).collect::<Vec<_>>();
    let mut total = 0;
    for caller in callers {
        let (caller, done) = runtime.block_on(caller)??;
        crew.push(caller);
        total += done;
    }
    Ok((crew, total))
}

/// A batch over HTTP, and `post` of a file: each on a ledger of its own, with ever new licenses.
async fn batch(places: &Places, program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    progress("http: batches …");
    let database = places.new_postgres().await?;
    let service = Service::start(program, &places.new_postgres().await?, places.folder())?;
    let (mut file, mut body) = (File::new("FILE", 6), File::new("BODY", 7));
    let turns = in_turns(
        effort.rounds,
        async || post_file(places, program, &database, &mut file),
        async || post_batch(&service, &mut body).await,
    );
    add(report, 1, ["post FILE", "a batch over HTTP"], turns.await?, BATCH);
    Ok(())
}

fn ndjson(file: &mut File) -> String {
    file.take(IN_A_BATCH).map(|line| line + "\n").collect()
}

fn post_file(places: &Places, program: &Path, database: &str, file: &mut File) -> Result<f64> {
    let path = places.folder().join("batch.ndjson");
    std::fs::write(&path, ndjson(file))?;
    let mut command = Command::new(program);
    command.args(["--database", database, "post"]).arg(&path);
    let run = child::run_refused(&mut command, &places.folder().join("post.log"))?;
    Ok(per_second(IN_A_BATCH as u64, Duration::from_secs_f64(run.seconds)))
}

/// Writes the whole batch while it reads the answers.
async fn post_batch(service: &Service, file: &mut File) -> Result<f64> {
    let body = ndjson(file);
    let head = format!(
        "POST /v1/commands:batch HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
        service.address,
        service.key,
        body.len()
    );
    let begun = Instant::now();
    let (reading, mut writing) = TcpStream::connect(service.address).await?.into_split();
    let sent = tokio::spawn(async move {
        writing.write_all(head.as_bytes()).await?;
        writing.write_all(body.as_bytes()).await?;
        // Held until all is answered: one that closes has gone away.
        anyhow::Ok(writing)
    });
    let mut reading = Reading::new(reading);
    let head = reading.head().await?;
    ensure!(head.status == 200, "the batch was refused: {}", head.status);
    let answered = reading.rest(head).await?;
    let elapsed = begun.elapsed();
    sent.await??;
    let text = answered.text();
    let summary = text.lines().last().context("nothing was answered")?;
    ensure!(summary.contains(&format!("\"lines\":{IN_A_BATCH}")), "not all was answered: {summary}");
    Ok(per_second(IN_A_BATCH as u64, elapsed))
}
