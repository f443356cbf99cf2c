//! What can be done with a license on a day: every command, with examples ready to post, and what the code that judges
//! posted commands says about each.

mod examples;
mod sketch;

use ledger_domain::command::{Actor, Command, Request, Role};
use ledger_domain::decide::Purpose;
use ledger_domain::license::{Facts, Status};
use ledger_domain::values::{Date, LicenseNumber};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::content::canonical;
use crate::judge::{Held, Judge, Known, unwritable};
use crate::ledger::Ledger;
use crate::outcome::{Outcome, OutcomeKind};
use crate::post::{Entry, PostContext};
use crate::poster::Poster;
use crate::promise::raw_value;
use crate::store::{AsOf, Filter, StoreError};

use examples::examples;
pub(crate) use sketch::FILL_IN;
use sketch::Sketch;

/// How many licenses of the same holder are looked at for one to merge with.
const CANDIDATES: u32 = 50;

/// Every command there is, as it stands for one license on one day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NextCommands {
    /// The license.
    pub license: LicenseNumber,
    /// The day.
    pub on: Date,
    /// As whom they would be posted: the asker's role, or `distributor`, where the asker may only read.
    pub role: Role,
    /// The license's version that the commands were judged against; 0: there is no such license, and only
    /// `issue_license`, `register_trial` and `open_license` can begin it.
    pub version: u64,
    /// The commands, in the order of the documentation.
    pub commands: Vec<NextCommand>,
}

/// A command type.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NextCommand {
    /// Its `type`.
    #[serde(rename = "type")]
    pub command_type: &'static str,
    /// Whether at least one of the examples would be accepted.
    pub allowed: bool,
    /// Commands of this type that suit the license; at least one.
    pub examples: Vec<Example>,
}

/// A command ready to post, and what it would give.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Example {
    /// The command. Its id follows from the license, its version, the day and the command, so that two who post the
    /// same example do it once; whoever posts another command than this one gives it an id of its own.
    pub request: Request,
    /// What nobody but the caller can know: JSON Pointers to the fields of `request` that hold a placeholder, which
    /// begins with `FILL-IN`: order numbers, reasons, names, numbers of other licenses, servers.
    pub fill_in: Vec<String>,
    /// What the command would give, judged as a quote is, by itself: accepted with its events and price, rejected by
    /// the rules it names with the ways forward, or forbidden.
    #[schemars(with = "Outcome")]
    pub outcome: Box<RawValue>,
}

impl Ledger {
    /// Every command of the contract on the license as it is now, posted on the day by the poster: allowed or refused,
    /// by which rules, at which price. Nothing is written, and each is judged by itself, not after the one before.
    ///
    /// As for a quote, the day may lie ahead, and what has no price is refused (PRC-11). A license that does not exist
    /// has an answer too: what begins one is allowed, everything else is refused (LIC-1). Whoever may only read is told
    /// what a distributor could do.
    ///
    /// `None`: the poster is kept to a partner, and the license is another's or does not exist; which of the two it is
    /// is not told.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn next_commands(
        &self,
        license: &LicenseNumber,
        poster: &Poster,
        on: Date,
    ) -> Result<Option<NextCommands>, StoreError> {
        let poster = &as_who_may_post(poster);
        let facts = self.store.facts(license, AsOf::default()).await?;
        let may_touch = |facts: &Facts| poster.may_touch(facts);
        if !facts.as_ref().map_or(poster.partner.is_none(), may_touch) {
            return Ok(None);
        }
        let other = match &facts {
            Some(facts) => self.alike(facts, poster).await?,
            None => None,
        };
        let seed = self.seed(license, facts.as_ref(), on);
        let sketch = Sketch::of(facts.as_ref(), other, &self.edition.programme.catalog, on, seed);
        let requests = examples(&sketch).into_iter().map(|command| request(license, on, seed, command));
        let entries = requests.collect::<Result<Vec<_>, _>>()?;
        let mut known = Known::default();
        self.load(&entries, &mut known).await?;
        // What was answered before does not count: the question is what would be answered now.
        known.answers.clear();
        let judge = Judge {
            programme: &self.edition.programme,
            purpose: Purpose::Quote,
            context: &PostContext::new(on, poster.clone()),
        };
        let examples = entries.iter().map(|entry| example(entry, &judge, &known)).collect::<Result<Vec<_>, _>>()?;
        let version = known.licenses.get(license).map_or(0, Held::version);
        let commands = by_type(examples.into_iter().flatten());
        Ok(Some(NextCommands { license: license.clone(), on, role: poster.actor.role, version, commands }))
    }

    /// Another license of the same holder and structure, by the lowest number: what the desk could merge this one with.
    async fn alike(&self, facts: &Facts, poster: &Poster) -> Result<Option<LicenseNumber>, StoreError> {
        let filter = Filter {
            product: Some(facts.product),
            license_type: Some(facts.license_type),
            holder: Some(facts.holder.name.clone()),
            partner: poster.partner.clone(),
            ..Filter::default()
        };
        let found = self.store.list(&filter, AsOf::default(), None, CANDIDATES).await?;
        let alike = |other: &Facts| {
            other.license != facts.license
                && other.status == Status::Active
                && other.holder == facts.holder
                && other.plugins == facts.plugins
        };
        Ok(found.into_iter().find(alike).map(|other| other.license))
    }

    /// What the ids of the examples follow from.
    fn seed(&self, license: &LicenseNumber, facts: Option<&Facts>, on: Date) -> Uuid {
        let (version, edition) = (facts.map_or(0, |facts| facts.version), &self.edition.files.edition);
        let name = format!("license-ledger/next-commands/{license}/{version}/{on}/{edition}");
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }
}

/// That a role may post nothing at all says nothing about the license.
fn as_who_may_post(poster: &Poster) -> Poster {
    let role = match poster.actor.role {
        role @ (Role::Distributor | Role::Vendor) => role,
        Role::Auditor | Role::Reporter | Role::Admin => Role::Distributor,
    };
    Poster { actor: Actor { role, ..poster.actor.clone() }, ..poster.clone() }
}

pub(crate) fn request(license: &LicenseNumber, on: Date, seed: Uuid, command: Command) -> Result<Entry, StoreError> {
    let blank = Request {
        command_id: seed,
        license: license.clone(),
        on: Some(on),
        expected_version: None,
        actor: None,
        command,
    };
    let content = canonical(&blank).map_err(|error| unwritable(&error))?;
    let command_id = Uuid::new_v5(&seed, content.json.as_bytes());
    Ok(Entry::Command(Box::new(Request { command_id, ..blank }), content))
}

/// The example with its answer, and whether that is `accepted`.
fn example(entry: &Entry, judge: &Judge<'_>, known: &Known) -> Result<Option<(Example, bool)>, StoreError> {
    let Some(request) = entry.request().cloned() else { return Ok(None) };
    let answered = entry.judge(judge, &mut known.clone())?.answered;
    let value = serde_json::to_value(&request).map_err(|error| unwritable(&error))?;
    let mut fill_in = Vec::new();
    placeholders(&value, "", &mut fill_in);
    let example = Example { request, fill_in, outcome: raw_value(&answered)? };
    Ok(Some((example, answered.kind == OutcomeKind::Accepted)))
}

/// The JSON Pointers of the texts that are placeholders.
pub(crate) fn placeholders(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with(FILL_IN) => found.push(path.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| placeholders(item, &format!("{path}/{i}"), found));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| placeholders(field, &format!("{path}/{name}"), found));
        }
        _ => {}
    }
}

/// The examples, which stand together by type.
fn by_type(examples: impl Iterator<Item = (Example, bool)>) -> Vec<NextCommand> {
    let mut commands: Vec<NextCommand> = Vec::new();
    for (example, allowed) in examples {
        let command_type = example.request.command.name();
        match commands.last_mut().filter(|last| last.command_type == command_type) {
            Some(last) => {
                last.allowed |= allowed;
                last.examples.push(example);
            }
            None => commands.push(NextCommand { command_type, allowed, examples: vec![example] }),
        }
    }
    commands
}
