//! dev
#[path = "../../../tests/it/postgres/mod.rs"]
mod postgres;

#[path = "../../../tests/it/postgres/support.rs"]
mod support;

#[tokio::test]
async fn conformance() {
    ledger_app::conformance::run_all(|| async { support::open_bare().await }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore]
async fn bench() {
    use ledger_app::store::*;
    use std::time::*;
    let server = throwaway_postgres::Server::start_durable().unwrap();
    let url = server.new_database().await.unwrap();
    let opened = support::open_at(url.clone()).await;
    sqlx::raw_sql("CREATE TABLE floor_state (id int primary key, state text); INSERT INTO floor_state SELECT i, repeat('x',800) FROM generate_series(1,1000) i;
     CREATE TABLE floor_events (id bigserial primary key, license int, payload text)").execute(&opened.pool).await.unwrap();
    let script = "/tmp/floor.sql";
    std::fs::write(script, "\\set id random(1, 1000)\nSELECT state FROM floor_state WHERE id = :id;\nINSERT INTO floor_events (license, payload) VALUES (:id, repeat('x', 300));\n").unwrap();
    let store = std::sync::Arc::new(opened.store);
    for n in 0..64 { support::bought(&store, &format!("EX-{n}")).await; }
    for round in 0..3 {
        for clients in [1usize, 8] {
            let out = std::process::Command::new(throwaway_postgres::bin_dir().unwrap().join("pgbench"))
                .args(["-n", "-M", "prepared", "-T", "4", "-j", "2", "-c", &clients.to_string(), "-f", script, &url]).output().unwrap();
            let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
            let tps = text.lines().find(|l| l.starts_with("tps")).unwrap_or(&text).to_owned();
            let floor: f64 = tps.split(' ').nth(2).unwrap().parse().unwrap();
            let cpu0 = cpus();
            let begun = Instant::now();
            let mut set = tokio::task::JoinSet::new();
            for c in 0..clients {
                let store = store.clone();
                set.spawn(async move {
                    let license = support::number(&format!("EX-{}", c + 8 * round));
                    let mut count = 0u32;
                    while begun.elapsed() < Duration::from_secs(4) {
                        let loaded = store.load(&[Wanted { command_id: uuid::Uuid::new_v4(), license: license.clone(), order: Some("PO-9".to_owned()) }]).await.unwrap();
                        let state = serde_json::from_slice(&loaded.states[&license].state).unwrap();
                        let mut written = support::Written { license: license.clone(), state: Some(state) };
                        let e = if count % 2 == 0 { ledger_domain::event::Event::ServerCameOnline(ledger_domain::event::Server { server: "A".into() }) } else { ledger_domain::event::Event::ServerWentOffline(ledger_domain::event::Server { server: "A".into() }) };
                        let judged = written.happen(&[e]);
                        store.append(&support::batch(vec![judged])).await.unwrap();
                        count += 1;
                    }
                    count
                });
            }
            let total: u32 = set.join_all().await.into_iter().sum();
            let cpu1 = cpus();
            println!("cpu us per op: client {:.0} server {:.0}", (cpu1.0 - cpu0.0) * 1e4 / f64::from(total), (cpu1.1 - cpu0.1) * 1e4 / f64::from(total));
            let ours = f64::from(total) / begun.elapsed().as_secs_f64();
            println!("{clients} clients: floor {floor:.0}, ours {ours:.0}, ratio {:.2}", ours / floor);
        }
    }
    let begun = Instant::now();
    store.settle().await.unwrap();
    println!("settle {:?}", begun.elapsed());
    // big batches
    let mut written: Vec<_> = (0..500).map(|n| support::Written::none(&format!("BB-{n}"))).collect();
    for _ in 0..3 {
        let batch = support::batch(written.iter_mut().map(|w| if w.state.is_none() { w.buy("PO-1") } else { w.use_once() }).collect());
        let begun = Instant::now();
        store.append(&batch).await.unwrap();
        println!("batch of 500: {:?}", begun.elapsed());
    }
}

fn ticks(stat: &str) -> f64 {
    let f: Vec<f64> = stat.rsplit(") ").next().unwrap().split(' ').skip(11).take(2).map(|t| t.parse().unwrap()).collect();
    f[0] + f[1]
}
fn cpus() -> (f64, f64) {
    let me = ticks(&std::fs::read_to_string("/proc/self/stat").unwrap());
    let mut server = 0.0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        if let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) {
            if stat.contains("(postgres)") { server += ticks(&stat); }
        }
    }
    (me, server)
}
