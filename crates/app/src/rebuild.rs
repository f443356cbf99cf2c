//! Rebuilding: every read model made anew from the events.

use ledger_domain::event::Event;
use ledger_domain::license::{EventPlace, FOLD, Facts, License, evolve};
use ledger_domain::values::{Date, LicenseNumber};

use crate::ledger::Ledger;
use crate::store::{RebuiltPage, StateWrite, StoreError, StoredEvent};

/// How many licenses make a page: so many that the time at its end, when not all processors have something to do, does
/// not count.
pub(crate) const PAGE_LICENSES: u32 = 5_000;

/// What a rebuild did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RebuildSummary {
    /// How many licenses were looked at.
    pub licenses: u64,
    /// How many events were folded.
    pub events: u64,
    /// How many rows were mended.
    pub mended: u64,
}

impl Ledger {
    /// Rebuilds page by page; what must be mended in transactions of a few licenses, so that the ledger stays in use meanwhile.
    /// `report` is told of every page.
    ///
    /// # Errors
    /// [`StoreError::Standby`]; the store's failure: the pages before it are done, and running it again goes over them once more.
    pub async fn rebuild(&self, mut report: impl FnMut(&RebuiltPage)) -> Result<RebuildSummary, StoreError> {
        if self.store.is_standby().await? {
            return Err(StoreError::Standby("a rebuild may have to write".to_owned()));
        }
        let mut summary = RebuildSummary::default();
        let mut after: Option<String> = None;
        loop {
            let page = self.store.rebuild_page(after.as_deref(), PAGE_LICENSES, refold).await?;
            report(&page);
            summary.licenses += page.licenses;
            summary.events += page.events;
            summary.mended += u64::try_from(page.mended.len()).unwrap_or(u64::MAX);
            match page.last {
                Some(last) => after = Some(last),
                None => return Ok(summary),
            }
        }
    }
}

/// Folds a license's whole history: its state row in the end. See [`crate::store::Refold`].
///
/// # Errors
/// [`StoreError::Damaged`] when the history has a gap, or does not begin a license.
pub fn refold(
    license: &LicenseNumber,
    events: &mut dyn Iterator<Item = (u64, Date, &Event)>,
    after_each: &mut dyn FnMut(&Facts),
) -> Result<StateWrite, StoreError> {
    state_write(&fold(license, events, after_each)?, 0)
}

/// The license that the history folds to.
///
/// # Errors
/// As [`refold`].
pub fn refold_to_license(license: &LicenseNumber, events: &[StoredEvent]) -> Result<License, StoreError> {
    fold(license, &mut events.iter().map(StoredEvent::to_fold), &mut |_| {})
}

fn fold(
    license: &LicenseNumber,
    events: &mut dyn Iterator<Item = (u64, Date, &Event)>,
    after_each: &mut dyn FnMut(&Facts),
) -> Result<License, StoreError> {
    let mut folded: Option<License> = None;
    for ((sequence, on, event), expected) in events.zip(1u64..) {
        if sequence != expected {
            let what = format!("license {license} has no event {expected}, and one of {sequence}");
            return Err(StoreError::Damaged(what));
        }
        let place = EventPlace { license, sequence, on };
        let next = evolve(folded, &place, event).map_err(|damaged| StoreError::Damaged(damaged.to_string()))?;
        after_each(&next.facts);
        folded = Some(next);
    }
    folded.ok_or_else(|| StoreError::Damaged(format!("license {license} has no events")))
}

/// The license's state row, to write over the version that was loaded.
///
/// # Errors
/// [`StoreError::Damaged`] when it cannot be written as JSON, which no license can cause.
pub fn state_write(license: &License, base_version: u64) -> Result<StateWrite, StoreError> {
    let state = serde_json::to_string(license).map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(StateWrite { base_version, base_state: None, fold: FOLD, state, facts: license.facts.clone() })
}
