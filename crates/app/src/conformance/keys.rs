//! API keys.

use chrono::{DateTime, Utc};
use ledger_domain::command::Role;

use super::Tested;
use crate::keys::ApiKey;
use crate::store::StoreError;

fn at(second: u32) -> DateTime<Utc> {
    format!("2012-08-20T09:30:{second:02}.000001Z").parse().unwrap()
}

/// A key made at the second.
fn key(id: &str, second: u32) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        name: "заказы@distributor".to_owned(),
        role: Role::Distributor,
        partner: None,
        digest: [7; 32],
        created_at: at(second),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

async fn keys(store: &Tested) -> Vec<ApiKey> {
    store.keys().await.unwrap()
}

pub(super) async fn a_key_comes_back_as_it_was(store: Tested) {
    assert_eq!(keys(&store).await, []);
    let plain = key("abc123", 1);
    let full = ApiKey {
        role: Role::Reporter,
        partner: Some("ООО \"Ёж\" & 'Ко'".to_owned()),
        digest: std::array::from_fn(|index| u8::try_from(index * 8).unwrap()),
        expires_at: Some(at(57)),
        revoked_at: Some(at(58)),
        last_used_at: Some(at(59)),
        ..key("abc124", 2)
    };
    for key in [&plain, &full] {
        store.add_key(key).await.unwrap();
    }
    assert_eq!(keys(&store).await, [plain, full]);
}

pub(super) async fn every_role_can_have_a_key(store: Tested) {
    for (role, second) in Role::ALL.iter().zip(0..) {
        store.add_key(&ApiKey { role: *role, ..key(role.name(), second) }).await.unwrap();
    }
    assert_eq!(keys(&store).await.iter().map(|key| key.role).collect::<Vec<_>>(), Role::ALL);
}

pub(super) async fn keys_are_listed_oldest_first(store: Tested) {
    for (id, second) in [("c", 3), ("a", 3), ("z", 1), ("b", 2)] {
        store.add_key(&key(id, second)).await.unwrap();
    }
    assert_eq!(keys(&store).await.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["z", "b", "a", "c"]);
}

pub(super) async fn a_keys_id_is_taken_once(store: Tested) {
    store.add_key(&key("abc", 1)).await.unwrap();
    let again = store.add_key(&ApiKey { role: Role::Admin, ..key("abc", 2) }).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(keys(&store).await, [key("abc", 1)]);
}

pub(super) async fn a_key_is_revoked_once(store: Tested) {
    store.add_key(&key("abc", 1)).await.unwrap();
    store.add_key(&key("xyz", 2)).await.unwrap();
    assert!(!store.revoke_key("none", at(3)).await.unwrap());
    assert!(!store.revoke_key("ABC", at(3)).await.unwrap());
    assert!(store.revoke_key("abc", at(4)).await.unwrap());
    assert!(store.revoke_key("abc", at(5)).await.unwrap(), "it is there, and stays as it is");
    assert_eq!(keys(&store).await, [ApiKey { revoked_at: Some(at(4)), ..key("abc", 1) }, key("xyz", 2)]);
}

pub(super) async fn the_last_use_of_keys_is_noted(store: Tested) {
    for id in ["abc", "def", "xyz"] {
        store.add_key(&key(id, 1)).await.unwrap();
    }
    let used = async |used: &[(&str, u32)]| {
        let used: Vec<_> = used.iter().map(|(id, second)| ((*id).to_owned(), at(*second))).collect();
        store.keys_used(&used).await.unwrap();
        keys(&store).await.iter().map(|key| key.last_used_at).collect::<Vec<_>>()
    };
    assert_eq!(used(&[]).await, [None; 3]);
    assert_eq!(used(&[("abc", 5), ("xyz", 6), ("none", 7)]).await, [Some(at(5)), None, Some(at(6))]);
    assert_eq!(used(&[("xyz", 8), ("xyz", 9), ("xyz", 7)]).await, [Some(at(5)), None, Some(at(9))]);
    assert_eq!(used(&[("abc", 4), ("xyz", 10)]).await, [Some(at(5)), None, Some(at(10))], "never earlier");
}
