//! Reading one's own writes: `min_version` of a license, `min_position` of the log.
//!
//! A standby is a moment behind its primary. Whoever was told a version by an outcome, or a position by the feed, asks for
//! an answer that knows it already: the service waits a moment for it, and says 503 when it does not come. Where nothing
//! is behind, what is not there was never recorded: 409, at once.

use std::time::Duration;

use ledger_app::store::AsOf;
use ledger_domain::values::LicenseNumber;
use tokio::time::{Instant, sleep, timeout};

use crate::access::Identity;
use crate::problem::{self, Problem};
use crate::service::Service;

/// How long to wait for what is on its way: much longer than a standby lags as a rule.
const WAIT: Duration = Duration::from_secs(2);
/// How often to look for the version of a license.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Returns once the license has come to this version here.
///
/// # Errors
/// It has not: 503 on a standby, else 409; 403 for a license that they may not see.
pub(crate) async fn version(
    service: &Service,
    identity: &Identity,
    number: &LicenseNumber,
    min: Option<u64>,
) -> Result<(), Problem> {
    let Some(min) = min else { return Ok(()) };
    let until = Instant::now() + WAIT;
    loop {
        let facts = service.store().facts(number, AsOf::default()).await?;
        let version = facts.as_ref().map_or(0, |facts| facts.version);
        if version >= min {
            return Ok(());
        }
        let is_standby = service.store().is_standby().await?;
        if Instant::now() >= until || !is_standby {
            identity.must_see(facts.as_ref().and_then(|facts| facts.partner.as_ref()))?;
            let here = format!("license {number}: version {version}");
            return Err(not_reached(is_standby, "min_version", min, &here));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Returns once the log has come to this position here.
///
/// # Errors
/// It has not: 503 on a standby, else 409.
pub(crate) async fn position(service: &Service, min: Option<u64>) -> Result<(), Problem> {
    let Some(min) = min else { return Ok(()) };
    let is_standby = service.store().is_standby().await?;
    if is_standby {
        // Also when the time is over the head decides, below.
        let _ = timeout(WAIT, service.lookout.watch().wait_for(|head| *head >= Some(min))).await;
    } else {
        service.store().settle().await?;
    }
    match service.store().head().await? {
        head if head >= Some(min) => Ok(()),
        Some(head) => Err(not_reached(is_standby, "min_position", min, &format!("position {head}"))),
        None => Err(not_reached(is_standby, "min_position", min, "an empty log")),
    }
}

fn not_reached(is_standby: bool, parameter: &str, min: u64, here: &str) -> Problem {
    if !is_standby {
        let en = format!("{parameter}: {min} was not recorded ({here}); give what an outcome or the feed has told");
        let ru =
            format!("{parameter}: {min} не записано ({here}); укажите то, что вернул исход команды или лента событий");
        return Problem::new(&problem::CONFLICT, en, ru);
    }
    let en = format!("{parameter}: {min} has not come to this standby yet ({here}); ask again, or ask the primary");
    let ru = format!(
        "{parameter}: {min} ещё не дошло до этой реплики ({here}); повторите запрос или спросите основной сервер"
    );
    Problem::new(&problem::BEHIND, en, ru).retry_after(1)
}
