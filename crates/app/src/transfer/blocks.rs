//! The file in blocks of whole lines: what can be said of a line by itself is found on other threads, a few blocks
//! ahead of whoever takes them, one after the other. So memory is bounded, and all processors have something to do.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::task::{JoinHandle, spawn_blocking};

/// The longest line that is read: a catalog and a price list stand in one.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// How many bytes make a block; a longer line is one by itself.
const BLOCK_BYTES: usize = 256 << 10;
/// How many blocks are read ahead.
const AHEAD: usize = 4;

/// What is found of a line by itself: it gets the line's number, from 1, and its bytes without the end of the line; or
/// why the file ends in the middle of it.
pub(super) type Look<T> = Arc<dyn Fn(u64, Result<&[u8], &'static str>) -> T + Send + Sync>;

/// A file's blocks.
pub(super) struct Blocks<R, T> {
    source: R,
    look: Look<T>,
    ahead: VecDeque<JoinHandle<Block<T>>>,
    /// How many lines were read.
    lines: u64,
    /// Nothing is read any more; an error is told when what came before it is taken.
    ended: Option<Option<io::Error>>,
}

/// Some lines.
pub(super) struct Block<T> {
    /// Their bytes.
    bytes: Vec<u8>,
    /// The number of the first, from 1.
    pub(super) first: u64,
    /// Of each where it ends, behind the end of the line, and what was found.
    pub(super) lines: Vec<(usize, T)>,
}

/// SHA-256 of blocks.
#[derive(Default)]
pub(super) struct Digests(Sha256);

impl<R: BufRead, T: Send + 'static> Blocks<R, T> {
    pub(super) fn new(source: R, look: Look<T>) -> Self {
        Self { source, look, ahead: VecDeque::new(), lines: 0, ended: None }
    }

    /// The next block; none: there are no more.
    pub(super) async fn next(&mut self) -> io::Result<Option<Block<T>>> {
        while self.ended.is_none() && self.ahead.len() < AHEAD {
            match self.read() {
                Ok((bytes, _)) if bytes.is_empty() => self.ended = Some(None),
                Ok((bytes, ends)) => self.hand_out(bytes, ends),
                Err(error) => self.ended = Some(Some(error)),
            }
        }
        match (self.ahead.pop_front(), &mut self.ended) {
            (Some(block), _) => Ok(Some(block.await?)),
            (None, Some(Some(error))) => Err(std::mem::replace(error, io::ErrorKind::UnexpectedEof.into())),
            (None, _) => Ok(None),
        }
    }

    /// Lines, and where each ends.
    fn read(&mut self) -> io::Result<(Vec<u8>, Vec<usize>)> {
        let (mut bytes, mut ends) = (Vec::with_capacity(BLOCK_BYTES + (BLOCK_BYTES >> 3)), Vec::new());
        while bytes.len() < BLOCK_BYTES {
            if self.source.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            ends.push(bytes.len());
        }
        Ok((bytes, ends))
    }

    fn hand_out(&mut self, bytes: Vec<u8>, ends: Vec<usize>) {
        let (look, first) = (Arc::clone(&self.look), self.lines + 1);
        self.lines += u64::try_from(ends.len()).unwrap_or_default();
        self.ahead.push_back(spawn_blocking(move || {
            let begins = std::iter::once(0).chain(ends.iter().copied());
            let lines = (first..).zip(begins.zip(&ends));
            let lines = lines.map(|(number, (begin, end))| (*end, look(number, line(&bytes[begin..*end])))).collect();
            Block { bytes, first, lines }
        }));
    }
}

/// The line without its end; or what is wrong with a line that has none.
fn line(bytes: &[u8]) -> Result<&[u8], &'static str> {
    match bytes.split_last() {
        Some((b'\n', line)) => Ok(line),
        _ if u64::try_from(bytes.len()) == Ok(MAX_LINE_BYTES) => Err("it is too long"),
        _ => Err("it was cut"),
    }
}

impl Digests {
    /// SHA-256 of all blocks before this one, and of this one's bytes below that place.
    pub(super) fn within<T>(&self, block: &Block<T>, below: usize) -> [u8; 32] {
        self.0.clone().chain_update(&block.bytes[..below]).finalize().into()
    }

    /// Goes on behind this block.
    pub(super) fn pass<T>(&mut self, block: &Block<T>) {
        self.0.update(&block.bytes);
    }

    /// SHA-256 of all blocks.
    pub(super) fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;

    /// What was found of the lines: their numbers and lengths; and the digest of everything.
    async fn read(source: impl BufRead) -> (Vec<(u64, Result<usize, &'static str>)>, io::Result<[u8; 32]>) {
        let look: Look<_> = Arc::new(|number, line: Result<&[u8], _>| (number, line.map(<[u8]>::len)));
        let (mut blocks, mut digests, mut found) = (Blocks::new(source, look), Digests::default(), Vec::new());
        loop {
            match blocks.next().await {
                Ok(Some(block)) => {
                    digests.pass(&block);
                    assert_eq!(block.lines.first().map(|(_, (number, _))| *number), Some(block.first));
                    found.extend(block.lines.into_iter().map(|(_, line)| line));
                }
                Ok(None) => return (found, Ok(digests.end())),
                Err(error) => return (found, Err(error)),
            }
        }
    }

    #[tokio::test]
    async fn lines_come_whole_and_in_order() {
        let lengths = || (1..400_usize).map(|number| number * 37 % 5_000).chain([3 * BLOCK_BYTES, 7]);
        let text: Vec<u8> = lengths().flat_map(|length| [vec![b'x'; length], vec![b'\n']].concat()).collect();
        let (found, digest) = read(Cursor::new(&text)).await;
        assert_eq!(found, (1..).zip(lengths().map(Ok)).collect::<Vec<_>>());
        assert_eq!(digest.unwrap(), <[u8; 32]>::from(Sha256::digest(&text)));
    }

    #[tokio::test]
    async fn a_line_without_an_end_was_cut() {
        assert_eq!(read(Cursor::new(b"one\ntw")).await.0, [(1, Ok(3)), (2, Err("it was cut"))]);
        assert_eq!(read(Cursor::new(b"")).await.0, []);
    }

    #[tokio::test]
    async fn the_blocks_before_a_failure_come_first() {
        struct Gone;
        impl Read for Gone {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let lines = vec![b'\n'; BLOCK_BYTES * 2];
        let (found, end) = read(BufReader::new(Cursor::new(&lines).chain(Gone))).await;
        assert_eq!((found.len(), end.unwrap_err().to_string()), (lines.len(), "the disk is gone".to_owned()));
    }

    #[tokio::test]
    async fn a_digest_can_end_within_a_block() {
        let look: Look<()> = Arc::new(|_, _| ());
        let mut blocks = Blocks::new(Cursor::new(b"one\ntwo\nthree\n"), look);
        let block = blocks.next().await.unwrap().unwrap();
        let (end_of_second, ()) = block.lines[1];
        assert_eq!(Digests::default().within(&block, end_of_second), <[u8; 32]>::from(Sha256::digest("one\ntwo\n")));
    }
}
