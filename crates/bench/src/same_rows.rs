//! The second floor on PostgreSQL: one statement that writes what the ledger writes for a command.
//!
//! The tables, their indexes and the sizes of what goes into them are the ledger's own: a command record, an event, the
//! license's row changed, its row of that version. Nothing is read before, and nothing is judged or sealed.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use sqlx::{Connection, PgConnection, Row};

use crate::floor::{EXAMPLE, make_example};
use crate::pgbench;
use crate::places::{self, Places};
use crate::rounds::Turn;

/// More clients than are ever measured, each with a hundred licenses.
const LICENSES: i32 = 100 * 64;

/// VERSION stands for the columns of `entitlement_versions`.
const SCRIPT: &str = "\
\\set number 100 * :client_id + random(1, 100)
WITH license AS (
    UPDATE current_entitlement
    SET version = version + 1, recorded_at = clock_timestamp(), servers_online = servers_online, state = :state::text
    WHERE license = 'CLIENT-' || lpad(:number::text, 9, '0')
    RETURNING *
), version AS (
    INSERT INTO entitlement_versions (VERSION) SELECT VERSION FROM license
), command AS (
    INSERT INTO commands (command_id, license, on_date, content_digest, content, actor_name, actor_role, edition, accepted,
        outcome, outcome_digest, recorded_at)
    SELECT gen_random_uuid(), license, on_date, decode(:digest::text, 'hex'), :content::text, 'bench', 'distributor',
        :edition::text, true, :outcome::text, decode(:digest::text, 'hex'), recorded_at
    FROM license
    RETURNING command_id
)
INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, on_date,
    recorded_at, actor_name, actor_role, command_id, edition)
SELECT 'license', license, version, 'ServerCameOnline', '1', :payload::json, '{}', on_date, recorded_at, 'bench',
    'distributor', command_id, :edition::text
FROM license, command;
";

/// The statement, with a ledger's tables to write to.
pub(crate) struct SameRows {
    url: String,
    script: PathBuf,
    defined: Vec<(&'static str, String)>,
}

impl SameRows {
    /// Makes the tables, with as many licenses as the clients take, all like the example.
    pub(crate) async fn prepare(places: &Places) -> Result<Self> {
        let url = places.new_postgres().await?;
        make_example(&*places::open(&url).await?).await?;
        let mut connection = PgConnection::connect(&url).await?;
        let columns = columns(&mut connection).await?;
        let others = columns.replace("license, ", "");
        let fill = format!(
            "INSERT INTO current_entitlement ({columns}, fold, state)
            SELECT 'CLIENT-' || lpad(number::text, 9, '0'), {others}, fold, state
            FROM current_entitlement, generate_series(1, {LICENSES}) AS number WHERE license = '{EXAMPLE}'"
        );
        sqlx::raw_sql(&fill).execute(&mut connection).await?;
        sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await?;
        let defined = defined(&mut connection).await?;
        connection.close().await?;
        let script = places.folder().join("same-rows.sql");
        std::fs::write(&script, SCRIPT.replace("VERSION", &columns))?;
        Ok(Self { url, script, defined })
    }

    /// The statement, again and again.
    pub(crate) async fn turn(&self, clients: u32, turn: Duration) -> Result<Turn> {
        let defined: Vec<_> = self.defined.iter().map(|(name, value)| (*name, value.as_str())).collect();
        pgbench::run(&self.url, &self.script, &defined, clients, turn).await
    }
}

/// The columns of `entitlement_versions`, which `current_entitlement` has too; `license` is the first.
async fn columns(connection: &mut PgConnection) -> Result<String> {
    let columns = "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = 'entitlement_versions'::regclass AND attnum > 0 AND NOT attisdropped";
    Ok(sqlx::query_scalar(columns).fetch_one(connection).await?)
}

/// What the example's last command wrote.
async fn defined(connection: &mut PgConnection) -> Result<Vec<(&'static str, String)>> {
    let written = "
        SELECT l.state, e.payload::text AS payload, c.content, c.outcome, c.edition,
            encode(c.content_digest, 'hex') AS digest
        FROM current_entitlement l
        JOIN events e ON (e.aggregate_id, e.sequence) = (l.license, l.version)
        JOIN commands c USING (command_id)
        WHERE l.license = $1";
    let row = sqlx::query(written).bind(EXAMPLE).fetch_one(connection).await?;
    let names = ["state", "payload", "content", "outcome", "edition", "digest"];
    names.into_iter().map(|name| Ok((name, row.try_get(name)?))).collect()
}
