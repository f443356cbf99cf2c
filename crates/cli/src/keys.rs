//! `keys`: API keys for the service.

use chrono::{DateTime, TimeDelta, Utc};
use ledger_app::keys::{self, ApiKey, MadeKey, NewKey, PresentedKey};
use ledger_app::read::instant;
use ledger_domain::command::{Role, parse_text};
use ledger_domain::values::Date;
use serde::Serialize;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::output;
use crate::output::card::card;
use crate::output::table::{rendered, table};
use crate::output::words::NOTHING;
use crate::run::Run;
use crate::store::OpenMode;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  license-ledger keys create --name orders@distributor --role distributor
  license-ledger keys list
  license-ledger keys revoke k3v9x2mq7hwd";

const AFTER_CREATE: &str = "\
Roles: distributor (orders, activations, reads), vendor (all of that and the vendor desk's commands), auditor (reads \
everything), reporter (reads licenses, lists and metrics), admin (metrics; keys are managed here only).

Several keys may have one name, if they have the same role and partner too: make the new key, hand it over, then \
revoke the old one.

Examples:
  license-ledger keys create --name orders@distributor --role distributor --days 365
  license-ledger keys create --name softline-orders --role distributor --partner Softline
  license-ledger keys create --name bi --role reporter --expires 2027-01-01 --format json | jq -r .key";

const AFTER_LIST: &str = "\
Examples:
  license-ledger keys list
  license-ledger keys list --format json | jq '.items[] | select(.in_force)'";

const AFTER_REVOKE: &str = "\
Examples:
  license-ledger keys revoke k3v9x2mq7hwd";

/// Make, list and revoke API keys for the service
///
/// Whoever comes in over HTTP shows a key, which says who it is and what it may do.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum KeysCommand {
    Create(CreateArgs),
    /// List every key ever made, oldest first
    ///
    /// No secret is among it: the ledger does not know them.
    #[command(after_help = AFTER_LIST)]
    List,
    Revoke(RevokeArgs),
}

/// Make a key, and show it this once
///
/// Only the SHA-256 of its secret is kept. A key that is lost is revoked, and another one made.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_CREATE)]
pub(crate) struct CreateArgs {
    /// Who gets it: the name that events carry
    #[arg(long, value_parser = parse_text)]
    name: String,
    /// What it is good for
    #[arg(long, value_parser = values::role())]
    role: Role,
    /// Keep it to the licenses of the partner with exactly this name (roles distributor and reporter)
    #[arg(long, value_name = "NAME", value_parser = parse_text)]
    partner: Option<String>,
    /// The first day on which it is refused
    #[arg(long, value_name = "DATE", value_parser = values::date, conflicts_with = "days")]
    expires: Option<Date>,
    /// Or after how many days of 24 hours
    #[arg(long, value_name = "N", value_parser = values::whole(1u32, 36_500))]
    days: Option<u32>,
}

/// Revoke a key for good
///
/// A running service refuses it within a second or so. A key that was revoked before stays as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_REVOKE)]
pub(crate) struct RevokeArgs {
    /// The key's id, as `keys list` shows it
    id: String,
}

/// A key, as JSON shows it.
#[derive(Serialize)]
struct KeyView {
    id: String,
    name: String,
    role: &'static str,
    partner: Option<String>,
    in_force: bool,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
}

/// A key that was just made, as JSON shows it.
#[derive(Serialize)]
struct MadeView {
    id: String,
    key: String,
    name: String,
    role: &'static str,
    partner: Option<String>,
    created_at: String,
    expires_at: Option<String>,
}

/// All keys, as JSON shows them.
#[derive(Serialize)]
struct KeysView {
    items: Vec<KeyView>,
}

/// Does what is asked about keys.
pub(crate) async fn keys(run: &Run<'_>, command: KeysCommand) -> Ended {
    match command {
        KeysCommand::Create(args) => create(run, args).await,
        KeysCommand::List => list(run).await,
        KeysCommand::Revoke(args) => revoke(run, &args).await,
    }
}

async fn create(run: &Run<'_>, args: CreateArgs) -> Ended {
    let now = Utc::now();
    let CreateArgs { name, role, partner, expires, days } = args;
    let on_day = expires.map(|day| run.start_of(day));
    let expires_at = on_day.or(days.map(|days| now + TimeDelta::days(days.into())));
    let store = run.database.open(OpenMode::Write).await?;
    let made = keys::make(&*store, NewKey { name, role, partner, expires_at }, now).await?;
    match run.format {
        Format::Json => output::json(&MadeView::from(made))?,
        Format::Table => output::text(&in_words(&made))?,
    }
    Ok(FINE)
}

async fn list(run: &Run<'_>) -> Ended {
    run.note_if_there_is_none();
    let (keys, now) = (run.database.open(OpenMode::Read).await?.keys().await?, Utc::now());
    let items: Vec<_> = keys.into_iter().map(|key| KeyView::of(key, now)).collect();
    match run.format {
        Format::Json => output::json(&KeysView { items })?,
        Format::Table => output::text(&in_a_table(&items))?,
    }
    Ok(FINE)
}

async fn revoke(run: &Run<'_>, args: &RevokeArgs) -> Ended {
    run.needs_a_ledger()?;
    // Given the whole key, its secret is neither needed nor repeated.
    let id = PresentedKey::parse(&args.id).map_or(args.id.as_str(), |key| key.id);
    let (store, now) = (run.database.open(OpenMode::Read).await?, Utc::now());
    if !store.revoke_key(id, now).await? {
        return Err(not_found(run));
    }
    let key = store.keys().await?.into_iter().find(|key| key.id == id).ok_or_else(|| not_found(run))?;
    let view = KeyView::of(key, now);
    match run.format {
        Format::Json => output::json(&view)?,
        Format::Table => output::text(&format!("{} is revoked since {}", view.id, or_nothing(view.revoked_at)))?,
    }
    Ok(FINE)
}

fn not_found(run: &Run<'_>) -> Failure {
    Failure::Refused(format!(
        "there is no key with this id in {}; `license-ledger keys list` shows what there is",
        run.database
    ))
}

impl KeyView {
    fn of(key: ApiKey, now: DateTime<Utc>) -> Self {
        Self {
            in_force: key.is_in_force(now),
            id: key.id,
            name: key.name,
            role: key.role.name(),
            partner: key.partner,
            created_at: instant(key.created_at),
            expires_at: key.expires_at.map(instant),
            revoked_at: key.revoked_at.map(instant),
            last_used_at: key.last_used_at.map(instant),
        }
    }
}

impl From<MadeKey> for MadeView {
    fn from(made: MadeKey) -> Self {
        let MadeKey { stored, shown } = made;
        Self {
            id: stored.id,
            key: shown,
            name: stored.name,
            role: stored.role.name(),
            partner: stored.partner,
            created_at: instant(stored.created_at),
            expires_at: stored.expires_at.map(instant),
        }
    }
}

fn in_words(made: &MadeKey) -> String {
    let MadeKey { stored, shown } = made;
    let facts = [
        ("id", stored.id.clone()),
        ("name", stored.name.clone()),
        ("role", stored.role.to_string()),
        ("partner", or_nothing(stored.partner.clone())),
        ("expires", or_nothing(stored.expires_at.map(instant))),
    ];
    format!("{shown}\n\nThis is the key. It is shown only now: keep it where secrets are kept.\n\n{}", card(facts))
}

fn in_a_table(keys: &[KeyView]) -> String {
    if keys.is_empty() {
        return "no keys".to_owned();
    }
    let mut table =
        table(&["id", "role", "in force", "created", "expires", "revoked", "last used"], &["name", "partner"]);
    for key in keys {
        let instants = [&key.expires_at, &key.revoked_at, &key.last_used_at].map(|at| or_nothing(at.clone()));
        let in_force = if key.in_force { "yes" } else { "no" };
        let first = [&key.id, key.role, in_force, &key.created_at].map(str::to_owned);
        let last = [key.name.clone(), or_nothing(key.partner.clone())];
        table.add_row(first.into_iter().chain(instants).chain(last));
    }
    rendered(table)
}

fn or_nothing(value: Option<String>) -> String {
    value.unwrap_or_else(|| NOTHING.to_owned())
}
