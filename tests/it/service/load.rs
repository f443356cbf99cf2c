//! Many clients at once: nobody waits for long, nothing fails, nothing is lost or done twice.
//!
//! `LICENSE_LEDGER_SECONDS` says for how long (default 6; `just load` says 60).

use std::time::{Duration, Instant};

use throwaway_postgres::Server;

use super::running::{Place, Running};
use super::shopper::Shopper;
use super::told::Told;

const CLIENTS: usize = 64;

/// Licenses that all clients post to.
const SHARED: usize = 16;

/// One key for all of them: it may ask as often as it can.
pub(crate) const UNHINDERED: [&str; 4] = ["--rate-per-second", "1000000", "--rate-burst", "1000000"];

pub(crate) fn seconds() -> Duration {
    let seconds = std::env::var("LICENSE_LEDGER_SECONDS").map_or(6, |seconds| seconds.parse().expect("a number"));
    Duration::from_secs(seconds)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_on_sqlite() {
    load("SQLite", &Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_on_postgres() {
    let server = Server::start_durable().expect("a server");
    load("PostgreSQL", &Place::on(server.new_database().await.expect("a database"))).await;
}

/// Half of the clients ask the one, half the other, and all post to licenses that they share.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_of_two_services() {
    let server = Server::start_durable().expect("a server");
    let place = Place::on(server.new_database().await.expect("a database"));
    let key = place.distributor();
    let [one, other] = [(); 2].map(|()| Running::start(&place, &UNHINDERED));
    loaded("two services", &[&one, &other], &key).await;
    assert_eq!((one.stop().code(), other.stop().code()), (Some(0), Some(0)));
}

async fn load(name: &str, place: &Place) {
    let key = place.distributor();
    let running = Running::start(place, &UNHINDERED);
    loaded(name, &[&running], &key).await;
    assert_eq!(running.stop().code(), Some(0));
}

async fn loaded(name: &str, services: &[&Running], key: &str) {
    let (shoppers, before) = shoppers(services, key, CLIENTS).await;
    let begun = Instant::now();
    let shoppers = shop(shoppers, begun + seconds()).await;
    let elapsed = begun.elapsed();
    for shopper in &shoppers {
        let failed = shopper.interruptions;
        assert_eq!((failed.unavailable, failed.broken), (0, 0), "{name}: no 5xx, no broken connection");
    }
    print_figures(name, &shoppers, elapsed, services.iter().map(|service| service.peak_mib()).max().unwrap_or(0));
    let told = shoppers.into_iter().map(|shopper| shopper.told).fold(before, Told::and);
    for service in services {
        told.is_what_the_ledger_holds(&mut service.client(key)).await;
        assert!(!service.log().contains(r#""level":"ERROR""#), "an error in the log");
    }
}

/// Clients of the services by turns, each with its license, and the licenses that they share; what was told to whoever
/// bought those.
pub(crate) async fn shoppers(services: &[&Running], key: &str, count: usize) -> (Vec<Shopper>, Told) {
    let shared: Vec<_> = (0..SHARED).map(|number| format!("SHARED-{number:02}")).collect();
    let mut first = Shopper::new(services[0].client(key), 9_999, &shared).await;
    for license in &shared {
        first.buy(license).await;
    }
    let mut shoppers = Vec::new();
    for number in 0..count {
        let mut shopper = Shopper::new(services[number % services.len()].client(key), number, &shared).await;
        (shopper.command_times, shopper.read_times) = (Vec::new(), Vec::new());
        shoppers.push(shopper);
    }
    (shoppers, first.told)
}

/// Lets all of them shop at the same time. One that finds a fault ends the test.
pub(crate) async fn shop(shoppers: Vec<Shopper>, end: Instant) -> Vec<Shopper> {
    let running: Vec<_> = shoppers.into_iter().map(|shopper| tokio::spawn(shopper.go_on_until(end))).collect();
    let mut done = Vec::new();
    for shopper in running {
        done.push(shopper.await.expect("no client finds a fault"));
    }
    done
}

fn print_figures(name: &str, shoppers: &[Shopper], elapsed: Duration, peak_mib: u64) {
    let commands = figures(shoppers.iter().flat_map(|shopper| &shopper.command_times), elapsed);
    let reads = figures(shoppers.iter().flat_map(|shopper| &shopper.read_times), elapsed);
    eprintln!(
        "load on {name}, {CLIENTS} clients, {} s: commands {commands}; reads {reads}; peak {peak_mib} MiB",
        elapsed.as_secs()
    );
}

/// "1234/s, p50 1.2 ms, p99 3.4 ms".
fn figures<'a>(times: impl Iterator<Item = &'a Duration>, elapsed: Duration) -> String {
    let mut times: Vec<_> = times.copied().collect();
    times.sort();
    let at = |percent: usize| times.get(times.len() * percent / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    let rate = times.len() as f64 / elapsed.as_secs_f64();
    format!("{rate:.0}/s, p50 {:.1} ms, p99 {:.1} ms", at(50), at(99))
}
