//! The tree as it grows: a leaf at a time, in memory that does not grow with it.

use crate::hash::{Hash, empty_root, node_hash};

/// The hashes of the complete subtrees that a tree is made of, which is all that its root and its growth need.
///
/// A tree of 13 leaves is made of subtrees of 8, 4 and 1 leaves: one for each 1 in its size written in binary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// The subtrees, largest first.
    peaks: Vec<Hash>,
}

impl Tree {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf: every subtree that is complete with it is hashed once.
    pub fn push(&mut self, leaf: Hash) {
        let completed = usize::try_from(self.size.trailing_ones()).unwrap_or_default();
        let lefts = self.peaks.split_off(self.peaks.len().saturating_sub(completed));
        self.peaks.push(lefts.into_iter().rev().fold(leaf, |right, left| node_hash(left, right)));
        self.size += 1;
    }

    /// The root over the leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        root_of(&self.peaks)
    }
}

impl Extend<Hash> for Tree {
    fn extend<Leaves: IntoIterator<Item = Hash>>(&mut self, leaves: Leaves) {
        leaves.into_iter().for_each(|leaf| self.push(leaf));
    }
}

/// The root of the tree that is made of these complete subtrees, largest first.
pub(crate) fn root_of(peaks: &[Hash]) -> Hash {
    peaks.iter().copied().rev().reduce(|right, left| node_hash(left, right)).unwrap_or_else(empty_root)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::hash::leaf_hash;

    /// The leaves of the test vectors of RFC 6962's reference implementation.
    pub(crate) const VECTORS: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    /// The roots of the trees of one, two, … of them.
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// The root as the RFC defines it, by recursion over all leaves.
    pub(crate) fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            leaves => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(root_by_definition(left), root_by_definition(right))
            }
        }
    }

    pub(crate) fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    #[test]
    fn the_roots_are_those_of_the_reference_implementation() {
        let mut tree = Tree::new();
        assert_eq!(tree.root(), empty_root());
        for (content, root) in VECTORS.iter().zip(ROOTS) {
            tree.push(leaf_hash(content));
            assert_eq!(hex::encode(tree.root().0), root, "size {}", tree.size());
        }
    }

    #[test]
    fn the_root_is_the_defined_one_at_every_size() {
        let leaves = leaves(600);
        let mut tree = Tree::new();
        for size in 0..=600 {
            assert_eq!(tree.root(), root_by_definition(&leaves[..size]), "{size}");
            assert_eq!(tree.peaks.len(), size.count_ones() as usize);
            tree.extend(leaves.get(size).copied());
        }
    }
}
