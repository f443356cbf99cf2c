//! Printing. Everything goes through here, so that a closed pipe or a full disk is an error, and never a panic.

pub(crate) mod card;
pub(crate) mod changes;
pub(crate) mod family;
pub(crate) mod licenses;
pub(crate) mod table;
pub(crate) mod words;

use std::fs;
use std::io::{self, BufWriter, StdoutLock, Write, stdout};
use std::path::Path;

use serde::Serialize;

use crate::exit::Failure;
use crate::given::cannot_write;

/// Standard output, locked and buffered. What is written there counts once it is flushed.
pub(crate) fn out() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(stdout().lock())
}

/// Prints bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Prints a text, and ends its last line.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut out = out();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Puts a whole file in its place at once; one that is there is replaced.
pub(crate) fn file(path: &Path, text: &str) -> Result<(), Failure> {
    let new = path.with_added_extension("new");
    fs::write(&new, text).and_then(|()| fs::rename(&new, path)).map_err(|error| cannot_write(path, &error))
}

/// Prints an answer as indented JSON.
pub(crate) fn json(answer: &impl Serialize) -> Result<(), Failure> {
    let mut out = out();
    serde_json::to_writer_pretty(&mut out, answer)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}
