//! Asking a ledger once, as the product does.

use anyhow::{Context, Result, ensure};
use chrono::Days;
use ledger_app::feed::FeedFilter;
use ledger_app::outcome::OutcomeKind;
use ledger_app::post::{InputLine, PostContext};
use ledger_app::poster::Poster;
use ledger_app::store::{AsOf, Expiring, Filter};
use ledger_domain::command::{Actor, Role};
use ledger_domain::values::{Date, LicenseNumber};

use super::ask::{Asked, PAGE};
use super::grown::Grown;
use crate::lines::Ids;

impl Grown {
    /// Asks whatever is to be asked next; a page must be full.
    pub(super) async fn ask(&mut self, license: &LicenseNumber) -> Result<()> {
        let rows = match self.ask.asked {
            Asked::State => return self.state(license).await,
            Asked::Command(ids) => return self.command(license, ids).await,
            Asked::Entitlement => {
                let facts = self.store.facts(license, AsOf::default()).await?;
                return facts.map(drop).context("no such license");
            }
            Asked::Expiring => self.expiring().await?,
            Asked::List => self.list().await?,
            Asked::Feed => self.feed().await?,
        };
        ensure!(rows == PAGE as usize, "a page of {rows} rows");
        Ok(())
    }

    /// The floor.
    async fn state(&mut self, license: &LicenseNumber) -> Result<()> {
        let state = sqlx::query_scalar::<_, String>("SELECT state FROM current_entitlement WHERE license = $1");
        state.bind(license.as_str()).fetch_one(&mut self.connection).await?;
        Ok(())
    }

    async fn expiring(&mut self) -> Result<usize> {
        let (first, last) = self.swm_ends;
        let days = self.rng.u64(..=u64::try_from((last - first).num_days())?);
        let from = first + Days::new(days);
        let asked = Expiring { from, to: Date::MAX, partner: None, kept_to: None, known_at: None, after: None };
        Ok(self.store.expiring(&asked, PAGE).await?.len())
    }

    async fn list(&mut self) -> Result<usize> {
        let after = &self.listed[self.rng.usize(..self.listed.len())];
        Ok(self.store.list(&Filter::default(), AsOf::default(), Some(after), PAGE).await?.len())
    }

    async fn feed(&mut self) -> Result<usize> {
        let after = self.rng.u64(..self.events - u64::from(PAGE));
        Ok(self.store.feed(Some(after), &FeedFilter::default(), PAGE).await?.events.len())
    }

    /// A version of long ago installed today, on whatever license.
    pub(super) async fn command(&mut self, license: &LicenseNumber, ids: Ids) -> Result<()> {
        // Far ahead, for seeded licenses have a future already.
        let today = "2060-01-01".parse()?;
        let actor = Actor { name: "bench".to_owned(), role: Role::Distributor };
        let bytes = Some(self.lines.old_version_today(license.as_str(), ids).into_bytes());
        let context = PostContext::new(today, Poster::local(actor));
        let answered = self.writer.post(InputLine { number: 1, bytes }, context).await?;
        ensure!(answered.kind == OutcomeKind::Accepted, "not accepted: {}", answered.json);
        Ok(())
    }
}
