//! What every handler works with.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use chrono::Utc;
use chrono_tz::Tz;
use ledger_app::edition::{EditionError, GivenFiles};
use ledger_app::ledger::Ledger;
use ledger_app::patience::in_time;
use ledger_app::store::Store;
use ledger_app::writer::Writer;
use ledger_domain::values::Date;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::config::Settings;
use crate::head::Lookout;
use crate::health::Readiness;
use crate::metrics::Metrics;

/// How often it is looked whether another process has adopted an edition of facts.
const LOOK_FOR_EDITIONS_EVERY: Duration = Duration::from_secs(60);

/// The service: the ledger, who may come in, and the limits.
pub struct Service {
    store: Arc<dyn Store>,
    in_use: RwLock<LedgerInUse>,
    /// Who may come in.
    pub(crate) access: Access,
    /// What it is run with.
    pub(crate) settings: Settings,
    /// Figures for Prometheus.
    pub(crate) metrics: Metrics,
    /// Whether the database answers.
    pub(crate) readiness: Readiness,
    time_zone: Tz,
    /// Room for batches.
    pub(crate) batches: Arc<Semaphore>,
    /// Room for those who wait for events.
    pub(crate) followers: Arc<Semaphore>,
    /// Where the log ends.
    pub(crate) lookout: Arc<Lookout>,
    /// Cancelled when the service begins to stop: whatever waits or streams ends then.
    pub(crate) stopping: CancellationToken,
}

/// The ledger by the edition of facts in use, and who posts to it.
struct LedgerInUse {
    ledger: Arc<Ledger>,
    writer: Writer,
}

impl LedgerInUse {
    fn new(ledger: Ledger) -> Self {
        let ledger = Arc::new(ledger);
        Self { writer: Writer::start(Arc::clone(&ledger)), ledger }
    }
}

impl Service {
    /// A service over the ledger, which is on the store.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        ledger: Ledger,
        access: Access,
        settings: Settings,
        metrics: Metrics,
        time_zone: Tz,
    ) -> Self {
        let in_use = RwLock::new(LedgerInUse::new(ledger));
        let (batches, followers) = (room(settings.max_batches), room(settings.max_followers));
        let lookout = Lookout::new(Arc::clone(&store));
        let (readiness, stopping) = (Readiness::default(), CancellationToken::new());
        Self { store, in_use, access, settings, metrics, readiness, time_zone, batches, followers, lookout, stopping }
    }

    /// The ledger, by the edition of facts in use. A request stays with the one it began with.
    pub(crate) fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.in_use.read().unwrap_or_else(PoisonError::into_inner).ledger)
    }

    /// Who posts commands to that ledger.
    pub(crate) fn writer(&self) -> Writer {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner).writer.clone()
    }

    /// The store underneath.
    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Today, in the business time zone.
    pub(crate) fn today(&self) -> Date {
        Utc::now().with_timezone(&self.time_zone).date_naive()
    }

    /// Goes over to the edition of facts that another process has adopted, for as long as it is polled. Until then
    /// commands are judged by the one before, and say so: every event names its edition.
    pub(crate) async fn follow_editions(&self) {
        loop {
            tokio::time::sleep(LOOK_FOR_EDITIONS_EVERY).await;
            if let Err(error) = self.follow_edition().await {
                tracing::warn!(%error, "it cannot be seen which edition of facts is the current one");
            }
        }
    }

    async fn follow_edition(&self) -> Result<(), EditionError> {
        let current = in_time(self.store.current_edition()).await?.map(|files| files.edition);
        let is_in_use = current.is_none_or(|current| self.ledger().edition().files.edition == current);
        if is_in_use {
            return Ok(());
        }
        let ledger = Ledger::open(Arc::clone(&self.store), GivenFiles::default()).await?;
        tracing::info!(edition = ledger.edition().files.edition, "another process has adopted this edition of facts");
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = LedgerInUse::new(ledger);
        Ok(())
    }
}

fn room(number: u64) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(usize::try_from(number).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)))
}

/// An answer of JSON that is there already.
pub(crate) fn json_response(json: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(json.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
