//! API keys: who may come in over HTTP, as what; how keys are made and known again, and the port to store them.
//!
//! A key is shown once: `ll_<id>_<secret>`. Its id is public, the secret is 32 random bytes. Of those, only the SHA-256
//! is stored: what is that random needs no slow hash.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SubsecRound, Utc};
use ledger_domain::command::Role;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::store::StoreError;

/// What every key begins with, so that one that has got into a file can be found.
const PREFIX: &str = "ll_";
/// How long an id is.
const ID_CHARS: usize = 12;
/// What ids are made of: 32 signs, none of them easily taken for another.
const ID_SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// How long a secret is: 32 bytes in Base64 for URLs, without padding.
const SECRET_CHARS: usize = 43;

/// An API key as stored. The secret itself is shown once and never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public part, which stands in the key before the secret: lower-case letters and digits.
    pub id: String,
    /// A name, for people: events carry it as the actor's.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The partner whose licenses alone it may see and touch; `None`: every license.
    pub partner: Option<String>,
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// When it was made, to the microsecond, as the other instants are.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused; `None`: never by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was used last, to within a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// Whether it still lets anybody in at the instant: it is neither revoked nor expired.
    #[must_use]
    pub fn is_in_force(&self, at: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires| at < expires)
    }

    /// Whether it is the key that was presented. How long that takes tells nothing of the secret.
    #[must_use]
    pub fn is(&self, presented: &PresentedKey<'_>) -> bool {
        self.id == presented.id && bool::from(self.digest.ct_eq(&digest(presented.secret)))
    }
}

/// A key as somebody presents it. It is never printed: it holds the secret.
pub struct PresentedKey<'k> {
    /// Its id.
    pub id: &'k str,
    secret: &'k str,
}

impl<'k> PresentedKey<'k> {
    /// Takes it apart; `None` when it cannot be a key.
    #[must_use]
    pub fn parse(key: &'k str) -> Option<Self> {
        let (id, secret) = key.strip_prefix(PREFIX)?.split_once('_')?;
        let is_id = id.len() == ID_CHARS && id.bytes().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit());
        let is_of_secrets = |sign: u8| sign.is_ascii_alphanumeric() || sign == b'-' || sign == b'_';
        let is_secret = secret.len() == SECRET_CHARS && secret.bytes().all(is_of_secrets);
        (is_id && is_secret).then_some(Self { id, secret })
    }
}

/// What a key is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Its name, as [`ledger_domain::command::parse_text`] takes it.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The partner whose licenses alone it may see and touch, as `parse_text` takes it.
    pub partner: Option<String>,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key that was made. It is never printed as a whole: it holds the secret.
pub struct MadeKey {
    /// As it is stored.
    pub stored: ApiKey,
    /// As it is shown, this once.
    pub shown: String,
}

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The role sees the whole ledger.
    #[error("a key of the role {0} is for every license; leave the partner out, or make it a distributor or reporter")]
    NotForPartners(Role),
    /// It would never let anybody in.
    #[error("the key would expire at {0}, which is over; give a later day")]
    ExpiredAlready(DateTime<Utc>),
    /// The name is somebody else's.
    #[error(
        "the name \"{name}\" is that of key {id}, which has another role or partner, and events tell by name who posted \
         them; take another name"
    )]
    NameOfAnother {
        /// The name.
        name: String,
        /// The key that has it.
        id: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}; try again later")]
    NotRandom(getrandom::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a key and stores it.
///
/// Several keys may have one name, so that a new one can take over before the old one is revoked; they then have the
/// same role and partner too, for they are one poster.
///
/// # Errors
/// [`KeyError`], and nothing is stored.
pub async fn make(keys: &(impl Keys + ?Sized), new: NewKey, now: DateTime<Utc>) -> Result<MadeKey, KeyError> {
    if new.partner.is_some() && !matches!(new.role, Role::Distributor | Role::Reporter) {
        return Err(KeyError::NotForPartners(new.role));
    }
    if let Some(over) = new.expires_at.filter(|expires| *expires <= now) {
        return Err(KeyError::ExpiredAlready(over));
    }
    let is_another = |key: &ApiKey| key.name == new.name && (key.role, &key.partner) != (new.role, &new.partner);
    if let Some(ApiKey { name, id, .. }) = keys.keys().await?.into_iter().find(is_another) {
        return Err(KeyError::NameOfAnother { name, id });
    }
    let made = drawn(new, now).map_err(KeyError::NotRandom)?;
    keys.add_key(&made.stored).await?;
    Ok(made)
}

fn drawn(new: NewKey, now: DateTime<Utc>) -> Result<MadeKey, getrandom::Error> {
    let id = id_of(random()?);
    let secret = URL_SAFE_NO_PAD.encode(random::<32>()?);
    let NewKey { name, role, partner, expires_at } = new;
    let stored = ApiKey {
        id: id.clone(),
        name,
        role,
        partner,
        digest: digest(&secret),
        created_at: now.trunc_subsecs(6),
        expires_at: expires_at.map(|at| at.trunc_subsecs(6)),
        revoked_at: None,
        last_used_at: None,
    };
    Ok(MadeKey { stored, shown: format!("{PREFIX}{id}_{secret}") })
}

fn random<const COUNT: usize>() -> Result<[u8; COUNT], getrandom::Error> {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn id_of(random: [u8; ID_CHARS]) -> String {
    // 32 signs: each is as likely as any other.
    random.iter().map(|byte| char::from(ID_SIGNS[usize::from(byte % 32)])).collect()
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Storing API keys.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Every key ever made, oldest first.
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when its id is taken.
    async fn add_key(&self, key: &ApiKey) -> Result<(), StoreError>;

    /// Revokes the key at the instant. False: there is none with this id; one that is revoked stays as it is.
    async fn revoke_key(&self, id: &str, at: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Notes when keys were used last; an earlier instant than the one noted changes nothing, nor does an unknown id.
    async fn keys_used(&self, used: &[(String, DateTime<Utc>)]) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::memory::MemoryStore;

    fn new(name: &str, role: Role, partner: Option<&str>) -> NewKey {
        NewKey { name: name.to_owned(), role, partner: partner.map(str::to_owned), expires_at: None }
    }

    fn now() -> DateTime<Utc> {
        "2012-08-20T09:30:00.123456789Z".parse().unwrap()
    }

    async fn made() -> MadeKey {
        make(&MemoryStore::new(), new("orders", Role::Distributor, None), now()).await.ok().unwrap()
    }

    #[tokio::test]
    async fn a_key_that_was_made_is_known_again() {
        let made = made().await;
        let presented = PresentedKey::parse(&made.shown).unwrap();
        assert_eq!((made.shown.len(), presented.id), (59, made.stored.id.as_str()));
        assert!(made.stored.is(&presented));
        assert_eq!(made.stored.created_at, "2012-08-20T09:30:00.123456Z".parse::<DateTime<Utc>>().unwrap());
    }

    #[tokio::test]
    async fn any_other_secret_or_id_is_not() {
        let (made, other) = (made().await, made().await);
        assert_ne!((&made.shown, &made.stored.id), (&other.shown, &other.stored.id));
        assert!(!made.stored.is(&PresentedKey::parse(&other.shown).unwrap()));
        for place in [3, 14, 16, 58] {
            let mut changed = made.shown.clone().into_bytes();
            changed[place] = if changed[place] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(!made.stored.is(&PresentedKey::parse(&changed).unwrap()), "{place}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_a_key_is_none() {
        let key = made().await.shown;
        let longer = format!("{key}a");
        let spaced = format!("{key} ");
        let upper = key.replacen("ll_", "LL_", 1);
        let of_two_words = "ä".repeat(6);
        let foreign = format!("ll_{of_two_words}_{}", "a".repeat(43));
        let padded = format!("{}=", &key[..58]);
        for text in ["", "ll_", "ll__", &key[3..], &key[..58], &longer, &spaced, &upper, &foreign, &padded] {
            assert!(PresentedKey::parse(text).is_none(), "{text}");
        }
    }

    #[tokio::test]
    async fn the_secret_is_not_in_what_is_stored() {
        let made = made().await;
        let secret = &made.shown[16..];
        assert!(!format!("{:?}", made.stored).contains(secret));
        assert_eq!(made.stored.digest, <[u8; 32]>::from(Sha256::digest(secret)));
    }

    #[tokio::test]
    async fn a_key_is_in_force_until_it_expires_or_is_revoked() {
        let mut key = made().await.stored;
        assert!(key.is_in_force(now() + TimeDelta::days(36_500)));
        key.expires_at = Some(now());
        assert!(key.is_in_force(now() - TimeDelta::microseconds(1)));
        assert!(!key.is_in_force(now()));
        key.expires_at = None;
        key.revoked_at = Some(now());
        assert!(!key.is_in_force(now()));
    }

    #[tokio::test]
    async fn only_distributors_and_reporters_are_kept_to_a_partner() {
        let store = MemoryStore::new();
        for (role, may) in Role::ALL.iter().zip([true, false, false, true, false]) {
            let made = make(&store, new(role.name(), *role, Some("Softline")), now()).await;
            assert_eq!(made.is_ok(), may, "{role}");
            assert!(may || matches!(made, Err(KeyError::NotForPartners(refused)) if refused == *role));
        }
        assert_eq!(store.keys().await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_name_stays_one_posters() {
        let store = MemoryStore::new();
        let first = make(&store, new("orders", Role::Distributor, None), now()).await.ok().unwrap();
        store.revoke_key(&first.stored.id, now()).await.unwrap();
        let later = now() + TimeDelta::days(365);
        make(&store, new("orders", Role::Distributor, None), later).await.ok().unwrap();
        for other in [new("orders", Role::Vendor, None), new("orders", Role::Distributor, Some("Softline"))] {
            let refused = make(&store, other, later).await.err();
            assert!(matches!(refused, Some(KeyError::NameOfAnother { id, .. }) if id == first.stored.id));
        }
        assert_eq!(store.keys().await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_key_that_has_expired_already_is_not_made() {
        let store = MemoryStore::new();
        for (expires_at, is_made) in [(now(), false), (now() + TimeDelta::microseconds(1), true)] {
            let new = NewKey { expires_at: Some(expires_at), ..new("orders", Role::Admin, None) };
            assert_eq!(make(&store, new, now()).await.is_ok(), is_made);
        }
    }
}
