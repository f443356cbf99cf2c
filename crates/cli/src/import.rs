//! `import`: a whole ledger from a file, into an empty one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, Stdin, stdin};
use std::path::{Path, PathBuf};

use ledger_app::transfer::ImportError;
use ledger_app::transfer::import::{Imported, Told, import as import_from};
use ledger_seal::keys::Verifier;
use serde::Serialize;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure, note};
use crate::given::{cannot_read, verifier};
use crate::output;
use crate::output::words::counted;
use crate::progress::Count;
use crate::run::Run;

/// How many bytes are read at a time.
const BUFFER_BYTES: usize = 256 << 10;

const AFTER_HELP: &str = "\
The whole file is checked before anything of it is written; what is wrong is told with its line. A run that was \
stopped goes on where it was when the same file is imported again; until then the ledger cannot be used.

Examples:
  license-ledger import ledger.ndjson
  zstd -dc ledger.ndjson.zst | license-ledger --database sqlite:copy.db import
  license-ledger import --key ledger.example/licenses+4f1c22d0+AeR… ledger.ndjson";

/// Read a whole ledger from an export, into an empty one
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImportArgs {
    /// The export; without a file, standard input, which is kept in a temporary file meanwhile
    file: Option<PathBuf>,
    /// The verifier of the key that its last checkpoint must be signed by (name+id+key), as it was handed over
    // `--verifier` was its name once: scripts may hold it.
    #[arg(long = "key", alias = "verifier", value_name = "VERIFIER", value_parser = verifier)]
    keys: Vec<Verifier>,
}

/// What was imported, as JSON shows it.
#[derive(Serialize)]
struct ImportedView {
    events: u64,
    commands: u64,
    root: String,
    was_there: bool,
}

/// Imports the file.
pub(crate) async fn import(run: &Run<'_>, args: &ImportArgs) -> Ended {
    let input = Input::open(args)?;
    let store = run.database.open_to_import().await?;
    let progress = Count::new();
    let mut tell = |told| match told {
        Told::Checked { events, of } => progress.show("events checked", events, Some(of)),
        Told::Written { events, of } => progress.show("events written", events, Some(of)),
    };
    let imported = import_from(&*store, || input.again(), &args.keys, &mut tell).await;
    progress.end();
    let imported = imported.map_err(|error| failure(error, &input.name))?;
    match run.format {
        Format::Json => output::json(&ImportedView::from(&imported))?,
        Format::Table => output::text(&in_words(&imported))?,
    }
    Ok(FINE)
}

/// A file that can be read more than once.
struct Input {
    name: String,
    file: File,
}

impl Input {
    fn open(args: &ImportArgs) -> Result<Self, Failure> {
        let (name, source) = opened(args.file.as_deref())?;
        let file = match source {
            Source::File(file) if file.metadata().is_ok_and(|file| file.is_file()) => Ok(file),
            once => spooled(once),
        };
        let file = file.map_err(|error| cannot_read(&name, &error))?;
        Ok(Self { name, file })
    }

    /// The file from its beginning.
    fn again(&self) -> io::Result<BufReader<File>> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(BufReader::with_capacity(BUFFER_BYTES, file))
    }
}

/// What can be read once only, in a file without a name: nothing is left of it, however this ends.
fn spooled(source: Source) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    match source {
        Source::File(mut pipe) => io::copy(&mut pipe, &mut file)?,
        Source::Input(mut input) => io::copy(&mut input, &mut file)?,
    };
    Ok(file)
}

/// What a file is read from.
pub(crate) enum Source {
    /// A file, or something that has a name as files do.
    File(File),
    /// Standard input.
    Input(Stdin),
}

impl Source {
    /// Reads it once.
    pub(crate) fn reader(self) -> Box<dyn BufRead + Send> {
        match self {
            Self::File(file) => Box::new(BufReader::with_capacity(BUFFER_BYTES, file)),
            Self::Input(input) => Box::new(BufReader::with_capacity(BUFFER_BYTES, input)),
        }
    }
}

/// The name of a source for people, and the source; without a name, or of `-`, standard input.
pub(crate) fn opened(path: Option<&Path>) -> Result<(String, Source), Failure> {
    let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
        return Ok(("standard input".to_owned(), Source::Input(stdin())));
    };
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| cannot_read(&name, &error))?;
    Ok((name, Source::File(file)))
}

pub(crate) fn failure(error: ImportError, name: &str) -> Failure {
    match error {
        ImportError::Store(error) => error.into(),
        ImportError::Input(error) => cannot_read(name, &error),
        ImportError::Damaged { .. } | ImportError::Version { .. } => {
            Failure::Refused(format!("{name}: {error}; import a file as `license-ledger export` wrote it"))
        }
        ImportError::NotEmpty => {
            Failure::Refused(format!("{error}; name another file or database with --database, which may be a new one"))
        }
        ImportError::OtherFile(_) => Failure::Refused(error.to_string()),
    }
}

impl From<&Imported> for ImportedView {
    fn from(imported: &Imported) -> Self {
        let Imported { events, commands, root, was_there } = *imported;
        Self { events, commands, root: root.to_string(), was_there }
    }
}

fn in_words(imported: &Imported) -> String {
    if imported.was_there {
        note("the ledger holds this file already");
    }
    format!(
        "{} and {} imported; the root of the log is {}",
        counted(imported.events, "event", "events"),
        counted(imported.commands, "command", "commands"),
        imported.root
    )
}
