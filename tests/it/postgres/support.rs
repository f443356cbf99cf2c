//! Stores on databases of their own, and batches to write.

use ledger_app::rebuild::state_write;
use ledger_app::store::{Batch, EditionFiles, JudgedCommand, LICENSE_STREAM, NewEvent, StateWrite, Store};
use ledger_domain::command::{Actor, Role};
use ledger_domain::event::{self, Event, LicenseActivated, LicenseIssued};
use ledger_domain::license::{EventPlace, License, evolve};
use ledger_domain::values::{Date, Holder, LicenseNumber, LicenseType, Plugin, Product, Swm, Users};
use ledger_postgres::PostgresStore;
use sqlx::{Executor, PgPool};
use throwaway_postgres::Server;
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// A store on a database of its own, and the same database bare.
pub(crate) struct Opened {
    pub(crate) store: PostgresStore,
    pub(crate) pool: PgPool,
    pub(crate) url: String,
}

/// A store on a new database, as it comes.
pub(crate) async fn open_bare() -> PostgresStore {
    let server = Server::shared().await.unwrap();
    PostgresStore::connect(&server.new_database().await.unwrap()).await.unwrap()
}

/// Opens a store on a new database, with an edition adopted.
pub(crate) async fn open() -> Opened {
    let server = Server::shared().await.unwrap();
    open_at(server.new_database().await.unwrap()).await
}

/// Opens a store on a server that no other test uses meanwhile: an open transaction holds back the order of the events
/// in all databases of a server. No other test gets it while what is returned with the
/// store is held.
pub(crate) async fn open_alone() -> (Opened, MutexGuard<'static, Option<Server>>) {
    static SERVER: Mutex<Option<Server>> = Mutex::const_new(None);
    let mut server = SERVER.lock().await;
    let url = server.get_or_insert_with(|| Server::start().unwrap()).new_database().await.unwrap();
    (open_at(url).await, server)
}

/// A new database where events wait for their positions until somebody needs them: the lease is, for good, that of a
/// process that does not work.
pub(crate) async fn without_sealer() -> String {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    drop(PostgresStore::connect(&url).await.unwrap());
    let pool = PgPool::connect(&url).await.unwrap();
    let lease = "UPDATE sealer SET holder = gen_random_uuid(), leased_until = 'infinity'";
    pool.execute(lease).await.unwrap();
    url
}

/// Opens a store on the database, with an edition adopted.
pub(crate) async fn open_at(url: String) -> Opened {
    let store = PostgresStore::connect(&url).await.unwrap();
    store.adopt_edition(&edition()).await.unwrap();
    Opened { store, pool: PgPool::connect(&url).await.unwrap(), url }
}

pub(crate) fn edition() -> EditionFiles {
    EditionFiles { edition: "e".repeat(64), catalog: "catalog".to_owned(), prices: "prices".to_owned() }
}

pub(crate) fn number(text: &str) -> LicenseNumber {
    text.parse().unwrap()
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A license as the test knows it, to write what comes next.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) license: LicenseNumber,
    pub(crate) state: Option<License>,
}

/// One command's result.
pub(crate) type Judged = (JudgedCommand, Option<StateWrite>);

impl Written {
    pub(crate) fn none(license: &str) -> Self {
        Self { license: number(license), state: None }
    }

    pub(crate) fn version(&self) -> u64 {
        self.state.as_ref().map_or(0, |state| state.facts.version)
    }

    /// A purchase with that order number, activated at once.
    pub(crate) fn buy(&mut self, order: &str) -> Judged {
        let issued = LicenseIssued {
            order: order.to_owned(),
            product: Product::Control,
            license_type: LicenseType::Commercial,
            users: Users::recorded(25),
            plugins: [Plugin::Antivirus].into_iter().collect(),
            swm_years: 1,
            holder: Holder { name: "ООО Ромашка".to_owned(), inn: None, country: "RU".to_owned() },
            partner: None,
            price: None,
        };
        let activated = LicenseActivated { swm: Swm::bought(day("2012-01-20"), 1) };
        self.happen(&[Event::LicenseIssued(issued), Event::LicenseActivated(activated)])
    }

    /// A server came online, and went.
    pub(crate) fn use_once(&mut self) -> Judged {
        let server = event::Server { server: "A".to_owned() };
        self.happen(&[Event::ServerCameOnline(server.clone()), Event::ServerWentOffline(server)])
    }

    /// The command that makes the events happen.
    pub(crate) fn happen(&mut self, events: &[Event]) -> Judged {
        let base = self.version();
        let events: Vec<_> = events.iter().map(|event| self.record(event)).collect();
        let write = state_write(self.state.as_ref().unwrap(), base).unwrap();
        (command(&self.license, events), Some(write))
    }

    fn record(&mut self, event: &Event) -> NewEvent {
        let sequence = self.version() + 1;
        let place = EventPlace { license: &self.license, sequence, on: day("2012-01-20") };
        let state = evolve(self.state.take(), &place, event).unwrap();
        let facts = Some(state.facts.clone());
        self.state = Some(state);
        NewEvent {
            stream_type: LICENSE_STREAM,
            stream_id: self.license.to_string(),
            sequence,
            event_type: event.event_type(),
            event_version: event.event_version(),
            payload: serde_json::to_string(event).unwrap(),
            users_moved: None,
            order_number: event.order_number().map(ToOwned::to_owned),
            facts,
        }
    }
}

fn command(license: &LicenseNumber, events: Vec<NewEvent>) -> JudgedCommand {
    JudgedCommand {
        command_id: Uuid::new_v4(),
        license: license.clone(),
        others: Vec::new(),
        on: day("2012-01-20"),
        actor: Actor { name: "orders@distributor".to_owned(), role: Role::Distributor },
        content: "{}".to_owned(),
        content_digest: [7; 32],
        outcome: r#"{"outcome":"accepted"}"#.to_owned(),
        outcome_digest: [8; 32],
        accepted: true,
        events,
    }
}

/// The batch of some commands' results, with the last state of each license.
pub(crate) fn batch(judged: Vec<Judged>) -> Batch {
    let mut batch = Batch { edition: edition().edition, ..Batch::default() };
    for (command, write) in judged {
        batch.commands.push(command);
        batch.states.extend(write);
    }
    batch.states.sort_by(|one, other| one.facts.license.cmp(&other.facts.license));
    batch
}

/// A bought license, in the store.
pub(crate) async fn bought(store: &PostgresStore, license: &str) -> Written {
    let mut written = Written::none(license);
    let judged = written.buy("PO-1");
    store.append(&batch(vec![judged])).await.unwrap();
    written
}

/// Everything that an append writes, as text, to see whether anything changed.
pub(crate) async fn everything(pool: &PgPool) -> String {
    let mut all = String::new();
    for table in ["commands", "events", "entitlement_versions", "current_entitlement"] {
        // Positions are given meanwhile.
        let rows = format!(
            "SELECT coalesce(string_agg((to_jsonb(t) - 'position')::text, ' ' ORDER BY to_jsonb(t) - 'position'), '') FROM {table} t"
        );
        let rows: String = sqlx::query_scalar(&rows).fetch_one(pool).await.unwrap();
        all.push_str(&rows);
    }
    all
}
