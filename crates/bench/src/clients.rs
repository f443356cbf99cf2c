//! Clients of a ledger.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chrono::NaiveDate;
use ledger_app::ledger::Ledger;
use ledger_app::outcome::{Answered, OutcomeKind};
use ledger_app::post::{GROUP_LINES, InputLine, PostContext, Posted};
use ledger_app::poster::Poster;
use ledger_app::writer::Writer;
use ledger_domain::command::{Actor, Role};

use crate::lines::Lines;
use crate::rounds::Turn;

/// How many licenses a client has.
const LICENSES: usize = 100;

/// A client that reports servers of its own licenses, one command at a time.
#[derive(Debug)]
pub(crate) struct Client {
    lines: Lines,
    licenses: Vec<Reported>,
}

/// A license, and whether its server was reported online.
#[derive(Debug)]
struct Reported {
    number: String,
    is_online: bool,
}

impl Client {
    /// A client with new licenses, bought and active.
    async fn new(ledger: &Ledger, number: u32) -> Result<Self> {
        let mut lines = Lines::seeded(u64::from(number));
        let new = |i| Reported { number: format!("CLIENT-{number:03}-{i:05}"), is_online: false };
        let licenses: Vec<_> = (0..LICENSES).map(new).collect();
        let purchases: Vec<_> = licenses.iter().map(|license| lines.purchase(&license.number)).collect();
        post_all(ledger, purchases).await?;
        Ok(Self { lines, licenses })
    }

    /// A command that is accepted with one event, whatever came before.
    fn next(&mut self) -> String {
        let picked = self.lines.pick(self.licenses.len());
        let license = &mut self.licenses[picked];
        license.is_online = !license.is_online;
        self.lines.server(&license.number, license.is_online)
    }

    /// Posts until the time is over; how long each command took, in milliseconds.
    async fn post_until(&mut self, writer: &Writer, end: Instant) -> Result<Vec<f64>> {
        let context = context()?;
        let mut latencies_ms = Vec::new();
        let mut asked = Instant::now();
        while asked < end {
            let answered = writer.post(input(self.next()), context.clone()).await?;
            ensure!(is_accepted(&answered), "not accepted: {}", answered.json);
            latencies_ms.push(asked.elapsed().as_secs_f64() * 1e3);
            asked = Instant::now();
        }
        Ok(latencies_ms)
    }
}

/// So many clients, each with licenses of its own.
pub(crate) async fn new(ledger: &Ledger, count: u32) -> Result<Vec<Client>> {
    let mut clients = Vec::new();
    for number in 0..count {
        clients.push(Client::new(ledger, number).await?);
    }
    Ok(clients)
}

/// Lets the clients post at the same time, until all is in its order.
pub(crate) async fn turn(ledger: &Arc<Ledger>, clients: &mut Vec<Client>, turn: Duration) -> Result<Turn> {
    let posted = post(ledger, clients, turn).await?;
    // What the sealer has left would be done in the floor's turn.
    ledger.settle().await?;
    Ok(posted)
}

/// Lets the clients post at the same time.
pub(crate) async fn post(ledger: &Arc<Ledger>, clients: &mut Vec<Client>, turn: Duration) -> Result<Turn> {
    let writer = Writer::start(Arc::clone(ledger));
    let begun = Instant::now();
    let run = |mut client: Client| {
        let writer = writer.clone();
        tokio::spawn(async move { client.post_until(&writer, begun + turn).await.map(|posted| (client, posted)) })
    };
    let running: Vec<_> = clients.drain(..).map(run).collect();
    let mut latencies_ms = Vec::new();
    for client in running {
        let (client, posted) = client.await??;
        clients.push(client);
        latencies_ms.extend(posted);
    }
    Ok(Turn::timed(latencies_ms, begun.elapsed()))
}

/// How many a second.
pub(crate) fn per_second(count: u64, elapsed: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let count = count as f64;
    count / elapsed.as_secs_f64()
}

/// Posts one command, which must be accepted.
pub(crate) async fn post_one(ledger: &Ledger, line: String) -> Result<()> {
    let posted = ledger.post(&[input(line)], &context()?).await;
    let answered = all_answered(posted)?;
    let [answered] = answered.as_slice() else { anyhow::bail!("one command, {} answers", answered.len()) };
    ensure!(is_accepted(answered), "not accepted: {}", answered.json);
    Ok(())
}

fn is_accepted(answered: &Answered) -> bool {
    answered.kind == OutcomeKind::Accepted && !answered.replayed
}

/// Posts commands in groups, as `license-ledger post` does; none may be misunderstood.
pub(crate) async fn post_all(ledger: &Ledger, lines: Vec<String>) -> Result<()> {
    let context = context()?;
    let lines: Vec<_> = lines.into_iter().map(input).collect();
    for group in lines.chunks(GROUP_LINES) {
        for answered in all_answered(ledger.post(group, &context).await)? {
            let judged = matches!(answered.kind, OutcomeKind::Accepted | OutcomeKind::Rejected);
            ensure!(judged && !answered.replayed, "not judged: {}", answered.json);
        }
    }
    Ok(())
}

fn all_answered(posted: Posted) -> Result<Vec<Answered>> {
    posted.failed.map_or(Ok(posted.answered), |failed| Err(failed.into()))
}

fn input(line: String) -> InputLine {
    InputLine { number: 1, bytes: Some(line.into_bytes()) }
}

fn context() -> Result<PostContext> {
    let today: NaiveDate = "2016-03-01".parse()?;
    Ok(PostContext::new(today, Poster::local(Actor { name: "bench".to_owned(), role: Role::Distributor })))
}
