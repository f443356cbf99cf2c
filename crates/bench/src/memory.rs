//! The peak of memory of the program while it posts a large file, and while it rebuilds what it made of it.

use std::fs::File as Disk;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::child::{self, Run};
use crate::clients::per_second;
use crate::file::File;
use crate::places::{Kind, Places};
use crate::progress;
use crate::report::{Goal, Report, Row};

/// The most memory it may take, in megabytes.
const GOAL: Goal = Goal::AtMost(100.0);

pub(crate) async fn measure(places: &Places, commands: u64, report: &mut Report) -> Result<()> {
    let program = child::license_ledger()?;
    let file = places.folder().join("commands.ndjson");
    progress(&format!("memory: writing a file of {commands} commands …"));
    write(&file, commands)?;
    for kind in Kind::BOTH {
        let database = match kind {
            Kind::Postgres => places.new_postgres().await?,
            Kind::Sqlite => format!("sqlite:{}", places.folder().join("memory.db").display()),
        };
        let mut run = |verb: &str, file: Option<&Path>| {
            progress(&format!("memory: {}, {verb} …", kind.name()));
            let mut command = Command::new(&program);
            command.env("LICENSE_LEDGER_DATABASE", &database).arg(verb).args(file);
            let run = child::run_refused(&mut command, &places.folder().join("memory.log"))?;
            add(report, kind, verb, commands, &run);
            anyhow::Ok(())
        };
        run("post", Some(&file))?;
        run("rebuild", None)?;
    }
    Ok(())
}

fn add(report: &mut Report, kind: Kind, verb: &str, commands: u64, run: &Run) {
    let rate = per_second(commands, std::time::Duration::from_secs_f64(run.seconds));
    let contender = format!("{}: {verb}, {commands} commands ({rate:.0}/s)", kind.name());
    let figures = [run.peak_mb].into_iter().collect();
    let (measured, clients, unit) = ("memory", 1, "MB");
    report.add(Row { measured, contender, clients, unit, figures, ratios: None, goal: Some(GOAL) });
}

fn write(path: &Path, commands: u64) -> Result<()> {
    let mut file = BufWriter::new(Disk::create(path)?);
    for line in File::new("FILE", 5).take(usize::try_from(commands)?) {
        writeln!(file, "{line}")?;
    }
    file.flush()?;
    Ok(())
}
