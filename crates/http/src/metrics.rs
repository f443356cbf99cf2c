//! Figures for Prometheus: `GET /metrics`.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use metrics::{Histogram, Unit};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

const REQUEST_SECONDS: &str = "http_request_seconds";
const COMMANDS: &str = "commands_total";
const CONNECTIONS: &str = "http_connections";
const TURNED_AWAY: &str = "http_connections_turned_away_total";

const SEALER_LAG: &str = "sealer_lag_seconds";

/// The upper bounds of the histogram's buckets, in seconds.
const BUCKETS: [f64; 14] = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

/// How often what was counted is folded into the buckets; it would pile up otherwise.
pub(crate) const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The figures, and how to print them.
pub struct Metrics {
    handle: PrometheusHandle,
    /// By status and route: to look one up costs less than to name it anew.
    requests: RwLock<HashMap<u16, HashMap<String, Histogram>>>,
}

impl Metrics {
    /// Begins to count. Only the first call in a process may.
    ///
    /// # Errors
    /// Something counts already.
    pub fn install() -> Result<Self, BuildError> {
        let handle = PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?;
        metrics::describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "Time until a request was answered.");
        metrics::describe_counter!(
            COMMANDS,
            "Commands that were posted, one by one, in batches and by commits of quotes, by outcome."
        );
        metrics::describe_gauge!(CONNECTIONS, "Connections that are open.");
        metrics::describe_counter!(TURNED_AWAY, "Connections that were closed because there were too many.");
        metrics::describe_gauge!(SEALER_LAG, Unit::Seconds, "How old the oldest event is that is not sealed yet.");
        Ok(Self { handle, requests: RwLock::default() })
    }

    /// A request was answered.
    pub(crate) fn answered(&self, route: &str, status: u16, took: Duration) {
        let known = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(histogram) = known.get(&status).and_then(|routes| routes.get(route)) {
            return histogram.record(took);
        }
        drop(known);
        let histogram =
            metrics::histogram!(REQUEST_SECONDS, "route" => route.to_owned(), "status" => status.to_string());
        histogram.record(took);
        let mut known = self.requests.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(status).or_default().insert(route.to_owned(), histogram);
    }

    /// Folds what was counted into the buckets.
    pub(crate) fn keep_up(&self) {
        self.handle.run_upkeep();
    }

    /// The figures in Prometheus' text format.
    pub(crate) fn print(&self) -> String {
        self.handle.render()
    }
}

/// A command was posted.
pub(crate) fn posted(outcome: &'static str) {
    metrics::counter!(COMMANDS, "outcome" => outcome).increment(1);
}

/// A connection was closed because there were too many.
pub(crate) fn turned_away() {
    metrics::counter!(TURNED_AWAY).increment(1);
}

/// How old the oldest event is that is not sealed; none: that cannot be found out.
pub(crate) fn sealer_lags(lag: Option<Duration>) {
    metrics::gauge!(SEALER_LAG).set(lag.map_or(f64::NAN, |lag| lag.as_secs_f64()));
}

/// A connection that is open, for as long as this lives.
pub(crate) struct OpenConnection(());

impl OpenConnection {
    pub(crate) fn new() -> Self {
        metrics::gauge!(CONNECTIONS).increment(1);
        Self(())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        metrics::gauge!(CONNECTIONS).decrement(1);
    }
}
