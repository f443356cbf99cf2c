//! Finding the server's programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// The oldest version that the ledger runs on.
const OLDEST: u32 = 15;

/// The folder of the server's programs (`initdb`, `postgres`, `pg_ctl`, `pgbench`): the newest installed one.
///
/// It is looked for on the `PATH` and in Debian's versioned folders. A name on the path may be a link, or a wrapper
/// of Debian's that only serves clients, so links are followed, and a folder counts only when it has the server too.
///
/// # Errors
/// [`Error::NotInstalled`] when there is none of version 15 or later.
pub fn bin_dir() -> Result<PathBuf, Error> {
    let found = on_path().into_iter().chain(debians());
    let versions = found.filter_map(|folder| Some((version(&folder)?, folder)));
    let newest = versions.filter(|(version, _)| *version >= OLDEST).max_by_key(|(version, _)| *version);
    newest.map(|(_, folder)| folder).ok_or(Error::NotInstalled)
}

fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let real = |folder: PathBuf| folder.join("initdb").canonicalize().ok()?.parent().map(Path::to_owned);
    std::env::split_paths(&path).filter_map(real).collect()
}

fn debians() -> Vec<PathBuf> {
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    versions.filter_map(|version| Some(version.ok()?.path().join("bin"))).collect()
}

/// The major version of the server in the folder; none where something is missing.
fn version(folder: &Path) -> Option<u32> {
    let complete = ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file());
    if !complete {
        return None;
    }
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 18beta1"
    let text = String::from_utf8(output.stdout).ok()?;
    let digits = text.split(") ").nth(1)?.chars().take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().ok()
}
