//! Whoever gets at the database and past its triggers: each damage is found, and named.

use std::sync::Arc;

use chrono::Utc;
use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::sealing::{checkpoint, init, rotate, seal_all};
use ledger_app::store::Store;
use ledger_app::transfer::Transfer;
use ledger_app::transfer::export::export;
use ledger_app::verify::{Evidence, Verified};
use ledger_postgres::PostgresStore;
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::keys::SecretKey;
use ledger_sqlite::SqliteStore;
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;
use throwaway_postgres::Server;

use super::{beside, history};

const ORIGIN: &str = "ledger.example/1";

/// The license that is tampered with, and its first event's command.
const LICENSE: &str = "MORE-7";
const COMMAND: &str = "00000000-0000-7000-9000-000000000014";

/// Commands of the example year that were refused: one with a way forward, one that had to be confirmed.
const REFUSED: &str = "0129ca63-6b00-7f63-8db5-e019d073fab0";
const UNCONFIRMED: &str = "0129cf89-c700-7cac-8b7f-38befc0ead8f";

pub(super) fn key(seed: u8) -> SecretKey {
    SecretKey::new(ORIGIN, &[seed; 32]).unwrap()
}

/// A ledger, and a way past its triggers.
pub(super) enum Behind {
    Sqlite(Past),
    Postgres(PgConnection),
}

/// A file, and its triggers, which are there again after each statement.
pub(super) struct Past {
    pub(super) file: SqliteConnection,
    triggers: Vec<(String, String)>,
}

impl Past {
    async fn new(mut file: SqliteConnection) -> Self {
        let triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
        let triggers = sqlx::query_as(triggers).fetch_all(&mut file).await.unwrap();
        Self { file, triggers }
    }

    /// Runs the statement as if there were no triggers; how many rows it changed.
    pub(super) async fn execute(&mut self, statement: &str) -> Result<u64, sqlx::Error> {
        for (name, _) in &self.triggers {
            self.file.execute(format!("DROP TRIGGER IF EXISTS {name}").as_str()).await?;
        }
        let done = self.file.execute(statement).await;
        for (_, sql) in &self.triggers {
            self.file.execute(sql.as_str()).await?;
        }
        Ok(done?.rows_affected())
    }
}

pub(super) struct Tampered {
    pub(super) store: Arc<dyn Store>,
    /// The same, to be exported.
    pub(super) whole: Arc<dyn Transfer>,
    pub(super) behind: Behind,
    /// The checkpoint that was kept elsewhere.
    kept: String,
    _folder: TempDir,
}

impl Tampered {
    pub(super) async fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("ledger.db");
        let store = Arc::new(SqliteStore::open(path.to_str().unwrap()).await.unwrap());
        let file = SqliteConnectOptions::new().filename(&path).foreign_keys(false).connect().await.unwrap();
        Self::filled(store, Behind::Sqlite(Past::new(file).await), folder).await
    }

    pub(super) async fn postgres() -> Self {
        let url = Server::shared().await.unwrap().new_database().await.unwrap();
        let store = Arc::new(PostgresStore::connect(&url).await.unwrap());
        let mut behind = PgConnection::connect(&url).await.unwrap();
        behind.execute("SET session_replication_role = replica").await.unwrap();
        Self::filled(store, Behind::Postgres(behind), TempDir::new().unwrap()).await
    }

    async fn filled(whole: Arc<dyn Transfer>, behind: Behind, folder: TempDir) -> Self {
        let store: Arc<dyn Store> = whole.clone();
        history(&store, 10).await;
        let kept = init(&*store, &key(1), Utc::now()).await.unwrap().note;
        Self { store, whole, behind, kept, _folder: folder }
    }

    /// Runs the statement; it must change so many rows.
    pub(super) async fn sql(&mut self, statement: &str, rows: u64) {
        let changed = match &mut self.behind {
            // A JSON column is text there.
            Behind::Sqlite(past) => past.execute(&statement.replace("::text", "").replace("::json", "")).await.unwrap(),
            Behind::Postgres(server) => server.execute(statement).await.unwrap().rows_affected(),
        };
        assert_eq!(changed, rows, "{statement}");
    }

    pub(super) async fn text(&mut self, query: &str) -> String {
        match &mut self.behind {
            Behind::Sqlite(past) => sqlx::query_scalar(query).fetch_one(&mut past.file).await.unwrap(),
            Behind::Postgres(server) => sqlx::query_scalar(query).fetch_one(server).await.unwrap(),
        }
    }

    pub(super) async fn verified(&self, evidence: &Evidence) -> (Verified, Vec<String>) {
        beside::verified(&self.store, evidence).await
    }

    /// Each of these must be said of what is damaged, and the ledger's checkpoint must not have been changed by looking.
    pub(super) async fn finds(&self, what: &[&str]) {
        let (_, damages) = self.verified(&Evidence::default()).await;
        for what in what {
            assert!(damages.iter().any(|damage| damage.contains(what)), "{what} is not among {damages:#?}");
        }
    }

    pub(super) fn kept_elsewhere(&self) -> Evidence {
        Evidence {
            verifiers: vec![key(1).verifier().clone()],
            checkpoints: vec![("kept".to_owned(), self.kept.clone())],
            now: Some(Utc::now()),
        }
    }
}

/// Runs the check on both stores, each time with a ledger of its own.
macro_rules! on_both {
    ($($check:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")] async fn $check() { super::$check(super::Tampered::sqlite().await).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")] async fn $check() { super::$check(super::Tampered::postgres().await).await; })+
        }
    };
}

on_both! {
    a_healthy_ledger_is_found_healthy,
    one_byte_of_a_payload,
    a_payload_that_is_none,
    a_deleted_event,
    the_last_event_deleted,
    two_events_swapped,
    an_event_appended_behind_the_sealers_back,
    a_rewritten_command_record,
    a_rewritten_outcome,
    what_only_the_outcome_says,
    an_outcome_that_does_not_fit_together,
    an_order_number_that_is_free_again,
    a_changed_edition_of_facts,
    a_deleted_edition_of_facts,
    a_deleted_command_record,
    a_changed_read_model_row,
    users_out_of_nothing,
    a_changed_hash_of_the_sealed_log,
    a_checkpoint_changed_in_the_database,
    checkpoints_that_are_gone,
    a_checkpoint_whose_key_is_not_listed,
    an_instant_that_is_to_come,
    a_checkpoint_of_another_history,
    everything_recomputed_and_signed_anew,
}

async fn a_healthy_ledger_is_found_healthy(ledger: Tampered) {
    let evidence = ledger.kept_elsewhere();
    let (verified, damages) = ledger.verified(&evidence).await;
    assert_eq!(damages, [""; 0]);
    assert_eq!((verified.events, verified.checkpoints), (verified.sealed, 2));
    assert!(verified.events > 60 && verified.commands > 50 && verified.licenses > 10, "{verified:?}");
    let signed = Checkpoint::open(&ledger.kept, ORIGIN, &evidence.verifiers).unwrap();
    assert_eq!((signed.size, Some(signed.root)), (verified.events, verified.root));
    rotate(&*ledger.store, &key(1), &key(2), Utc::now()).await.unwrap();
    history(&ledger.store, 12).await;
    checkpoint(&*ledger.store, &key(2), Utc::now()).await.unwrap();
    let (later, damages) = ledger.verified(&evidence).await;
    assert_eq!((damages, later.events, later.checkpoints), (vec![], verified.events + 6, 4));
}

async fn one_byte_of_a_payload(mut ledger: Tampered) {
    let change = "UPDATE events SET payload = replace(payload::text, '\"users\":25', '\"users\":20')::json
                  WHERE aggregate_id = 'MORE-7' AND sequence = 1";
    ledger.sql(change, 1).await;
    let outcome = format!("event 1 of license {LICENSE} (position");
    ledger
        .finds(&[
            &outcome,
            "it is not what was sealed",
            "names another event in its place",
            "MORE-7: current_entitlement",
        ])
        .await;
}

async fn a_payload_that_is_none(mut ledger: Tampered) {
    ledger
        .sql("UPDATE events SET payload = '{\"LicenseIssued\":{}}' WHERE aggregate_id = 'MORE-7' AND sequence = 1", 1)
        .await;
    ledger.finds(&["event 1 of license MORE-7", "its payload: missing field", "license MORE-7: "]).await;
}

async fn a_deleted_event(mut ledger: Tampered) {
    ledger.sql("DELETE FROM events WHERE aggregate_id = 'MORE-7' AND sequence = 2", 1).await;
    let command = format!("command {COMMAND}: its event 2 of license MORE-7 is not there");
    ledger.finds(&["is empty: an event was sealed there, and is gone", &command, "version 2 has no event"]).await;
}

async fn the_last_event_deleted(mut ledger: Tampered) {
    let last = ledger.text("SELECT aggregate_id FROM events ORDER BY position DESC LIMIT 1").await;
    ledger.sql("DELETE FROM events WHERE position = (SELECT max(position) FROM events)", 1).await;
    let at_the_end = "were sealed, and are gone";
    ledger.finds(&[at_the_end, "it was cut", &last]).await;
}

async fn two_events_swapped(mut ledger: Tampered) {
    let place = |id: &str| format!("(SELECT position FROM events WHERE aggregate_id = '{id}' AND sequence = 1)");
    let (one, other) = (
        ledger.text(&format!("SELECT cast({} AS text)", place("MORE-7"))).await,
        ledger.text(&format!("SELECT cast({} AS text)", place("MORE-8"))).await,
    );
    for (id, position) in [("MORE-7", "999999"), ("MORE-8", &one), ("MORE-7", &other)] {
        ledger
            .sql(&format!("UPDATE events SET position = {position} WHERE aggregate_id = '{id}' AND sequence = 1"), 1)
            .await;
    }
    let names = [
        format!("event 1 of license MORE-7 (position {other}): it is not what"),
        format!("event 1 of license MORE-8 (position {one}): it is not what"),
    ];
    ledger.finds(&names.each_ref().map(String::as_str)).await;
}

async fn an_event_appended_behind_the_sealers_back(mut ledger: Tampered) {
    let insert = "
        INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, on_date,
            recorded_at, actor_name, actor_role, command_id, edition, position)
        SELECT aggregate_type, aggregate_id, 3, 'ServerCameOnline', event_version,
            '{\"ServerCameOnline\":{\"server\":\"x\"}}', metadata, on_date, recorded_at, actor_name, actor_role, command_id,
            edition, (SELECT max(position) + 1 FROM events)
        FROM events WHERE aggregate_id = 'MORE-7' AND sequence = 2";
    ledger.sql(insert, 1).await;
    let unnamed = format!("the outcome of its command {COMMAND} does not name it");
    ledger.finds(&["event 3 of license MORE-7", &unnamed, "version 3 was missing"]).await;
    seal_all(&*ledger.store).await.unwrap();
    ledger.finds(&["event 3 of license MORE-7", &unnamed]).await;
}

async fn a_rewritten_command_record(mut ledger: Tampered) {
    let change = format!(
        "UPDATE commands SET content = replace(content, '\"users\":25', '\"users\":20') WHERE command_id = '{COMMAND}'"
    );
    ledger.sql(&change, 1).await;
    let named = format!("command {COMMAND} of license MORE-7: its content is not what its digest stands for");
    ledger.finds(&[&named]).await;
    // With the digest made to fit, its events are not those that were sealed.
    ledger.digest_made_to_fit("content_digest", "content").await;
    ledger.finds(&["event 1 of license MORE-7", "event 2 of license MORE-7", "it is not what was sealed"]).await;
}

impl Tampered {
    async fn digest_made_to_fit(&mut self, column: &str, of: &str) {
        let text = self.text(&format!("SELECT {of} FROM commands WHERE command_id = '{COMMAND}'")).await;
        let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        let blob = match self.behind {
            Behind::Sqlite(_) => format!("x'{digest}'"),
            Behind::Postgres(_) => format!("decode('{digest}', 'hex')"),
        };
        self.sql(&format!("UPDATE commands SET {column} = {blob} WHERE command_id = '{COMMAND}'"), 1).await;
    }
}

async fn a_rewritten_outcome(mut ledger: Tampered) {
    let total = ledger.text(&format!("SELECT outcome FROM commands WHERE command_id = '{COMMAND}'")).await;
    assert!(total.contains("\"price\":{"), "{total}");
    let change = format!(
        "UPDATE commands SET outcome = replace(outcome, '\"list\":\"', '\"list\":\"9') WHERE command_id = '{COMMAND}'"
    );
    ledger.sql(&change, 1).await;
    ledger.finds(&["event 1 of license MORE-7", "names another event in its place"]).await;
    let refusal = "UPDATE commands SET outcome = replace(outcome, '\"rule\":\"', '\"rule\":\"X-') WHERE license = 'MORE-7' AND NOT accepted";
    ledger.sql(refusal, 1).await;
    ledger
        .finds(&["the refusal of command 00000000-0000-7000-9000-000000000015", "does not tell the same refusal"])
        .await;
}

/// Warnings, the way forward and what a confirmed command would do stand in no event.
async fn what_only_the_outcome_says(mut ledger: Tampered) {
    let warned = r#""warnings":[{"rule":null,"message":{"en":"all is well","ru":"всё хорошо"}}]"#;
    for (id, from, to) in [
        (COMMAND, r#""warnings":[]"#, warned),
        (REFUSED, r#""type":"activate_legacy_order""#, r#""type":"activate_upgrade""#),
        (UNCONFIRMED, r#""days_left":305"#, r#""days_left":306"#),
    ] {
        let change = |from: &str, to: &str| {
            format!(
                "UPDATE commands SET outcome = replace(outcome, '{from}', '{to}') WHERE command_id = '{id}' AND outcome LIKE '%{from}%'"
            )
        };
        ledger.sql(&change(from, to), 1).await;
        let (_, damages) = ledger.verified(&Evidence::default()).await;
        assert!(damages.len() == 1 && damages[0].starts_with(&format!("command {id} of license ")), "{damages:#?}");
        assert!(damages[0].ends_with(": its outcome is not what its digest stands for"), "{damages:#?}");
        let mut snapshot = ledger.whole.snapshot().await.unwrap();
        let refused = export(&mut *snapshot, &mut std::io::sink(), &mut |_, _| {}).await.unwrap_err().to_string();
        assert!(refused.ends_with("its outcome is not what its digest stands for"), "{refused}");
        drop(snapshot);
        ledger.sql(&change(to, from), 1).await;
    }
    // With the digest made to fit, or taken away, its events are not those that were sealed.
    let outcome = format!("outcome = replace(outcome, '\"warnings\":[]', '{warned}')");
    ledger.sql(&format!("UPDATE commands SET {outcome} WHERE command_id = '{COMMAND}'"), 1).await;
    ledger.digest_made_to_fit("outcome_digest", "outcome").await;
    ledger.finds(&["event 1 of license MORE-7", "event 2 of license MORE-7", "it is not what was sealed"]).await;
    ledger.sql(&format!("UPDATE commands SET outcome_digest = NULL WHERE command_id = '{COMMAND}'"), 1).await;
    ledger.finds(&["event 1 of license MORE-7", "event 2 of license MORE-7", "it is not what was sealed"]).await;
}

async fn an_outcome_that_does_not_fit_together(mut ledger: Tampered) {
    let told = format!("command {COMMAND} of license {LICENSE}: its outcome has an event twice, tells another version");
    for (from, to) in [("\"version\":2", "\"version\":3"), ("\"version\":3", "\"version\":2,\"x\":1")] {
        let change =
            format!("UPDATE commands SET outcome = replace(outcome, '{from}', '{to}') WHERE command_id = '{COMMAND}'");
        ledger.sql(&change, 1).await;
        ledger.finds(&[if to.contains('x') { "its outcome cannot be read: unknown field `x`" } else { &told }]).await;
    }
}

async fn an_order_number_that_is_free_again(mut ledger: Tampered) {
    let order = ledger.text("SELECT order_number FROM events WHERE aggregate_id = 'MORE-7' AND sequence = 1").await;
    for (number, beside) in [("NULL", "no order"), ("'X-1'", "X-1")] {
        let change = "WHERE aggregate_id = 'MORE-7' AND sequence = 1";
        ledger.sql(&format!("UPDATE events SET order_number = {number} {change}"), 1).await;
        let found = format!("beside it stands {beside} as used up, and it uses up {order}");
        ledger.finds(&["event 1 of license MORE-7", &found]).await;
    }
    ledger.sql("UPDATE events SET order_number = 'X-2' WHERE aggregate_id = 'MORE-7' AND sequence = 2", 1).await;
    ledger.finds(&["event 2 of license MORE-7", "beside it stands X-2 as used up, and it uses up no order"]).await;
}

async fn a_changed_edition_of_facts(mut ledger: Tampered) {
    let edition = ledger.text("SELECT edition FROM editions").await;
    ledger.sql("UPDATE editions SET prices = prices || ' '", 1).await;
    ledger.finds(&[&format!("edition {edition}: its catalog or price list was changed")]).await;
}

async fn a_deleted_edition_of_facts(mut ledger: Tampered) {
    let edition = ledger.text("SELECT edition FROM editions").await;
    if let Behind::Postgres(database) = &mut ledger.behind {
        let free = "ALTER TABLE edition_adoptions DROP CONSTRAINT edition_adoptions_edition_fkey";
        database.execute(free).await.unwrap();
    }
    ledger.sql("DELETE FROM editions", 1).await;
    ledger.finds(&["event 1 of license MORE-7", &format!("its edition of facts {edition} is not there")]).await;
}

async fn a_deleted_command_record(mut ledger: Tampered) {
    ledger.sql(&format!("DELETE FROM commands WHERE command_id = '{COMMAND}'"), 1).await;
    let gone = format!("its command {COMMAND} has no record");
    ledger.finds(&["event 1 of license MORE-7", "event 2 of license MORE-7", &gone]).await;
}

async fn a_changed_read_model_row(mut ledger: Tampered) {
    ledger.sql("UPDATE current_entitlement SET users = 30 WHERE license = 'MORE-7'", 1).await;
    ledger.sql("UPDATE entitlement_versions SET holder_name = 'X' WHERE license = 'MORE-8' AND version = 1", 1).await;
    ledger.sql("DELETE FROM entitlement_versions WHERE license = 'MORE-9' AND version = 2", 1).await;
    let found = ledger.verified(&Evidence::default()).await.1;
    assert_eq!(found.len(), 3, "{found:?}");
    for (line, (license, what)) in found.iter().zip([
        ("MORE-7: current_entitlement", "users"),
        ("MORE-8: entitlement_versions: version 1", "holder_name"),
        ("MORE-9: entitlement_versions: version 2", "was missing"),
    ]) {
        assert!(line.starts_with(license) && line.ends_with(what), "{line}");
    }
    assert_eq!(ledger.verified(&Evidence::default()).await.1, found, "looking mends nothing");
}

async fn users_out_of_nothing(mut ledger: Tampered) {
    let at = "payload::text LIKE '%UsersReceived%' AND sequence = (SELECT min(sequence) FROM events WHERE payload::text LIKE '%UsersReceived%')";
    let command = ledger
        .text(&format!(
            "SELECT cast(command_id AS text) FROM events WHERE {}",
            at.replace(
                "::text",
                match ledger.behind {
                    Behind::Sqlite(_) => "",
                    Behind::Postgres(_) => "::text",
                }
            )
        ))
        .await;
    ledger
        .sql(
            &format!(
                "UPDATE events SET payload = replace(payload::text, '\"users\":', '\"users\":1')::json WHERE {at}"
            ),
            1,
        )
        .await;
    ledger.finds(&[&format!("the events of command {command} sum to "), "not to zero"]).await;
}

async fn a_changed_hash_of_the_sealed_log(mut ledger: Tampered) {
    let first = "first = (SELECT max(first) FROM tree_hashes WHERE level = 0)";
    let change = match ledger.behind {
        Behind::Sqlite(_) => {
            format!("UPDATE tree_hashes SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND {first}")
        }
        Behind::Postgres(_) => format!(
            "UPDATE tree_hashes SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0)) WHERE level = 0 AND {first}"
        ),
    };
    ledger.sql(&change, 1).await;
    ledger.finds(&["it is not what was sealed", "does not begin with what was signed"]).await;
}

async fn a_checkpoint_changed_in_the_database(mut ledger: Tampered) {
    ledger.sql("UPDATE checkpoints SET note = replace(note, 'ledger.example/1', 'ledger.example/2')", 1).await;
    ledger.finds(&["the ledger's checkpoint of ", "it is a checkpoint of the log ledger.example/2"]).await;
    let size = "UPDATE checkpoints SET note = replace(note, 'ledger.example/2', 'ledger.example/1'), size = size - 1";
    ledger.sql(size, 1).await;
    ledger.finds(&["its row does not say what its note says"]).await;
}

async fn checkpoints_that_are_gone(mut ledger: Tampered) {
    ledger.sql("DELETE FROM checkpoints", 1).await;
    ledger.finds(&["key 1 of the seal: the checkpoints that it signed are gone"]).await;
}

async fn a_checkpoint_whose_key_is_not_listed(mut ledger: Tampered) {
    ledger.sql("UPDATE seal_keys SET number = 2", 1).await;
    ledger.finds(&["signed with key 1: its row does not say what its note says"]).await;
    ledger.sql("DELETE FROM seal_keys", 1).await;
    ledger.finds(&["signed with key 1: "]).await;
}

async fn an_instant_that_is_to_come(mut ledger: Tampered) {
    let now = ledger.kept_elsewhere();
    let told = async |ledger: &Tampered| ledger.verified(&now).await.1.join("; ");
    assert_eq!(told(&ledger).await, "");
    ledger.sql("UPDATE sealer SET final_until = '2999-01-01T00:00:00.000000Z'", 1).await;
    let found = told(&ledger).await;
    assert_eq!(found, "the log is said to be final up to 2999-01-01 00:00:00 UTC, which is to come");
    let later = history(&ledger.store, 12).await;
    let found = told(&ledger).await;
    assert!(found.contains("it is recorded at 2999-01-01 00:00:00.000001 UTC, which is to come"), "{later:?}: {found}");
    ledger.sql("DELETE FROM sealer", 1).await;
    assert!(told(&ledger).await.contains("the sealer's row is gone"));
}

/// Only PostgreSQL gives positions after the commit.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_sealer_passes_over() {
    let mut ledger = Tampered::postgres().await;
    ledger.sql("UPDATE sealer SET sealed_below = '999999999'", 1).await;
    history(&ledger.store, 11).await;
    ledger.finds(&["of license MORE-10: the sealer has passed it over, it has no position"]).await;
    ledger.sql("UPDATE sealer SET sealed_below = '0'", 1).await;
    // The sealer in the background may find them too, but not before this is over.
    seal_all(&*ledger.store).await.unwrap();
    let (verified, damages) = ledger.verified(&ledger.kept_elsewhere()).await;
    assert_eq!((damages, verified.sealed), (vec![], verified.events), "nothing is lost");
}

async fn a_checkpoint_of_another_history(ledger: Tampered) {
    let other = Tampered::sqlite().await;
    let given = |note: &str, seed| Evidence {
        verifiers: vec![key(seed).verifier().clone()],
        checkpoints: vec![("FILE".to_owned(), note.to_owned())],
        now: None,
    };
    // The same name and key: only the root tells.
    let (_, damages) = ledger.verified(&given(&other.kept, 1)).await;
    assert_eq!(damages.len(), 1, "{damages:?}");
    assert!(
        damages[0].starts_with("FILE: the log does not begin with what was signed: at positions 0 to "),
        "{damages:?}"
    );
    let (_, damages) = ledger.verified(&given(&ledger.kept, 2)).await;
    assert!(damages[0].starts_with("FILE: none of the given keys has signed it"), "{damages:?}");
    let stranger = SecretKey::new("other.example", &[3; 32]).unwrap();
    let signed = Checkpoint { origin: "other.example".to_owned(), size: 1, root: ledger_seal::hash::empty_root() };
    let note = signed.sign(&[&stranger]).unwrap().to_string();
    let (_, damages) = ledger.verified(&given(&note, 1)).await;
    assert_eq!(damages, ["FILE: it is a checkpoint of the log other.example, not of ledger.example/1"]);
    let longer = Checkpoint { origin: ORIGIN.to_owned(), size: 1_000_000, root: ledger_seal::hash::empty_root() };
    let note = longer.sign(&[&key(1)]).unwrap().to_string();
    let (_, damages) = ledger.verified(&given(&note, 1)).await;
    assert!(damages[0].contains("1000000 events were signed") && damages[0].ends_with("it was cut"), "{damages:?}");
}

async fn everything_recomputed_and_signed_anew(mut ledger: Tampered) {
    let users = |column: &str| format!("replace({column}, '\"users\":25', '\"users\":30')");
    ledger
        .sql(
            &format!(
                "UPDATE events SET payload = {}::json WHERE aggregate_id = 'MORE-7' AND sequence = 1",
                users("payload::text")
            ),
            1,
        )
        .await;
    ledger
        .sql(
            &format!(
                "UPDATE commands SET content = {}, outcome = {} WHERE command_id = '{COMMAND}'",
                users("content"),
                users("outcome")
            ),
            1,
        )
        .await;
    ledger.digest_made_to_fit("content_digest", "content").await;
    ledger.digest_made_to_fit("outcome_digest", "outcome").await;
    let (events, checkpoints) = (ledger.verified(&Evidence::default()).await.0.events, "DELETE FROM checkpoints");
    ledger.sql(checkpoints, 1).await;
    let pieces = ledger.pieces().await;
    ledger.sql("DELETE FROM tree_hashes", pieces).await;
    let program = Ledger::open(Arc::clone(&ledger.store), GivenFiles::default()).await.unwrap();
    program.rebuild(|_| {}).await.unwrap();
    checkpoint(&*ledger.store, &key(1), Utc::now()).await.unwrap();

    let (verified, damages) = ledger.verified(&Evidence::default()).await;
    assert_eq!((damages, verified.sealed), (vec![], events), "nothing in the database tells");
    let (_, damages) = ledger.verified(&ledger.kept_elsewhere()).await;
    let expected = format!("kept: the log does not begin with what was signed: at positions 0 to {}", events - 1);
    assert!(damages.len() == 1 && damages[0].starts_with(&expected), "{damages:?}");
}

impl Tampered {
    pub(super) async fn pieces(&mut self) -> u64 {
        self.text("SELECT cast(count(*) AS text) FROM tree_hashes").await.parse().unwrap()
    }
}
