//! What a ledger's indexes take, and how its hot tables are kept in shape.

use anyhow::Result;
use sqlx::{Connection, FromRow, PgConnection};

use crate::report::{Report, table};

/// The ledger's tables that grow and their indexes, the largest table first: bytes, and how often an index was looked into.
const SIZES: &str = "
    WITH ours AS (
        SELECT oid, relname, pg_total_relation_size(oid) AS total FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_total_relation_size(oid) > 262144
    )
    SELECT relname::text AS \"table\", '(the rows)' AS index, '' AS \"on\", pg_table_size(oid) AS bytes,
        NULL::bigint AS scans, total
    FROM ours
    UNION ALL
    SELECT ours.relname::text, indexrelid::regclass::text, substring(pg_get_indexdef(indexrelid) FROM 'USING btree (.*)$'),
        pg_relation_size(indexrelid), pg_stat_get_numscans(indexrelid), total
    FROM pg_index JOIN ours ON indrelid = ours.oid
    ORDER BY total DESC, \"table\", scans NULLS FIRST, bytes DESC";

/// The hot tables: rows, dead row versions, updates within a page, and by which settings autovacuum comes.
const KEPT: &str = "
    SELECT tables.relname::text AS \"table\", n_live_tup AS rows, n_dead_tup AS dead, n_tup_upd AS updates, n_tup_hot_upd AS hot,
        coalesce(to_char(last_autovacuum AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), 'never') AS last_autovacuum,
        autovacuum_count AS autovacuums,
        format('%s + %s × rows dead, %s + %s × rows new', setting.threshold, setting.scale, setting.insert_threshold,
            setting.insert_scale) AS autovacuum_after,
        setting.fillfactor::bigint AS fillfactor
    FROM pg_stat_user_tables AS tables JOIN pg_class ON pg_class.oid = relid
    CROSS JOIN LATERAL (
        SELECT
            coalesce(max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_threshold'),
                current_setting('autovacuum_vacuum_threshold')) AS threshold,
            coalesce(max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_scale_factor'),
                current_setting('autovacuum_vacuum_scale_factor')) AS scale,
            coalesce(max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_insert_threshold'),
                current_setting('autovacuum_vacuum_insert_threshold')) AS insert_threshold,
            coalesce(max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_insert_scale_factor'),
                current_setting('autovacuum_vacuum_insert_scale_factor')) AS insert_scale,
            coalesce(max(option_value) FILTER (WHERE option_name = 'fillfactor'), '100') AS fillfactor
        FROM pg_options_to_table(reloptions)
    ) AS setting
    WHERE tables.relname IN ('events', 'commands', 'entitlement_versions', 'current_entitlement')
    ORDER BY tables.relname";

/// What holds for all tables.
const SETTINGS: &str = "
    SELECT format('autovacuum %s, a look every %s, %s worker(s), cost limit %s, cost delay %s',
        current_setting('autovacuum'), current_setting('autovacuum_naptime'), current_setting('autovacuum_max_workers'),
        current_setting('vacuum_cost_limit'), current_setting('autovacuum_vacuum_cost_delay'))";

#[derive(FromRow)]
struct Size {
    table: String,
    index: String,
    on: String,
    bytes: i64,
    scans: Option<i64>,
}

#[derive(FromRow)]
struct Kept {
    table: String,
    rows: i64,
    dead: i64,
    updates: i64,
    hot: i64,
    last_autovacuum: String,
    autovacuums: i64,
    autovacuum_after: String,
    fillfactor: i64,
}

/// Adds both tables to the report.
pub(super) async fn tell(url: &str, events: u64, report: &mut Report) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let sizes: Vec<Size> = sqlx::query_as(SIZES).fetch_all(&mut connection).await?;
    let kept: Vec<Kept> = sqlx::query_as(KEPT).fetch_all(&mut connection).await?;
    let settings: String = sqlx::query_scalar(SETTINGS).fetch_one(&mut connection).await?;
    connection.close().await?;
    let header = ["table", "index", "on", "MB", "bytes an event", "looks"];
    let rows = sizes.into_iter().map(|size| size.cells(events));
    report.append(&format!("Tables and indexes of the ledger of {events} events"), &table(&header, rows));
    let header = [
        "table",
        "rows",
        "dead",
        "updates",
        "% HOT",
        "last autovacuum",
        "autovacuums",
        "autovacuum after",
        "fillfactor",
    ];
    report.append(&format!("How they are kept ({settings})"), &table(&header, kept.into_iter().map(Kept::cells)));
    Ok(())
}

impl Size {
    fn cells(self, events: u64) -> Vec<String> {
        #[expect(clippy::cast_precision_loss, reason = "sizes here are far below 2^52")]
        let (bytes, events) = (self.bytes as f64, events as f64);
        let looks = self.scans.map(|scans| scans.to_string()).unwrap_or_default();
        let (mb, each) = (format!("{:.2}", bytes / 1e6), format!("{:.1}", bytes / events));
        vec![self.table, self.index, self.on, mb, each, looks]
    }
}

impl Kept {
    fn cells(self) -> Vec<String> {
        let hot = if self.updates == 0 { String::new() } else { (100 * self.hot / self.updates).to_string() };
        vec![
            self.table,
            self.rows.to_string(),
            self.dead.to_string(),
            self.updates.to_string(),
            hot,
            self.last_autovacuum,
            self.autovacuums.to_string(),
            self.autovacuum_after,
            self.fillfactor.to_string(),
        ]
    }
}
