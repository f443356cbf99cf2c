//! A run of the program, watched: how long it took, and its peak of memory.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// How often to look at the peak; what a program takes in its last moment is missed.
const LOOKS_EVERY: Duration = Duration::from_millis(10);

/// What a run took.
pub(crate) struct Run {
    pub(crate) seconds: f64,
    /// The peak of its resident memory, in megabytes of 10⁶ bytes.
    pub(crate) peak_mb: f64,
}

/// The program beside this one; made first, where cargo runs this, by the same profile.
pub(crate) fn license_ledger() -> Result<PathBuf> {
    let bench = std::env::current_exe()?;
    let beside = bench.with_file_name("license-ledger");
    let profile = bench.parent().and_then(Path::file_name).and_then(OsStr::to_str).unwrap_or_default();
    if let (Some(cargo), "dist" | "release") = (std::env::var_os("CARGO"), profile) {
        let built =
            Command::new(cargo).args(["build", "--profile", profile, "--locked", "-p", "license-ledger"]).status();
        ensure!(built?.success(), "license-ledger could not be built");
    }
    ensure!(
        beside.is_file(),
        "there is no {}: run `cargo build --profile dist -p ledger-bench -p license-ledger`, and the bench from there",
        beside.display()
    );
    Ok(beside)
}

/// Runs the program to its end, which must be a good one. What it says goes into a log, which an error repeats the end
/// of.
pub(crate) fn run(command: &mut Command, log: &Path) -> Result<Run> {
    run_to(command, log, &[0])
}

/// As [`run`], for what also ends well when some commands were refused.
pub(crate) fn run_refused(command: &mut Command, log: &Path) -> Result<Run> {
    run_to(command, log, &[0, 1])
}

fn run_to(command: &mut Command, log: &Path, good: &[i32]) -> Result<Run> {
    let told = std::fs::File::create(log)?;
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(told).spawn()?;
    let (status, peak_mb) = watch(&mut child)?;
    let seconds = begun.elapsed().as_secs_f64();
    if !status.code().is_some_and(|code| good.contains(&code)) {
        let told = std::fs::read_to_string(log).unwrap_or_default();
        anyhow::bail!(
            "{command:?} ended with {status}: {}",
            told.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default()
        );
    }
    let peak_mb = peak_mb.context("the peak of memory cannot be read: this needs Linux")?;
    Ok(Run { seconds, peak_mb })
}

fn watch(child: &mut Child) -> Result<(ExitStatus, Option<f64>)> {
    let mut peak = None;
    loop {
        peak = peak_mb(child.id()).or(peak);
        if let Some(status) = child.try_wait()? {
            return Ok((status, peak));
        }
        std::thread::sleep(LOOKS_EVERY);
    }
}

/// `VmHWM` only goes up. A program that has ended has none any more.
pub(crate) fn peak_mb(pid: u32) -> Option<f64> {
    in_mb(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

/// `VmHWM:     5432 kB`, where kB are of 1024 bytes.
fn in_mb(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_peak_is_read_in_megabytes() {
        assert_eq!(super::in_mb("VmPeak: 1 kB\nVmHWM:\t    1000 kB\n"), Some(1.024));
        assert_eq!(super::in_mb("Name: x\n"), None);
    }
}
