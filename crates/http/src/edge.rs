//! What happens around every request: who sends it, whether there is room, how long it may take; panics caught, problems
//! written, one line in the log.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, Response, header};
use axum::response::IntoResponse;
use futures::FutureExt;
use hyper::body::Incoming;
use tokio::sync::{Semaphore, TryAcquireError};
use tower::Service as _;

use crate::access::{is_public, too_often};
use crate::body;
use crate::config::seconds;
use crate::language::Language;
use crate::logs::{Line, RequestId};
use crate::problem::{self, Problem};
use crate::service::Service;

/// The way in.
pub(crate) struct Edge {
    service: Arc<Service>,
    router: Router,
    room: Semaphore,
}

impl Edge {
    pub(crate) fn new(service: Arc<Service>, router: Router) -> Self {
        let room = usize::try_from(service.settings.max_requests).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { service, router, room: Semaphore::new(room) }
    }

    /// Answers a request. Whatever happens, there is an answer, and a line in the log.
    pub(crate) async fn answer(&self, mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let around = Around::new(&request);
        request.extensions_mut().insert(around.id.clone());
        let mut line = Line::new(request.method(), request.uri());
        let answered = AssertUnwindSafe(self.admitted(request, &mut line)).catch_unwind().await;
        let answered = answered.unwrap_or_else(|_| Err(panicked(&around.id)));
        Ok(self.finished(answered, &around, line))
    }

    /// Answers a request on a connection too many.
    pub(crate) async fn turn_away(&self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let around = Around::new(&request);
        let line = Line::new(request.method(), request.uri());
        body::linger(request.into_body());
        Ok(self.finished(Err(full()), &around, line))
    }

    fn finished(&self, answered: Result<Response<Body>, Problem>, around: &Around, mut line: Line) -> Response<Body> {
        let mut response = answered.unwrap_or_else(Problem::into_response);
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            line.problem = Some(problem.name());
            problem.write_to(&mut response, spoken(around.asked.as_ref()), around.id.as_str());
        }
        if let Some(counted) = line.counted.take() {
            counted.tell(response.headers_mut());
        }
        finish(response.headers_mut(), &around.id);
        line.write(&self.service.metrics, &response, &around.id, around.began);
        response
    }

    async fn admitted(&self, request: Request<Incoming>, line: &mut Line) -> Result<Response<Body>, Problem> {
        let limit = seconds(self.service.settings.request_seconds);
        tokio::time::timeout(limit, self.identified(request, line)).await.unwrap_or_else(|_| Err(too_long()))
    }

    /// Whoever has no key takes no room from those who have one; whether the process lives is told at any time.
    async fn identified(&self, mut request: Request<Incoming>, line: &mut Line) -> Result<Response<Body>, Problem> {
        if is_public(request.uri().path()) {
            return self.routed(request).await;
        }
        let identified = self.service.access.identify(request.headers()).await;
        let room = identified.and_then(|(identity, counted)| {
            line.identity = Some(identity.clone());
            request.extensions_mut().insert(identity);
            let wait = counted.as_ref().and_then(|counted| counted.wait);
            line.counted = counted;
            wait.map_or(Ok(()), |wait| Err(too_often(wait)))?;
            self.room.try_acquire().map_err(busy)
        });
        match room {
            Ok(_room) => self.routed(request).await,
            Err(problem) => {
                body::linger(request.into_body());
                Err(problem)
            }
        }
    }

    async fn routed(&self, request: Request<Incoming>) -> Result<Response<Body>, Problem> {
        match self.router.clone().call(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }
}

/// What is kept of a request until it is answered.
struct Around {
    began: Instant,
    id: RequestId,
    /// The languages that it is to be answered in.
    asked: Option<HeaderValue>,
}

impl Around {
    fn new(request: &Request<Incoming>) -> Self {
        let asked = request.headers().get(header::ACCEPT_LANGUAGE).cloned();
        Self { began: Instant::now(), id: RequestId::of(request.headers()), asked }
    }
}

fn spoken(asked: Option<&HeaderValue>) -> Language {
    Language::accepted(asked.and_then(|header| header.to_str().ok()))
}

fn finish(headers: &mut HeaderMap, id: &RequestId) {
    headers.insert("x-request-id", id.header());
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

fn busy(_: TryAcquireError) -> Problem {
    let en = "as many requests as the service takes are in work; ask again";
    let ru = "служба уже обрабатывает предельное число запросов; повторите запрос";
    Problem::new(&problem::BUSY, en, ru).retry_after(1)
}

fn full() -> Problem {
    let en = "as many connections as the service takes are open; connect again, and keep connections open for reuse";
    let ru = "открыто предельное число соединений; подключитесь снова и используйте открытые соединения повторно";
    Problem::new(&problem::BUSY, en, ru).retry_after(1)
}

fn too_long() -> Problem {
    let en = "whether a command was done is not known; send it again with the same id, it is done once";
    let ru = "выполнена ли команда, неизвестно; отправьте её снова с тем же идентификатором, дважды она не выполнится";
    Problem::new(&problem::TOO_LONG, en, ru).retry_after(1)
}

/// What the panic says may hold anything, and is not logged; the line before this one names its place.
fn panicked(id: &RequestId) -> Problem {
    tracing::error!(request_id = id.as_str(), "a request panicked");
    problem::fault()
}
