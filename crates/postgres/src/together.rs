//! Callers that wait go together: while a statement is under way others queue up, and the next one takes them all.
//!
//! A statement costs the database far more than one command in it, so this is what makes many clients fast. A single
//! client never waits for anybody.

use std::sync::Arc;

use ledger_app::store::StoreError;
use tokio::sync::{Mutex, mpsc, oneshot};

/// How many callers one statement takes.
const TOGETHER: usize = 64;

/// How many callers queue up; further ones wait until there is room.
const QUEUE: usize = 1_024;

/// What answers callers, as many as it is given, in any order.
pub(crate) trait Answers: Clone + Send + Sync + 'static {
    /// What a caller brings.
    type Question: Send + 'static;
    /// What it goes away with.
    type Answer: Send + 'static;

    /// Answers all of them.
    fn answer(&self, asked: Vec<Asked<Self>>) -> impl Future<Output = ()> + Send;
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

/// Where callers queue up. The workers end when it is dropped and the queue is empty.
pub(crate) struct Together<A: Answers>(mpsc::Sender<Asked<A>>);

impl<A: Answers> Together<A> {
    /// So many workers take from the queue, each all that waits.
    pub(crate) fn start(workers: usize, answers: &A) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..workers {
            tokio::spawn(work(Arc::clone(&queue), answers.clone()));
        }
        Self(sender)
    }

    /// Asks, and waits for the answer. What was asked is done even if the caller goes away.
    pub(crate) async fn ask(&self, question: A::Question) -> Result<A::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Asked { question, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn work<A: Answers>(queue: Arc<Mutex<mpsc::Receiver<Asked<A>>>>, answers: A) {
    loop {
        let mut asked = Vec::new();
        if queue.lock().await.recv_many(&mut asked, TOGETHER).await == 0 {
            return;
        }
        answers.answer(asked).await;
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the ledger is being closed".to_owned())
}
