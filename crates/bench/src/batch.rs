//! A batch over HTTP, and `post` of a file: each on a ledger of its own, with ever new licenses.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use plain_http::Reading;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::args::Effort;
use crate::cpu::Database;
use crate::file::File;
use crate::places::{Kind, Places};
use crate::report::{Goal, Report};
use crate::rounds::{Contender, Rounds, Turn};
use crate::service::{self, Service};
use crate::told::Told;
use crate::{child, progress};

/// The share of `post` that a batch must reach.
const GOAL: Goal = Goal::RatioAtLeast(0.8);

/// The commands of a batch, and of a file: on 5,000 licenses.
const COMMANDS: usize = 20_000;

pub(crate) async fn measure(places: &Places, program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    progress("http: batches …");
    let (url, folder) = (places.new_postgres().await?, places.folder());
    let service = Service::start(program, &places.new_postgres().await?, folder)?;
    let database = Database::of(&url).await?;
    let mut command = Command::new(program);
    command.args(["--database", &url, "post"]).arg(folder.join("batch.ndjson"));
    let file = Prepared { file: File::new("FILE", 6), commands: String::new() };
    let mut posts = [Posts { file, command, path: folder.join("batch.ndjson"), log: folder.join("post.log") }];
    let body = Prepared { file: File::new("BODY", 7), commands: String::new() };
    let mut batches = [Batches { body, service }];
    let rounds = Rounds::run((effort.rounds, effort.turn()), &database, &mut posts, &mut batches).await?;
    let told = Told { measured: "http", kind: Kind::Postgres, clients: 1 };
    let peak = told.peak("a service, batches", rounds.contenders[0].cost.peaks_mb().clone(), service::MOST_MB);
    rounds.tell(told, &[GOAL], report);
    report.add(peak);
    Ok(())
}

/// The commands of the next turn.
struct Prepared {
    file: File,
    commands: String,
}

impl Prepared {
    fn make_ready(&mut self) {
        self.commands = self.file.by_ref().take(COMMANDS).map(|line| line + "\n").collect();
    }
}

/// `post` of a file.
struct Posts {
    file: Prepared,
    command: Command,
    path: PathBuf,
    log: PathBuf,
}

#[async_trait]
impl Contender for Posts {
    fn name(&self) -> String {
        "post FILE".to_owned()
    }

    async fn make_ready(&mut self) -> Result<()> {
        self.file.make_ready();
        Ok(std::fs::write(&self.path, &self.file.commands)?)
    }

    async fn turn(&mut self, _: Duration) -> Result<Turn> {
        Ok(Turn::ran(&child::run_refused(&mut self.command, &self.log)?, COMMANDS as u64))
    }
}

/// A batch over HTTP.
struct Batches {
    body: Prepared,
    service: Service,
}

#[async_trait]
impl Contender for Batches {
    fn name(&self) -> String {
        "a batch over HTTP".to_owned()
    }

    async fn make_ready(&mut self) -> Result<()> {
        self.body.make_ready();
        Ok(())
    }

    async fn turn(&mut self, _: Duration) -> Result<Turn> {
        let took = post(&self.service, std::mem::take(&mut self.body.commands)).await?;
        Ok(Turn::of(COMMANDS as u64, took))
    }

    fn services(&self) -> Vec<u32> {
        vec![self.service.pid()]
    }
}

/// Writes the whole batch while it reads the answers.
async fn post(service: &Service, body: String) -> Result<Duration> {
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
    ensure!(summary.contains(&format!("\"lines\":{COMMANDS}")), "not all was answered: {summary}");
    Ok(elapsed)
}
