//! Kept quotes: commands that were all accepted, kept with the events and prices promised; committed, they give exactly
//! those, all in one transaction, or nothing is written and the answer says what has changed.
//!
//! [`crate::promise`] says what exactly is promised.

use std::time::Duration;

use chrono::{Days, SubsecRound, Utc};
use ledger_domain::decide::Purpose;
use ledger_domain::values::Date;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::judge::{Judge, Judged, Known, unwritable};
use crate::kept::KeptQuote;
use crate::ledger::Ledger;
use crate::outcome::{Answered, OutcomeKind};
use crate::post::{ATTEMPTS, Entry, GROUP_LINES, InputLine, PostContext, read};
use crate::poster::Poster;
use crate::promise::{Committed, Promise, QuoteChanged, Quoted, changes};
use crate::store::StoreError;

/// For how many days a quote is valid where nobody says: a month, as offers usually are. Counted from today or, for a
/// quote that looks ahead, from its last command's day.
pub const VALID_DAYS: u64 = 30;

/// For how many days from today a quote can be kept at most: a year, the term of SWM. Price lists change more often
/// than that, so a longer promise would hardly be one that can be kept.
pub const VALID_DAYS_AT_MOST: u64 = 365;

/// Why a quote cannot be kept at all.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// There is nothing to promise, or more than one transaction takes.
    #[error("a quote that is kept has 1 to {GROUP_LINES} commands; this one has {0}")]
    Count(usize),
    /// It would be over before it begins, or last too long.
    #[error("a quote of these commands cannot be valid until {asked}: name a day from {from} to {to}")]
    ValidUntil {
        /// The day asked for, or the one that would be taken.
        asked: Date,
        /// Today, or the last day of its commands where that is later: they can be posted only from then on.
        from: Date,
        /// The last day that can be promised.
        to: Date,
    },
    /// A command's day lies further ahead than anything is promised.
    #[error("a quote is kept until {to} at most, and one of these commands is for {on}: quote it nearer to its day")]
    TooFarAhead {
        /// The command's day.
        on: Date,
        /// The last day that can be promised.
        to: Date,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ledger {
    /// Judges and prices the commands in order, as [`Ledger::quote`] does, and keeps them if all are accepted: each with
    /// its id and the day it was quoted for, so that a command without a date has today's from now on. Whoever commits
    /// the quote is who posts; an `actor` in a command is left out.
    ///
    /// A quote may look ahead: it can be committed from the last day of its commands on (ACT-4).
    ///
    /// # Errors
    /// [`KeepError`]; nothing was kept then.
    pub async fn keep_quote(
        &self,
        lines: &[InputLine],
        context: &PostContext,
        valid_until: Option<Date>,
    ) -> Result<Quoted, KeepError> {
        if lines.is_empty() || lines.len() > GROUP_LINES {
            return Err(KeepError::Count(lines.len()));
        }
        let lines = pinned(lines, context)?;
        let entries = read(&lines, &context.poster)?;
        let valid_until = validity(&entries, context.today, valid_until)?;
        let (_, judged) = self.judged(&entries, Purpose::Quote, context).await?;
        let answered: Vec<Answered> = judged.into_iter().map(|judged| judged.answered).collect();
        if answered.iter().any(|answered| answered.kind != OutcomeKind::Accepted) {
            return Ok(Quoted { answered, quote: None });
        }
        let promise = Promise { id: Uuid::now_v7(), valid_until };
        self.store.keep_quote(&kept(&promise, &lines, &answered, &context.poster)).await?;
        Ok(Quoted { answered, quote: Some(promise) })
    }

    /// Posts the commands of a kept quote in one transaction, if all of them come out exactly as promised; else writes
    /// nothing. Committed again, it gives the same outcomes, replayed, also after its last day.
    ///
    /// # Errors
    /// The store's failure; nothing was written then.
    pub async fn commit_quote(&self, id: Uuid, context: &PostContext) -> Result<Committed, StoreError> {
        let kept = self.store.kept_quote(id).await?.filter(|kept| is_for(kept, &context.poster));
        let Some(kept) = kept else { return Ok(Committed::Unknown) };
        let entries = commands(&kept, &context.poster)?;
        for attempt in 1..ATTEMPTS {
            match self.commit_now(&kept, &entries, context).await {
                Err(StoreError::Conflict(_)) => tokio::time::sleep(Duration::from_millis(u64::from(attempt))).await,
                other => return other,
            }
        }
        self.commit_now(&kept, &entries, context).await
    }

    async fn commit_now(
        &self,
        kept: &KeptQuote,
        entries: &[Entry],
        context: &PostContext,
    ) -> Result<Committed, StoreError> {
        let (known, judged) = self.judged(entries, Purpose::Post { today: context.today }, context).await?;
        let done_before = judged.iter().all(|judged| judged.answered.replayed);
        let expired = kept.valid_until < context.today && !done_before;
        let commands = changes(kept, entries, &judged)?;
        if expired || commands.iter().any(|command| !command.changed.is_empty()) {
            let changed = QuoteChanged { quote: kept.id, valid_until: kept.valid_until, expired, commands };
            return Ok(Committed::Changed(changed));
        }
        Ok(Committed::Done { answered: self.write(judged, known).await? })
    }

    /// The answers to the commands, each judged as those before it leave the licenses; writes nothing.
    async fn judged(
        &self,
        entries: &[Entry],
        purpose: Purpose,
        context: &PostContext,
    ) -> Result<(Known, Vec<Judged>), StoreError> {
        let mut known = Known::default();
        self.load(entries, &mut known).await?;
        let judge = Judge { programme: &self.edition.programme, purpose, context };
        let judged = entries.iter().map(|entry| entry.judge(&judge, &mut known)).collect::<Result<_, _>>()?;
        Ok((known, judged))
    }
}

/// The lines as they are kept: normalised, with their date, without an actor. What cannot be understood stays as it is.
fn pinned(lines: &[InputLine], context: &PostContext) -> Result<Vec<InputLine>, StoreError> {
    let pin = |(line, entry): (&InputLine, Entry)| {
        let Entry::Command(mut request, _) = entry else { return Ok(line.clone()) };
        request.on.get_or_insert(context.today);
        request.actor = None;
        let bytes = serde_json::to_vec(&request).map_err(|error| unwritable(&error))?;
        Ok(InputLine { number: line.number, bytes: Some(bytes) })
    };
    lines.iter().zip(read(lines, &context.poster)?).map(pin).collect()
}

/// Until when the quote is valid.
fn validity(entries: &[Entry], today: Date, asked: Option<Date>) -> Result<Date, KeepError> {
    let from = entries.iter().filter_map(|entry| entry.request()?.on).fold(today, Date::max);
    let to = today + Days::new(VALID_DAYS_AT_MOST);
    if from > to {
        return Err(KeepError::TooFarAhead { on: from, to });
    }
    let asked = asked.unwrap_or_else(|| (from + Days::new(VALID_DAYS)).min(to));
    if (from..=to).contains(&asked) { Ok(asked) } else { Err(KeepError::ValidUntil { asked, from, to }) }
}

fn kept(promise: &Promise, lines: &[InputLine], answered: &[Answered], poster: &Poster) -> KeptQuote {
    let commands: Vec<_> =
        lines.iter().flat_map(|line| &line.bytes).map(|bytes| String::from_utf8_lossy(bytes)).collect();
    let outcomes: Vec<_> = answered.iter().map(|answered| answered.json.as_str()).collect();
    KeptQuote {
        id: promise.id,
        kept_at: Utc::now().trunc_subsecs(6),
        kept_by: poster.actor.name.clone(),
        partner: poster.partner.clone(),
        valid_until: promise.valid_until,
        commands: format!("[{}]", commands.join(",")),
        outcomes: format!("[{}]", outcomes.join(",")),
    }
}

/// A partner's key commits what was kept for that partner; any other key commits every quote.
fn is_for(kept: &KeptQuote, poster: &Poster) -> bool {
    poster.partner.is_none() || poster.partner == kept.partner
}

/// The quote's commands, read as they would be if they were posted.
fn commands(kept: &KeptQuote, poster: &Poster) -> Result<Vec<Entry>, StoreError> {
    let damaged = || StoreError::Damaged(format!("the commands of quote {} cannot be read", kept.id));
    let commands: Vec<&RawValue> = serde_json::from_str(&kept.commands).map_err(|_| damaged())?;
    let line = |(number, command): (u64, &&RawValue)| InputLine { number, bytes: Some(command.get().into()) };
    let lines: Vec<_> = (1..).zip(&commands).map(line).collect();
    let entries = read(&lines, poster)?;
    if entries.iter().all(|entry| entry.request().is_some()) { Ok(entries) } else { Err(damaged()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(asked: Option<&str>) -> Result<String, String> {
        let date = |text: &str| text.parse().unwrap();
        let valid = validity(&[], date("2012-08-20"), asked.map(date));
        valid.map(|date| date.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_quote_is_valid_for_a_month_unless_somebody_says() {
        assert_eq!(until(None).unwrap(), "2012-09-19");
        assert_eq!(until(Some("2012-08-20")).unwrap(), "2012-08-20");
        assert_eq!(until(Some("2013-08-20")).unwrap(), "2013-08-20");
    }

    #[test]
    fn neither_the_past_nor_more_than_a_year_is_promised() {
        let says = "name a day from 2012-08-20 to 2013-08-20";
        assert!(until(Some("2012-08-19")).unwrap_err().contains(says));
        assert!(until(Some("2013-08-21")).unwrap_err().contains(says));
    }
}
