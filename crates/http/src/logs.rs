//! The log's line about a request. It names requests, keys and commands by their ids; never a key, a query, a body, or
//! a holder.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use tower::{Layer, Service};
use uuid::Uuid;

use crate::access::{Counted, Identity};
use crate::metrics::{self, Metrics};

/// A request's id: the client's `X-Request-Id`, or one of our own.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The most signs that a client's id may have.
    const MAX: usize = 100;

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get("x-request-id").filter(|given| Self::is_fit(given.as_bytes()));
        given.map_or_else(Self::new, |given| Self(given.clone()))
    }

    fn new() -> Self {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text = Uuid::now_v7().hyphenated().encode_lower(&mut text);
        Self(HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("none")))
    }

    fn is_fit(id: &[u8]) -> bool {
        let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(byte);
        !id.is_empty() && id.len() <= Self::MAX && id.iter().all(is_sign)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("none")
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// What a handler that posts a command adds to the line.
#[derive(Debug, Clone, Default)]
pub(crate) struct PostedCommand {
    /// The command that was posted.
    pub(crate) command_id: Option<Uuid>,
    /// What became of it.
    pub(crate) outcome: Option<&'static str>,
}

/// What is known of a request so far.
pub(crate) struct Line {
    method: Method,
    uri: Uri,
    pub(crate) identity: Option<Identity>,
    /// How many more requests its key may send.
    pub(crate) counted: Option<Counted>,
    pub(crate) problem: Option<&'static str>,
}

impl Line {
    pub(crate) fn new(method: &Method, uri: &Uri) -> Self {
        Self { method: method.clone(), uri: uri.clone(), identity: None, counted: None, problem: None }
    }

    /// Writes the line, and counts the request.
    pub(crate) fn write(&self, figures: &Metrics, response: &Response<Body>, id: &RequestId, began: Instant) {
        let took = began.elapsed();
        let route = response.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
        let status = response.status().as_u16();
        figures.answered(route, status, took);
        let posted = response.extensions().get::<PostedCommand>();
        if let Some(outcome) = posted.and_then(|posted| posted.outcome) {
            metrics::posted(outcome);
        }
        tracing::info!(
            request_id = id.as_str(),
            method = self.method.as_str(),
            path = shown(self.uri.path()),
            status,
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            key = self.identity.as_ref().map(|identity| &*identity.key_id),
            name = self.identity.as_ref().map(|identity| &*identity.name),
            problem = self.problem,
            command_id = posted.and_then(|posted| posted.command_id).map(tracing::field::display),
            outcome = posted.and_then(|posted| posted.outcome),
            "request"
        );
    }
}

/// Names the route in its answers, for the log and the figures: only the router knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameRoutes;

impl<S> Layer<S> for NameRoutes {
    type Service = NamedRoute<S>;

    fn layer(&self, inner: S) -> NamedRoute<S> {
        NamedRoute { inner }
    }
}

/// A route that names itself.
#[derive(Debug, Clone)]
pub(crate) struct NamedRoute<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for NamedRoute<S>
where
    S: Service<Request<B>, Response = axum::response::Response, Future: Unpin>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Naming<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let name = request.extensions().get::<MatchedPath>().cloned();
        Naming { name, answering: self.inner.call(request) }
    }
}

/// An answer that gets its route's name.
pub(crate) struct Naming<F> {
    name: Option<MatchedPath>,
    answering: F,
}

impl<F, E> Future for Naming<F>
where
    F: Future<Output = Result<axum::response::Response, E>> + Unpin,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut answered = ready!(Pin::new(&mut self.answering).poll(context));
        if let (Ok(response), Some(name)) = (&mut answered, self.name.take()) {
            response.extensions_mut().insert(name);
        }
        Poll::Ready(answered)
    }
}

/// The path, cut where it is longer than any of ours.
fn shown(path: &str) -> &str {
    path.get(..200).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(given: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", given.parse().unwrap());
        RequestId::of(&headers).as_str().to_owned()
    }

    #[test]
    fn a_clients_id_is_taken_when_it_is_fit() {
        assert_eq!(id_for("order-118/2"), "order-118/2");
    }

    #[test]
    fn another_one_is_replaced() {
        for given in ["", "a b", "\"x\"", &"x".repeat(101)] {
            let id = id_for(given);
            assert!(Uuid::parse_str(&id).is_ok(), "{given:?}: {id}");
        }
    }
}
