//! A caller: a client with a key, and what is expected of an answer.

use std::net::SocketAddr;
use std::time::Duration;

use plain_http::{Answer, Reading};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::SOON;

use super::openapi;

/// Calls a service.
pub(crate) struct Caller {
    address: SocketAddr,
    key: Option<String>,
    client: Mutex<plain_http::Client>,
}

impl Caller {
    pub(crate) fn new(address: SocketAddr, key: Option<&str>) -> Self {
        let client = Mutex::new(plain_http::Client::new(address, key));
        Self { address, key: key.map(str::to_owned), client }
    }

    /// Another one, with a connection of its own.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.address, self.key.as_deref())
    }

    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self::new(self.address, Some(key))
    }

    pub(crate) fn without_key(&self) -> Self {
        Self::new(self.address, None)
    }

    /// Sends a request with more header lines. Whatever is answered must be as described. An error: the connection broke.
    pub(crate) async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let mut client = self.client.lock().await;
        let answering = client.send(method, path, &headers, body);
        let answer = tokio::time::timeout(Duration::from_secs(60), answering).await.expect("an answer in time")?;
        openapi::check(method, path, &answer);
        Ok(answer)
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body).await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    /// Posts JSON with more header lines.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send("POST", path, &[&[("content-type", "application/json")], headers].concat(), body).await
    }

    /// Posts a command.
    pub(crate) async fn command(&self, command: &Value) -> Answer {
        self.command_with(&[], command).await
    }

    /// Posts a command with more header lines.
    pub(crate) async fn command_with(&self, headers: &[(&str, &str)], command: &Value) -> Answer {
        self.post("/v1/commands", headers, command.to_string().as_bytes()).await
    }

    /// Begins a request on a connection of its own, whose answer is read while it comes.
    pub(crate) async fn stream(&self, request: &str, headers: &[(&str, &str)]) -> (Sending, Lines) {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (address, key) = (self.address, self.key.as_deref().expect("a key"));
        let head = format!("{request} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n{headers}\r\n");
        let (reading, mut writing) = TcpStream::connect(address).await.expect("a connection").into_split();
        writing.write_all(head.as_bytes()).await.expect("it takes the head");
        (Sending(writing), Lines { reading: Reading::new(reading), unread: Vec::new(), has_begun: false })
    }
}

/// The body of a request, sent in chunks.
pub(crate) struct Sending(OwnedWriteHalf);

impl Sending {
    /// Sends a piece. An error: the connection is closed.
    pub(crate) async fn send(&mut self, piece: &str) -> std::io::Result<()> {
        self.0.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await
    }

    pub(crate) async fn end(&mut self) {
        self.0.write_all(b"0\r\n\r\n").await.expect("it takes the end");
    }
}

/// An answer of 200 in chunks, line by line.
pub(crate) struct Lines {
    reading: Reading<OwnedReadHalf>,
    unread: Vec<u8>,
    has_begun: bool,
}

impl Lines {
    /// The next line; none where the answer has ended, as an answer ends. It must come soon.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let next = timeout(SOON, self.whole_line()).await.expect("a line, or the end");
        next.expect("an answer that is not cut off")
    }

    /// As [`Self::next`], of lines that are JSON.
    pub(crate) async fn json(&mut self) -> Option<Value> {
        let line = self.next().await?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    async fn whole_line(&mut self) -> std::io::Result<Option<String>> {
        if !std::mem::replace(&mut self.has_begun, true) {
            let head = self.reading.head().await?;
            assert_eq!(head.status, 200, "{head:?}");
        }
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Ok(Some(String::from_utf8(line).expect("UTF-8").trim_end_matches('\n').to_owned()));
            }
            let Some(chunk) = self.reading.chunk().await? else {
                assert!(self.unread.is_empty(), "half a line at the end");
                return Ok(None);
            };
            self.unread.extend_from_slice(&chunk);
        }
    }
}

/// Sends bytes as they are; what is answered to them.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(bytes).await?;
    let mut reading = Reading::new(stream);
    let answering = async {
        let head = reading.head().await?;
        reading.rest(head).await
    };
    tokio::time::timeout(Duration::from_secs(60), answering).await.expect("an answer in time")
}

/// What is expected of an answer.
pub(crate) trait Expected {
    /// The body, which must come with 200.
    fn fine(&self) -> Value;

    /// The problem, which must have this status and type.
    fn problem(&self, status: u16, kind: &str) -> Value;
}

impl Expected for Answer {
    #[track_caller]
    fn fine(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("cache-control"), Some("no-store"));
        self.json().expect("JSON")
    }

    #[track_caller]
    fn problem(&self, status: u16, kind: &str) -> Value {
        let body = self.json().unwrap_or_else(|_| panic!("no problem: {self:?}"));
        let said = (self.status, self.header("content-type"), body["status"].as_u64(), body["type"].as_str());
        let expected = (status, Some("application/problem+json"), Some(u64::from(status)), Some(kind));
        assert_eq!(said, expected, "{body:#}");
        for member in ["title", "detail", "request_id"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {body:#}");
        }
        assert_eq!(self.header("x-request-id"), body["request_id"].as_str());
        assert_eq!(self.header("cache-control"), Some("no-store"));
        body
    }
}
