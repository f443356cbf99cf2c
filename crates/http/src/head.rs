//! Where the log ends: looked up by one task for all who wait for more, and only while somebody waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ledger_app::patience::in_time;
use ledger_app::store::{Store, StoreError};
use tokio::sync::watch;

/// How often it is looked whether there is more.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long to wait after the store has failed.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The last position of the log; `None` while it is empty, or was not looked at yet.
pub(crate) type Head = watch::Receiver<Option<u64>>;

/// Tells where the log ends.
pub(crate) struct Lookout {
    store: Arc<dyn Store>,
    head: watch::Sender<Option<u64>>,
    is_looking: Mutex<bool>,
}

impl Lookout {
    pub(crate) fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { store, head: watch::Sender::new(None), is_looking: Mutex::new(false) })
    }

    /// The head, kept up to date until it is dropped. It may lag, and never goes back.
    pub(crate) fn watch(self: &Arc<Self>) -> Head {
        let mut is_looking = self.is_looking.lock().unwrap_or_else(PoisonError::into_inner);
        let head = self.head.subscribe();
        if !std::mem::replace(&mut *is_looking, true) {
            tokio::spawn(Arc::clone(self).look());
        }
        head
    }

    async fn look(self: Arc<Self>) {
        while self.somebody_waits() {
            let rest = match in_time(self.look_once()).await {
                Ok(()) => LOOK_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "it cannot be seen where the log ends");
                    REST_AFTER_FAILURE
                }
            };
            tokio::time::sleep(rest).await;
        }
    }

    async fn look_once(&self) -> Result<(), StoreError> {
        // What it could not put in order is put in order later; what is in order can be read.
        let settled = self.store.settle().await;
        let head = self.store.head().await?;
        self.head.send_if_modified(|known| std::mem::replace(known, head.max(*known)) < head);
        settled
    }

    /// Whoever comes after the last has gone starts a new look.
    fn somebody_waits(&self) -> bool {
        let mut is_looking = self.is_looking.lock().unwrap_or_else(PoisonError::into_inner);
        *is_looking = self.head.receiver_count() > 0;
        *is_looking
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger_app::memory::MemoryStore;

    fn is_looking(lookout: &Lookout) -> bool {
        *lookout.is_looking.lock().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn one_task_looks_while_somebody_waits() {
        let lookout = Lookout::new(Arc::new(MemoryStore::default()));
        assert!(!is_looking(&lookout));
        let (first, second) = (lookout.watch(), lookout.watch());
        assert_eq!(Arc::strong_count(&lookout), 2, "one task for both");
        drop(first);
        tokio::time::sleep(LOOK_EVERY * 3).await;
        assert!(is_looking(&lookout));
        drop(second);
        tokio::time::sleep(LOOK_EVERY * 3).await;
        assert!(!is_looking(&lookout));
        assert_eq!(Arc::strong_count(&lookout), 1, "nobody waits, nobody looks");
        let _third = lookout.watch();
        assert!(is_looking(&lookout));
    }
}
