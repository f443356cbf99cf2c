//! The real binary as a service, on a database of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use plain_http::Client;
use serde_json::Value;
use tempfile::TempDir;
use throwaway_postgres::Server;

use crate::command_line::Cli;

/// How long a service may take to listen, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the ledger is. A folder of its own holds the file, if it is one, and the service's log.
pub(crate) struct Place {
    pub(crate) cli: Cli,
    folder: TempDir,
}

impl Place {
    /// A file of its own.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { cli: Cli::sqlite(folder.path()), folder }
    }

    /// A database on the tests' server.
    pub(crate) async fn postgres() -> Self {
        Self::on(Server::shared().await.expect("a server").new_database().await.expect("a database"))
    }

    /// The database of that URL.
    pub(crate) fn on(database: String) -> Self {
        Self { cli: Cli::on(database), folder: tempfile::tempdir().expect("a folder") }
    }

    /// A key, made on the command line.
    pub(crate) fn key(&self, words: &[&str]) -> String {
        let made = self.cli.json(&[&["keys", "create"], words].concat());
        made["key"].as_str().expect("a key").to_owned()
    }

    /// A distributor's key, of a name of its own.
    pub(crate) fn distributor(&self) -> String {
        self.key(&["--name", "orders", "--role", "distributor"])
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A service that runs. Dropped, it is killed.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Running {
    /// Starts it on a port that the system chooses, with more flags, and waits until it listens.
    pub(crate) fn start(place: &Place, flags: &[&str]) -> Self {
        Self::start_at(place, "127.0.0.1:0", flags)
    }

    /// Starts it on the address.
    pub(crate) fn start_at(place: &Place, address: &str, flags: &[&str]) -> Self {
        let mut command = place.cli.command(&["serve", "--listen", address]);
        command.args(flags);
        Self::run(&mut command, &place.file("service.log"))
    }

    /// Runs a command that becomes the service. Its log goes on in the file.
    pub(crate) fn run(command: &mut Command, log: &Path) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let address = keep_log(stderr, log.to_owned());
        let address = address.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let _ = child.kill();
            panic!("it does not listen; its log: {}", fs::read_to_string(log).unwrap_or_default())
        });
        Self { child, address, log: log.to_owned() }
    }

    /// A client with the key.
    pub(crate) fn client(&self, key: &str) -> Client {
        Client::new(self.address, Some(key))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whether the process runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_none()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a kill");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM; how it ended.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.terminate();
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not stop; its log: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends SIGTERM, and does not wait.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    }

    /// Everything that it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How many files it may have open: as it is, and at most.
    pub(crate) fn open_files(&self) -> [u64; 2] {
        let limits = fs::read_to_string(format!("/proc/{}/limits", self.child.id())).expect("it runs");
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("a limit");
        let mut numbers = line.split_whitespace().map(|number| number.parse().unwrap_or(u64::MAX));
        std::array::from_fn(|_| numbers.next().expect("a number"))
    }

    /// The most memory that it had, in MiB.
    pub(crate) fn peak_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes what the service says into the file, for as long as it runs; its address is sent when it says so.
fn keep_log(stderr: BufReader<ChildStderr>, path: PathBuf) -> std::sync::mpsc::Receiver<SocketAddr> {
    let (told, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).expect("a log");
        for line in stderr.lines().map_while(Result::ok) {
            // One that cannot be written, or that nobody waits for any more, is lost.
            let _ = std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes());
            if let Some(address) = address_in(&line) {
                let _ = told.send(address);
            }
        }
    });
    address
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    line["address"].as_str().filter(|_| line["message"] == "listening")?.parse().ok()
}
