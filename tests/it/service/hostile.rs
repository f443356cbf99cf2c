//! Clients that mean no good, or cannot do better: whatever they send is refused or served, the process lives and stays
//! small, and ordinary clients are served meanwhile.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::running::{Place, Running};
use super::{Caller, add_users, purchase};

/// The most memory that the process may ever have.
const MOST_MIB: u64 = 300;

/// How long an ordinary client may wait while others do their worst.
const IN_TIME: Duration = Duration::from_secs(5);

/// How long the service is told to wait for anything that is slow.
const SLOW_SECONDS: u64 = 2;

/// Within which a connection must be cut off for it.
const CUT_OFF: Duration = Duration::from_secs(SLOW_SECONDS + 6);

/// An ordinary client, which asks and posts until it leaves.
struct Bystander {
    leave: oneshot::Sender<()>,
    waited: JoinHandle<Vec<Duration>>,
}

impl Bystander {
    /// Begins with a license of its own.
    async fn come(caller: Caller) -> Self {
        let (leave, left) = oneshot::channel();
        let license = format!("BYSTANDER-{}", uuid::Uuid::new_v4().simple())[..30].to_uppercase();
        assert_eq!(caller.command(&purchase(&license, None)).await.status, 200);
        Self { leave, waited: tokio::spawn(stand_by(caller, license, left)) }
    }

    /// It was always served, and in time.
    async fn go(self, while_what: &str) {
        let _ = self.leave.send(());
        let mut waited = self.waited.await.expect("it was served");
        waited.sort();
        let (count, worst) = (waited.len(), *waited.last().expect("it asked"));
        let p99 = waited[count * 99 / 100];
        eprintln!("{while_what}: {count} ordinary requests meanwhile, p99 {p99:?}, worst {worst:?}");
        assert!(worst < IN_TIME, "{while_what}: an ordinary client waited {worst:?}");
    }
}

async fn stand_by(caller: Caller, license: String, mut left: oneshot::Receiver<()>) -> Vec<Duration> {
    let mut waited = Vec::new();
    for order in 0.. {
        let begun = Instant::now();
        let posted = caller.command(&add_users(&license, &format!("MORE-{order}"), 5)).await;
        waited.push(begun.elapsed());
        assert_eq!(posted.status, 200, "{}", posted.text());
        let begun = Instant::now();
        let read = caller.get(&format!("/v1/licenses/{license}")).await;
        waited.push(begun.elapsed());
        assert_eq!(read.json().expect("JSON")["version"], posted.json().expect("JSON")["version"]);
        if timeout(Duration::from_millis(20), &mut left).await.is_ok() {
            break;
        }
    }
    waited
}

/// A service that waits for nobody for long.
struct Besieged {
    running: Running,
    key: String,
    _place: Place,
}

impl Besieged {
    fn new(place: Place, flags: &[&str]) -> Self {
        let key = place.key(&["--name", "desk", "--role", "vendor"]);
        let seconds = SLOW_SECONDS.to_string();
        let slow = ["--header-seconds", "--body-seconds", "--unread-seconds"];
        let slow = slow.iter().flat_map(|flag| [*flag, seconds.as_str()]);
        let flags: Vec<_> = slow.chain(flags.iter().copied()).collect();
        Self { running: Running::start(&place, &flags), key, _place: place }
    }

    fn caller(&self) -> Caller {
        Caller::new(self.running.address, Some(&self.key))
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.running.address).await.expect("a connection")
    }

    /// The head of a request with the key.
    fn head(&self, line: &str, headers: &str) -> String {
        format!("{line} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n{headers}", self.running.address, self.key)
    }

    /// The process is the same as in the beginning, and was never large.
    fn has_withstood(mut self, what: &str) {
        assert!(self.running.is_alive(), "{}", self.running.log());
        let peak = self.running.peak_mib();
        eprintln!("{what}: {peak} MiB at most");
        assert!(peak < MOST_MIB, "{what}: {peak} MiB");
        let log = self.running.log();
        assert!(!log.contains("panic") && !log.contains(r#""level":"ERROR""#), "{log}");
        assert_eq!(self.running.stop().code(), Some(0));
    }
}

/// Sends the pieces again and again, slowly, until the service has enough; what it has answered.
async fn drip(mut stream: TcpStream, piece: &[u8]) -> String {
    let (mut reading, mut writing) = stream.split();
    let mut answered = Vec::new();
    let dripping = async {
        while writing.write_all(piece).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let told = async {
        // A reset is an end as well.
        let _ = reading.read_to_end(&mut answered).await;
    };
    let cut_off = async {
        tokio::select! { () = dripping => {} () = told => {} }
    };
    timeout(CUT_OFF, cut_off).await.expect("it is cut off");
    String::from_utf8_lossy(&answered).into_owned()
}

/// Sends as much as is taken; what is answered until the connection ends.
async fn pour(mut stream: TcpStream, head: &str, piece: &[u8], times: usize) -> (usize, String) {
    let (mut reading, mut writing) = stream.split();
    let mut answered = Vec::new();
    let mut sent = 0;
    let pouring = async {
        writing.write_all(head.as_bytes()).await?;
        for _ in 0..times {
            writing.write_all(piece).await?;
            sent += piece.len();
        }
        std::future::pending::<std::io::Result<()>>().await
    };
    let told = async {
        let _ = reading.read_to_end(&mut answered).await;
    };
    let ended = async {
        // What was answered before the connection broke is read in any case.
        tokio::pin!(told);
        tokio::select! { _ = pouring => told.await, () = &mut told => {} }
    };
    timeout(CUT_OFF, ended).await.expect("it ends");
    (sent, String::from_utf8_lossy(&answered).into_owned())
}

fn status(answered: &str) -> &str {
    answered.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or_default()
}

async fn slow_headers_and_bodies(service: &Besieged) {
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut stream = service.connect().await;
        let (begun, piece): (String, &[u8]) = match number % 3 {
            0 => (String::new(), b"G"),
            1 => (service.head("GET /v1/licenses", ""), b"x-slow: 1\r\n"),
            _ => (
                service.head("POST /v1/commands", "content-type: application/json\r\ncontent-length: 9000\r\n\r\n"),
                b"{",
            ),
        };
        stream.write_all(begun.as_bytes()).await.expect("it listens");
        slow.push((number % 3, tokio::spawn(drip(stream, piece))));
    }
    for (kind, slow) in slow {
        let answered = slow.await.expect("it is cut off");
        let expected: &[&str] = if kind == 2 { &["408"] } else { &["", "408"] };
        assert!(expected.contains(&status(&answered)), "{kind}: {answered}");
    }
}

async fn a_gigabyte_to_a_route_that_takes_one_command(service: &Besieged) {
    const GIGABYTE: usize = 1 << 30;
    let megabyte = vec![b' '; 1 << 20];
    let json = "content-type: application/json\r\n";
    let told = service.head("POST /v1/commands", &format!("{json}content-length: {GIGABYTE}\r\n\r\n"));
    let (sent, answered) = pour(service.connect().await, &told, &megabyte, 1024).await;
    assert_eq!(status(&answered), "413", "{answered}");
    assert!(sent < GIGABYTE / 2, "{sent} bytes were taken");

    let chunk = [b"100000\r\n", megabyte.as_slice(), b"\r\n"].concat();
    for target in ["POST /v1/commands", "POST /v1/quotes"] {
        let chunked = service.head(target, &format!("{json}transfer-encoding: chunked\r\n\r\n"));
        let (sent, answered) = pour(service.connect().await, &chunked, &chunk, 1024).await;
        assert!(["413", ""].contains(&status(&answered)), "{answered}");
        assert!(sent < GIGABYTE / 2, "{sent} bytes were taken");
    }
}

async fn a_batch_whose_client_never_reads(service: &Besieged) {
    let line = add_users("BATCH-1", "PO-1", 7).to_string();
    let lines = format!("{line}\n").repeat(1000);
    let chunk = format!("{:x}\r\n{lines}\r\n", lines.len());
    let head = service
        .head("POST /v1/commands:batch", "content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut stream = service.connect().await;
    stream.write_all(head.as_bytes()).await.expect("it listens");
    let begun = Instant::now();
    // What it takes until it waits for its answers to be read; then it must end the connection.
    let flooding = async { while stream.write_all(chunk.as_bytes()).await.is_ok() {} };
    timeout(Duration::from_secs(60), flooding).await.expect("it is cut off");
    eprintln!("a batch that is not read was cut off after {:?}", begun.elapsed());
}

async fn header_floods(service: &Besieged) {
    let many: String = (0..10_000).map(|number| format!("x-{number}: {number}\r\n")).collect();
    let long = format!("x-long: {}\r\n", "x".repeat(1 << 20));
    let target = format!("GET /v1/licenses/{}", "A".repeat(1 << 20));
    for head in
        [service.head("GET /v1/licenses", &many), service.head("GET /v1/licenses", &long), service.head(&target, "")]
    {
        let (_, answered) = pour(service.connect().await, &(head + "\r\n"), b"", 0).await;
        assert!(["431", "414", "400", ""].contains(&status(&answered)), "{answered}");
    }
    let endless = service.head("GET /v1/licenses", "x-endless: ");
    let (sent, _) = pour(service.connect().await, &endless, &[b'x'; 1 << 16], 1 << 14).await;
    assert!(sent < 16 << 20, "{sent} bytes were taken");
}

async fn deep_and_broken_json(caller: &Caller) {
    let mut bodies: Vec<String> = ["[", "{\"a\":", "{\"command\":[", "[{\"command_id\":"]
        .iter()
        .map(|deep| deep.repeat((1 << 20) / deep.len() - 1))
        .collect();
    let envelope = |command: &str| {
        let id = uuid::Uuid::new_v4();
        format!(r#"{{"command_id":"{id}","license":"DEEP-1","on":"2012-08-20","command":{command}}}"#)
    };
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    bodies.push(envelope(&nested));
    bodies.push(envelope(&format!(r#"{{"type":"activate_license","deep":{nested}}}"#)));
    bodies.push(envelope(r#"{"type":"add_users","order":"PO","users":1e999999999}"#));
    bodies.push(envelope(&format!(r#"{{"type":"add_users","order":"PO","users":{}}}"#, "9".repeat(100_000))));
    for body in bodies {
        for path in ["/v1/commands", "/v1/quotes"] {
            let answer = caller.post(path, &[], body.as_bytes()).await;
            assert_eq!(answer.status, 400, "{path} {}: {}", &body[..40], answer.text());
        }
        let batch = [("content-type", "application/x-ndjson")];
        let answer = caller.send("POST", "/v1/commands:batch", &batch, format!("{body}\n").as_bytes()).await;
        assert_eq!(answer.status, 200);
        let first: Value = serde_json::from_str(answer.text().lines().next().expect("a line")).expect("an outcome");
        assert_eq!(first["outcome"], "invalid", "{}", &body[..40]);
    }
}

/// What somebody would send who hopes that a text becomes part of a statement, a path, a log, or a page.
const INJECTIONS: [&str; 14] = [
    "'; DROP TABLE events; --",
    "\" OR \"\"=\"",
    "1; SELECT pg_sleep(10)",
    "' UNION SELECT secret FROM api_keys --",
    "$1",
    "%' OR license LIKE '%",
    "\\'; DELETE FROM commands; --",
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "{{7*7}}${7*7}",
    "<script>alert(1)</script>",
    "a\r\nx-injected: 1",
    "\u{0}\u{1b}[2J\u{202e}",
    "𝕏\u{301}\u{fffe}",
];

async fn injections_in_commands(caller: &Caller) {
    let whole = json!({"command_id": uuid::Uuid::new_v4(), "license": "INJECTED-1", "on": "2012-08-20", "expected_version": 0,
        "command": {"type": "issue_license", "order": "PO-1", "product": "control", "users": 25,
            "holder": {"name": "ООО Ромашка", "inn": "7202991043", "country": "RU"}, "plugins": ["antivirus"],
            "license_type": "commercial", "swm_years": 1, "partner": {"name": "Softline", "level": "certified"},
            "registration": "automatic"}});
    let fields = [
        "/command_id",
        "/license",
        "/on",
        "/expected_version",
        "/command",
        "/command/type",
        "/command/order",
        "/command/product",
        "/command/users",
        "/command/holder",
        "/command/holder/name",
        "/command/holder/inn",
        "/command/holder/country",
        "/command/plugins",
        "/command/plugins/0",
        "/command/license_type",
        "/command/swm_years",
        "/command/partner",
        "/command/partner/name",
        "/command/partner/level",
        "/command/registration",
    ];
    for (number, injection) in INJECTIONS.iter().enumerate() {
        for (place, field) in fields.iter().enumerate() {
            let mut command = whole.clone();
            command["command_id"] = json!(uuid::Uuid::new_v4());
            command["license"] = json!(format!("INJECTED-{number}-{place}"));
            *command.pointer_mut(field).expect(field) = json!(injection);
            let answer = caller.command(&command).await;
            assert!([200, 400, 409, 422].contains(&answer.status), "{field} {injection}: {}", answer.text());
            if answer.status == 200 {
                // It is a text like any other, and comes out as it went in.
                let license = command["license"].as_str().expect("a number");
                let read = caller.get(&format!("/v1/licenses/{license}/events")).await;
                let kept = serde_json::to_string(&injection.trim()).expect("JSON");
                assert!(read.text().contains(&kept) || *injection == "𝕏\u{301}\u{fffe}", "{field}: {}", read.text());
            }
        }
        for header in ["idempotency-key", "if-match", "accept-language", "accept", "x-request-id", "last-event-id"] {
            let value: String = injection.chars().filter(|letter| !letter.is_control()).collect();
            let answer = caller.command_with(&[(header, &value)], &add_users("INJECTED-H", "PO", 5)).await;
            assert!([200, 400, 409, 412, 422].contains(&answer.status), "{header} {injection}: {}", answer.text());
        }
    }
}

async fn injections_in_addresses(caller: &Caller) {
    let lists = [
        "product",
        "partner",
        "holder",
        "status",
        "license_type",
        "plugin",
        "swm_ends_from",
        "swm_ends_before",
        "on",
        "known_at",
        "after",
        "limit",
        "delimiter",
        "bom",
        "unknown",
    ];
    let mut targets: Vec<String> = lists.iter().map(|name| format!("/v1/licenses?{name}=")).collect();
    targets
        .extend(["from", "to", "partner", "known_at", "after", "limit"].map(|name| format!("/v1/swm-expiry?{name}=")));
    targets.extend(["after", "limit", "type", "license", "partner", "wait"].map(|name| format!("/v1/events?{name}=")));
    targets.extend(
        ["", "X/events?after=", "X/events?limit=", "X?on=", "X?known_at=", "X/next-commands?on="]
            .map(|rest| format!("/v1/licenses/{rest}")),
    );
    for injection in INJECTIONS {
        for target in &targets {
            let answer = caller.get(&format!("{target}{}", escaped(injection))).await;
            assert!(
                [200, 400, 404].contains(&answer.status),
                "{target}{injection}: {} {}",
                answer.status,
                answer.text()
            );
            assert!(answer.header("x-injected").is_none(), "{}", answer.headers);
            assert!(!answer.text().contains("root:"), "{}", answer.text());
        }
    }
}

/// Every byte as `%XX`.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn whatever_is_sent(name: &str, place: Place) {
    let service = Besieged::new(place, &[]);
    let caller = service.caller();
    let bystander = Bystander::come(service.caller()).await;
    slow_headers_and_bodies(&service).await;
    a_gigabyte_to_a_route_that_takes_one_command(&service).await;
    header_floods(&service).await;
    a_batch_whose_client_never_reads(&service).await;
    deep_and_broken_json(&caller).await;
    injections_in_commands(&caller).await;
    injections_in_addresses(&caller).await;
    bystander.go(name).await;
    let listed = caller.get("/v1/licenses?limit=1").await;
    assert_eq!(listed.json().expect("JSON")["items"].as_array().map(Vec::len), Some(1), "the tables are still there");
    service.has_withstood(name);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_refused_or_served_on_sqlite() {
    whatever_is_sent("hostile, SQLite", Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_refused_or_served_on_postgres() {
    whatever_is_sent("hostile, PostgreSQL", Place::postgres().await).await;
}

/// Connections that are opened and never used, held by a process of their own.
struct Idlers {
    child: Child,
}

impl Idlers {
    const SCRIPT: &str = "
import socket, sys
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
held = [socket.create_connection((host, port)) for _ in range(count)]
print(len(held), flush=True)
sys.stdin.read()
";

    fn hold(count: usize, address: SocketAddr) -> Self {
        let python = ["python3", "-c", Self::SCRIPT];
        let mut command = with_open_files(count + 100, &python);
        command.args([address.ip().to_string(), address.port().to_string(), count.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sh runs");
        let mut held = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut held).expect("it tells");
        assert_eq!(held.trim(), count.to_string(), "the connections are held: python3 is needed");
        Self { child }
    }
}

impl Drop for Idlers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that may have so many files open. Where the machine does not let it, it fails, and says so.
fn with_open_files(count: usize, words: &[&str]) -> Command {
    let refused = format!("this test needs {count} open files a process: raise the hard limit (ulimit -Hn)");
    let script = format!("ulimit -n {count} || {{ echo '{refused}' >&2; exit 1; }}; exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]).args(words);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections() {
    const IDLE: usize = 10_000;
    let place = Place::sqlite();
    let key = place.distributor();
    let serve = place.cli.command(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--max-connections",
        "10100",
        "--header-seconds",
        "120",
    ]);
    let words: Vec<_> = std::iter::once(serve.get_program()).chain(serve.get_args()).collect();
    let words: Vec<_> = words.into_iter().map(|word| word.to_str().expect("a text")).collect();
    let running = Running::run(&mut with_open_files(IDLE + 200, &words), &place.file("service.log"));
    let service = Besieged { running, key, _place: place };
    let bystander = Bystander::come(service.caller()).await;
    let idlers = Idlers::hold(IDLE, service.running.address);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(service.caller().get("/v1/licenses").await.status, 200, "one more is served");
    bystander.go("10,000 idle connections").await;
    drop(idlers);
    service.has_withstood("10,000 idle connections");
}
