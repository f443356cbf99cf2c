//! Writers: callers that wait are written together.
//!
//! While a writer waits for the database, callers queue up, and it takes them all at once when it comes back: a commit
//! costs far more than one command more in it. Before it takes them it lets whatever else is ready to run go first, for
//! those who were just answered often come again at once; it never waits for time to pass.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ledger_domain::values::LicenseNumber;
use tokio::sync::{mpsc, oneshot};

use crate::group::Task;
use crate::judge::unwritable;
use crate::ledger::Ledger;
use crate::outcome::Answered;
use crate::post::{Entry, InputLine, PostContext, read_line};
use crate::store::StoreError;

/// How many commands are written together at most.
const GROUP: usize = 64;

/// How many callers queue up for a writer; further ones wait until there is room.
const QUEUE: usize = 1_024;

/// How often a writer looks without anyone having come before it takes those who wait.
const LOOKS: u32 = 8;

/// Posts single commands of many callers, each accepted or refused by itself, in as few commits as there can be.
///
/// Commands on one license are judged in the order they came. The writers end when the last clone is dropped and all
/// that waits is written.
#[derive(Debug, Clone)]
pub struct Writer {
    queues: Arc<[mpsc::Sender<Asked>]>,
}

/// A command, and where its answer goes.
#[derive(Debug)]
struct Asked {
    entry: Entry,
    context: PostContext,
    reply: oneshot::Sender<Result<Answered, StoreError>>,
}

impl Writer {
    /// Starts as many writers as the store makes use of.
    #[must_use]
    pub fn start(ledger: Arc<Ledger>) -> Self {
        let start = |_| {
            let (queue, asked) = mpsc::channel(QUEUE);
            tokio::spawn(work(Arc::clone(&ledger), asked));
            queue
        };
        Self { queues: (0..ledger.store.writers().max(1)).map(start).collect() }
    }

    /// Posts a command, and returns its answer after the commit. Dropped before, the command may be written or not, as
    /// if the connection had broken; it does no harm to others.
    ///
    /// # Errors
    /// The store's failure; posting the same command id again tells what became of it.
    pub async fn post(&self, line: InputLine, context: PostContext) -> Result<Answered, StoreError> {
        let entry = read_line(&line, &context.poster).map_err(|error| unwritable(&error))?;
        let queue = match &entry {
            Entry::Invalid(answered) => return Ok(answered.clone()),
            Entry::Command(request, _) => self.queue_of(&request.license).ok_or_else(gone)?,
        };
        let (reply, answer) = oneshot::channel();
        queue.send(Asked { entry, context, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Always the same one for a license, so that its commands do not overtake each other.
    fn queue_of(&self, license: &LicenseNumber) -> Option<&mpsc::Sender<Asked>> {
        let mut hasher = DefaultHasher::new();
        license.hash(&mut hasher);
        let queue = hasher.finish() % u64::try_from(self.queues.len()).ok()?;
        self.queues.get(usize::try_from(queue).ok()?)
    }
}

/// Writes whatever waits, again and again. Each group is a task of its own: if one panics, the next is written all the
/// same.
async fn work(ledger: Arc<Ledger>, mut queue: mpsc::Receiver<Asked>) {
    let mut asked = Vec::new();
    while let Some(first) = queue.recv().await {
        asked.push(first);
        let_others_come(&queue).await;
        while asked.len() < GROUP
            && let Ok(next) = queue.try_recv()
        {
            asked.push(next);
        }
        tokio::spawn(write(Arc::clone(&ledger), std::mem::take(&mut asked))).await.ok();
    }
}

/// Each look gives way once to all other tasks, and to what the network has brought.
async fn let_others_come(queue: &mpsc::Receiver<Asked>) {
    let (mut looks, mut waiting) = (0, queue.len());
    while looks < LOOKS && waiting < GROUP {
        tokio::task::yield_now().await;
        looks = if queue.len() > waiting { 0 } else { looks + 1 };
        waiting = queue.len();
    }
}

/// Writes the group; when that fails, whatever the reason, each by itself, judged anew. Once the database cannot be
/// reached even so, nobody else waits for it.
async fn write(ledger: Arc<Ledger>, asked: Vec<Asked>) {
    let tasks: Vec<_> = asked.iter().map(Asked::task).collect();
    if let Ok(answered) = ledger.post_together(&tasks).await {
        return asked.into_iter().zip(answered).for_each(|(asked, answered)| asked.reply(Ok(answered)));
    }
    let mut down: Option<String> = None;
    for asked in asked {
        let answer = match &down {
            None => ledger.post_alone(&asked.task()).await,
            Some(what) => Err(StoreError::Unavailable(what.clone())),
        };
        if let Err(StoreError::Unavailable(what)) = &answer {
            down.get_or_insert_with(|| what.clone());
        }
        asked.reply(answer);
    }
}

impl Asked {
    const fn task(&self) -> Task<'_> {
        Task { entry: &self.entry, context: &self.context }
    }

    /// Answers. A caller that has gone away meanwhile does not need it.
    fn reply(self, answer: Result<Answered, StoreError>) {
        self.reply.send(answer).ok();
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable(
        "the ledger stopped before it answered; post the command again, with the same id".to_owned(),
    )
}
