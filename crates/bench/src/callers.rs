//! Callers of a service, each with a connection of its own, as thin as pgbench's clients.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use plain_http::Client;

use crate::lines::Lines;
use crate::rounds::{Contender, Turn};
use crate::service::Service;

/// How many licenses a caller has, as those of the floor do.
const LICENSES: usize = 100;

/// How many threads the callers have, as those of the floor do.
const THREADS: usize = 2;

/// What callers do again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Command,
    Read,
}

/// Callers who do the same thing at the same time.
pub(crate) struct Callers {
    pid: u32,
    callers: Vec<Caller>,
    /// What they do in their turns.
    pub(crate) act: Act,
}

impl Callers {
    /// So many callers of the service.
    pub(crate) async fn new(service: &Service, count: u32) -> Result<Self> {
        let mut callers = Vec::new();
        for number in 0..count {
            callers.push(Caller::new(service, number).await?);
        }
        Ok(Self { pid: service.pid(), callers, act: Act::Command })
    }

    /// Deals the callers out to the threads.
    fn crews(&mut self) -> Vec<Vec<Caller>> {
        let threads = self.callers.len().min(THREADS);
        let mut crews: Vec<Vec<Caller>> = (0..threads).map(|_| Vec::new()).collect();
        for (number, caller) in self.callers.drain(..).enumerate() {
            crews[number % threads].push(caller);
        }
        crews
    }
}

#[async_trait]
impl Contender for Callers {
    fn name(&self) -> String {
        let what = if self.act == Act::Command { "a command" } else { "an entitlement" };
        format!("{what} over HTTP")
    }

    /// They share as many threads as the clients of pgbench do, each with a loop of its own: what passes work between
    /// threads costs more than a thin client does.
    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        let (begun, act) = (Instant::now(), self.act);
        let work = |crew| tokio::task::spawn_blocking(move || work(crew, begun + turn, act));
        let working: Vec<_> = self.crews().into_iter().map(work).collect();
        let mut latencies_ms = Vec::new();
        for working in working {
            let (crew, took) = working.await??;
            self.callers.extend(crew);
            latencies_ms.extend(took);
        }
        Ok(Turn::timed(latencies_ms, begun.elapsed()))
    }

    fn services(&self) -> Vec<u32> {
        vec![self.pid]
    }
}

/// Lets the callers of one thread work until the end; how long each thing took. As those of pgbench they connect anew for it.
fn work(mut crew: Vec<Caller>, end: Instant, act: Act) -> Result<(Vec<Caller>, Vec<f64>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let callers = crew.drain(..).map(|caller| runtime.spawn(caller.act_until(end, act))).collect::<Vec<_>>();
    let mut latencies_ms = Vec::new();
    for caller in callers {
        let (caller, took) = runtime.block_on(caller)??;
        crew.push(caller);
        latencies_ms.extend(took);
    }
    Ok((crew, latencies_ms))
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

    /// Does the same thing again and again on a new connection; how long each took, in milliseconds.
    async fn act_until(mut self, end: Instant, act: Act) -> Result<(Self, Vec<f64>)> {
        self.client.hang_up();
        let (mut latencies_ms, mut asked) = (Vec::new(), Instant::now());
        while asked < end {
            self.act(act).await?;
            latencies_ms.push(asked.elapsed().as_secs_f64() * 1e3);
            asked = Instant::now();
        }
        self.client.hang_up();
        Ok((self, latencies_ms))
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
