//! Ed25519 keys as C2SP's signed-note names them: `name+hex(id)+base64(type || key)`.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};

/// The type byte of Ed25519 signatures over the note's text.
const ED25519: u8 = 1;
const KEY_BYTES: usize = 32;
/// What a secret key begins with, in the form that Go's `sumdb/note` made.
const SECRET: &str = "PRIVATE+KEY+";

/// The first four bytes of the hash over name, type and key: with the name it says which key signed.
pub type KeyId = [u8; 4];

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has not the three parts.
    #[error("a key is written name+id+key, the id as 8 lower-case hexadecimal digits, the key in Base64")]
    Form,
    /// The name cannot stand in a signature line.
    #[error("a key's name has at least one sign, and neither spaces, nor plus signs, nor control characters")]
    Name,
    /// Another kind of signature.
    #[error("the key's type is {0}, and only Ed25519 (1) is understood")]
    Type(u8),
    /// The key itself.
    #[error("an Ed25519 key has 32 bytes that are a point of the curve")]
    Key,
    /// It was mistyped, or put together from two.
    #[error("the key's id is not that of its name and key: it was changed")]
    Id,
    /// A secret key is asked for.
    #[error("a secret key begins with PRIVATE+KEY+")]
    Secret,
}

/// What signatures are checked with: public, and to be kept by whoever checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: KeyId,
    key: ed25519_dalek::VerifyingKey,
}

impl Verifier {
    /// The key's name: the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Whether the signature is this key's over the text.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id), encoded(self.key.as_bytes()))
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, bytes) = parts(text)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Key)?;
        if key.is_weak() {
            return Err(KeyError::Key);
        }
        check_id(name, id, &key)?;
        Ok(Self { name: name.to_owned(), id, key })
    }
}

/// What checkpoints are signed with. It is never printed but by [`SecretKey::to_file`].
pub struct SecretKey {
    key: ed25519_dalek::SigningKey,
    verifier: Verifier,
}

impl SecretKey {
    /// The key of 32 random bytes.
    ///
    /// # Errors
    /// [`KeyError::Name`] for a name that cannot stand in a signature line.
    pub fn new(name: &str, seed: &[u8; KEY_BYTES]) -> Result<Self, KeyError> {
        check_name(name)?;
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let verifier = Verifier { name: name.to_owned(), id: key_id(name, &public), key: public };
        Ok(Self { key, verifier })
    }

    /// The public part.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The signature over the text.
    #[must_use]
    pub fn sign(&self, text: &str) -> [u8; 64] {
        self.key.sign(text.as_bytes()).to_bytes()
    }

    /// The line that stands in a key file: whoever has it can sign.
    #[must_use]
    pub fn to_file(&self) -> String {
        let Verifier { name, id, .. } = &self.verifier;
        format!("{SECRET}{name}+{:08x}+{}\n", u32::from_be_bytes(*id), encoded(self.key.as_bytes()))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.verifier)
    }
}

/// Reads what [`SecretKey::to_file`] wrote.
impl FromStr for SecretKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let (name, id, seed) = parts(line.strip_prefix(SECRET).ok_or(KeyError::Secret)?)?;
        let key = Self::new(name, &seed)?;
        if key.verifier.id == id { Ok(key) } else { Err(KeyError::Id) }
    }
}

/// Whether a name can stand in a signature line.
pub(crate) fn check_name(name: &str) -> Result<(), KeyError> {
    let is_allowed = |sign: char| !sign.is_whitespace() && !sign.is_control() && sign != '+';
    if !name.is_empty() && name.chars().all(is_allowed) { Ok(()) } else { Err(KeyError::Name) }
}

/// The name, the id, and the 32 bytes.
fn parts(text: &str) -> Result<(&str, KeyId, [u8; KEY_BYTES]), KeyError> {
    // Base64 has plus signs too.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Form);
    };
    check_name(name)?;
    let is_hex = id.len() == 8 && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let id = u32::from_str_radix(id, 16).ok().filter(|_| is_hex).ok_or(KeyError::Form)?;
    let bytes = STANDARD.decode(key).map_err(|_| KeyError::Form)?;
    let (kind, key) = bytes.split_first().ok_or(KeyError::Form)?;
    if *kind != ED25519 {
        return Err(KeyError::Type(*kind));
    }
    Ok((name, id.to_be_bytes(), key.try_into().map_err(|_| KeyError::Key)?))
}

fn check_id(name: &str, id: KeyId, key: &ed25519_dalek::VerifyingKey) -> Result<(), KeyError> {
    if key_id(name, key) == id { Ok(()) } else { Err(KeyError::Id) }
}

fn key_id(name: &str, key: &ed25519_dalek::VerifyingKey) -> KeyId {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key.as_bytes()).finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

fn encoded(key: &[u8; KEY_BYTES]) -> String {
    STANDARD.encode([&[ED25519], key.as_slice()].concat())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The example in the documentation of Go's `sumdb/note`.
    pub(crate) const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    pub(crate) const GO_SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

    pub(crate) fn key(name: &str, seed: u8) -> SecretKey {
        SecretKey::new(name, &[seed; KEY_BYTES]).unwrap()
    }

    #[test]
    fn the_keys_of_another_implementation_are_read() {
        let secret: SecretKey = GO_SECRET.parse().unwrap();
        assert_eq!(secret.verifier().to_string(), GO_VERIFIER);
        assert_eq!(secret.verifier(), &GO_VERIFIER.parse().unwrap());
        assert_eq!(secret.to_file(), format!("{GO_SECRET}\n"));
        assert!(!format!("{secret:?}").contains("AYEKFALV"), "a secret is never printed");
    }

    #[test]
    fn what_is_no_key_is_refused_and_why() {
        let refused = |text: &str| text.parse::<Verifier>().unwrap_err();
        assert_eq!(
            (refused(""), refused("name"), refused("name+c74f20a3")),
            (KeyError::Form, KeyError::Form, KeyError::Form)
        );
        assert_eq!(refused(&GO_VERIFIER.replace("PeterNeumann", "Peter Neumann")), KeyError::Name);
        assert_eq!(refused(&GO_VERIFIER.replace("PeterNeumann", "")), KeyError::Name);
        assert_eq!(refused(&GO_VERIFIER.replace("PeterNeumann", "PeterNeuman")), KeyError::Id);
        assert_eq!(refused(&GO_VERIFIER.replace("c74f20a3", "c74f20a4")), KeyError::Id);
        assert_eq!(refused(&GO_VERIFIER.replace("c74f20a3", "C74F20A3")), KeyError::Form);
        assert_eq!(refused(&GO_VERIFIER.replace("c74f20a3", "+74f20a3")), KeyError::Form);
        assert_eq!(refused(&GO_VERIFIER.replace("+AR", "+BB")), KeyError::Type(4));
        assert_eq!(refused(&GO_VERIFIER.replace("10TW", "")), KeyError::Key);
        assert_eq!(refused(&format!("{GO_VERIFIER}=")), KeyError::Form);
        // The neutral point verifies much that nobody signed.
        let weak = [&[ED25519, 1][..], &[0; 31]].concat();
        assert_eq!(refused(&format!("a+00000000+{}", STANDARD.encode(weak))), KeyError::Key);
        assert_eq!(GO_VERIFIER.parse::<SecretKey>().unwrap_err(), KeyError::Secret);
        assert_eq!(GO_SECRET.replace("AYEK", "AYEL").parse::<SecretKey>().unwrap_err(), KeyError::Id);
        assert_eq!(SecretKey::new("two words", &[0; 32]).unwrap_err(), KeyError::Name);
    }
}
