//! A caller: a client with a key, and what is expected of an answer.

use std::net::SocketAddr;
use std::time::Duration;

use plain_http::{Answer, Reading};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

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

    /// Sends a request with more header lines. An error: the connection broke.
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
        tokio::time::timeout(Duration::from_secs(60), answering).await.expect("an answer in time")
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
