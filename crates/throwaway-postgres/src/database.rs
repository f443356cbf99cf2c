//! Databases, one for every test.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::Error;

/// What their names begin with; the second of their making follows.
const PREFIX: &str = "license_ledger_test";

/// On a given server databases outlive the run that made them. Those of runs that are surely over are dropped.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(60 * 60);

/// Makes an empty database on the server, and returns its URL.
pub(crate) async fn create(server: &str) -> Result<String, Error> {
    let options: PgConnectOptions = server.parse()?;
    let mut connection = options.connect().await?;
    drop_left_behind(&mut connection).await?;
    let name = format!("{PREFIX}_{}_{}", now().as_secs(), uuid::Uuid::new_v4().simple());
    sqlx::raw_sql(&format!("CREATE DATABASE {name}")).execute(&mut connection).await?;
    connection.close().await?;
    Ok(with_database(server, &name))
}

async fn drop_left_behind(connection: &mut PgConnection) -> Result<(), Error> {
    let names: Vec<String> = sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname LIKE $1 || '%'")
        .bind(PREFIX)
        .fetch_all(&mut *connection)
        .await?;
    for name in names.iter().filter(|name| was_left_behind(name)) {
        sqlx::raw_sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).execute(&mut *connection).await?;
    }
    Ok(())
}

fn was_left_behind(name: &str) -> bool {
    let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('_').nth(1)?.parse().ok()).map(Duration::from_secs);
    made.is_some_and(|made| made + LEFT_BEHIND_AFTER < now())
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The URL of the server's database that has the name of the other's.
pub(crate) fn on_server(server: &str, other: &str) -> String {
    let path = other.split('?').next().unwrap_or_default();
    with_database(server, path.rsplit('/').next().unwrap_or_default())
}

/// The same URL with another database in its path.
fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, String::new()), |(base, query)| (base, format!("?{query}")));
    let authority = base.find("://").map_or(0, |at| at + 3);
    let end = base[authority..].find('/').map_or(base.len(), |at| authority + at);
    format!("{}/{name}{query}", &base[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_the_urls_path() {
        assert_eq!(with_database("postgres://u:p@host:1/old?host=/tmp", "new"), "postgres://u:p@host:1/new?host=/tmp");
        assert_eq!(with_database("postgres://host", "new"), "postgres://host/new");
    }

    #[test]
    fn a_database_of_another_server_keeps_its_name() {
        assert_eq!(
            on_server("postgres://u@localhost/postgres?host=/b", "postgres://h/x?host=/a"),
            "postgres://u@localhost/x?host=/b"
        );
    }

    #[test]
    fn only_databases_of_old_runs_are_left_behind() {
        assert!(was_left_behind("license_ledger_test_1000_ab"));
        assert!(!was_left_behind(&format!("license_ledger_test_{}_ab", now().as_secs())));
        assert!(!was_left_behind("license_ledger_testing"));
    }
}
