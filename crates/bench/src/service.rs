//! The service: the program itself, in a process of its own, with a key.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use plain_http::Client;
use serde_json::Value;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// The most memory that a service may take under load, in megabytes.
pub(crate) const MOST_MB: f64 = 150.0;

/// Its key's clients are all of this program's: they may ask as often as they can.
const UNHINDERED: [&str; 4] = ["--rate-per-second", "1000000", "--rate-burst", "1000000"];

/// A service that runs; it is killed when this is dropped. It writes its log, a line for each request, into a file.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
}

impl Service {
    /// Starts the program on the database, and makes a key.
    pub(crate) fn start(program: &Path, database: &str, folder: &Path) -> Result<Self> {
        Self::start_with(make_key(program, database)?, program, database, folder)
    }

    /// Starts the program on a database that has the key already.
    pub(crate) fn start_with(key: String, program: &Path, database: &str, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("service-{}.log", uuid::Uuid::new_v4()));
        let mut command = Command::new(program);
        command.args(["--database", database, "serve", "--listen", "127.0.0.1:0"]).args(UNHINDERED);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let mut child = command.spawn()?;
        match address(&log) {
            Ok(address) => Ok(Self { child, address, key }),
            Err(error) => {
                // The reason why it does not listen says more than why it cannot be killed.
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// A client with a connection of its own.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address, Some(&self.key))
    }

    /// The process, to be watched.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended by itself needs no more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_key(program: &Path, database: &str) -> Result<String> {
    let words = ["keys", "create", "--name", "bench", "--role", "distributor", "--format", "json"];
    let made = Command::new(program).args(["--database", database]).args(words).output()?;
    ensure!(made.status.success(), "no key was made: {}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout)?;
    Ok(made["key"].as_str().context("no key was printed")?.to_owned())
}

/// Where it listens, as its log says.
fn address(log: &Path) -> Result<SocketAddr> {
    let begun = Instant::now();
    loop {
        let told = std::fs::read_to_string(log)?;
        let mut lines = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let address = lines.rfind(|line| line["message"] == "listening");
        if let Some(address) = address.and_then(|line| line["address"].as_str()?.parse().ok()) {
            return Ok(address);
        }
        ensure!(begun.elapsed() < PATIENCE, "the service does not listen: {told}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
