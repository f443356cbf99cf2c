//! Posting commands: read, load, judge in order, append together, answer after the commit.

use std::collections::HashSet;

use ledger_domain::command::{self, Request};
use ledger_domain::license::{FOLD, License};
use ledger_domain::values::{Date, LicenseNumber};
use ledger_domain::violation::Text;

use crate::content::{Canonical, canonical};
use crate::edition::Origin;
use crate::group::Task;
use crate::judge::{Held, Judge, Judged, Known, unwritable};
use crate::ledger::Ledger;
use crate::outcome::{Answered, Outcome};
use crate::poster::Poster;
use crate::rebuild::refold_to_license;
use crate::store::{StateRow, StoreError, Wanted};

/// How many lines are judged and committed together at most.
pub const GROUP_LINES: usize = 500;

/// How often a command that another process overtook is judged anew before the store is said to fail.
pub(crate) const ATTEMPTS: u32 = 25;

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
    /// What the license must be at, named beside the command (HTTP's `If-Match`); it is no part of the command's
    /// content.
    pub if_match: Option<IfMatch>,
}

/// What a license must be at, named beside a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// At this version.
    Version(u64),
    /// At any: it exists.
    Any,
}

impl IfMatch {
    /// Why a license at the version does not match; `None`: it does.
    pub(crate) fn misses(self, license: &LicenseNumber, version: u64) -> Option<Text> {
        match self {
            Self::Version(expected) if expected != version => Some(at_another_version(license, version, expected)),
            Self::Any if version == 0 => {
                Some(Text::new(format!("there is no license {license}"), format!("лицензии {license} нет")))
            }
            Self::Version(_) | Self::Any => None,
        }
    }
}

/// That a license is at another version than the one named.
pub(crate) fn at_another_version(license: &LicenseNumber, version: u64, expected: u64) -> Text {
    Text::new(
        format!("license {license} is at version {version}, not {expected}"),
        format!("лицензия {license} имеет версию {version}, а не {expected}"),
    )
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

impl Posted {
    /// Nothing was answered.
    pub(crate) const fn failed(failed: StoreError) -> Self {
        Self { answered: Vec::new(), failed: Some(failed) }
    }
}

/// A line, read: a command with its canonical content, or the answer that it cannot be understood.
#[derive(Debug)]
pub(crate) enum Entry {
    Command(Box<Request>, Canonical),
    Invalid(Answered),
}

impl Ledger {
    /// Posts a group of lines: each is accepted or refused by itself, all commit together. Where that fails, because
    /// another process overtook the group or one of its licenses is damaged, each is posted by itself, up to the first
    /// that the store fails for.
    pub async fn post(&self, lines: &[InputLine], context: &PostContext) -> Posted {
        let entries = match read(lines, &context.poster) {
            Ok(entries) => entries,
            Err(failed) => return Posted::failed(failed),
        };
        let tasks: Vec<_> = entries.iter().map(|entry| Task { entry, context }).collect();
        match self.post_together(&tasks).await {
            Ok(answered) => Posted { answered, failed: None },
            Err(failed @ StoreError::Unavailable(_)) => Posted::failed(failed),
            Err(_) => self.post_one_by_one(tasks).await,
        }
    }

    /// Posts each by itself, up to the first that the store fails for.
    pub(crate) async fn post_one_by_one(&self, tasks: impl IntoIterator<Item = Task<'_>>) -> Posted {
        let mut posted = Posted::default();
        for task in tasks {
            match self.post_alone(&task).await {
                Ok(answered) => posted.answered.push(answered),
                Err(failed) => return Posted { failed: Some(failed), ..posted },
            }
        }
        posted
    }

    /// Loads what the commands need and is not known yet.
    pub(crate) async fn load<'e>(
        &self,
        entries: impl IntoIterator<Item = &'e Entry>,
        known: &mut Known,
    ) -> Result<(), StoreError> {
        let wanted: Vec<Wanted> = entries.into_iter().flat_map(Entry::wanted).collect();
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
                Some(row) => Held::loaded(self.license(number, row).await?, row.version),
                None => Held::default(),
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
    pub(crate) async fn adopt_edition(&self) -> Result<(), StoreError> {
        let adopt = || async {
            match self.edition.origin {
                Origin::Current => Ok(()),
                Origin::Given => self.store.adopt_edition(&self.edition.files).await,
                Origin::BuiltIn => self.store.adopt_first_edition(&self.edition.files).await,
            }
        };
        self.adopted.get_or_try_init(adopt).await.copied()
    }
}

impl Entry {
    /// A command that was read before.
    pub(crate) fn of(request: Request) -> Result<Self, StoreError> {
        let content = canonical(&request).map_err(|error| unwritable(&error))?;
        Ok(Self::Command(Box::new(request), content))
    }

    /// The command, where it could be read.
    pub(crate) fn request(&self) -> Option<&Request> {
        if let Self::Command(request, _) = self { Some(request) } else { None }
    }

    /// The answer, where it could not.
    pub(crate) fn invalid(self) -> Option<Answered> {
        if let Self::Invalid(answered) = self { Some(answered) } else { None }
    }

    /// The license of a command that is about no other.
    pub(crate) fn only_license(&self) -> Option<&LicenseNumber> {
        self.request().filter(|request| request.command.others().is_empty()).map(|request| &request.license)
    }

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
