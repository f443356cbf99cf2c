//! Seconds of processor time, as Linux counts them in `/proc`: what a turn cost, beside how long it took.

use anyhow::{Context, Result};
use sqlx::{Connection, PgConnection};

/// In which `/proc` counts, whatever the kernel's own clock is.
const TICKS_A_SECOND: f64 = 100.0;

/// What a process and the children that it has waited for have taken so far; `None`: there is no such process here.
pub(crate) fn of(pid: u32) -> Option<f64> {
    seconds(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// What this process has taken, with the children that it has waited for.
pub(crate) fn own() -> f64 {
    of(std::process::id()).unwrap_or_default()
}

/// utime, stime, cutime and cstime: the 14th to the 17th field. The second is a name, in which anything may stand.
fn seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields = rest.split_whitespace().skip(11).take(4);
    let ticks: f64 = fields.map(|field| field.parse::<f64>().ok()).sum::<Option<f64>>()?;
    Some(ticks / TICKS_A_SECOND)
}

/// A PostgreSQL server on this machine: its first process, which waits for all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Database {
    first: u32,
}

impl Database {
    /// The server of that URL; none where it runs elsewhere.
    pub(crate) async fn of(url: &str) -> Result<Vec<Self>> {
        let mut connection = PgConnection::connect(url).await?;
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        let stat = std::fs::read_to_string(format!("/proc/{backend}/stat")).unwrap_or_default();
        connection.close().await?;
        let is_postgres = stat.split_once('(').is_some_and(|(_, name)| name.starts_with("postgres)"));
        if !is_postgres {
            return Ok(Vec::new());
        }
        let (_, rest) = stat.rsplit_once(')').context("/proc/PID/stat without a name")?;
        let first = rest.split_whitespace().nth(1).context("/proc/PID/stat without a parent")?.parse()?;
        Ok(vec![Self { first }])
    }

    /// The servers of all of the URLs, each once.
    pub(crate) async fn of_all(urls: &[String]) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for url in urls {
            all.extend(Self::of(url).await?);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// What all of its processes have taken so far.
    pub(crate) fn seconds(self) -> f64 {
        // Those that run now first: one that ends meanwhile is counted by the one that waits for it.
        let running = format!("/proc/{0}/task/{0}/children", self.first);
        let running = std::fs::read_to_string(running).unwrap_or_default();
        let running: f64 = running.split_whitespace().filter_map(|pid| of(pid.parse().ok()?)).sum();
        running + of(self.first).unwrap_or_default()
    }
}

/// What was taken, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    /// This process, with the children that it has waited for.
    pub(crate) client: f64,
    /// The services that were asked, which still run.
    pub(crate) services: f64,
    /// 0 where the database runs elsewhere, or in this very process.
    pub(crate) database: f64,
}

/// Clocks of all who take part: this process, services by their process ids, and databases.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    services: Vec<u32>,
    databases: Vec<Database>,
    begun: Taken,
}

impl Meter {
    pub(crate) fn begin(services: Vec<u32>, databases: &[Database]) -> Self {
        let mut meter = Self { services, databases: databases.to_vec(), begun: Taken::default() };
        meter.begun = meter.now();
        meter
    }

    /// What was taken since.
    pub(crate) fn taken(&self) -> Taken {
        let (now, begun) = (self.now(), self.begun);
        Taken {
            client: now.client - begun.client,
            services: now.services - begun.services,
            database: now.database - begun.database,
        }
    }

    fn now(&self) -> Taken {
        Taken {
            client: own(),
            services: self.services.iter().filter_map(|pid| of(*pid)).sum(),
            database: self.databases.iter().map(|database| database.seconds()).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seconds_are_read_behind_whatever_the_program_is_called() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 200 0 0 150 50 25 75 20 0 1 0 5 6 7";
        assert_eq!(seconds(stat), Some(3.0));
        assert_eq!(seconds("7 (a) S 1"), Some(0.0));
        assert_eq!(seconds(""), None);
    }

    #[test]
    fn work_takes_time() {
        let before = own();
        let begun = std::time::Instant::now();
        let mut sum = 0_u64;
        while own() - before < 0.05 && begun.elapsed().as_secs() < 60 {
            sum = (0..1_000_000).fold(sum, |sum: u64, n| sum.wrapping_mul(31).wrapping_add(n));
        }
        assert!(own() - before >= 0.05, "{sum}");
    }
}
