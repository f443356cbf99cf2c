//! The body of a request that is one JSON value, within the limits.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::config::seconds;
use crate::problem::{self, Problem};
use crate::service::Service;

/// How much of an unwanted body is taken at most, and for how long.
const LINGER_BYTES: usize = 16 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// A body of type `application/json`; it is not parsed yet.
pub(crate) struct JsonBytes(pub(crate) Bytes);

impl FromRequest<Arc<Service>> for JsonBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Problem> {
        must_be(request.headers(), "application/json")?;
        whole(request.into_body(), service).await.map(Self)
    }
}

/// Checks the content type; parameters such as `charset` do not matter.
pub(crate) fn must_be(headers: &HeaderMap, media_type: &str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    if given.eq_ignore_ascii_case(media_type) {
        return Ok(());
    }
    let en = format!("send it with Content-Type: {media_type}");
    let ru = format!("передайте Content-Type: {media_type}");
    Err(Problem::new(&problem::NOT_JSON, en, ru))
}

/// The whole body. One that is too large is refused before it is read, where its length is said beforehand.
async fn whole(body: Body, service: &Service) -> Result<Bytes, Problem> {
    let max = service.settings.max_body_bytes;
    if body.size_hint().lower() > max {
        linger(body);
        return Err(too_large(max));
    }
    let limited = Limited::new(body, usize::try_from(max).unwrap_or(usize::MAX));
    match tokio::time::timeout(seconds(service.settings.body_seconds), limited.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(max)),
        Ok(Err(_)) => Err(Problem::parameter("body", "it ended before it was whole; send it again")),
        Err(_) => Err(too_slow(service.settings.body_seconds)),
    }
}

/// Takes a little of a body that nobody wants, beside the answer: a client that is still sending when the connection is
/// closed may never see the answer.
pub(crate) fn linger<B>(body: B)
where
    B: HttpBody<Data = Bytes, Error: Send> + Send + Unpin + 'static,
{
    if body.is_end_stream() {
        return;
    }
    let taking = async move {
        let mut left = LINGER_BYTES;
        let mut body = body;
        while let (Some(Ok(frame)), true) = (body.frame().await, left > 0) {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        }
    };
    tokio::spawn(tokio::time::timeout(LINGER, taking));
}

fn too_large(max: u64) -> Problem {
    let en = format!("a body has {max} bytes at most; post many commands to /v1/commands:batch");
    let ru = format!("тело запроса не больше {max} байт; много команд отправляйте в /v1/commands:batch");
    Problem::new(&problem::TOO_LARGE, en, ru)
}

fn too_slow(limit_seconds: u64) -> Problem {
    let en = format!("it must be there within {limit_seconds} s");
    let ru = format!("оно должно прийти за {limit_seconds} с");
    Problem::new(&problem::BODY_TOO_SLOW, en, ru)
}
