//! The writer: callers that wait are written together.
//!
//! While the database works on a group, callers queue up, and the next group takes them all: a commit costs far more than
//! one command more in it. Two groups can be on their way at once, so that one is computed while the other waits for the
//! disk; but the second one sets out only when it is as large as the first, for small groups cost everybody more than
//! they gain. Nobody waits for time to pass, and who comes alone does not wait at all.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ledger_domain::values::LicenseNumber;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::group::Task;
use crate::judge::unwritable;
use crate::ledger::Ledger;
use crate::outcome::Answered;
use crate::post::{Entry, InputLine, PostContext, read_line};
use crate::store::StoreError;

/// How many commands are written together at most.
const GROUP: usize = 64;

/// How many callers queue up; further ones wait until there is room.
const QUEUE: usize = 1_024;

/// How often the writer looks without anyone having come before it takes those who wait.
const LOOKS: u32 = 8;

/// How long a group may take until smaller ones set out beside it: it may wait for somebody else's lock.
const LATE: Duration = Duration::from_millis(20);

/// Posts single commands of many callers, each accepted or refused by itself, in as few commits as there can be.
///
/// Commands on one license are judged in the order they came. The writer ends when the last clone is dropped and all
/// that waits is written.
#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Asked>,
}

/// A command, and where its answer goes.
#[derive(Debug)]
struct Asked {
    /// The licenses that take part.
    licenses: Vec<LicenseNumber>,
    entry: Entry,
    context: PostContext,
    reply: oneshot::Sender<Result<Answered, StoreError>>,
}

impl Writer {
    /// Starts the writer.
    #[must_use]
    pub fn start(ledger: Arc<Ledger>) -> Self {
        let (queue, asked) = mpsc::channel(QUEUE);
        tokio::spawn(work(ledger, asked));
        Self { queue }
    }

    /// Posts a command, and returns its answer after the commit. Dropped before, the command may be written or not, as
    /// if the connection had broken; it does no harm to others.
    ///
    /// # Errors
    /// The store's failure; posting the same command id again tells what became of it.
    pub async fn post(&self, line: InputLine, context: PostContext) -> Result<Answered, StoreError> {
        let entry = read_line(&line, &context.poster).map_err(|error| unwritable(&error))?;
        let licenses = match &entry {
            Entry::Invalid(answered) => return Ok(answered.clone()),
            Entry::Command(request, _) => {
                std::iter::once(&request.license).chain(request.command.others()).cloned().collect()
            }
        };
        let (reply, answer) = oneshot::channel();
        self.queue.send(Asked { licenses, entry, context, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// Writes whatever waits, again and again, until nobody can come any more.
async fn work(ledger: Arc<Ledger>, mut queue: mpsc::Receiver<Asked>) {
    let mut groups = Groups::at_most(ledger.store.writers().max(1));
    let (mut waiting, mut is_open) = (VecDeque::new(), true);
    while is_open || !waiting.is_empty() {
        if groups.may_set_out(waiting.len()) {
            let_others_come(&mut queue, &mut waiting).await;
            groups.set_out(&ledger, &mut waiting);
        }
        tokio::select! {
            asked = queue.recv(), if is_open && groups.have_room() && waiting.len() < QUEUE => match asked {
                Some(asked) => waiting.push_back(asked),
                None => is_open = false,
            },
            Some(written) = groups.on_their_way.join_next_with_id() => groups.written(written),
            () = sleep_until(groups.late_at), if groups.hold_up(waiting.len()) => groups.size = 0,
        }
    }
    groups.on_their_way.detach_all();
}

/// Takes those who wait. Each look gives way once to all other tasks, to what the network has brought, and to other
/// processes: those whose next command is awaited may run on this machine, as in the bench.
async fn let_others_come(queue: &mut mpsc::Receiver<Asked>, waiting: &mut VecDeque<Asked>) {
    let mut looks = 0;
    while looks < LOOKS && waiting.len() < GROUP {
        tokio::task::yield_now().await;
        std::thread::yield_now();
        looks += 1;
        while waiting.len() < QUEUE
            && let Ok(asked) = queue.try_recv()
        {
            waiting.push_back(asked);
            looks = 0;
        }
    }
}

/// The groups that are being written.
struct Groups {
    /// How many go well at once.
    most: usize,
    /// Each is a task of its own: if one panics, the next is written all the same.
    on_their_way: JoinSet<()>,
    /// Their licenses: who comes for one of them waits until it is written.
    licenses: HashMap<LicenseNumber, task::Id>,
    /// How large the last one was; 0 once it is late.
    size: usize,
    /// When it is.
    late_at: Instant,
}

impl Groups {
    fn at_most(most: usize) -> Self {
        let (on_their_way, licenses) = (JoinSet::new(), HashMap::new());
        Self { most, on_their_way, licenses, size: 0, late_at: Instant::now() }
    }

    fn have_room(&self) -> bool {
        self.on_their_way.len() < self.most
    }

    fn may_set_out(&self, waiting: usize) -> bool {
        waiting > 0 && (self.on_their_way.is_empty() || self.have_room() && waiting >= self.size)
    }

    /// Whether those who wait do so only because the last one was larger.
    fn hold_up(&self, waiting: usize) -> bool {
        waiting > 0 && self.have_room() && self.size > 0
    }

    fn set_out(&mut self, ledger: &Arc<Ledger>, waiting: &mut VecDeque<Asked>) {
        let (mut group, mut others) = (Vec::new(), VecDeque::new());
        for asked in waiting.drain(..) {
            let is_free = !asked.licenses.iter().any(|license| self.licenses.contains_key(license));
            if group.len() < GROUP && is_free {
                group.push(asked);
            } else {
                others.push_back(asked);
            }
        }
        *waiting = others;
        if group.is_empty() {
            return;
        }
        (self.size, self.late_at) = (group.len(), Instant::now() + LATE);
        let licenses: Vec<_> = group.iter().flat_map(|asked| asked.licenses.iter().cloned()).collect();
        let id = self.on_their_way.spawn(write(Arc::clone(ledger), group)).id();
        self.licenses.extend(licenses.into_iter().map(|license| (license, id)));
    }

    fn written(&mut self, written: Result<(task::Id, ()), JoinError>) {
        let id = written.map_or_else(|panicked| panicked.id(), |(id, ())| id);
        self.licenses.retain(|_, of| *of != id);
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
