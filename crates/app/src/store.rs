//! The port to a store: what the use cases need of a database, and nothing else.
//!
//! There is one write path, [`Store::append`]: it takes the results of many commands, and writes them all or none.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_domain::command::Actor;
use ledger_domain::event::Event;
use ledger_domain::license::Facts;
use ledger_domain::values::{Date, LicenseNumber, LicenseType, Plugin, Product};
use uuid::Uuid;

use crate::audit::Audit;
use crate::feed::Feed;
use crate::kept::KeptQuotes;
use crate::keys::Keys;
use crate::seal::SealedLog;

/// The aggregate type of a license's stream.
pub const LICENSE_STREAM: &str = "license";
/// The aggregate type of a refusal's stream: its id is the command's, its only sequence is 1.
pub const REFUSAL_STREAM: &str = "refusal";

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A version, an order number or a command id was taken meanwhile: nothing was written; load and judge again.
    #[error("the ledger has changed meanwhile: {0}")]
    Conflict(String),
    /// The database cannot be reached or written. Nothing was written, unless the connection broke during the commit:
    /// posting the same command ids again tells, and does nothing twice.
    #[error("the database failed: {0}")]
    Unavailable(String),
    /// Somebody else has had a lock that it needs for too long. Nothing was written.
    #[error("somebody else holds what it needs: {0}")]
    Held(String),
    /// What was asked takes another server than this one, which only repeats what that one does. Nothing was written.
    #[error("this database only answers: {0}")]
    Standby(String),
    /// What is stored cannot be: stop, and have it looked at.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    /// The database, or a state in it, was written by a newer version of this program.
    #[error("this database needs a newer license-ledger: {0}")]
    Newer(String),
    /// An import into it was begun and has not ended.
    #[error("only a part of a ledger is in it so far: its import has not ended")]
    HalfImported,
    /// What was known at that instant is not final yet.
    #[error("what is known at {asked} is not final yet; it is up to {final_until}")]
    NotYetFinal {
        /// The instant asked about.
        asked: DateTime<Utc>,
        /// The instant up to which the log is final.
        final_until: DateTime<Utc>,
    },
}

/// What one command needs loaded to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its id: was it answered before?
    pub command_id: Uuid,
    /// Its license.
    pub license: LicenseNumber,
    /// The order it would place: is the number taken in that license (UPG-5)?
    pub order: Option<String>,
}

/// What was loaded, from one snapshot.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The folded states of the licenses that exist.
    pub states: HashMap<LicenseNumber, StateRow>,
    /// The answers given before, by command id.
    pub answers: HashMap<Uuid, Answer>,
    /// The order numbers asked about that are taken.
    pub orders_taken: HashSet<(LicenseNumber, String)>,
}

/// A license's folded state, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRow {
    /// The sequence of the license's last event.
    pub version: u64,
    /// The number of the fold that made it ([`ledger_domain::license::FOLD`]).
    pub fold: u32,
    /// The [`ledger_domain::license::License`] as JSON.
    pub state: Vec<u8>,
}

/// What a command was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// SHA-256 of the command's canonical content.
    pub digest: [u8; 32],
    /// The whole outcome, as JSON.
    pub outcome: Vec<u8>,
}

/// The results of commands, written together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The edition of facts they were judged by (hex SHA-256); it has been adopted before.
    pub edition: String,
    /// The commands, in the order they were judged.
    pub commands: Vec<JudgedCommand>,
    /// The final state of every license that the batch changes: one row each, in license order, with the facts of the
    /// license's last event in the batch.
    pub states: Vec<StateWrite>,
    /// Licenses that were only read, with the version read (0: it did not exist), in license order.
    pub guards: Vec<(LicenseNumber, u64)>,
}

/// A command with its outcome, and the events it caused.
#[derive(Debug, Clone)]
pub struct JudgedCommand {
    /// Its id.
    pub command_id: Uuid,
    /// Its license.
    pub license: LicenseNumber,
    /// The other licenses that it names.
    pub others: Vec<LicenseNumber>,
    /// Its business date.
    pub on: Date,
    /// Who posted it.
    pub actor: Actor,
    /// Its canonical content (RFC 8785).
    pub content: String,
    /// SHA-256 of `content`.
    pub content_digest: [u8; 32],
    /// The whole outcome as JSON, `replayed` false.
    pub outcome: String,
    /// SHA-256 of `outcome`.
    pub outcome_digest: [u8; 32],
    /// Whether it was accepted; else rejected by a rule.
    pub accepted: bool,
    /// Its events; a refusal is one too, of its own stream.
    pub events: Vec<NewEvent>,
}

/// An event to write. `on`, actor, command id and edition are its command's and its batch's.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// [`LICENSE_STREAM`] or [`REFUSAL_STREAM`].
    pub stream_type: &'static str,
    /// The license number, or the refused command's id.
    pub stream_id: String,
    /// The sequence within the stream, from 1.
    pub sequence: u64,
    /// The event's type.
    pub event_type: &'static str,
    /// The version of its format.
    pub event_version: &'static str,
    /// The event as JSON, externally tagged: `{"UsersReduced": {…}}`.
    pub payload: String,
    /// How many users it moves to its license from others; over a command they sum to zero (VND-7).
    pub users_moved: Option<i64>,
    /// The order number it uses up (UPG-5).
    pub order_number: Option<String>,
    /// The license's facts after it: a row of `entitlement_versions`. None for a refusal.
    pub facts: Option<Facts>,
}

impl Batch {
    /// Checks that no operation makes users out of nothing or loses any. Every store does before it writes.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a command whose events do not sum to zero users.
    pub fn conserves_users(&self) -> Result<(), StoreError> {
        for command in &self.commands {
            let moved: i64 = command.events.iter().filter_map(|event| event.users_moved).sum();
            if moved != 0 {
                let id = command.command_id;
                return Err(StoreError::Damaged(format!(
                    "the events of command {id} sum to {moved} users, not to zero"
                )));
            }
        }
        Ok(())
    }
}

/// The state row of a license, to write.
#[derive(Debug, Clone)]
pub struct StateWrite {
    /// The version that was loaded (0: there was no license).
    pub base_version: u64,
    /// The state that the commands were judged on, where it was not loaded for them but remembered: it must still be the
    /// stored one, byte for byte. A rebuild that mends a state changes no version.
    pub base_state: Option<String>,
    /// The number of the fold that made `state`.
    pub fold: u32,
    /// The folded license as JSON.
    pub state: String,
    /// The facts, as columns; `facts.version` is the new version.
    pub facts: Facts,
}

/// An event as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The sequence within the license.
    pub sequence: u64,
    /// The event's type.
    pub event_type: String,
    /// The version of its format.
    pub event_version: String,
    /// The business date.
    pub on: Date,
    /// When the ledger wrote it, to the microsecond.
    pub recorded_at: DateTime<Utc>,
    /// Who posted the command.
    pub actor: Actor,
    /// The command.
    pub command_id: Uuid,
    /// The edition of facts it was judged by.
    pub edition: String,
    /// The event itself.
    pub event: Event,
}

impl StoredEvent {
    /// What of it is folded: its sequence, its business date, the event.
    #[must_use]
    pub const fn to_fold(&self) -> (u64, Date, &Event) {
        (self.sequence, self.on, &self.event)
    }
}

/// Which day, and which state of knowledge, is asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AsOf {
    /// Only events with `on` up to this day; `None`: all.
    pub on: Option<Date>,
    /// Only events recorded up to this instant; `None`: all.
    pub known_at: Option<DateTime<Utc>>,
}

/// Which licenses to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this product.
    pub product: Option<Product>,
    /// Of the partner with exactly this name.
    pub partner: Option<String>,
    /// Of the holder with exactly this name, or this INN.
    pub holder: Option<String>,
    /// With this status on `today`.
    pub status: Option<StatusFilter>,
    /// Of this license type.
    pub license_type: Option<LicenseType>,
    /// With this plugin.
    pub plugin: Option<Plugin>,
    /// Whose SWM ends on this day or later.
    pub swm_ends_from: Option<Date>,
    /// Whose SWM ends before this day.
    pub swm_ends_before: Option<Date>,
    /// Whose partner is exactly this one now, whatever day and instant are asked about: what a partner's key sees.
    pub kept_to: Option<String>,
}

/// A status that can be asked for; whether a trial is over depends on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFilter {
    /// Bought, not activated.
    Ordered,
    /// A trial that runs on the day (`trial_ends` after it).
    TrialOn(Date),
    /// A trial that is over on the day.
    TrialOverOn(Date),
    /// Active.
    Active,
    /// Blocked.
    Blocked,
    /// Closed.
    Closed,
}

/// Which SWM ends to list: active and blocked licenses whose `swm_ends` lies in `[from, to)`, soonest first, then by
/// license number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// The first day.
    pub from: Date,
    /// The first day no longer asked about.
    pub to: Date,
    /// Only of this partner.
    pub partner: Option<String>,
    /// Only licenses whose partner is exactly this one now, as in [`Filter::kept_to`].
    pub kept_to: Option<String>,
    /// As known at this instant.
    pub known_at: Option<DateTime<Utc>>,
    /// Only what comes after this one (keyset paging).
    pub after: Option<(Date, LicenseNumber)>,
}

/// The bytes of the facts that commands are judged by: a catalog and a price list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionFiles {
    /// SHA-256 over both files, in hex.
    pub edition: String,
    /// The catalog (TOML).
    pub catalog: String,
    /// The price list (CSV).
    pub prices: String,
}

/// Folds a license's whole history, oldest first: sequence, business date and event of each. It is never empty. What the
/// license was after each event is shown as it comes; the state row is what it was in the end.
pub type Refold = fn(
    &LicenseNumber,
    &mut dyn Iterator<Item = (u64, Date, &Event)>,
    &mut dyn FnMut(&Facts),
) -> Result<StateWrite, StoreError>;

/// A license folded anew from its events: what its rows must be.
#[derive(Debug, Clone)]
pub struct Refolded {
    /// The state row.
    pub state: StateWrite,
    /// The facts after each event, in sequence.
    pub versions: Vec<Facts>,
}

impl Refolded {
    /// What the events, which are not none, fold to.
    ///
    /// # Errors
    /// As `refold`.
    pub fn of(license: &LicenseNumber, events: &[StoredEvent], refold: Refold) -> Result<Self, StoreError> {
        let mut versions = Vec::with_capacity(events.len());
        let mut events = events.iter().map(StoredEvent::to_fold);
        let state = refold(license, &mut events, &mut |facts| versions.push(facts.clone()))?;
        Ok(Self { state, versions })
    }
}

/// One page of a rebuild.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RebuiltPage {
    /// The last license (or stray row's license) of the page; `None`: that was all.
    pub last: Option<String>,
    /// How many licenses were looked at.
    pub licenses: u64,
    /// How many events were folded.
    pub events: u64,
    /// How many licenses had to be looked at column by column: none, where everything is as it must be.
    pub in_doubt: u64,
    /// What was mended, one line each: which license, which table, what.
    pub mended: Vec<String>,
}

/// A store of the ledger.
///
/// All errors are [`StoreError`]; what each method says about writing holds also when it fails: all or nothing.
#[async_trait]
pub trait Store: Keys + KeptQuotes + Feed + Send + Sync {
    /// How many appends go well at the same time.
    fn writers(&self) -> usize {
        1
    }

    /// Whether everything in it comes from another server, which it follows and may lag behind: nothing can be written.
    async fn is_standby(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    /// Loads what the commands need, in one read, from one snapshot.
    async fn load(&self, wanted: &[Wanted]) -> Result<Loaded, StoreError>;

    /// Writes a batch in one transaction: events, command records, read models. Returns after the commit.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when an event's sequence, a base version, a guard, an order number or a command id
    /// no longer holds; nothing was written then.
    async fn append(&self, batch: &Batch) -> Result<(), StoreError>;

    /// The facts of one license. `AsOf::default()` reads the current row.
    async fn facts(&self, license: &LicenseNumber, as_of: AsOf) -> Result<Option<Facts>, StoreError>;

    /// The facts of the licenses that fit, by license number, after the one given, at most `limit`.
    async fn list(
        &self,
        filter: &Filter,
        as_of: AsOf,
        after: Option<&LicenseNumber>,
        limit: u32,
    ) -> Result<Vec<Facts>, StoreError>;

    /// The facts of the licenses whose SWM ends in the period, at most `limit`.
    async fn expiring(&self, asked: &Expiring, limit: u32) -> Result<Vec<Facts>, StoreError>;

    /// The events of a license with a sequence above `after`, in sequence, at most `limit`.
    async fn history(&self, license: &LicenseNumber, after: u64, limit: u32) -> Result<Vec<StoredEvent>, StoreError>;

    /// The edition adopted last, if any.
    async fn current_edition(&self) -> Result<Option<EditionFiles>, StoreError>;

    /// Keeps the edition's bytes, append-only, and makes it the current one. Does nothing when it is.
    async fn adopt_edition(&self, files: &EditionFiles) -> Result<(), StoreError>;

    /// As [`Store::adopt_edition`], in a ledger that has adopted none: for what was chosen because there was none. When
    /// there is another by now, nothing is written, and that is a [`StoreError::Conflict`].
    async fn adopt_first_edition(&self, files: &EditionFiles) -> Result<(), StoreError>;

    /// Makes the read models of up to `limit` licenses after `after` anew from their events. They are compared from one
    /// state of the database, which keeps nobody waiting; those that are not as they must be are compared once more, in
    /// transactions of a few licenses and under row locks: writes only what differs, inserts what is missing, removes what has no events.
    async fn rebuild_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError>;

    /// The sealed log: the tree over the events, and the checkpoints signed of it.
    fn sealed_log(&self) -> &dyn SealedLog;

    /// What is stored, as it is.
    fn audit(&self) -> &dyn Audit;

    /// Gives every committed event its position. Stores that give it in the append have nothing to do.
    async fn settle(&self) -> Result<(), StoreError>;

    /// Returns once nothing can be recorded at or before the instant any more, waiting a few seconds at most.
    ///
    /// # Errors
    /// [`StoreError::NotYetFinal`] for an instant that is not over, or that an open transaction keeps open.
    async fn wait_until_final(&self, instant: DateTime<Utc>) -> Result<(), StoreError>;
}
