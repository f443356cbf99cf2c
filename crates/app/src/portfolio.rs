//! Legacy portfolios: a table of licenses as they stand today becomes openings (LIC-2), row by row.
//!
//! Reading order: [`Column`] (what a table says), [`Import`] (what becomes of its rows). [`sheet`] reads and writes tables,
//! `opening` makes a row's command, `standing` compares it with what was opened before.

mod opening;
pub mod sheet;
mod standing;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use ledger_domain::command::Request;
use ledger_domain::decide::Purpose;
use ledger_domain::values::{Date, LicenseNumber};
use serde_json::Value;

pub(crate) use opening::{opening, plugin_names};
use sheet::{Row, Sheet};
use standing::Standing;

use crate::judge::{Judge, Known, unwritable};
use crate::ledger::Ledger;
use crate::outcome::{Answered, OutcomeKind};
use crate::post::{Entry, GROUP_LINES, InputLine, PostContext};
use crate::store::StoreError;

/// A column of a portfolio. The names are those of the lists of licenses, as CSV over HTTP has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The license number.
    License,
    /// `connect`, `control`, `operator`.
    Product,
    /// `commercial`, `government`, `education`, `fstek`; empty: commercial.
    LicenseType,
    /// The users.
    Users,
    /// The plugins, with blanks between them; empty: none.
    Plugins,
    /// Who holds the license.
    HolderName,
    /// Its INN.
    HolderInn,
    /// Its country, ISO 3166-1 alpha-2; empty: RU.
    HolderCountry,
    /// Through whom it was bought.
    Partner,
    /// `authorized`, `certified`, `preferred`.
    PartnerLevel,
    /// The first day of SWM.
    SwmStarts,
    /// The first day without SWM.
    SwmEnds,
    /// `true` or `false`, of an `fstek` license.
    Certified,
    /// The version that is installed.
    InstalledVersion,
    /// Why a row was refused; not read.
    Reason,
}

impl Column {
    /// All, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::License,
        Self::Product,
        Self::LicenseType,
        Self::Users,
        Self::Plugins,
        Self::HolderName,
        Self::HolderInn,
        Self::HolderCountry,
        Self::Partner,
        Self::PartnerLevel,
        Self::SwmStarts,
        Self::SwmEnds,
        Self::Certified,
        Self::InstalledVersion,
        Self::Reason,
    ];

    /// Those that a portfolio must have to be imported: a column that was forgotten is not taken for "none".
    pub const REQUIRED: &'static [Self] = &[
        Self::License,
        Self::Product,
        Self::LicenseType,
        Self::Users,
        Self::Plugins,
        Self::HolderName,
        Self::SwmStarts,
        Self::SwmEnds,
    ];

    /// Its name in the header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Product => "product",
            Self::LicenseType => "license_type",
            Self::Users => "users",
            Self::Plugins => "plugins",
            Self::HolderName => "holder_name",
            Self::HolderInn => "holder_inn",
            Self::HolderCountry => "holder_country",
            Self::Partner => "partner",
            Self::PartnerLevel => "partner_level",
            Self::SwmStarts => "swm_starts",
            Self::SwmEnds => "swm_ends",
            Self::Certified => "certified",
            Self::InstalledVersion => "installed_version",
            Self::Reason => "reason",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Column {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|column| column.name() == name).ok_or(())
    }
}

/// What became of a row, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Its license is opened, with what is worth telling about it.
    Opened(Vec<String>),
    /// Its license was opened from a row that said the same.
    AlreadyThere,
    /// It cannot be: why.
    Refused(String),
}

/// An import of a table.
pub struct Import<'l> {
    ledger: &'l Ledger,
    /// The day on which the licenses are opened.
    on: Date,
    /// Whether anything is written.
    commits: bool,
    /// The licenses of the rows so far, with the lines that they stand on.
    lines: HashMap<LicenseNumber, u64>,
}

impl<'l> Import<'l> {
    /// An import on the day; without `commits` nothing is written, and the fates are what they would be.
    #[must_use]
    pub fn new(ledger: &'l Ledger, on: Date, commits: bool) -> Self {
        Self { ledger, on, commits, lines: HashMap::new() }
    }

    /// How many rows are taken together at most.
    pub const GROUP: usize = GROUP_LINES;

    /// Takes the next rows: judges each by itself, and opens what can be opened. The fates, in order.
    ///
    /// A row that is refused is not posted: the ledger keeps no refusal of it, and posting it again mended is another
    /// command. Only one that another process overtakes is told by the ledger.
    ///
    /// # Errors
    /// The store's failure. What was opened before it is found to be there already when the rows are taken again.
    pub async fn take(
        &mut self,
        sheet: &Sheet<'_>,
        rows: &[Row],
        context: &PostContext,
    ) -> Result<Vec<Fate>, StoreError> {
        let mut fates: BTreeMap<usize, Fate> = BTreeMap::new();
        let mut openings: Vec<(usize, Entry)> = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            let read = opening(sheet, row, self.on)?.and_then(|request| self.only_once(row, request));
            match read {
                Ok(request) => openings.push((place, Entry::of(request)?)),
                Err(reason) => _ = fates.insert(place, Fate::Refused(reason)),
            }
        }
        let judged = self.judged(&openings, context).await?;
        let mut to_post = Vec::new();
        for ((place, entry), fate) in openings.into_iter().zip(judged) {
            if self.commits && matches!(fate, Fate::Opened(_)) {
                to_post.push((place, line(rows[place].line, &entry)?));
            }
            fates.insert(place, fate);
        }
        let posted = self.post(to_post, context).await?;
        fates.extend(posted);
        Ok(fates.into_values().collect())
    }

    /// The request, unless an earlier row is about the same license.
    fn only_once(&mut self, row: &Row, request: Request) -> Result<Request, String> {
        match self.lines.get(&request.license) {
            Some(line) => Err(format!("license {} stands on line {line} already", request.license)),
            None => {
                self.lines.insert(request.license.clone(), row.line);
                Ok(request)
            }
        }
    }

    /// What would become of each opening.
    async fn judged(&self, openings: &[(usize, Entry)], context: &PostContext) -> Result<Vec<Fate>, StoreError> {
        let mut known = Known::default();
        self.ledger.load(openings.iter().map(|(_, entry)| entry), &mut known).await?;
        // What was answered before does not count: the question is what stands in the ledger.
        known.answers.clear();
        let purpose = Purpose::Post { today: context.today };
        let judge = Judge { programme: &self.ledger.edition.programme, purpose, context };
        let mut fates = Vec::with_capacity(openings.len());
        for (_, entry) in openings {
            let Some(request) = entry.request() else { continue };
            let is_there = known.licenses.get(&request.license).is_some_and(|held| held.license.is_some());
            fates.push(if is_there {
                match self.ledger.standing(request).await? {
                    Standing::Same => Fate::AlreadyThere,
                    Standing::Other(why) => Fate::Refused(why),
                }
            } else {
                fate(&entry.judge(&judge, &mut known)?.answered)?
            });
        }
        Ok(fates)
    }

    async fn post(
        &self,
        openings: Vec<(usize, InputLine)>,
        context: &PostContext,
    ) -> Result<Vec<(usize, Fate)>, StoreError> {
        if openings.is_empty() {
            return Ok(Vec::new());
        }
        let (places, lines): (Vec<_>, Vec<_>) = openings.into_iter().unzip();
        let posted = self.ledger.post(&lines, context).await;
        if let Some(failed) = posted.failed {
            return Err(failed);
        }
        places.into_iter().zip(&posted.answered).map(|(place, answered)| Ok((place, fate(answered)?))).collect()
    }
}

fn line(number: u64, entry: &Entry) -> Result<InputLine, StoreError> {
    let bytes = serde_json::to_vec(&entry.request()).map_err(|error| unwritable(&error))?;
    Ok(InputLine { number, bytes: Some(bytes) })
}

/// What the answer says of the row.
fn fate(answered: &Answered) -> Result<Fate, StoreError> {
    let outcome: Value = serde_json::from_str(&answered.json).map_err(|error| unwritable(&error))?;
    let messages =
        |list: &str| -> Vec<String> { outcome[list].as_array().into_iter().flatten().map(message).collect() };
    if answered.replayed && answered.kind == OutcomeKind::Accepted {
        // Another import was a moment earlier with the same row.
        return Ok(Fate::AlreadyThere);
    }
    if answered.kind == OutcomeKind::Accepted {
        return Ok(Fate::Opened(messages("warnings")));
    }
    Ok(Fate::Refused([messages("violations"), messages("errors")].concat().join("; ")))
}

/// `PUR-2: 12 users are no multiple of 5`.
fn message(found: &Value) -> String {
    let said = found["message"]["en"].as_str().or_else(|| found["message"].as_str()).unwrap_or_default();
    match found["rule"].as_str() {
        Some(rule) => format!("{rule}: {said}"),
        None => said.to_owned(),
    }
}
