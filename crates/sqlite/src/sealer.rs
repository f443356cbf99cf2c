//! Seals what was appended, soon after and in strokes: a stroke over many events costs little more than one over one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ledger_app::sealing::STROKE;
use ledger_app::store::StoreError;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::seal::seal;
use crate::writer::Writer;

/// How often it looks for what was appended.
const LOOKS_EVERY: Duration = Duration::from_millis(250);

/// The task that seals; it ends soon after this is dropped.
pub(crate) struct Sealer {
    appended: Arc<AtomicBool>,
    stop: oneshot::Sender<()>,
    work: JoinHandle<()>,
}

impl Sealer {
    pub(crate) fn start(writer: Arc<Writer>) -> Self {
        let appended = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = oneshot::channel();
        let work = tokio::spawn(work(writer, Arc::clone(&appended), stopped));
        Self { appended, stop, work }
    }

    /// There is something to seal.
    pub(crate) fn appended(&self) {
        self.appended.store(true, Ordering::Relaxed);
    }

    /// Seals what is left, and ends.
    pub(crate) async fn finish(self) {
        drop(self.stop);
        // Had it panicked, the next one to append or to ask would seal.
        self.work.await.ok();
    }
}

/// What fails is tried again at the next look; whoever needs the seal asks for it, and is told of the failure there.
async fn work(writer: Arc<Writer>, appended: Arc<AtomicBool>, mut stopped: oneshot::Receiver<()>) {
    loop {
        let is_over = timeout(LOOKS_EVERY, &mut stopped).await.is_ok();
        if appended.swap(false, Ordering::Relaxed) && seal_what_waits(&writer).await.is_err() {
            appended.store(true, Ordering::Relaxed);
        }
        if is_over {
            return;
        }
    }
}

async fn seal_what_waits(writer: &Writer) -> Result<(), StoreError> {
    loop {
        let mut lease = writer.lease().await?;
        let done = seal(lease.connection(), STROKE).await;
        if lease.end(done)? < u64::from(STROKE) {
            return Ok(());
        }
    }
}
