//! Proofs that a leaf is in a tree, and that a tree is the beginning of a later one: how they are checked.
//!
//! They are made of the ranges that [`crate::ranges`] names, hashed by [`crate::tiles::Tiles::hashes`].

use crate::hash::{Hash, empty_root, node_hash};
use crate::ranges;

/// Why a proof does not prove what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf.
    #[error("the tree has {size} leaves, and so none with the index {index}")]
    Outside {
        /// The leaf's index.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// A log only grows.
    #[error("the log had {old} leaves before and has {new} now: it was cut")]
    Cut {
        /// The size before.
        old: u64,
        /// The size after.
        new: u64,
    },
    /// It is another proof, or was cut.
    #[error("the proof has {found} hashes, and {expected} are needed")]
    Length {
        /// How many hashes prove it.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Leaf or proof are of another tree.
    #[error("leaf and proof do not lead to the root: the leaf, or the tree, is another one")]
    NotIncluded,
    /// The trees have not grown from each other.
    #[error("the later tree does not begin with the earlier one: what was logged before has been changed")]
    NotConsistent,
}

/// Checks that the leaf stands at the index of the tree with this size and root.
///
/// # Errors
/// [`ProofError`] unless the proof shows it.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, root: Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Outside { index, size });
    }
    check_length(ranges::inclusion(index, size).len(), proof)?;
    let (mut place, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        // The last node of a level without a sibling goes up as it is.
        while place == last && place % 2 == 0 && last > 0 {
            (place, last) = (place / 2, last / 2);
        }
        hash = if place % 2 == 1 { node_hash(*sibling, hash) } else { node_hash(hash, *sibling) };
        (place, last) = (place / 2, last / 2);
    }
    if hash == root { Ok(()) } else { Err(ProofError::NotIncluded) }
}

/// A tree: how many leaves it has, and its root.
pub type Head = (u64, Hash);

/// Checks that the later tree begins with the earlier one.
///
/// # Errors
/// [`ProofError`] unless the proof shows it.
pub fn verify_consistency((old, old_root): Head, (new, new_root): Head, proof: &[Hash]) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Cut { old, new });
    }
    check_length(ranges::consistency(old, new).len(), proof)?;
    let holds = match (old, proof) {
        (0, _) => old_root == empty_root() && (new > 0 || new_root == old_root),
        (_, []) => old_root == new_root,
        _ => roots(old, old_root, new, proof) == (old_root, new_root),
    };
    if holds { Ok(()) } else { Err(ProofError::NotConsistent) }
}

/// The roots of both trees as the proof gives them (RFC 9162, section 2.1.4.2). The proof has the right length.
fn roots(old: u64, old_root: Hash, new: u64, proof: &[Hash]) -> (Hash, Hash) {
    let (mut place, mut last) = (old - 1, new - 1);
    while place % 2 == 1 {
        (place, last) = (place / 2, last / 2);
    }
    // An old tree that is a complete subtree of the new one is not part of the proof.
    let (first, rest) = if old.is_power_of_two() { (old_root, proof) } else { (proof[0], &proof[1..]) };
    let (mut before, mut after) = (first, first);
    for hash in rest {
        if place % 2 == 1 || place == last {
            before = node_hash(*hash, before);
            after = node_hash(*hash, after);
            while place % 2 == 0 && place != 0 {
                (place, last) = (place / 2, last / 2);
            }
        } else {
            after = node_hash(after, *hash);
        }
        (place, last) = (place / 2, last / 2);
    }
    (before, after)
}

fn check_length(expected: usize, proof: &[Hash]) -> Result<(), ProofError> {
    match proof.len() {
        found if found == expected => Ok(()),
        found => Err(ProofError::Length { expected, found }),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
    use proptest::prelude::*;
    use sha2::Sha256;

    use super::*;
    use crate::hash::leaf_hash;
    use crate::tree::tests::{leaves, root_by_definition};

    fn proved(leaves: &[Hash], ranges: &[Range<u64>]) -> Vec<Hash> {
        let of = |range: &Range<u64>| {
            root_by_definition(
                &leaves[usize::try_from(range.start).unwrap()..][..usize::try_from(range.end - range.start).unwrap()],
            )
        };
        ranges.iter().map(of).collect()
    }

    fn root(leaves: &[Hash], size: u64) -> Hash {
        root_by_definition(&leaves[..usize::try_from(size).unwrap()])
    }

    #[test]
    fn every_leaf_of_every_size_proves() {
        let leaves = leaves(200);
        for size in 1..=200 {
            let root = root(&leaves, size);
            for (index, leaf) in (0..size).zip(&leaves) {
                let proof = proved(&leaves, &ranges::inclusion(index, size));
                assert_eq!(verify_inclusion(*leaf, index, size, root, &proof), Ok(()), "{index} of {size}");
            }
        }
    }

    #[test]
    fn every_size_is_the_beginning_of_every_later_one() {
        let leaves = leaves(130);
        for new in 0..=130 {
            let after = (new, root(&leaves, new));
            for old in 0..=new {
                let before = (old, root(&leaves, old));
                let proof = proved(&leaves, &ranges::consistency(old, new));
                assert_eq!(verify_consistency(before, after, &proof), Ok(()), "{old} of {new}");
            }
        }
    }

    #[test]
    fn a_log_that_was_cut_and_a_leaf_outside_are_named() {
        let head = |size| (size, empty_root());
        assert_eq!(verify_consistency(head(8), head(7), &[]), Err(ProofError::Cut { old: 8, new: 7 }));
        let outside = verify_inclusion(leaf_hash(b""), 7, 7, empty_root(), &[]);
        assert_eq!(outside, Err(ProofError::Outside { index: 7, size: 7 }));
        assert_eq!(verify_consistency(head(0), (0, leaf_hash(b"")), &[]), Err(ProofError::NotConsistent));
        assert_eq!(verify_consistency((0, leaf_hash(b"")), head(3), &[]), Err(ProofError::NotConsistent));
        assert_eq!(verify_consistency(head(0), (3, leaf_hash(b"")), &[]), Ok(()));
    }

    /// An implementation of somebody else makes the same roots and proofs.
    #[test]
    fn another_implementation_agrees() {
        let mut theirs: MemoryBackedTree<Sha256, Vec<u8>> = MemoryBackedTree::new();
        let mut old_roots: Vec<RootHash<Sha256>> = Vec::new();
        let ours = leaves(300);
        for size in 1..=300u64 {
            theirs.push((size - 1).to_be_bytes().to_vec());
            let root = root(&ours, size);
            assert_eq!(theirs.root().as_bytes().as_slice(), root.0, "{size}");
            for index in [0, 1, size / 3, size / 2, size - 1].into_iter().filter(|index| *index < size) {
                let place = usize::try_from(index).unwrap();
                let proof = proved(&ours, &ranges::inclusion(index, size));
                let bytes: Vec<u8> = proof.iter().flat_map(|hash| hash.0).collect();
                assert_eq!(theirs.prove_inclusion(place).as_bytes(), bytes, "{index} of {size}");
                let made = InclusionProof::<Sha256>::try_from_bytes(bytes).unwrap();
                theirs.root().verify_inclusion(&index.to_be_bytes().to_vec(), index, &made).unwrap();
            }
            for (old, old_root) in (1u64..).zip(&old_roots).filter(|(old, _)| old % 7 == size % 7) {
                let proof = proved(&ours, &ranges::consistency(old, size));
                let bytes: Vec<u8> = proof.iter().flat_map(|hash| hash.0).collect();
                let added = usize::try_from(size - old).unwrap();
                assert_eq!(theirs.prove_consistency(added).as_bytes(), bytes, "{old} of {size}");
                let made = ConsistencyProof::<Sha256>::try_from_bytes(bytes).unwrap();
                theirs.root().verify_consistency(old_root, &made).unwrap();
            }
            old_roots.push(theirs.root());
        }
    }

    fn flipped(hash: Hash, bit: usize) -> Hash {
        let mut bytes = hash.0;
        bytes[bit / 8 % 32] ^= 1 << (bit % 8);
        Hash(bytes)
    }

    proptest! {
        #[test]
        fn any_changed_bit_fails_an_inclusion(size in 2u64..400, index in 0u64..400, bit in 0usize..256, which in 0usize..20) {
            let (leaves, index) = (leaves(size), index % size);
            let (leaf, root) = (leaves[usize::try_from(index).unwrap()], root(&leaves, size));
            let proof = proved(&leaves, &ranges::inclusion(index, size));
            let mut changed = proof.clone();
            let place = which % proof.len();
            changed[place] = flipped(changed[place], bit);
            prop_assert_eq!(verify_inclusion(leaf, index, size, root, &changed), Err(ProofError::NotIncluded));
            prop_assert_eq!(verify_inclusion(flipped(leaf, bit), index, size, root, &proof), Err(ProofError::NotIncluded));
            prop_assert_eq!(verify_inclusion(leaf, index, size, flipped(root, bit), &proof), Err(ProofError::NotIncluded));
            prop_assert!(verify_inclusion(leaf, index ^ 1, size, root, &proof).is_err());
            prop_assert!(verify_inclusion(leaf, index, size, root, &proof[1..]).is_err());
            changed.push(root);
            prop_assert!(verify_inclusion(leaf, index, size, root, &changed).is_err());
        }

        #[test]
        fn any_changed_bit_fails_a_consistency(new in 2u64..400, old in 1u64..400, bit in 0usize..256, which in 0usize..20) {
            let old = 1 + old % (new - 1);
            let leaves = leaves(new);
            let (before, after) = ((old, root(&leaves, old)), (new, root(&leaves, new)));
            let proof = proved(&leaves, &ranges::consistency(old, new));
            let refused = Err(ProofError::NotConsistent);
            let mut changed = proof.clone();
            let place = which % proof.len();
            changed[place] = flipped(changed[place], bit);
            prop_assert_eq!(verify_consistency(before, after, &changed), refused);
            prop_assert_eq!(verify_consistency((old, flipped(before.1, bit)), after, &proof), refused);
            prop_assert_eq!(verify_consistency(before, (new, flipped(after.1, bit)), &proof), refused);
            prop_assert!(verify_consistency(before, after, &proof[1..]).is_err());
            changed.push(after.1);
            prop_assert!(verify_consistency(before, after, &changed).is_err());
        }
    }
}
