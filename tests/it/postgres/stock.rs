//! Stock postgres-es reads the ledger, and cannot write to it.

use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use ledger_app::aggregate::LicenseAggregate;
use ledger_app::store::{LICENSE_STREAM, Store};
use postgres_es::PostgresEventRepository;
use serde_json::json;

use super::support::{batch, bought, everything, open};

#[tokio::test]
async fn the_stock_repository_reads_a_license() {
    let opened = open().await;
    let mut license = bought(&opened.store, "EX-1").await;
    opened.store.append(&batch(vec![license.use_once()])).await.unwrap();
    let repository = PostgresEventRepository::new(opened.pool.clone());
    let events = repository.get_events::<LicenseAggregate>("EX-1").await.unwrap();
    let read: Vec<_> = events.iter().map(|event| (event.sequence, event.event_type.as_str())).collect();
    let expected = ["LicenseIssued", "LicenseActivated", "ServerCameOnline", "ServerWentOffline"];
    assert_eq!(read, (1..).zip(expected).collect::<Vec<_>>());
    assert_eq!(events[2].payload, json!({"ServerCameOnline": {"server": "A"}}));
}

#[tokio::test]
async fn a_stock_writer_is_refused() {
    let opened = open().await;
    bought(&opened.store, "EX-1").await;
    let before = everything(&opened.pool).await;
    let repository = PostgresEventRepository::new(opened.pool.clone());
    let event = SerializedEvent::new(
        "EX-1".to_owned(),
        3,
        LICENSE_STREAM.to_owned(),
        "ServerCameOnline".to_owned(),
        "1".to_owned(),
        json!({"ServerCameOnline": {"server": "B"}}),
        json!({}),
    );
    assert!(repository.persist::<LicenseAggregate>(&[event], None).await.is_err());
    assert_eq!(everything(&opened.pool).await, before);
}
