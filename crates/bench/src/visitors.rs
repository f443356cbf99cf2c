//! Clients of services that share their licenses, and may read elsewhere than they write.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use plain_http::Client;
use serde_json::Value;

use crate::lines::Lines;
use crate::rounds::{Contender, Turn};
use crate::service::Service;

/// Clients who do the same thing at the same time.
pub(crate) struct Visitors {
    pub(crate) name: String,
    /// Whom they ask.
    pub(crate) services: Vec<u32>,
    pub(crate) visitors: Vec<Visitor>,
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
pub(crate) struct Visitor {
    client: Client,
    lines: Lines,
    /// How many licenses there are.
    licenses: usize,
    act: Act,
}

/// What a client does again and again.
pub(crate) enum Act {
    /// A command on one of the licenses.
    Write,
    /// What one of them is worth, asked elsewhere.
    Read(Client),
    /// A command; then what its license is worth, asked elsewhere, with that command's event at least.
    WriteAndRead(Client),
}

impl Visitor {
    pub(crate) fn new(service: &Service, number: u32, licenses: usize, act: Act) -> Self {
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

/// The license of that number, counted from 0.
pub(crate) fn number(license: usize) -> String {
    format!("SHARED-{license:05}")
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
