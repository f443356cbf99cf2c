//! The writer: callers that wait are written together.
//!
//! While the database works on a group, callers queue up, and the next group takes them all: a commit costs far more than
//! one command more in it. Two groups can be on their way at once, so that one is computed while the other waits for the
//! disk; but the second one sets out only when it is as large as the first, for small groups cost everybody more than
//! they gain. Nobody waits for time to pass, and who comes alone does not wait at all.
//!
//! Files and batches come with many lines at a time. Those stay together, and are a group of their own.

use std::collections::{HashMap, HashSet, VecDeque};
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use ledger_domain::values::LicenseNumber;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::group::Task;
use crate::ledger::Ledger;
use crate::outcome::Answered;
use crate::post::{Entry, InputLine, PostContext, Posted, read};
use crate::store::StoreError;

/// How many commands of different callers are written together at most.
const GROUP: usize = 64;

/// How many callers queue up; further ones wait until there is room.
const QUEUE: usize = 1_024;

/// How often the writer looks without anyone having come before it takes those who wait.
const LOOKS: u32 = 8;

/// How long a group may take until smaller ones set out beside it: it may wait for somebody else's lock.
const LATE: Duration = Duration::from_millis(20);

/// Posts the commands of many callers, each accepted or refused by itself, in as few commits as there can be.
///
/// Commands on one license are judged in the order they came. The writer ends when the last clone is dropped and all
/// that waits is written.
#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Asked>,
}

/// What one caller posts at a time, and where the answers go.
#[derive(Debug)]
struct Asked {
    /// The licenses that take part.
    licenses: Vec<LicenseNumber>,
    entries: Vec<Entry>,
    context: PostContext,
    reply: oneshot::Sender<Posted>,
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
        only(self.post_all(&[line], context).await)
    }

    /// Posts lines of one sender, such as a part of a file: all commit together, as by [`Ledger::post`].
    pub async fn post_all(&self, lines: &[InputLine], context: PostContext) -> Posted {
        let entries = match read(lines, &context.poster) {
            Ok(entries) => entries,
            Err(failed) => return Posted::failed(failed),
        };
        match self.ask(entries, context).await {
            Ok(answer) => answer.await.unwrap_or_else(|_| Posted::failed(gone())),
            Err(posted) => posted,
        }
    }

    /// Queues up; or the answers, where there is nothing to write.
    async fn ask(&self, entries: Vec<Entry>, context: PostContext) -> Result<oneshot::Receiver<Posted>, Posted> {
        let requests = entries.iter().filter_map(Entry::request);
        let licenses = requests.flat_map(|request| iter::once(&request.license).chain(request.command.others()));
        let licenses: Vec<_> = licenses.cloned().collect();
        if licenses.is_empty() {
            return Err(Posted { answered: entries.into_iter().filter_map(Entry::invalid).collect(), failed: None });
        }
        let (reply, answer) = oneshot::channel();
        let asked = Asked { licenses, entries, context, reply };
        self.queue.send(asked).await.map_err(|_| Posted::failed(gone()))?;
        Ok(answer)
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
        let (mut group, mut commands) = (Vec::new(), 0);
        let (mut others, mut passed_over) = (VecDeque::new(), HashSet::new());
        for asked in waiting.drain(..) {
            let has_room = commands == 0 || commands + asked.entries.len() <= GROUP;
            let is_taken = |license| self.licenses.contains_key(license) || passed_over.contains(license);
            if has_room && !asked.licenses.iter().any(is_taken) {
                commands += asked.entries.len();
                group.push(asked);
            } else {
                // Nobody who came later goes before it.
                passed_over.extend(asked.licenses.iter().cloned());
                others.push_back(asked);
            }
        }
        *waiting = others;
        if group.is_empty() {
            return;
        }
        // Many lines of one sender take their time, and hold up nobody.
        self.size = if commands > GROUP { 0 } else { group.len() };
        self.late_at = Instant::now() + LATE;
        let licenses: Vec<_> = group.iter().flat_map(|asked| asked.licenses.iter().cloned()).collect();
        let id = self.on_their_way.spawn(write(Arc::clone(ledger), group)).id();
        self.licenses.extend(licenses.into_iter().map(|license| (license, id)));
    }

    fn written(&mut self, written: Result<(task::Id, ()), JoinError>) {
        let id = written.map_or_else(|panicked| panicked.id(), |(id, ())| id);
        self.licenses.retain(|_, of| *of != id);
    }
}

/// Writes the group; when that fails, whatever the reason, what each has asked by itself, judged anew. Once the database
/// cannot be reached even so, nobody else waits for it.
async fn write(ledger: Arc<Ledger>, asked: Vec<Asked>) {
    let tasks: Vec<_> = asked.iter().flat_map(Asked::tasks).collect();
    if let Ok(answered) = ledger.post_together(&tasks).await {
        let mut answered = answered.into_iter();
        for asked in asked {
            let answered = answered.by_ref().take(asked.entries.len()).collect();
            asked.reply(Posted { answered, failed: None });
        }
        return;
    }
    let mut down: Option<String> = None;
    for asked in asked {
        let posted = match &down {
            None => ledger.post_one_by_one(asked.tasks()).await,
            Some(what) => Posted::failed(StoreError::Unavailable(what.clone())),
        };
        if let Some(StoreError::Unavailable(what)) = &posted.failed {
            down.get_or_insert_with(|| what.clone());
        }
        asked.reply(posted);
    }
}

impl Asked {
    fn tasks(&self) -> impl Iterator<Item = Task<'_>> {
        self.entries.iter().map(|entry| Task { entry, context: &self.context })
    }

    /// Answers. A caller that has gone away meanwhile does not need it.
    fn reply(self, posted: Posted) {
        self.reply.send(posted).ok();
    }
}

/// The answer to the only line.
fn only(mut posted: Posted) -> Result<Answered, StoreError> {
    match (posted.failed, posted.answered.pop()) {
        (Some(failed), _) => Err(failed),
        (None, Some(answered)) => Ok(answered),
        (None, None) => Err(gone()),
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable(
        "the ledger stopped before it answered; post the command again, with the same id".to_owned(),
    )
}
