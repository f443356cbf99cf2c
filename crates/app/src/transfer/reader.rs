//! The file, read line by line in bounded memory.

use std::io::{self, BufRead, Read};

use sha2::{Digest, Sha256};

/// The longest line that is read: a catalog and a price list stand in one.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// A file's lines, counted from 1, and the hash of what was read.
pub(super) struct Reader<R> {
    source: R,
    hash: Sha256,
    /// The line that was read last, without its end.
    line: Vec<u8>,
    /// Its number.
    pub(super) number: u64,
    /// How many bytes were read.
    pub(super) bytes: u64,
}

/// What comes next.
pub(super) enum Next {
    /// A line.
    Line,
    /// A line that has no end, or is too long: the file was cut, or is none.
    Cut(&'static str),
    /// Nothing.
    End,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, hash: Sha256::new(), line: Vec::new(), number: 0, bytes: 0 }
    }

    /// Reads the next line.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        self.line.clear();
        let mut limited = self.source.by_ref().take(MAX_LINE_BYTES);
        let count = limited.read_until(b'\n', &mut self.line)?;
        if count == 0 {
            return Ok(Next::End);
        }
        self.number += 1;
        self.bytes += u64::try_from(count).unwrap_or_default();
        self.hash.update(&self.line);
        match self.line.pop() {
            Some(b'\n') => Ok(Next::Line),
            _ if u64::try_from(count) == Ok(MAX_LINE_BYTES) => Ok(Next::Cut("it is too long")),
            _ => Ok(Next::Cut("it was cut")),
        }
    }

    /// The line that was read last.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// SHA-256 of all that was read so far.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }
}
