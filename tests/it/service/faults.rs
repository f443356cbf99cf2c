//! PostgreSQL goes away and comes back, and the service itself, while clients are at work: nothing that was acknowledged
//! is lost, and nothing is done twice by clients that send what was not answered again, with the same id.
//!
//! `LICENSE_LEDGER_FAULTS` says how often (default 2).

use std::time::{Duration, Instant};

use plain_http::Client;
use throwaway_postgres::Server;
use tokio::task::JoinHandle;

use super::load::{UNHINDERED, shop, shoppers};
use super::running::{Place, Running};
use super::shopper::Shopper;
use super::told::Told;

const CLIENTS: usize = 16;

/// How long clients work before and after each fault.
const BETWEEN: Duration = Duration::from_millis(1_000);

/// How soon a service without its database must say so, and how soon it must serve again.
const SOON: Duration = Duration::from_secs(10);

fn faults() -> u32 {
    std::env::var("LICENSE_LEDGER_FAULTS").map_or(2, |faults| faults.parse().expect("a number"))
}

/// Clients at work on a service, and what becomes of them.
struct AtWork {
    clients: JoinHandle<Vec<Shopper>>,
    before: Told,
}

impl AtWork {
    async fn begin(running: &Running, key: &str, seconds: u64) -> Self {
        let (shoppers, before) = shoppers(&[running], key, CLIENTS).await;
        let end = Instant::now() + Duration::from_secs(seconds);
        Self { clients: tokio::spawn(shop(shoppers, end)), before }
    }

    /// Waits for their end and compares what they were told with the ledger; how often they were answered 503, and how
    /// often not at all.
    async fn end(self, name: &str, running: &Running, key: &str) -> (usize, usize) {
        let clients = self.clients.await.expect("no client finds a fault");
        let sum = |of: fn(&Shopper) -> usize| clients.iter().map(of).sum();
        let failed = (sum(|client| client.interruptions.unavailable), sum(|client| client.interruptions.broken));
        let told = clients.into_iter().map(|client| client.told).fold(self.before, Told::and);
        eprintln!("{name}: {} commands answered, {} times 503, {} times no answer", told.len(), failed.0, failed.1);
        told.is_what_the_ledger_holds(&mut running.client(key)).await;
        failed
    }
}

/// Waits until an address is answered with that status; the answer.
async fn answered(client: &mut Client, target: &str, status: u16) -> plain_http::Answer {
    let begun = Instant::now();
    loop {
        let answer = client.get(target).await;
        match answer {
            Ok(answer) if answer.status == status => return answer,
            _ => assert!(begun.elapsed() < SOON, "{target} is not answered {status}: {answer:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[derive(Clone, Copy)]
enum End {
    Killed,
    Stopped,
}

async fn postgres_goes_away_and_comes_back(name: &str, how: End) {
    let server = Server::start_durable().expect("a server");
    let place = Place::on(server.new_database().await.expect("a database"));
    let key = place.distributor();
    // Of another id: its first sign is 0 or 1.
    let unknown = format!("ll_{}{}", u8::from(key.as_bytes()[3] == b'0'), &key[4..]);
    let running = Running::start(&place, &UNHINDERED);
    let clients = AtWork::begin(&running, &key, 4 * u64::from(faults())).await;
    let (mut own, mut public) = (running.client(&key), Client::new(running.address, None));
    for _ in 0..faults() {
        tokio::time::sleep(BETWEEN).await;
        match how {
            End::Killed => server.kill().expect("a kill"),
            End::Stopped => server.stop().expect("a stop"),
        }
        for target in ["/v1/licenses/OWN-0000", "/v1/licenses", "/v1/events"] {
            let refused = answered(&mut own, target, 503).await;
            assert!(refused.header("retry-after").is_some(), "{}", refused.headers);
            assert_eq!(refused.header("content-type"), Some("application/problem+json"));
        }
        // A key that was made a moment ago is not called unknown by who cannot look.
        let refused = answered(&mut running.client(&unknown), "/v1/licenses", 503).await;
        assert!(refused.header("retry-after").is_some(), "{}", refused.headers);
        answered(&mut public, "/readyz", 503).await;
        answered(&mut public, "/healthz", 200).await;
        tokio::time::sleep(BETWEEN).await;
        server.restart().expect("it starts again");
        let begun = Instant::now();
        answered(&mut own, "/v1/licenses/OWN-0000", 200).await;
        answered(&mut public, "/readyz", 200).await;
        answered(&mut running.client(&unknown), "/v1/licenses", 401).await;
        eprintln!("{name}: served again {} ms after PostgreSQL", begun.elapsed().as_millis());
    }
    let (unavailable, broken) = clients.end(name, &running, &key).await;
    assert!(unavailable > 0, "clients were told");
    assert_eq!(broken, 0, "every request was answered");
    assert_eq!(running.stop().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_killed_and_comes_back() {
    postgres_goes_away_and_comes_back("PostgreSQL killed", End::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_stopped_and_comes_back() {
    postgres_goes_away_and_comes_back("PostgreSQL stopped", End::Stopped).await;
}

async fn the_service_goes_away_and_comes_back(name: &str, place: &Place, how: End) {
    let key = place.distributor();
    let mut running = Running::start(place, &UNHINDERED);
    let address = running.address.to_string();
    let clients = AtWork::begin(&running, &key, 2 + 2 * u64::from(faults())).await;
    for _ in 0..faults() {
        tokio::time::sleep(BETWEEN).await;
        match how {
            End::Killed => running.kill(),
            End::Stopped => assert_eq!(running.stop().code(), Some(0)),
        }
        running = Running::start_at(place, &address, &UNHINDERED);
    }
    let (_, broken) = clients.end(name, &running, &key).await;
    assert!(broken > 0, "clients noticed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_killed_on_sqlite() {
    the_service_goes_away_and_comes_back("service killed, SQLite", &Place::sqlite(), End::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_killed_on_postgres() {
    let server = Server::start_durable().expect("a server");
    let place = Place::on(server.new_database().await.expect("a database"));
    the_service_goes_away_and_comes_back("service killed, PostgreSQL", &place, End::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_stopped_under_load() {
    the_service_goes_away_and_comes_back("service stopped, SQLite", &Place::sqlite(), End::Stopped).await;
}
