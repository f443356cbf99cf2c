//! Lines of input in bounded memory, in groups to be committed together.

use std::io;
use std::time::Duration;

use ledger_domain::command::MAX_LINE_BYTES;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio::time::{Instant, timeout_at};

use crate::post::{GROUP_LINES, InputLine};

/// How many bytes of lines a group takes before it is closed. Five hundred commands are a tenth of that.
const GROUP_BYTES: usize = 1 << 20;

/// How long the first line of a group waits for others. It covers the hand-over of what a pipe already holds,
/// and is not noticed by somebody who posts one command and waits for its outcome.
const LINGER: Duration = Duration::from_millis(2);

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Groups of lines.
pub struct Groups<R> {
    lines: Lines<R>,
    /// Whether input may arrive slowly: then a group ends when nothing more is there.
    is_live: bool,
    /// The group that is being gathered, and its bytes.
    gathered: Vec<InputLine>,
    bytes: usize,
    /// What came after it: the end, or the source's failure.
    ended: Option<io::Result<()>>,
}

impl<R: AsyncBufRead + Unpin> Groups<R> {
    /// Groups of what `source` holds; of a live one, of what it has right away.
    pub fn new(source: R, is_live: bool) -> Self {
        let lines = Lines { source, line: Line::default(), bytes_read: 0 };
        Self { lines, is_live, gathered: Vec::new(), bytes: 0, ended: None }
    }

    /// How many bytes were read.
    pub const fn bytes_read(&self) -> u64 {
        self.lines.bytes_read
    }

    /// The next group; `None` at the end. Dropped half-way it loses nothing.
    ///
    /// # Errors
    /// The source's failure, once what was read before it has been given out.
    pub async fn next(&mut self) -> io::Result<Option<Vec<InputLine>>> {
        while self.gathered.is_empty() && self.ended.is_none() {
            self.gather_one().await;
        }
        if self.is_live {
            // At the deadline there is what there is.
            let _ = timeout_at(Instant::now() + LINGER, self.gather()).await;
        } else {
            self.gather().await;
        }
        match self.take_gathered() {
            Some(group) => Ok(Some(group)),
            None => self.ended.replace(Ok(())).unwrap_or(Ok(())).map(|()| None),
        }
    }

    /// The lines that are gathered already, if there are any.
    pub fn take_gathered(&mut self) -> Option<Vec<InputLine>> {
        self.bytes = 0;
        Some(std::mem::take(&mut self.gathered)).filter(|group| !group.is_empty())
    }

    /// Gathers lines until the next group is full, or nothing comes any more: something to do while the group before
    /// it is committed. Dropped half-way it loses nothing.
    pub async fn gather(&mut self) {
        while self.gathered.len() < GROUP_LINES && self.bytes < GROUP_BYTES && self.ended.is_none() {
            self.gather_one().await;
        }
    }

    async fn gather_one(&mut self) {
        match self.lines.next().await {
            Ok(Some(line)) => {
                self.bytes += line.bytes.as_ref().map_or(0, Vec::len);
                self.gathered.push(line);
            }
            Ok(None) => self.ended = Some(Ok(())),
            Err(error) => self.ended = Some(Err(error)),
        }
    }
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
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, ReadBuf};

    use super::*;

    /// A source that fails.
    struct Gone;

    impl AsyncRead for Gone {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::Error::other("gone")))
        }
    }

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

        let input = ("x".repeat(GROUP_BYTES / 4) + "\n").repeat(6);
        let mut groups = Groups::new(input.as_bytes(), false);
        assert_eq!(groups.next().await.unwrap().unwrap().len(), 4);
    }

    #[tokio::test]
    async fn a_line_that_comes_alone_is_not_kept_waiting() {
        let (mut writer, reader) = tokio::io::duplex(1024);
        let mut groups = Groups::new(BufReader::new(reader), true);
        writer.write_all(b"one\ntwo\nthr").await.unwrap();
        assert_eq!(groups.next().await.unwrap().unwrap().len(), 2);
        writer.write_all(b"ee\n").await.unwrap();
        let group = groups.next().await.unwrap().unwrap();
        assert_eq!(group[0].bytes.as_deref(), Some(b"three".as_slice()));
        assert_eq!(group[0].number, 3);
    }

    #[tokio::test]
    async fn what_was_gathered_meanwhile_is_the_next_group() {
        let (mut writer, reader) = tokio::io::duplex(1024);
        let mut groups = Groups::new(BufReader::new(reader), true);
        writer.write_all(b"one\ntwo\nthr").await.unwrap();
        let dropped = tokio::time::timeout(Duration::from_millis(20), groups.gather()).await;
        assert!(dropped.is_err(), "the group is not full, and more may come");
        writer.write_all(b"ee\n").await.unwrap();
        assert_eq!(groups.next().await.unwrap().unwrap().len(), 3);
        drop(writer);
        assert!(groups.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_source_that_fails_gives_what_it_had_before_but_no_half_line() {
        let source = b"one\nhal".as_slice().chain(Gone);
        let mut groups = Groups::new(BufReader::new(source), true);
        assert_eq!(groups.next().await.unwrap().unwrap().len(), 1);
        assert_eq!(groups.next().await.unwrap_err().to_string(), "gone");
    }
}
