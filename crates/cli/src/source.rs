//! Where commands come from: a file, or standard input.

use std::io::{IsTerminal, stdin};
use std::path::Path;

use ledger_app::lines::Groups;
use tokio::fs::File;
use tokio::io::{AsyncRead, BufReader};

use crate::exit::{Failure, note};
use crate::given::cannot_read;

/// How many bytes are read at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// An input of commands.
pub(crate) struct Source {
    /// Its name, for people.
    pub(crate) name: String,
    /// Its length in bytes, of a file.
    pub(crate) total_bytes: Option<u64>,
    /// Its lines.
    pub(crate) groups: Groups<BufReader<Box<dyn AsyncRead + Unpin>>>,
}

impl Source {
    /// Opens the file; none, or `-`, is standard input.
    pub(crate) async fn open(file: Option<&Path>) -> Result<Self, Failure> {
        match file {
            Some(path) if path.as_os_str() != "-" => Self::file(path).await,
            _ => Ok(Self::standard_input()),
        }
    }

    async fn file(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let open = async {
            let file = File::open(path).await?;
            let metadata = file.metadata().await?;
            Ok((file, metadata))
        };
        let (file, metadata) = open.await.map_err(|error| cannot_read(&name, &error))?;
        // A named pipe is read like standard input.
        let total_bytes = metadata.is_file().then_some(metadata.len());
        Ok(Self { name, total_bytes, groups: groups(Box::new(file), total_bytes.is_none()) })
    }

    fn standard_input() -> Self {
        if stdin().is_terminal() {
            note("reading commands from the terminal, one JSON object a line; Ctrl-D ends, `--help` shows examples");
        }
        let groups = groups(Box::new(tokio::io::stdin()), true);
        Self { name: "standard input".to_owned(), total_bytes: None, groups }
    }
}

fn groups(source: Box<dyn AsyncRead + Unpin>, is_live: bool) -> Groups<BufReader<Box<dyn AsyncRead + Unpin>>> {
    Groups::new(BufReader::with_capacity(BUFFER_BYTES, source), is_live)
}
