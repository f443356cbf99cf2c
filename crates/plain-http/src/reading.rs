//! Reading answers from a stream.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::Answer;
use crate::answer::wrong;

/// More than any head that a test asks for.
const MAX_HEAD: usize = 1 << 20;

/// A stream that answers are read from, and what of it was read ahead.
#[derive(Debug)]
pub struct Reading<S> {
    stream: S,
    ahead: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Reading<S> {
    /// Reads answers from the stream.
    pub const fn new(stream: S) -> Self {
        Self { stream, ahead: Vec::new() }
    }

    /// The stream, to write to.
    pub const fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Reads the status and the headers.
    ///
    /// # Errors
    /// The stream broke or ended, or no HTTP came.
    pub async fn head(&mut self) -> io::Result<Answer> {
        let end = self.until(b"\r\n\r\n").await?;
        let head: Vec<u8> = self.ahead.drain(..end).collect();
        Answer::parse(&head)
    }

    /// Reads the whole body of an answer whose head has been read.
    ///
    /// # Errors
    /// The stream broke or ended before the body was whole.
    pub async fn rest(&mut self, mut answer: Answer) -> io::Result<Answer> {
        if let Some(length) = answer.length()? {
            while self.ahead.len() < length {
                self.more().await?;
            }
            answer.body = self.ahead.drain(..length).collect();
        } else if answer.is_chunked() {
            while let Some(chunk) = self.chunk().await? {
                answer.body.extend_from_slice(&chunk);
            }
        } else if !matches!(answer.status, 204 | 304) {
            while self.more().await.is_ok() {}
            answer.body = std::mem::take(&mut self.ahead);
        }
        Ok(answer)
    }

    /// Reads the next chunk of a chunked body; none after the last.
    ///
    /// # Errors
    /// The stream broke or ended before.
    pub async fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let end = self.until(b"\r\n").await?;
        let line: Vec<u8> = self.ahead.drain(..end).collect();
        let length = std::str::from_utf8(&line).ok().and_then(|line| usize::from_str_radix(line.trim_end(), 16).ok());
        let length = length.ok_or_else(|| wrong("a chunk without its length"))?;
        while self.ahead.len() < length + 2 {
            self.more().await?;
        }
        let mut chunk: Vec<u8> = self.ahead.drain(..length + 2).collect();
        chunk.truncate(length);
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    /// Where the first such mark ends.
    async fn until(&mut self, mark: &[u8]) -> io::Result<usize> {
        let mut looked = 0;
        loop {
            let found = self.ahead[looked..].windows(mark.len()).position(|window| window == mark);
            if let Some(at) = found {
                return Ok(looked + at + mark.len());
            }
            looked = self.ahead.len().saturating_sub(mark.len() - 1);
            if looked > MAX_HEAD {
                return Err(wrong("a head or a line of more than a megabyte"));
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.ahead).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the service closed the connection"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &[u8]) -> io::Result<Answer> {
        let mut reading = Reading::new(text);
        let head = reading.head().await?;
        reading.rest(head).await
    }

    #[tokio::test]
    async fn a_body_of_a_length_in_chunks_or_to_the_end() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody and the next answer",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nb\r\n3\r\nody\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nbody",
        ] {
            let answer = read(text.as_bytes()).await.unwrap();
            assert_eq!((answer.status, answer.text().as_str()), (200, "body"));
        }
    }

    #[tokio::test]
    async fn what_is_cut_off_is_no_answer() {
        for text in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbod", "SSH-2.0\r\n\r\n"] {
            assert!(read(text.as_bytes()).await.is_err(), "{text}");
        }
        let cut = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n";
        assert_eq!(read(cut.as_bytes()).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
