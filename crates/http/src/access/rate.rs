//! How often one key may ask, and how its answers say so: `RateLimit-Policy` and `RateLimit`, as
//! draft-ietf-httpapi-ratelimit-headers-11 has them. Older drafts had a field for each number.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::config::Settings;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// How often each key may ask.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    per_second: NonZeroU32,
    burst: NonZeroU32,
    /// As answers say it.
    header: HeaderValue,
}

impl Policy {
    pub(super) fn new(settings: &Settings) -> Self {
        let count = |number: u64| u32::try_from(number).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let (per_second, burst) = (count(settings.rate_per_second), count(settings.rate_burst));
        let window = burst.get().div_ceil(per_second.get());
        Self { per_second, burst, header: value(format!("\"key\";q={burst};w={window}")) }
    }
}

/// The requests of one key, counted.
pub(super) struct Rate {
    policy: Policy,
    limiter: RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>,
}

impl Rate {
    pub(super) fn new(policy: &Policy) -> Self {
        let quota = Quota::per_second(policy.per_second).allow_burst(policy.burst);
        Self { policy: policy.clone(), limiter: RateLimiter::direct(quota).with_middleware() }
    }

    /// Counts a request.
    pub(super) fn count(&self) -> Counted {
        let (left, wait) = match self.limiter.check() {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => (0, Some(until.wait_time_from(DefaultClock::default().now()))),
        };
        let full_in =
            (self.policy.burst.get() - left.min(self.policy.burst.get())).div_ceil(self.policy.per_second.get());
        Counted { wait, policy: self.policy.header.clone(), left: value(format!("\"key\";r={left};t={full_in}")) }
    }
}

/// A request that was counted.
#[derive(Debug)]
pub(crate) struct Counted {
    /// How long to wait until the next one is let through; `None`: this one is.
    pub(crate) wait: Option<Duration>,
    policy: HeaderValue,
    left: HeaderValue,
}

impl Counted {
    /// Says in an answer how many more are let through.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        headers.insert(POLICY, self.policy);
        headers.insert(LEFT, self.left);
    }
}

/// Numbers always make a header.
fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(counted: Counted) -> (String, String) {
        let mut headers = HeaderMap::new();
        counted.tell(&mut headers);
        let text = |name| headers[name].to_str().unwrap().to_owned();
        (text("RateLimit-Policy"), text("RateLimit"))
    }

    #[test]
    fn what_is_left_is_told_and_when_all_of_it_is_there_again() {
        let settings = Settings { rate_per_second: 2, rate_burst: 5, ..Settings::default() };
        let rate = Rate::new(&Policy::new(&settings));
        let first = rate.count();
        assert!(first.wait.is_none());
        assert_eq!(told(first), ("\"key\";q=5;w=3".to_owned(), "\"key\";r=4;t=1".to_owned()));
        let last = (0..5).map(|_| rate.count()).last().unwrap();
        assert!(last.wait.is_some());
        assert_eq!(told(last).1, "\"key\";r=0;t=3");
    }
}
