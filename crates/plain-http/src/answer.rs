//! What was answered.

use std::io;

/// An answer to a request.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status, such as 200.
    pub status: u16,
    /// The header lines as they came.
    pub headers: String,
    /// The body, put together where it came in chunks.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads what stands before the body.
    pub(crate) fn parse(head: &[u8]) -> io::Result<Self> {
        let text = std::str::from_utf8(head).map_err(|_| wrong("a head that is no text"))?;
        let (line, headers) = text.split_once("\r\n").ok_or_else(|| wrong("a head without lines"))?;
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| wrong(&format!("no status line of HTTP/1.1: {line:?}")))?;
        Ok(Self { status, headers: headers.to_owned(), body: Vec::new() })
    }

    /// The value of a header, whatever case its name is written in.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The body as text; what is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
    }

    /// How long the body is; none where it comes in chunks, or until the end of the connection.
    pub(crate) fn length(&self) -> io::Result<Option<usize>> {
        let length = self.header("content-length").map(str::parse);
        length.transpose().map_err(|_| wrong("a content-length that is no number"))
    }

    pub(crate) fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|encoding| encoding.eq_ignore_ascii_case("chunked"))
    }

    /// Whether the service closes the connection after it.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// The service has written what is no HTTP.
pub(crate) fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
