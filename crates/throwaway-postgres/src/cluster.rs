//! The server's data folder, and the programs that work on it.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Error, bin_dir};

/// How long a killed server's backends may take to be gone, and a crashed one to recover.
const RESTART_TIMEOUT: Duration = Duration::from_secs(60);

/// What a server of tests can do without: it is thrown away when the machine crashes.
const NOT_DURABLE: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";

/// A data folder in `FOLDER/data`, served on a socket in `FOLDER`.
#[derive(Debug)]
pub(crate) struct Cluster {
    bin: PathBuf,
    folder: PathBuf,
    durable: bool,
    /// PostgreSQL refuses to run as root.
    as_postgres: Option<&'static str>,
}

impl Cluster {
    /// Makes the data folder in an empty folder of ours.
    pub(crate) fn new(folder: &Path, durable: bool) -> Result<Self, Error> {
        let cluster = Self::in_folder(folder, durable)?;
        run(cluster.program("initdb").args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]))?;
        Ok(cluster)
    }

    /// Copies the data folder of this running server into an empty folder of ours: started, the copy follows it.
    pub(crate) fn standby(&self, folder: &Path) -> Result<Self, Error> {
        let standby = Self::in_folder(folder, self.durable)?;
        let mut copy = standby.program("pg_basebackup");
        copy.args(["-U", "postgres", "-c", "fast", "--no-sync", "--write-recovery-conf", "-h"]).arg(&self.folder);
        run(&mut copy)?;
        Ok(standby)
    }

    fn in_folder(folder: &Path, durable: bool) -> Result<Self, Error> {
        let bin = bin_dir()?;
        let is_root = std::fs::metadata(folder)?.uid() == 0;
        let as_postgres = if is_root { Some(user_switch()?) } else { None };
        if is_root {
            run(Command::new("chown").arg("postgres").arg(folder))?;
        }
        Ok(Self { bin, folder: folder.to_owned(), durable, as_postgres })
    }

    /// Starts the server, and returns when it takes connections.
    pub(crate) fn start(&self) -> Result<(), Error> {
        let socket = self.folder.display();
        let settings = if self.durable { "" } else { NOT_DURABLE };
        let options = format!("-k {socket} -c listen_addresses= -c max_connections=200 {settings}");
        // Without a log file the server would keep our outputs open.
        let log = self.folder.join("server.log");
        let mut command = self.program("pg_ctl");
        command.args(["-w", "-t", "60", "-o", &options, "-l"]).arg(&log).arg("start");
        run(&mut command).map_err(|error| with_log(error, &log))
    }

    /// Starts it again after a kill: the old server's backends may take a moment to notice that it is gone.
    pub(crate) fn restart(&self) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            match self.start() {
                Err(_) if begun.elapsed() < RESTART_TIMEOUT => std::thread::sleep(Duration::from_millis(100)),
                result => return result,
            }
        }
    }

    /// Kills all of the server's processes with SIGKILL at once, as a crash would. A backend that outlived the first
    /// process for a moment could still commit.
    pub(crate) fn kill(&self) -> Result<(), Error> {
        let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        let pid = pid.lines().next().unwrap_or_default();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        // One that has just ended by itself is no failure; the first process is killed last, and must be there.
        let _ = Command::new("kill").arg("-9").args(children.split_whitespace()).stderr(Stdio::null()).status();
        run(Command::new("kill").args(["-9", pid]))
    }

    /// Stops the server, as for maintenance.
    pub(crate) fn shut_down(&self) -> Result<(), Error> {
        run(self.program("pg_ctl").args(["-m", "fast", "-w", "stop"]))
    }

    /// The command that stops the server at once.
    pub(crate) fn stop(&self) -> Command {
        let mut command = self.program("pg_ctl");
        command.args(["-m", "immediate", "stop"]);
        command
    }

    /// One of the server's programs, on this data folder, as a user it accepts.
    fn program(&self, name: &str) -> Command {
        let program = self.bin.join(name);
        let mut command = match self.as_postgres {
            None => Command::new(program),
            Some(switch) => {
                let mut words = switch.split(' ');
                let mut command = Command::new(words.next().unwrap_or_default());
                command.args(words).arg(program);
                command
            }
        };
        command.arg("-D").arg(self.folder.join("data")).current_dir(&self.folder);
        command
    }
}

/// What to put before a command so that root runs it as the user `postgres`.
fn user_switch() -> Result<&'static str, Error> {
    let switches = ["runuser -u postgres --", "setpriv --reuid=postgres --regid=postgres --clear-groups --"];
    let works = |switch: &&str| {
        let mut words = switch.split(' ').map(OsStr::new);
        let mut command = Command::new(words.next().unwrap_or_default());
        run(command.args(words).arg("true")).is_ok()
    };
    switches.into_iter().find(works).ok_or_else(|| Error::Failed {
        program: "runuser and setpriv".to_owned(),
        reason: "as root one of them is needed, and a user named postgres".to_owned(),
    })
}

fn run(command: &mut Command) -> Result<(), Error> {
    let output = command.stdin(Stdio::null()).output();
    let reason = match output {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Error::Failed { program: command_name(command), reason })
}

fn command_name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// The server's own last words say more than `pg_ctl`'s.
fn with_log(error: Error, log: &Path) -> Error {
    let last = std::fs::read_to_string(log).unwrap_or_default();
    match error {
        Error::Failed { program, reason } => Error::Failed { program, reason: format!("{reason}\n{last}") },
        other => other,
    }
}
