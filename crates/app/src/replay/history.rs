//! A license as its recorded events made it, up to some version.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use ledger_domain::license::{EventPlace, License, evolve};
use ledger_domain::values::LicenseNumber;
use uuid::Uuid;

use crate::store::{StoreError, StoredEvent};
use crate::transfer::Transfer;

/// How many events are read at once.
const PAGE: u32 = 1_000;

/// The events so far, folded.
pub(super) struct History {
    pub(super) license: LicenseNumber,
    pub(super) state: Option<License>,
    orders: HashSet<String>,
    last: Option<Uuid>,
}

impl History {
    /// Before the first event.
    pub(super) fn of(license: LicenseNumber) -> Self {
        Self { license, state: None, orders: HashSet::new(), last: None }
    }

    /// Up to a version.
    pub(super) async fn up_to(store: &dyn Transfer, license: LicenseNumber, version: u64) -> Result<Self, StoreError> {
        let mut history = Self::of(license);
        while history.version() < version {
            let limit = u32::try_from(version - history.version()).unwrap_or(PAGE).min(PAGE);
            let events = store.history(&history.license, history.version(), limit).await?;
            if events.is_empty() {
                let (license, at) = (&history.license, history.version());
                return Err(StoreError::Damaged(format!("license {license} has {at} events, and {version} are cited")));
            }
            events.iter().try_for_each(|event| history.push(event))?;
        }
        Ok(history)
    }

    /// The command of the last event.
    pub(super) const fn last_command(&self) -> Option<Uuid> {
        self.last
    }

    /// The sequence of the last event.
    pub(super) fn version(&self) -> u64 {
        self.state.as_ref().map_or(0, |license| license.facts.version)
    }

    /// Whether an order number is used up (UPG-5).
    pub(super) fn has_order(&self, order: &str) -> bool {
        self.orders.contains(order)
    }

    pub(super) fn push(&mut self, event: &StoredEvent) -> Result<(), StoreError> {
        let place = EventPlace { license: &self.license, sequence: event.sequence, on: event.on };
        let next = evolve(self.state.take(), &place, &event.event);
        self.state = Some(next.map_err(|damaged| StoreError::Damaged(damaged.to_string()))?);
        self.orders.extend(event.event.order_number().map(str::to_owned));
        self.last = Some(event.command_id);
        Ok(())
    }
}

/// How many events a license had before the instant, and how many up to it.
pub(super) async fn versions_at(
    store: &dyn Transfer,
    license: &LicenseNumber,
    instant: DateTime<Utc>,
) -> Result<(u64, u64), StoreError> {
    let (mut before, mut up_to) = (0, 0);
    loop {
        let events = store.history(license, up_to, PAGE).await?;
        for event in &events {
            if event.recorded_at > instant {
                return Ok((before, up_to));
            }
            up_to = event.sequence;
            if event.recorded_at < instant {
                before = event.sequence;
            }
        }
        if events.is_empty() {
            return Ok((before, up_to));
        }
    }
}
