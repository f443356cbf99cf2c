//! Commands that are written together: judged in order, each by itself and with what stands around it, then one append.
//!
//! A license written a moment ago is remembered, and not loaded again. Only an acceptance may come of that: the append
//! compares the version and the state, and refuses a command id or an order number that is taken. Whatever else is
//! found is judged anew on what is loaded.

use std::time::Duration;

use ledger_domain::decide::Purpose;
use tokio::time::Instant;

use crate::judge::{Judge, Judged, Known, batch};
use crate::ledger::Ledger;
use crate::outcome::{Answered, OutcomeKind};
use crate::post::{ATTEMPTS, Entry, PostContext};
use crate::store::{JudgedCommand, StoreError};

/// How soon one learns that a connection has broken. A database that says nothing for longer is not asked again.
const SAID_AT_ONCE: Duration = Duration::from_secs(1);

/// A line to post, and what stands around it.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) context: &'a PostContext,
}

impl Ledger {
    /// Posts them in one transaction. When that fails nothing was written, unless the connection broke meanwhile.
    pub(crate) async fn post_together(&self, tasks: &[Task<'_>]) -> Result<Vec<Answered>, StoreError> {
        match self.post_as_remembered(tasks).await? {
            Some(answered) => Ok(answered),
            None => self.post_as_loaded(tasks).await,
        }
    }

    /// Posts one, judged anew as often as another process overtakes it, and where its connection broke.
    pub(crate) async fn post_alone(&self, task: &Task<'_>) -> Result<Answered, StoreError> {
        let task = std::slice::from_ref(task);
        let begun = Instant::now();
        for attempt in 1..ATTEMPTS {
            match self.post_as_loaded(task).await {
                Err(StoreError::Conflict(_)) => tokio::time::sleep(Duration::from_millis(u64::from(attempt))).await,
                Err(StoreError::Unavailable(_)) if attempt == 1 && begun.elapsed() < SAID_AT_ONCE => {}
                done => return only(done?),
            }
        }
        only(self.post_as_loaded(task).await?)
    }

    /// Posts them, if all that is judged on what is remembered is accepted, and still holds; else writes nothing, and
    /// what was remembered of these licenses is forgotten.
    async fn post_as_remembered(&self, tasks: &[Task<'_>]) -> Result<Option<Vec<Answered>>, StoreError> {
        let remembered = self.recent.take(tasks.iter().filter_map(|task| task.entry.only_license()));
        if remembered.is_empty() {
            return Ok(None);
        }
        let is_remembered =
            |task: &Task<'_>| task.entry.only_license().is_some_and(|license| remembered.contains_key(license));
        let is_loaded: Vec<bool> = tasks.iter().map(|task| !is_remembered(task)).collect();
        let mut known = Known::default();
        let loaded = tasks.iter().zip(&is_loaded).filter(|(_, is_loaded)| **is_loaded).map(|(task, _)| task.entry);
        self.load(loaded, &mut known).await?;
        for (license, held) in remembered {
            known.licenses.entry(license).or_insert(held);
        }
        let judged = self.judge(tasks, &mut known)?;
        if judged.iter().zip(is_loaded).any(|(judged, is_loaded)| !is_loaded && !is_new_acceptance(judged)) {
            return Ok(None);
        }
        match self.write(judged, known).await {
            // A connection may have broken long ago, while nobody used it. Were they written all the same, they are found.
            Err(StoreError::Unavailable(_)) => Ok(None),
            Err(StoreError::Conflict(_)) => {
                self.recent.was_wrong();
                Ok(None)
            }
            done => done.map(Some),
        }
    }

    async fn post_as_loaded(&self, tasks: &[Task<'_>]) -> Result<Vec<Answered>, StoreError> {
        let mut known = Known::default();
        self.load(tasks.iter().map(|task| task.entry), &mut known).await?;
        let judged = self.judge(tasks, &mut known)?;
        self.write(judged, known).await
    }

    fn judge(&self, tasks: &[Task<'_>], known: &mut Known) -> Result<Vec<Judged>, StoreError> {
        let judged = |task: &Task<'_>| {
            let purpose = Purpose::Post { today: task.context.today };
            task.entry.judge(&Judge { programme: &self.edition.programme, purpose, context: task.context }, known)
        };
        tasks.iter().map(judged).collect()
    }

    /// Writes what was judged, in one transaction, and remembers the licenses that it changed.
    pub(crate) async fn write(&self, judged: Vec<Judged>, known: Known) -> Result<Vec<Answered>, StoreError> {
        let (answered, writes): (Vec<_>, Vec<_>) =
            judged.into_iter().map(|judged| (judged.answered, judged.write)).unzip();
        let writes: Vec<JudgedCommand> = writes.into_iter().flatten().collect();
        if !writes.is_empty() {
            self.adopt_edition().await?;
            let batch = batch(&self.edition.files.edition, writes, &known)?;
            self.store.append(&batch).await?;
            self.recent.remember(batch.states, known.licenses);
        }
        Ok(answered)
    }
}

fn is_new_acceptance(judged: &Judged) -> bool {
    judged.answered.kind == OutcomeKind::Accepted && !judged.answered.replayed
}

fn only(mut answered: Vec<Answered>) -> Result<Answered, StoreError> {
    answered.pop().ok_or_else(|| StoreError::Damaged("a command without an answer".to_owned()))
}
