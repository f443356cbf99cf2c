//! The facts of licenses as they are now, looked up for all who wait in one read.
//!
//! A question costs the database and this program far less as a row more of a statement than as a statement of its own.
//! Who comes while nobody reads is answered at once. Others queue up, and a reader that is free takes them all, after it has
//! let whatever is ready to run go first; nobody waits for time to pass.

use std::collections::HashMap;
use std::sync::Arc;

use ledger_app::store::StoreError;
use ledger_domain::license::Facts;
use ledger_domain::values::LicenseNumber;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::connections::Connections;
use crate::rows::{COLUMNS, FactsRow};

/// How many reads are under way at once: while the database works on one, the answers of another are made.
const READERS: usize = 2;

/// How many questions one read takes.
const TOGETHER: usize = 64;

/// How often a reader looks without anyone having come before it takes those who wait.
const LOOKS: u32 = 4;

/// How many questions queue up; further ones wait until there is room.
const QUEUE: usize = 1_024;

/// Looks up what licenses are now.
pub(crate) struct Current {
    connections: Arc<Connections>,
    readers: Arc<Semaphore>,
    queue: mpsc::Sender<Asked>,
}

/// A question, and where its answer goes.
struct Asked {
    license: LicenseNumber,
    reply: oneshot::Sender<Result<Option<Facts>, StoreError>>,
}

impl Current {
    /// Starts the task that answers those who queue up. It ends when this is dropped and the queue is empty.
    pub(crate) fn start(connections: Connections) -> Self {
        let (queue, asked) = mpsc::channel(QUEUE);
        let (connections, readers) = (Arc::new(connections), Arc::new(Semaphore::new(READERS)));
        tokio::spawn(work(Arc::clone(&connections), Arc::clone(&readers), asked));
        Self { connections, readers, queue }
    }

    /// The facts of the license; a read that begins after this is asked answers it.
    pub(crate) async fn facts(&self, license: &LicenseNumber) -> Result<Option<Facts>, StoreError> {
        if self.readers.available_permits() == READERS
            && let Ok(_reader) = self.readers.try_acquire()
        {
            return Ok(look_up_again(&self.connections, &[license.as_str()]).await?.remove(license));
        }
        let (reply, answer) = oneshot::channel();
        self.queue.send(Asked { license: license.clone(), reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn work(connections: Arc<Connections>, readers: Arc<Semaphore>, mut queue: mpsc::Receiver<Asked>) {
    while let Some(first) = queue.recv().await {
        let Ok(reader) = Arc::clone(&readers).acquire_owned().await else { return };
        let_others_come(&queue).await;
        let mut asked = vec![first];
        while asked.len() < TOGETHER {
            let Ok(next) = queue.try_recv() else { break };
            asked.push(next);
        }
        let connections = Arc::clone(&connections);
        tokio::spawn(async move {
            answer(&connections, asked).await;
            drop(reader);
        });
    }
}

/// Each look gives way once to all other tasks, and to what the network has brought.
async fn let_others_come(queue: &mpsc::Receiver<Asked>) {
    let (mut looks, mut waiting) = (0, queue.len());
    while looks < LOOKS && waiting < TOGETHER {
        tokio::task::yield_now().await;
        looks = if queue.len() > waiting { 0 } else { looks + 1 };
        waiting = queue.len();
    }
}

/// Answers all of them. A row that is damaged is one license's affair: then each is looked up by itself.
async fn answer(connections: &Connections, asked: Vec<Asked>) {
    let licenses: Vec<_> = asked.iter().map(|asked| asked.license.as_str()).collect();
    match look_up_again(connections, &licenses).await {
        Ok(found) => asked.into_iter().for_each(|asked| {
            let facts = found.get(&asked.license).cloned();
            asked.reply(Ok(facts));
        }),
        Err(StoreError::Unavailable(what)) => {
            asked.into_iter().for_each(|asked| asked.reply(Err(StoreError::Unavailable(what.clone()))));
        }
        Err(_) => {
            for asked in asked {
                let found = look_up(connections, &[asked.license.as_str()]).await;
                let facts = found.map(|mut found| found.remove(&asked.license));
                asked.reply(facts);
            }
        }
    }
}

/// A read can be tried again, so a connection that broke while idle is no failure.
async fn look_up_again(
    connections: &Connections,
    licenses: &[&str],
) -> Result<HashMap<LicenseNumber, Facts>, StoreError> {
    match look_up(connections, licenses).await {
        Err(StoreError::Unavailable(_)) => look_up(connections, licenses).await,
        found => found,
    }
}

async fn look_up(connections: &Connections, licenses: &[&str]) -> Result<HashMap<LicenseNumber, Facts>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM current_entitlement WHERE license = ANY ($1)");
    let fetch = async {
        let mut lent = connections.lend().await?;
        let rows = sqlx::query_as(&query).bind(licenses).fetch_all(&mut lent.connection).await;
        lent.give_back(rows)
    };
    let rows: Vec<FactsRow> = connections.in_time(fetch).await?;
    rows.into_iter().map(|row| Facts::try_from(row).map(|facts| (facts.license.clone(), facts))).collect()
}

impl Asked {
    /// Answers. A caller that has gone away meanwhile does not need it.
    fn reply(self, answer: Result<Option<Facts>, StoreError>) {
        self.reply.send(answer).ok();
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the ledger is being closed".to_owned())
}
