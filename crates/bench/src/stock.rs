//! Stock postgres-es and sqlite-es with the same license policy: their event store, with and without a view.
//!
//! Tuned as far as they can be from outside: the pool asks for no sign of life before a connection is used, and is as large
//! as there are clients (on SQLite, one connection: several wait for each other by sleeping); plans are made once. Every
//! turn has new licenses, for a load reads the whole history. There is no command record, no command id, no version row,
//! no seal, and the view is written after the commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use async_trait::async_trait;
use cqrs_es::persist::{GenericQuery, PersistedEventStore};
use cqrs_es::{Aggregate, CqrsFramework, EventEnvelope, EventStore, Query, View};
use ledger_app::aggregate::{LicenseAggregate, LicenseCommand};
use ledger_domain::catalog::Programme;
use ledger_domain::command;
use postgres_es::{PostgresEventRepository, PostgresViewRepository};
use serde::{Deserialize, Serialize};
use sqlite_es::{SqliteEventRepository, SqliteViewRepository};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::lines::Lines;
use crate::places::{Kind, Places};
use crate::rounds::{Boxed, Contender, Turn};

/// How many licenses a client has.
const LICENSES: usize = 100;

/// The tables of postgres-es 0.5 (`db/init.sql`), and a view's.
const POSTGRES: &str = "
    CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL,
        sequence bigint CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL,
        payload json NOT NULL, metadata json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence));
    CREATE TABLE licenses (view_id text NOT NULL, version bigint CHECK (version >= 0) NOT NULL, payload json NOT NULL,
        PRIMARY KEY (view_id))";

/// Those of sqlite-es 0.5 (`migrations`).
const SQLITE: &str = "
    CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL,
        sequence integer CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL,
        payload text NOT NULL, metadata text NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT;
    CREATE TABLE licenses (view_id text NOT NULL, version integer CHECK (version >= 0) NOT NULL, payload text NOT NULL,
        PRIMARY KEY (view_id)) STRICT;";

/// What the license is now, as a view.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct LicenseView(LicenseAggregate);

impl View<LicenseAggregate> for LicenseView {
    fn update(&mut self, event: &EventEnvelope<LicenseAggregate>) {
        self.0.apply(event.payload.clone());
    }
}

type Queries = Vec<Box<dyn Query<LicenseAggregate>>>;

/// Clients of a stock framework.
pub(crate) struct Stock<ES: EventStore<LicenseAggregate>> {
    name: &'static str,
    framework: Arc<CqrsFramework<LicenseAggregate, ES>>,
    clients: Vec<StockClient>,
    turns: u32,
}

/// The stock crate for that database, without and with a view.
pub(crate) async fn contenders(places: &Places, kind: Kind, clients: u32) -> Result<Vec<Boxed>> {
    let mut contenders = Vec::new();
    for viewed in [false, true] {
        contenders.push(match kind {
            Kind::Postgres => postgres(places, clients, viewed).await?,
            Kind::Sqlite => sqlite(places, clients, viewed).await?,
        });
    }
    Ok(contenders)
}

async fn postgres(places: &Places, clients: u32, viewed: bool) -> Result<Boxed> {
    let options: PgConnectOptions = places.new_postgres().await?.parse()?;
    let options = options.options([("plan_cache_mode", "force_generic_plan"), ("jit", "off")]);
    let pool = PgPoolOptions::new().max_connections(clients).test_before_acquire(false).connect_with(options).await?;
    sqlx::raw_sql(POSTGRES).execute(&pool).await?;
    let view =
        || GenericQuery::<_, LicenseView, _>::new(Arc::new(PostgresViewRepository::new("licenses", pool.clone())));
    let queries: Queries = if viewed { vec![Box::new(view())] } else { Vec::new() };
    let store = PersistedEventStore::new_event_store(PostgresEventRepository::new(pool.clone()));
    stock(["postgres-es", "postgres-es with a view"][usize::from(viewed)], store, queries, clients)
}

async fn sqlite(places: &Places, clients: u32, viewed: bool) -> Result<Boxed> {
    let file = places.folder().join(format!("stock-{clients}-{viewed}.db"));
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false).connect_with(options).await?;
    sqlx::raw_sql(SQLITE).execute(&pool).await?;
    let view = || GenericQuery::<_, LicenseView, _>::new(Arc::new(SqliteViewRepository::new("licenses", pool.clone())));
    let queries: Queries = if viewed { vec![Box::new(view())] } else { Vec::new() };
    let store = PersistedEventStore::new_event_store(SqliteEventRepository::new(pool.clone()));
    stock(["sqlite-es", "sqlite-es with a view"][usize::from(viewed)], store, queries, clients)
}

fn stock<ES>(name: &'static str, store: ES, queries: Queries, clients: u32) -> Result<Boxed>
where
    ES: EventStore<LicenseAggregate> + Send + Sync + 'static,
    ES::AC: Send,
{
    let programme = Programme::built_in().map_err(|problems| anyhow!("the built-in catalog: {problems:?}"))?;
    let framework = Arc::new(CqrsFramework::new(store, queries, Arc::new(programme)));
    let clients = (0..clients).map(|number| StockClient::new(name, number)).collect();
    Ok(Box::new(Stock { name, framework, clients, turns: 0 }))
}

#[async_trait]
impl<ES> Contender for Stock<ES>
where
    ES: EventStore<LicenseAggregate> + Send + Sync + 'static,
    ES::AC: Send,
{
    fn name(&self) -> String {
        self.name.to_owned()
    }

    async fn make_ready(&mut self) -> Result<()> {
        self.turns += 1;
        for client in &mut self.clients {
            client.buy(&self.framework, self.turns).await?;
        }
        Ok(())
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        let begun = Instant::now();
        let run = |mut client: StockClient| {
            let framework = Arc::clone(&self.framework);
            tokio::spawn(async move { client.post_until(&framework, begun + turn).await.map(|took| (client, took)) })
        };
        let running: Vec<_> = self.clients.drain(..).map(run).collect();
        let mut latencies_ms = Vec::new();
        for client in running {
            let (client, took) = client.await??;
            self.clients.push(client);
            latencies_ms.extend(took);
        }
        Ok(Turn::timed(latencies_ms, begun.elapsed()))
    }
}

/// A client that reports servers of its own licenses, one command at a time.
struct StockClient {
    lines: Lines,
    number: u32,
    /// The licenses' numbers, and whether the server of each was reported online.
    licenses: Vec<(String, bool)>,
}

impl StockClient {
    fn new(name: &str, number: u32) -> Self {
        let seed = u64::from(number) + 10_000 * name.len() as u64;
        Self { lines: Lines::seeded(seed), number, licenses: Vec::new() }
    }

    /// Buys new licenses for a turn.
    async fn buy<ES: EventStore<LicenseAggregate>>(
        &mut self,
        framework: &CqrsFramework<LicenseAggregate, ES>,
        turn: u32,
    ) -> Result<()> {
        let number = |license| format!("T{turn:03}-{:03}-{license:05}", self.number);
        self.licenses = (0..LICENSES).map(|license| (number(license), false)).collect();
        for license in 0..LICENSES {
            let line = self.lines.purchase(&self.licenses[license].0);
            execute(framework, &self.licenses[license].0, &line).await?;
        }
        Ok(())
    }

    async fn post_until<ES: EventStore<LicenseAggregate>>(
        &mut self,
        framework: &CqrsFramework<LicenseAggregate, ES>,
        end: Instant,
    ) -> Result<Vec<f64>> {
        let mut latencies_ms = Vec::new();
        let mut asked = Instant::now();
        while asked < end {
            let picked = self.lines.pick(LICENSES);
            let (license, is_online) = &mut self.licenses[picked];
            *is_online = !*is_online;
            let line = self.lines.server(license, *is_online);
            execute(framework, license, &line).await?;
            latencies_ms.push(asked.elapsed().as_secs_f64() * 1e3);
            asked = Instant::now();
        }
        Ok(latencies_ms)
    }
}

/// Reads the line, and has it done, which must succeed.
async fn execute<ES: EventStore<LicenseAggregate>>(
    framework: &CqrsFramework<LicenseAggregate, ES>,
    license: &str,
    line: &str,
) -> Result<()> {
    let request = command::read(line.as_bytes()).map_err(|invalid| anyhow!("{invalid:?}"))?;
    let on = request.on.ok_or_else(|| anyhow!("a command without a day"))?;
    let command = LicenseCommand { request, on, order_is_taken: false };
    framework.execute(license, command).await.map_err(|error| anyhow!("{error:?}"))
}
