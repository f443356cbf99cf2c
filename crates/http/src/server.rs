//! Listens, accepts, and stops: what is in work is finished, within bounds.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::access::Access;
use crate::config::seconds;
use crate::edge::Edge;
use crate::metrics::{self, OpenConnection, UPKEEP_EVERY};
use crate::routes::router;
use crate::service::Service;
use crate::stalled::Impatient;

/// How long a connection too many may take to ask its one question.
const TURNED_AWAY_WITHIN: Duration = Duration::from_secs(1);

/// Listens on the address of the settings.
///
/// # Errors
/// The address is taken, or is none of this machine.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until `stop` is there; then takes no more, and waits for what is in work.
pub async fn serve(service: Arc<Service>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let keeping_up = tokio::spawn(keep_up(Arc::clone(&service)));
    let edge = Arc::new(Edge::new(Arc::clone(&service), router(Arc::clone(&service))));
    let connections = GracefulShutdown::new();
    tokio::select! {
        () = accept(&service, &listener, &edge, &connections) => {}
        () = stop => {}
    }
    drop(listener);
    tracing::info!(connections = connections.count(), "stopping: what is in work is finished");
    service.stopping.cancel();
    let finished = tokio::time::timeout(seconds(service.settings.stop_seconds), connections.shutdown()).await;
    if finished.is_err() {
        tracing::warn!("stopped before everything was finished: stop_seconds are over");
    }
    keeping_up.abort();
    if let Access::Keys(ring) = &service.access {
        ring.note_use().await;
    }
}

/// What goes on beside the requests.
async fn keep_up(service: Arc<Service>) {
    let keys = async {
        if let Access::Keys(ring) = &service.access {
            ring.keep_up().await;
        }
    };
    let figures = async {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            service.metrics.keep_up();
        }
    };
    tokio::join!(service.follow_editions(), keys, figures);
}

async fn accept(service: &Service, listener: &TcpListener, edge: &Arc<Edge>, connections: &GracefulShutdown) {
    let room = usize::try_from(service.settings.max_connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(room));
    let http = http(service);
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, or the peer was gone before it was accepted: the next one may do.
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(held) = Arc::clone(&room).try_acquire_owned() else {
            turn_away(stream, edge, &http);
            continue;
        };
        // Answers are small and wait for nothing: without this, the last packet may wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let edge = Arc::clone(edge);
        let answering = service_fn(move |request| {
            let edge = Arc::clone(&edge);
            async move { edge.answer(request).await }
        });
        let stream = Impatient::new(stream, seconds(service.settings.unread_seconds));
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), answering));
        let open = (held, OpenConnection::new());
        tokio::spawn(async move {
            // A peer that goes away, is too slow or writes no HTTP is its own affair.
            let _ = connection.await;
            drop(open);
        });
    }
}

fn http(service: &Service) -> http1::Builder {
    let settings = &service.settings;
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(seconds(settings.header_seconds))
        .max_headers(size(settings.max_headers))
        .max_buf_size(size(settings.max_header_bytes))
        .half_close(false)
        // One buffer for head and body: answers are small. (Flushing by pipeline would do the same, and give up the bound
        // on what is buffered for a client that sends and does not read.)
        .writev(false);
    http
}

/// Answers the first request that there is no room, and closes; who asks nothing soon is closed without an answer.
fn turn_away(stream: TcpStream, edge: &Arc<Edge>, http: &http1::Builder) {
    metrics::turned_away();
    let edge = Arc::clone(edge);
    let answering = service_fn(move |request| {
        let edge = Arc::clone(&edge);
        async move { edge.turn_away(request).await }
    });
    let connection = http.clone().keep_alive(false).serve_connection(TokioIo::new(stream), answering);
    tokio::spawn(tokio::time::timeout(TURNED_AWAY_WITHIN, connection));
}
