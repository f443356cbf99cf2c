//! What was measured on: the figures mean nothing without it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use sqlx::{Connection, PgConnection};

use crate::places::Places;
use crate::samples::Samples;

/// How many writes the time of one is the median of.
const WRITES: usize = 200;

/// The machine in one line: processors, memory, load, the disk's time to make a write safe, PostgreSQL as it is set.
pub(crate) async fn describe(places: &Places) -> Result<String> {
    let processors = std::thread::available_parallelism()?;
    let write = write_ms(places.folder())?;
    Ok(format!(
        "{processors} processors, {} GiB, load {}, fdatasync {write:.2} ms, {}",
        memory_gib(),
        load(),
        postgres(places).await?
    ))
}

async fn postgres(places: &Places) -> Result<String> {
    let mut connection = PgConnection::connect(&places.new_postgres().await?).await?;
    let settings = "SELECT format('PostgreSQL %s (fsync %s, synchronous_commit %s)', current_setting('server_version'),
        current_setting('fsync'), current_setting('synchronous_commit'))";
    let settings = sqlx::query_scalar(settings).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(settings)
}

/// Appends 8 KiB and makes them safe, again and again; the median in milliseconds.
fn write_ms(folder: &Path) -> Result<f64> {
    let mut file = File::create(folder.join("writes"))?;
    let mut samples = Samples::default();
    for _ in 0..WRITES {
        let begun = Instant::now();
        file.write_all(&[0; 8192])?;
        file.sync_data()?;
        samples.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(samples.median())
}

fn memory_gib() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok());
    kib.unwrap_or(0_u64).div_ceil(1024 * 1024)
}

/// How many programs wanted to run in the last minute.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
