//! `GET /v1/events`: every event of the ledger in the order of its position, as a page or as a stream.
//!
//! Whoever follows reads the log from its own position on, as fast as it takes the events: nothing is queued for it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use ledger_app::feed::{FeedAnswer, FeedEntry, FeedFilter, FeedPage};
use ledger_app::store::{Store, StoreError};
use ledger_domain::values::LicenseNumber;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};
use utoipa::IntoParams;

use crate::accept::prefers;
use crate::access::{Identity, Right};
use crate::config::seconds;
use crate::head::Head;
use crate::licenses::written;
use crate::params::{Query, default_limit, read_as};
use crate::problem::{self, Problem};
use crate::reached;
use crate::service::{Service, json_response};

/// How many events a stream reads at a time.
const AT_A_TIME: u32 = 100;
/// How often a stream without events shows that it is alive.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);
const EVENT_STREAM: &str = "text/event-stream";

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedParams {
    /// Only events after this position: `next` of the page before. Without it, from the first one on.
    #[serde(default, deserialize_with = "read_as::position")]
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<u64>,
    /// At most so many; a stream goes on all the same.
    #[serde(default = "default_limit", deserialize_with = "read_as::limit")]
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: u32,
    /// Of this type, such as `UsersReduced`.
    #[serde(default, rename = "type", deserialize_with = "read_as::text")]
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    event_type: Option<String>,
    /// About this license: its events, and what was refused to it.
    #[serde(default, deserialize_with = "read_as::word")]
    #[param(value_type = Option<String>)]
    license: Option<LicenseNumber>,
    /// About licenses whose partner has exactly this name now.
    #[serde(default, deserialize_with = "read_as::text")]
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    partner: Option<String>,
    /// How many seconds to wait for an event where there is none yet. The answer may come sooner, without one.
    #[serde(default, deserialize_with = "read_as::wait")]
    #[param(minimum = 0, maximum = 60, default = 0)]
    wait: u64,
    /// Only an answer that knows at least this position of the log, as the feed told it; waited for a moment.
    #[serde(default, deserialize_with = "read_as::position")]
    #[param(value_type = Option<i64>, minimum = 0)]
    min_position: Option<u64>,
}

/// Every event of the ledger, in the order of its position
///
/// A page; with `Accept: text/event-stream` server-sent events without end: `id` is the position, `event` the type,
/// `data` the event as a page shows it. `Last-Event-ID` goes on after that position, and goes before `after`.
#[utoipa::path(get, path = "/v1/events", operation_id = "follow_events", tag = "events",
    params(FeedParams, ("Last-Event-ID" = Option<i64>, Header, description = "Where a stream was broken off: go on after this position, whatever `after` says.", minimum = 0)),
    responses((status = 200, description = "The events.", content(
        (ref("#/components/schemas/FeedAnswer") = "application/json"),
        (ref("#/components/schemas/EventStream") = "text/event-stream"),
    ))))]
pub(crate) async fn events(
    State(service): State<Arc<Service>>,
    identity: Identity,
    headers: HeaderMap,
    Query(asked): Query<FeedParams>,
) -> Result<Response<Body>, Problem> {
    identity.must_have(Right::Follow)?;
    let FeedParams { after, limit, event_type, license, partner, wait, min_position } = asked;
    reached::position(&service, min_position).await?;
    let filter =
        FeedFilter { event_type, license, partner: identity.may_ask_about(partner)?.or_else(|| identity.kept_to()) };
    let reader = Reader { service, identity, filter, after: last_event_id(&headers)?.or(after) };
    if prefers(&headers, EVENT_STREAM) {
        return reader.stream();
    }
    let page = if wait == 0 { reader.page(limit).await? } else { reader.page_within(limit, wait).await? };
    let mut response = json_response(written(&FeedAnswer::try_from(page)?)?);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// Where a stream was broken off.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(given) = headers.get("last-event-id") else { return Ok(None) };
    let position = given.to_str().ok().and_then(read_as::parse_position);
    position.map(Some).ok_or_else(|| Problem::parameter("Last-Event-ID", "give the id of an event: a position"))
}

/// Somebody who reads the log.
struct Reader {
    service: Arc<Service>,
    identity: Identity,
    filter: FeedFilter,
    /// The last position that was looked at.
    after: Option<u64>,
}

impl Reader {
    fn store(&self) -> &dyn Store {
        self.service.store()
    }

    /// What there is now.
    async fn page(mut self, limit: u32) -> Result<FeedPage, StoreError> {
        if let Err(error) = self.store().settle().await {
            // What is in order already can be read.
            tracing::warn!(%error, "not every event has its position yet");
        }
        self.look(limit).await
    }

    /// What there is, or comes within so many seconds.
    async fn page_within(mut self, limit: u32, wait: u64) -> Result<FeedPage, Problem> {
        let _room = room(&self.service)?;
        // The edge answers for whoever takes longer.
        let wait = seconds(wait.min(self.service.settings.request_seconds.saturating_sub(1)));
        let (begun, until) = (self.after, Instant::now() + wait);
        let mut head = self.service.lookout.watch();
        loop {
            let page = self.look(limit).await?;
            if !self.service.access.still_admits(&self.identity) {
                // Whoever asks on is told why.
                return Ok(FeedPage { events: Vec::new(), looked_up_to: None });
            }
            let is_over = Instant::now() >= until || self.service.stopping.is_cancelled();
            if !page.events.is_empty() || is_over {
                return Ok(FeedPage { looked_up_to: self.after.filter(|_| self.after != begun), ..page });
            }
            if page.looked_up_to.is_none() {
                self.more(&mut head, until).await;
            }
        }
    }

    /// The next look at the log.
    async fn look(&mut self, limit: u32) -> Result<FeedPage, StoreError> {
        let page = self.store().feed(self.after, &self.filter, limit).await?;
        self.after = page.looked_up_to.or(self.after);
        Ok(page)
    }

    /// Waits until the log goes on, the service stops, or the time has come.
    async fn more(&self, head: &mut Head, until: Instant) {
        let after = self.after;
        tokio::select! {
            _ = head.wait_for(|head| *head > after) => {}
            () = self.service.stopping.cancelled() => {}
            () = sleep_until(until) => {}
        }
    }

    fn stream(self) -> Result<Response<Body>, Problem> {
        let room = room(&self.service)?;
        let head = self.service.lookout.watch();
        let stream = Stream { reader: self, head, has_begun: false, _room: room };
        let pieces = futures::stream::unfold(stream, |mut stream| async {
            let piece = stream.next_piece().await?;
            Some((Ok::<_, std::convert::Infallible>(piece), stream))
        });
        let mut response = Response::new(Body::from_stream(pieces));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        // Reverse proxies such as nginx hand on what they would else hold back.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        Ok(response)
    }
}

/// A stream of server-sent events.
struct Stream {
    reader: Reader,
    head: Head,
    has_begun: bool,
    _room: OwnedSemaphorePermit,
}

impl Stream {
    /// The next events, or a sign of life; `None` ends the stream. It is asked for when the client has taken the one before.
    async fn next_piece(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.has_begun, true) {
            // So that the client knows it is connected. When the stream ends, it comes back after a second.
            return Some(Bytes::from_static(b"retry: 1000\n\n"));
        }
        let piece = self.next_events(Instant::now() + KEEP_ALIVE_EVERY).await;
        piece.unwrap_or_else(|error| {
            // The client comes back, and goes on where it was.
            tracing::warn!(%error, "a stream of events was broken off");
            None
        })
    }

    async fn next_events(&mut self, keep_alive_at: Instant) -> Result<Option<Bytes>, StoreError> {
        while !self.must_end() {
            let page = self.reader.look(AT_A_TIME).await?;
            if !page.events.is_empty() {
                return shown(page).map(Some);
            }
            if page.looked_up_to.is_none() {
                self.reader.more(&mut self.head, keep_alive_at).await;
            }
            if Instant::now() >= keep_alive_at {
                return Ok(Some(self.sign_of_life()));
            }
        }
        Ok(None)
    }

    fn must_end(&self) -> bool {
        let Reader { service, identity, .. } = &self.reader;
        service.stopping.is_cancelled() || !service.access.still_admits(identity)
    }

    /// An id without an event is kept by the client, and shown to nobody: it need not look again at what does not fit.
    fn sign_of_life(&self) -> Bytes {
        let id = self.reader.after.map(|position| format!("id: {position}\n")).unwrap_or_default();
        format!(": keep-alive\n{id}\n").into()
    }
}

/// The events as a stream shows them.
fn shown(page: FeedPage) -> Result<Bytes, StoreError> {
    let mut piece = String::new();
    for event in page.events {
        let entry = FeedEntry::try_from(event)?;
        // JSON has no line breaks outside its texts, and none in them.
        let data = serde_json::to_string(&entry).map_err(|error| StoreError::Damaged(error.to_string()))?;
        let FeedEntry { position, event_type, .. } = entry;
        piece += &format!("id: {position}\nevent: {event_type}\ndata: {data}\n\n");
    }
    Ok(piece.into())
}

/// Room for one more who waits.
fn room(service: &Service) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&service.followers).try_acquire_owned().map_err(|_| {
        let en = "as many as the service takes wait for events already; ask again, or without waiting";
        let ru = "событий уже ждёт предельное число клиентов; повторите запрос позже или запросите без ожидания";
        Problem::new(&problem::BUSY, en, ru).retry_after(5)
    })
}
