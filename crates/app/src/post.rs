//! Posting commands: read, load, judge in order, append together, answer after the commit.

use std::collections::HashSet;
use std::time::Duration;

use ledger_domain::command::{self, Request};
use ledger_domain::decide::Purpose;
use ledger_domain::license::{FOLD, License};
use ledger_domain::values::{Date, LicenseNumber};

use crate::content::{Canonical, canonical};
use crate::judge::{Held, Judge, Judged, Known, batch, unwritable};
use crate::ledger::Ledger;
use crate::outcome::{Answered, Outcome};
use crate::poster::Poster;
use crate::rebuild::refold_to_license;
use crate::store::{StateRow, StoreError, Wanted};

/// How many lines are judged and committed together at most.
pub const GROUP_LINES: usize = 500;

/// How often a command that another process overtook is judged anew before the store is said to fail.
const ATTEMPTS: u32 = 25;

/// A line of input.
#[derive(Debug, Clone)]
pub struct InputLine {
    /// Its number, counted from 1, blank lines included.
    pub number: u64,
    /// Its bytes; `None` when it was over [`ledger_domain::command::MAX_LINE_BYTES`] and was skipped.
    pub bytes: Option<Vec<u8>>,
}

/// What stands around every command of a run.
#[derive(Debug, Clone)]
pub struct PostContext {
    /// Today, in the ledger's business time zone.
    pub today: Date,
    /// Who posts.
    pub poster: Poster,
    /// The version that the license must have, named beside the command (HTTP's `If-Match`); it is no part of the
    /// command's content.
    pub if_match: Option<u64>,
}

impl PostContext {
    /// A poster, today.
    #[must_use]
    pub const fn new(today: Date, poster: Poster) -> Self {
        Self { today, poster, if_match: None }
    }
}

/// The answers to a group of lines, in order. When the store failed, to those before the failure.
#[derive(Debug, Default)]
pub struct Posted {
    /// One answer per line.
    pub answered: Vec<Answered>,
    /// Why the rest has none. What was not answered may be posted again: its command ids see to it that nothing is
    /// done twice.
    pub failed: Option<StoreError>,
}

/// A line, read: a command with its canonical content, or the answer that it cannot be understood.
pub(crate) enum Entry {
    Command(Box<Request>, Canonical),
    Invalid(Answered),
}

impl Ledger {
    /// Posts a group of lines: each is accepted or refused by itself, all commit together. Where another process
    /// overtook the group, its commands are judged anew, one by one.
    pub async fn post(&self, lines: &[InputLine], context: &PostContext) -> Posted {
        let entries = match read(lines, &context.poster) {
            Ok(entries) => entries,
            Err(failed) => return Posted { answered: Vec::new(), failed: Some(failed) },
        };
        match self.post_together(&entries, context).await {
            Ok(answered) => Posted { answered, failed: None },
            Err(StoreError::Conflict(_)) => self.post_singly(&entries, context).await,
            Err(failed) => Posted { answered: Vec::new(), failed: Some(failed) },
        }
    }

    async fn post_singly(&self, entries: &[Entry], context: &PostContext) -> Posted {
        let mut posted = Posted::default();
        for entry in entries {
            match self.post_until_it_holds(std::slice::from_ref(entry), context).await {
                Ok(answered) => posted.answered.extend(answered),
                Err(failed) => {
                    posted.failed = Some(failed);
                    break;
                }
            }
        }
        posted
    }

    async fn post_until_it_holds(&self, entry: &[Entry], context: &PostContext) -> Result<Vec<Answered>, StoreError> {
        for attempt in 1..ATTEMPTS {
            match self.post_together(entry, context).await {
                Err(StoreError::Conflict(_)) => tokio::time::sleep(Duration::from_millis(u64::from(attempt))).await,
                other => return other,
            }
        }
        self.post_together(entry, context).await
    }

    async fn post_together(&self, entries: &[Entry], context: &PostContext) -> Result<Vec<Answered>, StoreError> {
        let mut known = Known::default();
        self.load(entries, &mut known).await?;
        let judge =
            Judge { programme: &self.edition.programme, purpose: Purpose::Post { today: context.today }, context };
        let mut answered = Vec::with_capacity(entries.len());
        let mut writes = Vec::new();
        for entry in entries {
            let judged = entry.judge(&judge, &mut known)?;
            answered.push(judged.answered);
            writes.extend(judged.write);
        }
        if !writes.is_empty() {
            self.adopt_edition().await?;
            self.store.append(&batch(&self.edition.files.edition, writes, &known)?).await?;
        }
        Ok(answered)
    }

    /// Loads what the commands need and is not known yet.
    pub(crate) async fn load(&self, entries: &[Entry], known: &mut Known) -> Result<(), StoreError> {
        let wanted: Vec<Wanted> = entries.iter().flat_map(Entry::wanted).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let loaded = self.store.load(&wanted).await?;
        let numbers: HashSet<&LicenseNumber> = wanted.iter().map(|wanted| &wanted.license).collect();
        for number in numbers {
            if known.licenses.contains_key(number) {
                continue;
            }
            let held = match loaded.states.get(number) {
                Some(row) => Held { license: Some(self.license(number, row).await?), base_version: row.version },
                None => Held { license: None, base_version: 0 },
            };
            known.licenses.insert(number.clone(), held);
        }
        for (id, answer) in loaded.answers {
            known.answers.entry(id).or_insert(answer);
        }
        known.orders_taken.extend(loaded.orders_taken);
        Ok(())
    }

    /// The license in the row. One that an older fold made is folded anew from its events.
    async fn license(&self, number: &LicenseNumber, row: &StateRow) -> Result<License, StoreError> {
        if row.fold > FOLD {
            let message =
                format!("the state of license {number} is of fold {}, and this program's is {FOLD}", row.fold);
            return Err(StoreError::Newer(message));
        }
        if row.fold < FOLD {
            let events = self.store.history(number, 0, u32::MAX).await?;
            return refold_to_license(number, &events);
        }
        serde_json::from_slice(&row.state)
            .map_err(|error| StoreError::Damaged(format!("the state of license {number} cannot be read: {error}")))
    }

    /// Keeps the edition in the ledger before the first event that cites it.
    async fn adopt_edition(&self) -> Result<(), StoreError> {
        let adopt = || async {
            if self.edition.is_current { Ok(()) } else { self.store.adopt_edition(&self.edition.files).await }
        };
        self.adopted.get_or_try_init(adopt).await.copied()
    }
}

impl Entry {
    /// What is to be loaded: the command's license, and every other that takes part.
    fn wanted(&self) -> Vec<Wanted> {
        let Self::Command(request, _) = self else { return Vec::new() };
        let order = request.command.places_order().map(str::to_owned);
        let of =
            |license: &LicenseNumber, order| Wanted { command_id: request.command_id, license: license.clone(), order };
        let others = request.command.others().into_iter().map(|other| of(other, None));
        [of(&request.license, order)].into_iter().chain(others).collect()
    }

    pub(crate) fn judge(&self, judge: &Judge<'_>, known: &mut Known) -> Result<Judged, StoreError> {
        match self {
            Self::Command(request, content) => judge.judge(request, content, known),
            Self::Invalid(answered) => Ok(Judged { answered: answered.clone(), write: None }),
        }
    }
}

/// Reads the lines: what cannot be understood is answered at once.
pub(crate) fn read(lines: &[InputLine], poster: &Poster) -> Result<Vec<Entry>, StoreError> {
    lines.iter().map(|line| read_line(line, poster).map_err(|error| unwritable(&error))).collect()
}

fn read_line(line: &InputLine, poster: &Poster) -> serde_json::Result<Entry> {
    let request = match &line.bytes {
        Some(bytes) => command::read(bytes).and_then(|request| poster.takes(request)),
        None => Err(command::too_long()),
    };
    Ok(match request {
        Ok(request) => {
            let content = canonical(&request)?;
            Entry::Command(Box::new(request), content)
        }
        Err(invalid) => Entry::Invalid(Answered::now(&Outcome::invalid(*invalid, Some(line.number)))?),
    })
}
