//! Callers that wait go together: while a statement is under way others queue up, and the next one takes them all.
//!
//! A statement costs the database far more than one command more in it, so this is what makes many clients fast. A
//! caller that finds nobody at work does not wait for anybody.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ledger_app::store::StoreError;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};
use tokio::time::timeout;

/// How many callers one statement takes.
const TOGETHER: usize = 64;

/// How long a statement keeps its turn. One that takes longer waits for a lock or a slow disk: others go past it.
const TURN: Duration = Duration::from_millis(5);

/// How many callers queue up; further ones wait until there is room.
const QUEUE: usize = 1_024;

/// What answers callers.
pub(crate) trait Answers: Clone + Send + Sync + 'static {
    /// What a caller brings.
    type Question: Send + Sync + 'static;
    /// What it goes away with.
    type Answer: Send + 'static;

    /// Answers one.
    fn alone(&self, question: &Self::Question) -> impl Future<Output = Result<Self::Answer, StoreError>> + Send;

    /// Answers all of them.
    fn together(&self, asked: Vec<Asked<Self>>) -> impl Future<Output = ()> + Send;
}

/// A question, and where its answer goes.
pub(crate) struct Asked<A: Answers> {
    pub(crate) question: A::Question,
    reply: oneshot::Sender<Result<A::Answer, StoreError>>,
}

impl<A: Answers> Asked<A> {
    /// Answers. A caller that has gone away meanwhile does not need it.
    pub(crate) fn reply(self, answer: Result<A::Answer, StoreError>) {
        self.reply.send(answer).ok();
    }
}

/// Where callers queue up.
pub(crate) struct Together<A: Answers> {
    answers: A,
    turn: Arc<Mutex<()>>,
    queue: mpsc::Sender<Asked<A>>,
}

impl<A: Answers> Together<A> {
    /// Starts the task that answers those who queue up. It ends when this is dropped and the queue is empty.
    pub(crate) fn start(answers: A) -> Self {
        let (queue, asked) = mpsc::channel(QUEUE);
        let turn = Arc::default();
        tokio::spawn(work(answers.clone(), Arc::clone(&turn), asked));
        Self { answers, turn, queue }
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, question: A::Question) -> Result<A::Answer, StoreError> {
        if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
            return in_turn(turn, self.answers.alone(&question)).await;
        }
        let (reply, answer) = oneshot::channel();
        self.queue.send(Asked { question, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn work<A: Answers>(answers: A, turn: Arc<Mutex<()>>, mut queue: mpsc::Receiver<Asked<A>>) {
    while let Some(first) = queue.recv().await {
        let turn = Arc::clone(&turn).lock_owned().await;
        let mut asked = vec![first];
        while asked.len() < TOGETHER {
            let Ok(next) = queue.try_recv() else { break };
            asked.push(next);
        }
        let answers = answers.clone();
        tokio::spawn(async move { in_turn(turn, answers.together(asked)).await });
    }
}

/// Does it, and ends the turn when it is done, or takes long.
async fn in_turn<T>(turn: OwnedMutexGuard<()>, doing: impl Future<Output = T>) -> T {
    let mut doing = pin!(doing);
    match timeout(TURN, &mut doing).await {
        Ok(done) => done,
        Err(_) => {
            drop(turn);
            doing.await
        }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the ledger is being closed".to_owned())
}
