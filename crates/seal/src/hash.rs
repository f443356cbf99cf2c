//! Hashes of the tree (RFC 6962, section 2.1): SHA-256, with a first byte that keeps leaves and nodes apart.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// How many bytes a hash has.
pub const HASH_BYTES: usize = 32;

const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

/// A hash of a leaf, of a node, or of a whole tree. As text: standard Base64 with padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; HASH_BYTES]);

/// The hash of a leaf with this content.
#[must_use]
pub fn leaf_hash(content: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update(LEAF).chain_update(content).finalize().into())
}

/// The hash of the node over two subtrees.
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new().chain_update(NODE).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root of the tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// A text that is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is written as 44 signs of standard Base64, with its padding")]
pub struct NoHash;

impl FromStr for Hash {
    type Err = NoHash;

    fn from_str(text: &str) -> Result<Self, NoHash> {
        let bytes = STANDARD.decode(text).map_err(|_| NoHash)?;
        bytes.try_into().map(Self).map_err(|_| NoHash)
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = NoHash;

    fn try_from(bytes: &[u8]) -> Result<Self, NoHash> {
        bytes.try_into().map(Self).map_err(|_| NoHash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(hash: Hash) -> String {
        hex::encode(hash.0)
    }

    /// RFC 6962's reference implementation: the empty tree, an empty leaf, a node.
    #[test]
    fn leaves_and_nodes_are_hashed_apart() {
        assert_eq!(hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(hex(leaf_hash(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let node = node_hash(leaf_hash(b""), leaf_hash(&[0]));
        assert_eq!(hex(node), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }

    #[test]
    fn a_hash_is_read_back_and_nothing_else_is() {
        let hash = leaf_hash(b"one");
        let text = hash.to_string();
        assert_eq!(text.parse(), Ok(hash));
        let without_padding = text.trim_end_matches('=').to_owned();
        for wrong in ["", "AAAA", &without_padding, &format!(" {text}"), &text.replace('=', "A"), &format!("{text}=")] {
            assert_eq!(wrong.parse::<Hash>(), Err(NoHash), "{wrong}");
        }
        assert_eq!(Hash::try_from(&[0u8; 31][..]), Err(NoHash));
    }
}
