//! A proof as a file (c2sp.org/tlog-proof): where a leaf stands, the hashes up to the root, and the signed checkpoint.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, decimal};
use crate::hash::Hash;
use crate::keys::Verifier;
use crate::note::{NoteError, SignedNote};
use crate::proof::{ProofError, verify_inclusion};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A tree has fewer leaves than 2^64.
const HASHES_AT_MOST: usize = 64;

/// A proof that a leaf is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// What goes with it; nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The leaf's index: the event's position.
    pub index: u64,
    /// The inclusion proof, the leaf's sibling first.
    pub hashes: Vec<Hash>,
    /// The checkpoint that it leads to.
    pub checkpoint: SignedNote,
}

/// Why a proof is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// It is not written as one.
    #[error("no proof: line {line}: {what}")]
    Malformed {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What follows the hashes is no note.
    #[error("no proof: after its hashes: {0}")]
    Note(#[from] NoteError),
    /// Its checkpoint is not believed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The leaf is not in the tree.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TlogProof {
    /// Reads a proof.
    ///
    /// # Errors
    /// [`TlogProofError::Malformed`] and [`TlogProofError::Note`] for anything that is not exactly one.
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        let (head, note) = text.split_once("\n\n").ok_or(malformed(1, "no empty line parts hashes and checkpoint"))?;
        let mut lines = head.split('\n').zip(1..).peekable();
        if lines.next().is_none_or(|(line, _)| line != FIRST_LINE) {
            return Err(malformed(1, "it begins with c2sp.org/tlog-proof@v1"));
        }
        let extra = lines.next_if(|(line, _)| line.starts_with("extra"));
        let extra = extra.map(|(line, number)| extra_of(line).ok_or(malformed(number, "extra data is in Base64")));
        let (index, number) = lines.next().unwrap_or(("", 2));
        let index = index.strip_prefix("index ").and_then(decimal);
        let index = index.ok_or(malformed(number, "the index is written as `index` and digits"))?;
        let hash = |(line, number): (&str, usize)| line.parse().map_err(|_| malformed(number, "no hash in Base64"));
        let hashes: Vec<_> = lines.take(HASHES_AT_MOST + 1).map(hash).collect::<Result<_, _>>()?;
        if hashes.len() > HASHES_AT_MOST {
            return Err(malformed(1, "it has more hashes than any tree is high"));
        }
        Ok(Self { extra: extra.transpose()?, index, hashes, checkpoint: SignedNote::parse(note)? })
    }

    /// Checks that the leaf is in the log with this origin, as one of the keys has signed. Returns the checkpoint.
    ///
    /// # Errors
    /// [`TlogProofError`] unless all of it holds.
    pub fn verify(&self, leaf: Hash, origin: &str, keys: &[Verifier]) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = Checkpoint::of_note(&self.checkpoint, origin, keys)?;
        verify_inclusion(leaf, self.index, checkpoint.size, checkpoint.root, &self.hashes)?;
        Ok(checkpoint)
    }
}

fn extra_of(line: &str) -> Option<Vec<u8>> {
    STANDARD.decode(line.strip_prefix("extra ")?).ok()
}

const fn malformed(line: usize, what: &'static str) -> TlogProofError {
    TlogProofError::Malformed { line, what }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hash::node_hash;
    use crate::keys::tests::key;
    use crate::tree::tests::{leaves, root_by_definition};

    const ORIGIN: &str = "log.example/1";

    /// The third of three leaves.
    fn proof(extra: Option<Vec<u8>>) -> (Hash, TlogProof) {
        let leaves = leaves(3);
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 3, root: root_by_definition(&leaves) };
        let checkpoint = checkpoint.sign(&[&key(ORIGIN, 1)]).unwrap();
        (leaves[2], TlogProof { extra, index: 2, hashes: vec![node_hash(leaves[0], leaves[1])], checkpoint })
    }

    fn verified(text: &str, leaf: Hash) -> Result<Checkpoint, TlogProofError> {
        TlogProof::parse(text)?.verify(leaf, ORIGIN, &[key(ORIGIN, 1).verifier().clone()])
    }

    #[test]
    fn a_proof_is_written_read_and_verified() {
        for extra in [None, Some(b"known at".to_vec()), Some(Vec::new())] {
            let (leaf, proof) = proof(extra);
            let text = proof.to_string();
            assert_eq!(TlogProof::parse(&text).unwrap(), proof, "{text}");
            assert_eq!(verified(&text, leaf).unwrap().size, 3);
            assert_eq!(verified(&text, leaves(1)[0]), Err(ProofError::NotIncluded.into()));
        }
        let (_, proof) = proof(None);
        assert!(proof.to_string().starts_with("c2sp.org/tlog-proof@v1\nindex 2\n"));
    }

    #[test]
    fn what_is_no_proof_is_refused_and_where() {
        let (leaf, proof) = proof(Some(vec![1, 2, 3]));
        let good = proof.to_string();
        verified(&good, leaf).unwrap();
        for (bad, what) in [
            (String::new(), "line 1"),
            (good.replace("@v1", "@v2"), "line 1"),
            (good.replace("extra AQID", "extra AQI"), "line 2: extra"),
            (good.replace("extra AQID", "extraAQID"), "line 2: extra"),
            (good.replace("index 2", "index 02"), "line 3: the index"),
            (good.replace("index 2", "index"), "line 3: the index"),
            (good.replace("index 2", "index 2\nAAAA"), "line 4: no hash"),
            (good.replace("index 2", "index 2\n"), "three lines"),
            (
                good.replace("index 2", &format!("index 2{}", "\n".to_owned() + &proof.hashes[0].to_string())),
                "hashes, and 1",
            ),
            (good.replace("index 2", "index 3"), "index 3"),
            (good.replace('\n', "\r\n"), "line 1"),
            (format!("{good}\n"), "last line"),
        ] {
            let error = verified(&bad, leaf).unwrap_err().to_string();
            assert!(error.contains(what), "{bad}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_changed_byte_refuses_the_proof(place in 0usize..1_000, byte in 0u8..128) {
            let (leaf, proof) = proof(None);
            let good = proof.to_string();
            let mut bytes = good.into_bytes();
            let place = place % bytes.len();
            prop_assume!(bytes[place] != byte);
            bytes[place] = byte;
            let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
            prop_assert!(verified(&changed, leaf).is_err(), "{}", changed);
        }
    }
}
