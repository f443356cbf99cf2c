//! `POST /v1/commands:batch`: commands as NDJSON in, an outcome for each out, streamed both ways.
//!
//! The client's reading sets the pace: while it takes nothing, nothing more is read from it. At most two groups of lines
//! are held, one that is committed and one that is gathered meanwhile.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Response, header};
use futures::{Stream, TryStreamExt, stream};
use ledger_app::lines::Groups;
use ledger_app::outcome::{Answered, OutcomeKind};
use ledger_app::post::{InputLine, PostContext, Posted};
use ledger_app::store::StoreError;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tokio_util::io::StreamReader;

use crate::access::Identity;
use crate::body::must_be;
use crate::commands::{command_id, outcome_name};
use crate::logs::RequestId;
use crate::metrics;
use crate::params::{NoParams, Query};
use crate::problem::{self, Problem};
use crate::service::Service;

/// What a batch is made of, and its answer.
const NDJSON: &str = "application/x-ndjson";

/// For how long a client may send nothing. One that has nothing to post ends the batch.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);

/// How long a client that waits to be asked for its body gets for the first of it, before it is answered.
const FIRST_BYTES: Duration = Duration::from_millis(20);

/// Post many commands
///
/// One command a line in, one outcome a line out, in the same order, as they are committed: read while you write. The last
/// line is the summary; without it the batch was cut, and is posted again: what was done is answered with its first outcome,
/// and done once. Each command is accepted or refused by itself. A line over 1 MiB, or one that is no command, is
/// an `invalid` outcome with its number; blank lines are skipped.
#[utoipa::path(post, path = "/v1/commands:batch", operation_id = "post_batch", tag = "commands",
    request_body(content_type = "application/x-ndjson", content = ref("#/components/schemas/Lines"), description = "One command a line, each as `POST /v1/commands` takes it."),
    responses(
        (status = 200, description = "One outcome a line, and the summary.", content_type = "application/x-ndjson", body = ref("#/components/schemas/Lines")),
    ))]
pub(crate) async fn post_batch(
    State(service): State<Arc<Service>>,
    identity: Identity,
    Query(NoParams {}): Query<NoParams>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    must_be(request.headers(), NDJSON)?;
    if service.store().is_standby().await? {
        return Err(StoreError::Standby("a batch takes the primary".to_owned()).into());
    }
    let room = Arc::clone(&service.batches).try_acquire_owned().map_err(|_| too_many())?;
    let waits_to_be_asked = request.headers().contains_key(header::EXPECT);
    let request_id = request.extensions().get::<RequestId>().cloned();
    let mut batch = Batch::new(service, identity, request_id, request.into_body(), room);
    if waits_to_be_asked {
        // Whatever has arrived by then is kept.
        let _ = timeout(FIRST_BYTES, batch.groups.gather()).await;
    }
    let mut response = Response::new(Body::from_stream(batch.outcomes()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}

/// The lines of a body.
type Lines = StreamReader<stream::MapErr<BodyDataStream, fn(axum::Error) -> io::Error>, Bytes>;

/// A batch under way.
struct Batch {
    service: Arc<Service>,
    identity: Identity,
    request_id: Option<RequestId>,
    groups: Groups<Lines>,
    summary: Summary,
    /// The group that is being committed.
    posting: Option<JoinHandle<Posted>>,
    _room: OwnedSemaphorePermit,
}

/// The last line of a batch that was answered whole.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BatchEnd {
    /// The counts.
    summary: Summary,
}

/// What became of the lines, counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// Lines that were answered; blank ones are none.
    lines: u64,
    /// Of these, accepted.
    accepted: u64,
    /// Rejected by a rule.
    rejected: u64,
    /// Not understood.
    invalid: u64,
    /// In conflict with what the ledger holds.
    conflict: u64,
    /// Not allowed to this key.
    forbidden: u64,
    /// Done before, accepted or rejected: answered with the first outcome.
    replayed: u64,
}

/// Why a batch ends before its summary.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the service is stopping")]
    Stopping,
    #[error("its key is not taken any more")]
    KeyRefused,
    #[error("the client sent nothing for {} s", IDLE_TIMEOUT.as_secs())]
    Silent,
    #[error("the client went away, or sent no proper body: {0}")]
    Broken(io::Error),
    #[error(transparent)]
    StoreFailed(StoreError),
    #[error("a group was not answered: {0}")]
    Unanswered(JoinError),
}

impl Batch {
    fn new(
        service: Arc<Service>,
        identity: Identity,
        request_id: Option<RequestId>,
        body: Body,
        room: OwnedSemaphorePermit,
    ) -> Self {
        let as_io: fn(axum::Error) -> io::Error = io::Error::other;
        let lines = StreamReader::new(body.into_data_stream().map_err(as_io));
        let groups = Groups::new(lines, true);
        Self { service, identity, request_id, groups, summary: Summary::default(), posting: None, _room: room }
    }

    /// The answer, in pieces of a group each.
    fn outcomes(self) -> impl Stream<Item = Result<Bytes, io::Error>> {
        let step = async |batch: Option<Self>| {
            let mut batch = batch?;
            match batch.next_piece().await {
                Ok(piece @ Piece::Outcomes(_)) => Some((Ok(piece.into()), Some(batch))),
                Ok(piece @ Piece::Last(_)) => Some((Ok(piece.into()), None)),
                Err(cut) => {
                    batch.log(&cut);
                    None
                }
            }
        };
        stream::unfold(Some(self), step)
    }

    /// The next piece. Before it is given out the group after it is on its way, if there is one: it is committed while
    /// the client takes the piece.
    async fn next_piece(&mut self) -> Result<Piece, Cut> {
        let posting = match self.posting.take() {
            Some(posting) => posting,
            None => match self.next_group().await? {
                Some(lines) => self.post(lines),
                None => {
                    self.log_end();
                    return Ok(Piece::Last(self.summary.line()));
                }
            },
        };
        let posted = self.gathering_meanwhile(posting).await.map_err(Cut::Unanswered)?;
        let piece = self.lines(&posted.answered);
        if let Some(error) = posted.failed {
            self.log(&Cut::StoreFailed(error));
            return Ok(Piece::Last(piece));
        }
        if self.may_go_on().is_ok() {
            self.posting = self.groups.take_gathered().map(|lines| self.post(lines));
        }
        Ok(Piece::Outcomes(piece))
    }

    /// Waits for the commit; the next group is gathered as it arrives.
    async fn gathering_meanwhile(&mut self, mut posting: JoinHandle<Posted>) -> Result<Posted, JoinError> {
        tokio::select! {
            posted = &mut posting => posted,
            () = self.groups.gather() => posting.await,
        }
    }

    async fn next_group(&mut self) -> Result<Option<Vec<InputLine>>, Cut> {
        self.may_go_on()?;
        let stopping = self.service.stopping.clone();
        let next = tokio::select! {
            () = stopping.cancelled() => Err(Cut::Stopping),
            next = timeout(IDLE_TIMEOUT, self.groups.next()) => next.map_err(|_| Cut::Silent)?.map_err(Cut::Broken),
        }?;
        if next.is_some() {
            // The lines may have come minutes later.
            self.may_go_on()?;
        }
        Ok(next)
    }

    fn may_go_on(&self) -> Result<(), Cut> {
        if self.service.stopping.is_cancelled() {
            return Err(Cut::Stopping);
        }
        if self.service.access.still_admits(&self.identity) { Ok(()) } else { Err(Cut::KeyRefused) }
    }

    /// Commits a group. What is begun is finished, whether the client waits for it or not.
    fn post(&self, lines: Vec<InputLine>) -> JoinHandle<Posted> {
        let writer = self.service.writer();
        // A batch can go on past midnight.
        let context = PostContext::new(self.service.today(), self.identity.poster());
        tokio::spawn(async move { writer.post_all(&lines, context).await })
    }

    /// The outcomes, one a line.
    fn lines(&mut self, answered: &[Answered]) -> Bytes {
        let mut lines = Vec::with_capacity(answered.iter().map(|answered| answered.json.len() + 1).sum());
        for answered in answered {
            self.summary.count(answered);
            self.log_line(answered);
            lines.extend_from_slice(answered.json.as_bytes());
            lines.push(b'\n');
        }
        lines.into()
    }

    fn log(&self, cut: &Cut) {
        let (request_id, key, lines) = (self.request_id(), &*self.identity.key_id, self.summary.lines);
        tracing::warn!(request_id, key, lines, %cut, "a batch ends without its summary");
    }

    fn log_end(&self) {
        let Summary { lines, accepted, rejected, invalid, conflict, forbidden, replayed } = self.summary;
        let (request_id, key) = (self.request_id(), &*self.identity.key_id);
        tracing::info!(
            request_id,
            key,
            lines,
            accepted,
            rejected,
            invalid,
            conflict,
            forbidden,
            replayed,
            "a batch ends"
        );
    }

    /// Counts the line. What the ledger records needs no line in the log; what it does not has one.
    fn log_line(&self, answered: &Answered) {
        let outcome = outcome_name(answered.kind);
        metrics::posted(outcome);
        if matches!(answered.kind, OutcomeKind::Accepted | OutcomeKind::Rejected) {
            return;
        }
        let (request_id, key, answer) = (self.request_id(), &*self.identity.key_id, self.summary.lines);
        let command_id = command_id(answered).map(tracing::field::display);
        tracing::info!(request_id, key, answer, command_id, outcome, "a line of a batch");
    }

    fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref().map(RequestId::as_str)
    }
}

/// A piece of the answer.
enum Piece {
    Outcomes(Bytes),
    /// The summary, or the outcomes before a failure.
    Last(Bytes),
}

impl From<Piece> for Bytes {
    fn from(piece: Piece) -> Self {
        let (Piece::Outcomes(bytes) | Piece::Last(bytes)) = piece;
        bytes
    }
}

impl Summary {
    fn count(&mut self, answered: &Answered) {
        let count = match answered.kind {
            OutcomeKind::Accepted => &mut self.accepted,
            OutcomeKind::Rejected => &mut self.rejected,
            OutcomeKind::Invalid => &mut self.invalid,
            OutcomeKind::Conflict => &mut self.conflict,
            OutcomeKind::Forbidden => &mut self.forbidden,
        };
        *count += 1;
        self.lines += 1;
        self.replayed += u64::from(answered.replayed);
    }

    fn line(self) -> Bytes {
        // Numbers always make JSON.
        let mut line = serde_json::to_vec(&BatchEnd { summary: self }).unwrap_or_default();
        line.push(b'\n');
        line.into()
    }
}

fn too_many() -> Problem {
    let en = "as many batches as the service takes at a time are under way; post it again later";
    let ru = "служба уже принимает предельное число пакетов; отправьте пакет позже";
    Problem::new(&problem::BUSY, en, ru).retry_after(5)
}
