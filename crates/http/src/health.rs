//! `/healthz`: the process lives. `/readyz`: the database answers. `/metrics`: figures for Prometheus.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use chrono::Utc;
use ledger_app::store::Store;
use tokio::sync::Mutex;

use crate::access::{Identity, Right};
use crate::metrics;
use crate::problem::{self, Problem};
use crate::service::{Service, json_response};

/// The process lives.
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "operations", security(()),
    responses((status = 200, description = "The process lives.", body = ref("#/components/schemas/Health"), content_type = "application/json")))]
pub(crate) async fn healthz() -> Response<Body> {
    json_response(r#"{"status":"ok"}"#)
}

/// The service can answer: the database does.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "operations", security(()),
    responses((status = 200, description = "The database answers.", body = ref("#/components/schemas/Health"), content_type = "application/json")))]
pub(crate) async fn readyz(State(service): State<Arc<Service>>) -> Result<Response<Body>, Problem> {
    if service.stopping.is_cancelled() {
        return Err(not_ready("the service is stopping", "служба останавливается"));
    }
    if !service.readiness.look(service.store()).await {
        return Err(not_ready("the database does not answer", "база данных не отвечает"));
    }
    Ok(json_response(r#"{"status":"ready"}"#))
}

/// How long the database may take to answer whoever watches.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the database answers. Whoever may ask without a key makes it no work: it is asked once a second at most.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    seen: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    const GOOD_FOR: Duration = Duration::from_secs(1);

    async fn look(&self, store: &dyn Store) -> bool {
        let mut seen = self.seen.lock().await;
        if let Some((_, answers)) = seen.filter(|(at, _)| at.elapsed() < Self::GOOD_FOR) {
            return answers;
        }
        let answers = matches!(tokio::time::timeout(PROBE_TIMEOUT, store.head()).await, Ok(Ok(_)));
        *seen = Some((Instant::now(), answers));
        answers
    }
}

fn not_ready(en: &str, ru: &str) -> Problem {
    Problem::new(&problem::UNAVAILABLE, en, ru).retry_after(1)
}

/// Nothing when the database does not answer soon: the other figures are wanted then all the more.
async fn sealer_lag(store: &dyn Store) -> Option<Duration> {
    let asked = tokio::time::timeout(PROBE_TIMEOUT, store.sealed_log().unsealed_since()).await;
    let since = asked.ok()?.ok()?;
    // Before the clock's now only by the difference of two clocks.
    Some(since.map_or(Duration::ZERO, |since| (Utc::now() - since).to_std().unwrap_or_default()))
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operations",
    responses((status = 200, description = "The figures, in Prometheus' text format.", content_type = "text/plain", body = String)))]
pub(crate) async fn metrics(
    State(service): State<Arc<Service>>,
    identity: Identity,
) -> Result<Response<Body>, Problem> {
    identity.must_have(Right::Watch)?;
    if identity.partner.is_some() {
        let en = "the figures are of all partners, and this key is kept to one";
        let ru = "показатели относятся ко всем партнёрам, а этот ключ — к одному";
        return Err(Problem::new(&problem::FORBIDDEN, en, ru));
    }
    metrics::sealer_lags(sealer_lag(service.store()).await);
    let mut response = Response::new(Body::from(service.metrics.print()));
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    Ok(response)
}
