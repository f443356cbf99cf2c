//! Lines of input in bounded memory, in groups to be committed together.

use std::io;
use std::time::Duration;

use ledger_app::post::{GROUP_LINES, InputLine};
use ledger_domain::command::MAX_LINE_BYTES;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader};
use tokio::time::{Instant, timeout_at};

/// How many bytes of lines a group takes before it is closed.
const GROUP_BYTES: usize = 4 << 20;

/// How many bytes are read at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// How long the first line of a group waits for others. It covers the hand-over of what a pipe already holds,
/// and is not noticed by somebody who posts one command and waits for its outcome.
const LINGER: Duration = Duration::from_millis(2);

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Groups of lines.
pub(crate) struct Groups<R> {
    lines: Lines<BufReader<R>>,
    /// Whether input may arrive slowly: then a group ends when nothing more is there.
    is_live: bool,
    failed: Option<io::Error>,
}

impl<R: AsyncRead + Unpin> Groups<R> {
    /// Groups of what `source` holds; of a pipe or a terminal, of what it has right away.
    pub(crate) fn new(source: R, is_live: bool) -> Self {
        let source = BufReader::with_capacity(BUFFER_BYTES, source);
        Self { lines: Lines { source, line: Line::default(), bytes_read: 0 }, is_live, failed: None }
    }

    /// How many bytes were read.
    pub(crate) const fn bytes_read(&self) -> u64 {
        self.lines.bytes_read
    }

    /// The next group; `None` at the end.
    ///
    /// # Errors
    /// The source's failure, once what was read before it has been given out.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<InputLine>>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let Some(first) = self.lines.next().await? else { return Ok(None) };
        let deadline = Instant::now() + LINGER;
        let mut bytes = length(&first);
        let mut group = vec![first];
        while group.len() < GROUP_LINES && bytes < GROUP_BYTES {
            match self.next_until(deadline).await {
                Ok(Some(line)) => {
                    bytes += length(&line);
                    group.push(line);
                }
                Ok(None) => break,
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(Some(group))
    }

    /// The next line; of a live source none after the deadline.
    async fn next_until(&mut self, deadline: Instant) -> io::Result<Option<InputLine>> {
        if self.is_live {
            timeout_at(deadline, self.lines.next()).await.unwrap_or(Ok(None))
        } else {
            self.lines.next().await
        }
    }
}

fn length(line: &InputLine) -> usize {
    line.bytes.as_ref().map_or(0, Vec::len)
}

/// The lines of a source that are not blank.
struct Lines<R> {
    source: R,
    line: Line,
    bytes_read: u64,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The next line; `None` at the end. Dropped half-way it loses nothing: it goes on where it was.
    async fn next(&mut self) -> io::Result<Option<InputLine>> {
        loop {
            let available = self.source.fill_buf().await?;
            if available.is_empty() {
                // A last line without its end, if there is one.
                return Ok(self.line.end());
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            self.line.take(&available[..end.unwrap_or(taken)]);
            self.source.consume(taken);
            self.bytes_read += u64::try_from(taken).unwrap_or_default();
            if end.is_some()
                && let Some(line) = self.line.end()
            {
                return Ok(Some(line));
            }
        }
    }
}

/// The line being read.
#[derive(Default)]
struct Line {
    bytes: Vec<u8>,
    is_too_long: bool,
    /// The number of the line before it.
    number: u64,
}

impl Line {
    /// Takes a piece of it; of one that is too long nothing is kept.
    fn take(&mut self, piece: &[u8]) {
        // A carriage return at the end does not count.
        self.is_too_long |= self.bytes.len() + piece.len() > MAX_LINE_BYTES + 1;
        if self.is_too_long {
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(piece);
        }
    }

    /// Ends it: the line, unless it is blank.
    fn end(&mut self) -> Option<InputLine> {
        self.number += 1;
        let mut bytes = std::mem::take(&mut self.bytes);
        if self.number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let is_too_long = std::mem::take(&mut self.is_too_long) || bytes.len() > MAX_LINE_BYTES;
        let bytes = if is_too_long { None } else { Some(bytes) };
        let is_blank = bytes.as_ref().is_some_and(|bytes| bytes.iter().all(u8::is_ascii_whitespace));
        (!is_blank).then_some(InputLine { number: self.number, bytes })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    async fn lines(input: &[u8]) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut groups = Groups::new(input, false);
        let mut lines = Vec::new();
        while let Some(group) = groups.next().await.unwrap() {
            lines.extend(group.into_iter().map(|line| (line.number, line.bytes)));
        }
        assert_eq!(groups.bytes_read(), input.len() as u64);
        lines
    }

    #[tokio::test]
    async fn lines_are_counted_with_the_blank_ones() {
        let read = lines("\u{feff}one\r\n\n \t\r\nfour\n\nlast".as_bytes()).await;
        assert_eq!(read, [(1, Some(b"one".to_vec())), (4, Some(b"four".to_vec())), (6, Some(b"last".to_vec()))]);
        assert_eq!(lines(b"").await, []);
        assert_eq!(lines(b"\n\n  ").await, []);
    }

    #[tokio::test]
    async fn bytes_that_are_no_utf_8_are_kept() {
        assert_eq!(lines(b"\xff\xfe\n").await, [(1, Some(b"\xff\xfe".to_vec()))]);
    }

    #[tokio::test]
    async fn a_line_over_the_limit_is_skipped_to_its_end() {
        let longest = "x".repeat(MAX_LINE_BYTES);
        let read = lines(format!("{longest}\r\n{longest}x\n{longest}{longest}\nshort").as_bytes()).await;
        assert_eq!(read[0], (1, Some(longest.into_bytes())));
        assert_eq!(read[1..], [(2, None), (3, None), (4, Some(b"short".to_vec()))]);
    }

    #[tokio::test]
    async fn a_group_holds_only_so_many_lines_and_bytes() {
        let input = "{}\n".repeat(GROUP_LINES + 1);
        let mut groups = Groups::new(input.as_bytes(), false);
        assert_eq!(groups.next().await.unwrap().unwrap().len(), GROUP_LINES);
        assert_eq!(groups.next().await.unwrap().unwrap().len(), 1);
        assert!(groups.next().await.unwrap().is_none());

        let input = ("x".repeat(MAX_LINE_BYTES) + "\n").repeat(6);
        let mut groups = Groups::new(input.as_bytes(), false);
        assert_eq!(groups.next().await.unwrap().unwrap().len(), 4);
    }

    #[tokio::test]
    async fn a_line_that_comes_alone_is_not_kept_waiting() {
        let (mut writer, reader) = tokio::io::duplex(1024);
        let mut groups = Groups::new(reader, true);
        writer.write_all(b"one\ntwo\nthr").await.unwrap();
        assert_eq!(groups.next().await.unwrap().unwrap().len(), 2);
        writer.write_all(b"ee\n").await.unwrap();
        let group = groups.next().await.unwrap().unwrap();
        assert_eq!(group[0].bytes.as_deref(), Some(b"three".as_slice()));
        assert_eq!(group[0].number, 3);
    }
}
