//! `serve`: the HTTP service.

use std::env;
use std::io::{self, IsTerminal, stderr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ledger_app::store::Store;
use ledger_http::Service;
use ledger_http::access::{Access, KeyRing};
use ledger_http::config::Settings;
use ledger_http::metrics::Metrics;
use ledger_http::server;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;

use crate::config::{self, Given};
use crate::exit::{Ended, FINE, Failure};
use crate::log::{self, Writing};
use crate::open_files;
use crate::run::Run;
use crate::store::OpenMode;

const AFTER_HELP: &str = "\
Every setting can be given as a flag, in the environment (LICENSE_LEDGER_MAX_REQUESTS=…), or in a TOML file \
(max_requests = …), in this order of precedence; `license-ledger config check` shows what comes of it. It speaks plain \
HTTP: put a reverse proxy with TLS before it.

Examples:
  license-ledger serve
  license-ledger serve --open
  license-ledger --database postgres://db.example/ledger serve --listen 0.0.0.0:8080 --config /etc/license-ledger.toml
  curl -H \"Authorization: Bearer $KEY\" http://127.0.0.1:8080/v1/licenses";

/// Where it is said how much is logged.
const LOG: &str = "LICENSE_LEDGER_LOG";

/// Serve the ledger over HTTP
///
/// It stops on SIGTERM or SIGINT: what is in work is finished first. The log goes to standard error, as JSON, or as text
/// on a terminal.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ServeArgs {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "LICENSE_LEDGER_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    given: Given,
}

/// Serves until it is told to stop.
pub(crate) async fn serve(run: &Run<'_>, args: &ServeArgs) -> Ended {
    let mut settings = config::settings(args.config.as_deref(), &args.given)?;
    let _log = begin_log(log_level()?)
        .map_err(|error| Failure::Usage(format!("cannot begin a log: {error}; free some threads")))?;
    settings.max_connections = open_files::connections(settings.max_connections);
    let store = run.database.open(OpenMode::Write).await?;
    let ledger = run.ledger_to_serve(Arc::clone(&store)).await?;
    let keys = KeyRing::read(Arc::clone(&store), &settings).await?;
    let access = access(run, &settings, keys)?;
    let listener = server::listen(settings.listen).await.map_err(|error| cannot_listen(&settings, &error))?;
    let address = listener.local_addr().map_err(|error| cannot_listen(&settings, &error))?;
    let metrics = Metrics::install().map_err(|error| Failure::Usage(format!("cannot begin to count: {error}")))?;
    let stop = stop_signal().map_err(|error| Failure::Usage(format!("cannot listen to signals: {error}")))?;
    let service = Service::new(Arc::clone(&store), ledger, access, settings, metrics, run.time_zone());
    tracing::info!(%address, database = %run.database, "listening");
    server::serve(Arc::new(service), listener, stop).await;
    let_go(&store).await;
    tracing::info!("stopped");
    Ok(FINE)
}

/// Who may come in.
fn access(run: &Run<'_>, settings: &Settings, keys: KeyRing) -> Result<Access, Failure> {
    if settings.open {
        return Ok(Access::Open);
    }
    if keys.has_a_usable_key() {
        return Ok(Access::Keys(Arc::new(keys)));
    }
    Err(Failure::Usage(format!(
        "nobody could use the service: {} holds no API key that is valid; make one with \
         `license-ledger --database {0} keys create --name ERP --role distributor`, or serve with --open on a loopback address",
        run.database
    )))
}

fn cannot_listen(settings: &Settings, error: &std::io::Error) -> Failure {
    Failure::Usage(format!("cannot listen on {}: {error}; give another address with --listen", settings.listen))
}

/// Waits a moment until nothing else uses the store, so that it can be closed: writers end soon after the service.
async fn let_go(store: &Arc<dyn Store>) {
    // This one, and the database's own.
    const OURS: usize = 2;
    for _ in 0..100 {
        if Arc::strong_count(store) <= OURS {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Ready when the process is told to stop.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// How much is logged: what `LICENSE_LEDGER_LOG` says, such as `warn`.
fn log_level() -> Result<LevelFilter, Failure> {
    let asked = env::var(LOG).unwrap_or_default();
    let asked = if asked.is_empty() { "info" } else { &asked };
    asked
        .parse()
        .map_err(|_| Failure::Usage(format!("{LOG} is \"{asked}\"; set it to off, error, warn, info, debug or trace")))
}

/// Begins the log. It is all written when what is returned is dropped.
fn begin_log(level: LevelFilter) -> io::Result<Writing> {
    let (lines, writing) = log::begin(stderr())?;
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(lines).with_target(false);
    if stderr().is_terminal() {
        log.init();
    } else {
        log.json().flatten_event(true).init();
    }
    // What a panic says may hold anything: the place is enough.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(place = panic.location().map(tracing::field::display), "panicked");
    }));
    Ok(writing)
}
