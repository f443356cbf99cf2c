//! Reading: entitlements, histories, lists, and the answers about support and users needed.

use chrono::{DateTime, Utc};
use ledger_domain::command::Actor;
use ledger_domain::entitlement::{Entitlement, EntitlementStatus, entitlement};
use ledger_domain::license::Facts;
use ledger_domain::needed_users::{self, Installation, NeededUsers};
use ledger_domain::support::{Support, SupportRequest, support};
use ledger_domain::values::{Currency, Date, LicenseNumber, LicenseType, Plugin, Product, Users};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::ledger::Ledger;
use crate::outcome::event_data;
use crate::store::{AsOf, Expiring, Filter, StatusFilter, StoreError, StoredEvent};

/// Which day and instant a question is about. Without `on` it is about today, by everything recorded.
#[derive(Debug, Clone, Copy)]
pub struct When {
    /// Today, in the ledger's business time zone.
    pub today: Date,
    /// The day asked about.
    pub on: Option<Date>,
    /// With only what the ledger knew then.
    pub known_at: Option<DateTime<Utc>>,
}

impl When {
    fn day(&self) -> Date {
        self.on.unwrap_or(self.today)
    }

    /// The day and the instant, as the store is asked.
    #[must_use]
    pub const fn as_of(&self) -> AsOf {
        AsOf { on: self.on, known_at: self.known_at }
    }
}

/// Which licenses to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Of this product.
    pub product: Option<Product>,
    /// Of the partner with exactly this name.
    pub partner: Option<String>,
    /// Of the holder with exactly this name, or this INN.
    pub holder: Option<String>,
    /// With this status on the day.
    pub status: Option<EntitlementStatus>,
    /// Of this license type.
    pub license_type: Option<LicenseType>,
    /// With this plugin.
    pub plugin: Option<Plugin>,
    /// Whose SWM ends on this day or later.
    pub swm_ends_from: Option<Date>,
    /// Whose SWM ends before this day.
    pub swm_ends_before: Option<Date>,
    /// Whose partner is exactly this one now, whatever day and instant are asked about.
    pub kept_to: Option<String>,
    /// Only those after this number.
    pub after: Option<LicenseNumber>,
    /// At most so many.
    pub limit: u32,
}

/// A page of entitlements.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Page {
    /// The entitlements.
    pub items: Vec<Entitlement>,
    /// What to ask on with as `after`; null at the end.
    pub next: Option<String>,
}

/// An event of a license's history.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HistoryEntry {
    /// Its sequence, from 1.
    pub sequence: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its business date.
    pub on: Date,
    /// When the ledger wrote it, in UTC, to the microsecond.
    pub recorded_at: String,
    /// Who posted the command.
    pub actor: Actor,
    /// The command.
    pub command_id: Uuid,
    /// What it says.
    pub data: Value,
}

impl From<StoredEvent> for HistoryEntry {
    fn from(stored: StoredEvent) -> Self {
        Self {
            sequence: stored.sequence,
            data: event_data(&stored.event),
            event_type: stored.event_type,
            on: stored.on,
            recorded_at: instant(stored.recorded_at),
            actor: stored.actor,
            command_id: stored.command_id,
        }
    }
}

/// An instant as the contract writes it: RFC 3339 in UTC, to the microsecond.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Why there is no answer about support.
#[derive(Debug, thiserror::Error)]
pub enum SupportError {
    /// There is no fee in that currency.
    #[error("there is no support fee in that currency; there are {}", .0.iter().map(Currency::as_str).collect::<Vec<_>>().join(", "))]
    NoFee(Vec<Currency>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ledger {
    /// The entitlement of a license on the day; `None` before its first event.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn show(&self, license: &LicenseNumber, when: When) -> Result<Option<Entitlement>, StoreError> {
        Ok(self.facts(license, when).await?.map(|facts| self.entitled(&facts, when)))
    }

    async fn facts(&self, license: &LicenseNumber, when: When) -> Result<Option<Facts>, StoreError> {
        self.finality(when.known_at).await?;
        self.store.facts(license, when.as_of()).await
    }

    pub(crate) async fn finality(&self, known_at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        match known_at {
            Some(instant) => self.store.wait_until_final(instant).await,
            None => Ok(()),
        }
    }

    pub(crate) fn entitled(&self, facts: &Facts, when: When) -> Entitlement {
        entitlement(facts, when.day(), &self.edition.programme.catalog)
    }

    /// A license's events after the sequence, oldest first: those up to that day, recorded up to that instant.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn history(
        &self,
        license: &LicenseNumber,
        after: u64,
        limit: u32,
        as_of: AsOf,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        self.finality(as_of.known_at).await?;
        let events = self.store.history(license, after, limit).await?;
        // Neither business dates nor instants go back within a license: what fits comes first.
        let fitting = events.into_iter().take_while(|event| {
            as_of.on.is_none_or(|day| event.on <= day) && as_of.known_at.is_none_or(|at| event.recorded_at <= at)
        });
        Ok(fitting.map(HistoryEntry::from).collect())
    }

    /// The licenses that fit, by number.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn list(&self, query: &ListQuery, when: When) -> Result<Page, StoreError> {
        self.finality(when.known_at).await?;
        let filter = Filter {
            product: query.product,
            partner: query.partner.clone(),
            holder: query.holder.clone(),
            status: query.status.map(|status| status_filter(status, when.day())),
            license_type: query.license_type,
            plugin: query.plugin,
            swm_ends_from: query.swm_ends_from,
            swm_ends_before: query.swm_ends_before,
            kept_to: query.kept_to.clone(),
        };
        let facts = self.store.list(&filter, when.as_of(), query.after.as_ref(), query.limit.saturating_add(1)).await?;
        Ok(self.page(&facts, query.limit, when, |facts| facts.license.to_string()))
    }

    /// Active and blocked licenses whose SWM ends in `[from, to)`, soonest first.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn expiring(&self, query: &Expiring, limit: u32, when: When) -> Result<Page, StoreError> {
        self.finality(query.known_at).await?;
        let facts = self.store.expiring(query, limit.saturating_add(1)).await?;
        Ok(self.page(&facts, limit, when, expiring_key))
    }

    fn page(&self, facts: &[Facts], limit: u32, when: When, key: impl Fn(&Facts) -> String) -> Page {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let shown = &facts[..facts.len().min(limit)];
        let next = if facts.len() > limit { shown.last().map(key) } else { None };
        Page { items: shown.iter().map(|facts| self.entitled(facts, when)).collect(), next }
    }

    /// How many users an installation needs on the day (CNT). With a license: compared with what it has.
    /// `None`: there is no such license.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn needed_users(
        &self,
        installation: &Installation,
        license: Option<&LicenseNumber>,
        when: When,
    ) -> Result<Option<NeededUsers>, StoreError> {
        let terms = self.edition.programme.catalog.terms(when.day());
        let Some(license) = license else { return Ok(Some(needed_users::for_a_new_license(installation, terms))) };
        let facts = self.facts(license, when).await?;
        Ok(facts.map(|facts| needed_users::compared(installation, terms, facts.users.map(Users::count))))
    }

    /// What support a license has on the day (SUP). `None`: there is no such license.
    ///
    /// # Errors
    /// No fee in the currency asked for, or the store's failure.
    pub async fn support(
        &self,
        license: &LicenseNumber,
        asked: &SupportRequest,
        when: When,
    ) -> Result<Option<Support>, SupportError> {
        let Some(facts) = self.facts(license, when).await? else { return Ok(None) };
        support(&facts, when.day(), asked, &self.edition.programme.catalog).map(Some).map_err(SupportError::NoFee)
    }
}

const fn status_filter(status: EntitlementStatus, day: Date) -> StatusFilter {
    match status {
        EntitlementStatus::Ordered => StatusFilter::Ordered,
        EntitlementStatus::Trial => StatusFilter::TrialOn(day),
        EntitlementStatus::TrialOver => StatusFilter::TrialOverOn(day),
        EntitlementStatus::Active => StatusFilter::Active,
        EntitlementStatus::Blocked => StatusFilter::Blocked,
        EntitlementStatus::Closed => StatusFilter::Closed,
    }
}

/// Where a list of ends goes on: `2013-01-20/10101-ABC12`.
fn expiring_key(facts: &Facts) -> String {
    let ends = facts.swm.map(|swm| swm.ends.to_string()).unwrap_or_default();
    format!("{ends}/{}", facts.license)
}

/// Reads what [`Page::next`] of a list of ends says.
#[must_use]
pub fn parse_expiring_key(key: &str) -> Option<(Date, LicenseNumber)> {
    let (ends, license) = key.split_once('/')?;
    Some((ledger_domain::command::parse_date(ends)?, license.parse().ok()?))
}
