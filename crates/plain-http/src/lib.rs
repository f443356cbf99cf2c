//! A minimal HTTP/1.1 client for tests and benchmarks: it costs little, and shows what was really answered.
//!
//! [`Client`] keeps one connection, sends one request at a time, and reads the whole answer. What it does not do is left
//! out on purpose: no redirects, no TLS, no retries, no pool. [`Answer`] is what came back; [`Reading`] reads one
//! piece by piece, for answers without end.

mod answer;
mod reading;

use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

pub use answer::Answer;
pub use reading::Reading;

/// A client with one connection, made when it is needed and kept while the service keeps it.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    /// What every request carries: `Host`, and the key.
    common: String,
    connection: Option<Reading<TcpStream>>,
    request: Vec<u8>,
}

impl Client {
    /// A client of the service at the address; with a key it sends it with every request.
    #[must_use]
    pub fn new(address: SocketAddr, key: Option<&str>) -> Self {
        let authorization = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let common = format!("host: {address}\r\n{authorization}");
        Self { address, common, connection: None, request: Vec::new() }
    }

    /// `GET`.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn get(&mut self, target: &str) -> io::Result<Answer> {
        self.send("GET", target, "", b"").await
    }

    /// `POST` of a JSON body.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn post(&mut self, target: &str, json: &str) -> io::Result<Answer> {
        self.send("POST", target, "content-type: application/json\r\n", json.as_bytes()).await
    }

    /// Sends a request with more header lines, each ending with `\r\n`, and reads its answer.
    ///
    /// # Errors
    /// The connection could not be made, or broke before the whole answer was there: whether the request was done is not
    /// known. An idle connection that the service has closed is made anew once.
    pub async fn send(&mut self, method: &str, target: &str, headers: &str, body: &[u8]) -> io::Result<Answer> {
        self.write_request(method, target, headers, body);
        let was_idle = self.connection.is_some();
        match self.exchange().await {
            Err(Broken::Unanswered(_)) if was_idle && method == "GET" => self.exchange().await,
            result => result,
        }
        .map_err(Broken::into_error)
    }

    /// The connection is closed; the next request makes a new one.
    pub fn hang_up(&mut self) {
        self.connection = None;
    }

    fn write_request(&mut self, method: &str, target: &str, headers: &str, body: &[u8]) {
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        self.request.clear();
        for part in [method, " ", target, " HTTP/1.1\r\n", &self.common, headers, &length, "\r\n"] {
            self.request.extend_from_slice(part.as_bytes());
        }
        self.request.extend_from_slice(body);
    }

    async fn exchange(&mut self) -> Result<Answer, Broken> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Reading::new(connect(self.address).await.map_err(Broken::Unanswered)?),
        };
        connection.stream().write_all(&self.request).await.map_err(Broken::Unanswered)?;
        let head = connection.head().await.map_err(Broken::Unanswered)?;
        let answer = connection.rest(head).await.map_err(Broken::HalfAnswered)?;
        if !answer.closes() {
            self.connection = Some(connection);
        }
        Ok(answer)
    }
}

/// How far a request came.
enum Broken {
    Unanswered(io::Error),
    HalfAnswered(io::Error),
}

impl Broken {
    fn into_error(self) -> io::Error {
        let (Self::Unanswered(error) | Self::HalfAnswered(error)) = self;
        error
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
