//! The keys in memory. No request reads the database to know who sends it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use ledger_app::keys::{ApiKey, PresentedKey};
use ledger_app::patience::in_time;
use ledger_app::store::{Store, StoreError};
use tokio::sync::Mutex;

use super::Identity;
use super::rate::{Counted, Policy, Rate};
use crate::config::Settings;
use crate::problem::{self, Problem};

/// How often the keys are read again: a revoked key is refused within that.
const READ_EVERY: Duration = Duration::from_secs(1);
/// How soon after one reading began an unknown key may cause the next one.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How often it is noted when keys were used last.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// Every key of the ledger.
pub struct KeyRing {
    port: Arc<dyn Store>,
    policy: Policy,
    keys: RwLock<Arc<HashMap<String, Arc<Held>>>>,
    last: Mutex<Reading>,
}

/// The last reading of the keys.
struct Reading {
    began: Instant,
    failed: bool,
}

/// A key, ready to be compared.
struct Held {
    key: ApiKey,
    identity: Identity,
    rate: Rate,
    /// When it was used last, in seconds since 1970, and up to when that is noted.
    used: AtomicI64,
    noted: AtomicI64,
}

impl KeyRing {
    /// Reads the keys, from a store.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn read(port: Arc<dyn Store>, settings: &Settings) -> Result<Self, StoreError> {
        let policy = Policy::new(settings);
        let ring = Self { port, policy, keys: RwLock::default(), last: Mutex::new(Reading::now()) };
        ring.read_again().await?;
        Ok(ring)
    }

    /// Whether any key lets anybody in.
    #[must_use]
    pub fn has_a_usable_key(&self) -> bool {
        self.held().values().any(|held| held.refused_at(Utc::now()).is_none())
    }

    /// Keeps the keys up to date for as long as it is polled.
    pub(crate) async fn keep_up(&self) {
        let mut noted_at = Instant::now();
        loop {
            tokio::time::sleep(READ_EVERY).await;
            if let Err(error) = self.read_again().await {
                tracing::warn!(%error, "the keys cannot be read; those that are known go on");
            }
            if noted_at.elapsed() >= NOTE_EVERY {
                self.note_use().await;
                noted_at = Instant::now();
            }
        }
    }

    /// Notes when keys were used last, where that is newer than what is noted.
    pub(crate) async fn note_use(&self) {
        let held = self.held();
        let newer = held.values().filter_map(|held| {
            let used = held.used.load(Ordering::Relaxed);
            let is_newer = held.noted.swap(used, Ordering::Relaxed) < used;
            Some((held.key.id.clone(), DateTime::from_timestamp(used, 0)?)).filter(|_| is_newer)
        });
        let newer: Vec<_> = newer.collect();
        if newer.is_empty() {
            return;
        }
        match in_time(self.port.keys_used(&newer)).await {
            // Nothing is noted on a standby.
            Ok(()) | Err(StoreError::Standby(_)) => {}
            Err(error) => tracing::warn!(%error, "it cannot be noted when keys were used last"),
        }
    }

    /// Who holds the key in the header. That it was used is counted.
    pub(super) async fn identify(&self, header: &[u8]) -> Result<(Identity, Counted), Problem> {
        let key = presented(header).ok_or_else(not_a_key)?;
        let held = match self.find(key.id) {
            Some(held) => held,
            None => self.find_again(key.id).await?.ok_or_else(|| refused(key.id, Refused::Unknown))?,
        };
        if !held.key.is(&key) {
            return Err(refused(key.id, Refused::Unknown));
        }
        let now = Utc::now();
        if let Some(why) = held.refused_at(now) {
            return Err(refused(key.id, why));
        }
        let counted = held.rate.count();
        if counted.wait.is_none() {
            held.used.store(now.timestamp(), Ordering::Relaxed);
        }
        Ok((held.identity.clone(), counted))
    }

    /// Whether the key would still be taken.
    pub(super) fn still_admits(&self, id: &str) -> bool {
        self.find(id).is_some_and(|held| held.refused_at(Utc::now()).is_none())
    }

    fn find(&self, id: &str) -> Option<Arc<Held>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// A key may have been made a moment ago: the keys are read again. However many ask for unknown ones, they are read
    /// ten times a second at most; the others wait for the same reading. While the keys cannot be read, nobody knows
    /// whether there is such a key.
    async fn find_again(&self, id: &str) -> Result<Option<Arc<Held>>, StoreError> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if last.began < asked {
            tokio::time::sleep(READ_AGAIN_AFTER.saturating_sub(last.began.elapsed())).await;
            self.read_now(&mut last).await.inspect_err(|error| tracing::warn!(%error, "the keys cannot be read"))?;
        }
        if last.failed {
            return Err(StoreError::Unavailable("the keys could not be read a moment ago".to_owned()));
        }
        Ok(self.find(id))
    }

    async fn read_again(&self) -> Result<(), StoreError> {
        let mut last = self.last.lock().await;
        self.read_now(&mut last).await
    }

    async fn read_now(&self, last: &mut Reading) -> Result<(), StoreError> {
        *last = Reading::now();
        let read = in_time(self.port.keys()).await;
        last.failed = read.is_err();
        let old = self.held();
        let held = read?.into_iter().map(|key| (key.id.clone(), self.hold(key, &old))).collect();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
        Ok(())
    }

    /// A key that is as it was stays with its count of requests.
    fn hold(&self, key: ApiKey, old: &HashMap<String, Arc<Held>>) -> Arc<Held> {
        let same = old.get(&key.id).filter(|held| held.is_the_same_as(&key));
        same.cloned().unwrap_or_else(|| Arc::new(Held::new(key, &self.policy)))
    }

    fn held(&self) -> Arc<HashMap<String, Arc<Held>>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Reading {
    fn now() -> Self {
        Self { began: Instant::now(), failed: false }
    }
}

impl Held {
    fn new(key: ApiKey, policy: &Policy) -> Self {
        let identity = Identity {
            name: key.name.as_str().into(),
            role: key.role,
            partner: key.partner.as_deref().map(Into::into),
            key_id: key.id.as_str().into(),
        };
        let noted = key.last_used_at.map_or(0, |at| at.timestamp());
        let rate = Rate::new(policy);
        Self { key, identity, rate, used: AtomicI64::new(noted), noted: AtomicI64::new(noted) }
    }

    /// But for its last use, which this service itself notes.
    fn is_the_same_as(&self, key: &ApiKey) -> bool {
        ApiKey { last_used_at: None, ..self.key.clone() } == ApiKey { last_used_at: None, ..key.clone() }
    }

    fn refused_at(&self, now: DateTime<Utc>) -> Option<Refused> {
        match self.key.revoked_at {
            _ if self.key.is_in_force(now) => None,
            Some(_) => Some(Refused::Revoked),
            None => Some(Refused::Expired),
        }
    }
}

/// The key in an `Authorization` header.
fn presented(header: &[u8]) -> Option<PresentedKey<'_>> {
    let (scheme, key) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    PresentedKey::parse(key.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"))
}

/// Why a key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// There is none with this id, or its secret is another: it is not said which.
    Unknown,
    Revoked,
    Expired,
}

fn not_a_key() -> Problem {
    tracing::info!("a key was refused: it has not the form of one");
    let en = "this is no API key; one is sent as Authorization: Bearer ll_…";
    let ru = "это не ключ API; ключ передаётся как Authorization: Bearer ll_…";
    Problem::new(&problem::NO_KEY, en, ru)
}

fn refused(id: &str, why: Refused) -> Problem {
    tracing::info!(key = id, ?why, "a key was refused");
    let (en, ru) = match why {
        Refused::Unknown => (
            "this API key is not known here; check it for a typing error",
            "такой ключ API здесь неизвестен; проверьте, нет ли опечатки",
        ),
        Refused::Revoked => ("this API key was revoked; ask for a new one", "этот ключ API отозван; запросите новый"),
        Refused::Expired => {
            ("this API key has expired; ask for a new one", "срок действия этого ключа API истёк; запросите новый")
        }
    };
    Problem::new(&problem::NO_KEY, en, ru)
}

/// A key is used too often: 429.
pub(crate) fn too_often(wait: Duration) -> Problem {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    let en = format!("ask again in {seconds} s; the key's requests are counted over a second");
    let ru = format!("повторите через {seconds} с; запросы ключа считаются за секунду");
    Problem::new(&problem::TOO_MANY, en, ru).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use ledger_app::keys::{Keys, MadeKey, NewKey, make};
    use ledger_app::memory::MemoryStore;
    use ledger_domain::command::Role;

    use super::*;

    async fn made(store: &MemoryStore, expires_at: Option<DateTime<Utc>>) -> MadeKey {
        let new = NewKey { name: "orders".to_owned(), role: Role::Distributor, partner: None, expires_at };
        make(store, new, Utc::now()).await.unwrap()
    }

    async fn ring(store: &Arc<MemoryStore>, settings: &Settings) -> KeyRing {
        KeyRing::read(Arc::clone(store) as Arc<dyn Store>, settings).await.unwrap()
    }

    async fn is_let_in(ring: &KeyRing, key: &str) -> bool {
        let identified = ring.identify(format!("Bearer {key}").as_bytes()).await;
        identified.is_ok_and(|(_, counted)| counted.wait.is_none())
    }

    #[tokio::test]
    async fn a_key_that_is_in_force_lets_in_as_what_it_is() {
        let store = Arc::new(MemoryStore::new());
        assert!(!ring(&store, &Settings::default()).await.has_a_usable_key());
        let key = made(&store, None).await;
        let ring = ring(&store, &Settings::default()).await;
        assert!(ring.has_a_usable_key());
        let (identity, _) = ring.identify(format!("bearer {}", key.shown).as_bytes()).await.unwrap();
        assert_eq!((&*identity.name, identity.role, &*identity.key_id), ("orders", Role::Distributor, &*key.stored.id));
    }

    #[tokio::test]
    async fn nothing_else_does() {
        let store = Arc::new(MemoryStore::new());
        let (key, other) = (made(&store, None).await, made(&store, None).await);
        let ring = ring(&store, &Settings::default()).await;
        let swapped = format!("{}{}", &key.shown[..16], &other.shown[16..]);
        for wrong in ["", "ll_", &swapped, &key.shown[1..], &format!("{}x", key.shown)] {
            assert!(!is_let_in(&ring, wrong).await, "{wrong}");
        }
        for header in [key.shown.as_bytes(), b"Bearer", b"\xff", format!("Basic {}", key.shown).as_bytes()] {
            assert!(ring.identify(header).await.is_err());
        }
    }

    #[tokio::test]
    async fn a_key_made_later_is_found_at_once_and_a_revoked_one_lost_at_the_next_reading() {
        let store = Arc::new(MemoryStore::new());
        let ring = ring(&store, &Settings::default()).await;
        let key = made(&store, None).await;
        assert!(is_let_in(&ring, &key.shown).await);
        store.revoke_key(&key.stored.id, Utc::now()).await.unwrap();
        ring.read_again().await.unwrap();
        assert!(!is_let_in(&ring, &key.shown).await);
        assert!(!ring.has_a_usable_key());
    }

    #[tokio::test]
    async fn a_key_expires_without_being_read_again() {
        let store = Arc::new(MemoryStore::new());
        let key = made(&store, Some(Utc::now() + TimeDelta::milliseconds(300))).await;
        let ring = ring(&store, &Settings::default()).await;
        assert!(is_let_in(&ring, &key.shown).await);
        tokio::time::sleep(Duration::from_millis(350)).await;
        assert!(!is_let_in(&ring, &key.shown).await);
    }

    #[tokio::test]
    async fn requests_are_counted_for_each_key_and_on_through_readings() {
        let store = Arc::new(MemoryStore::new());
        let (key, other) = (made(&store, None).await, made(&store, None).await);
        let ring = ring(&store, &Settings { rate_per_second: 1, rate_burst: 2, ..Settings::default() }).await;
        assert!(is_let_in(&ring, &key.shown).await && is_let_in(&ring, &key.shown).await);
        ring.read_again().await.unwrap();
        assert!(!is_let_in(&ring, &key.shown).await);
        assert!(is_let_in(&ring, &other.shown).await);
    }

    #[tokio::test]
    async fn it_is_noted_when_a_key_was_used() {
        let store = Arc::new(MemoryStore::new());
        let key = made(&store, None).await;
        let ring = ring(&store, &Settings::default()).await;
        ring.note_use().await;
        assert_eq!(store.keys().await.unwrap()[0].last_used_at, None);
        let before = Utc::now().timestamp();
        assert!(is_let_in(&ring, &key.shown).await);
        ring.note_use().await;
        assert!(store.keys().await.unwrap()[0].last_used_at.unwrap().timestamp() >= before);
    }
}
