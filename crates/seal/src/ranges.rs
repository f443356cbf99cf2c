//! Which ranges of leaves a proof is made of, and of which complete subtrees each range is.
//!
//! A range here is one that RFC 6962 hashes: it begins at a multiple of the power of two that is not below its length.

use std::ops::Range;

/// A complete subtree: of `2^height` leaves, the `index`-th of its height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subtree {
    /// How many levels it has above its leaves.
    pub height: u32,
    /// Its place among the complete subtrees of that height, from 0.
    pub index: u64,
}

/// The ranges whose hashes prove that the leaf is in the tree, its sibling first (RFC 6962, section 2.1.1).
///
/// The index is below the size; else there is nothing to prove, and nothing is returned.
#[must_use]
pub fn inclusion(index: u64, size: u64) -> Vec<Range<u64>> {
    let (mut range, mut path) = (0..size, Vec::new());
    while index < size && length(&range) > 1 {
        let (left, right) = split(&range);
        let goes_left = index < left.end;
        let (next, sibling) = if goes_left { (left, right) } else { (right, left) };
        path.push(sibling);
        range = next;
    }
    path.reverse();
    path
}

/// The ranges whose hashes prove that the tree of `old` leaves is the beginning of the one of `new` (section 2.1.2).
///
/// Nothing proves it for no leaves and for equal sizes; nothing is returned for a tree that got smaller either.
#[must_use]
pub fn consistency(old: u64, new: u64) -> Vec<Range<u64>> {
    let (mut range, mut path, mut whole) = (0..new, Vec::new(), true);
    if old == 0 || old >= new {
        return path;
    }
    while range.end != old {
        let (left, right) = split(&range);
        if old <= left.end {
            path.push(right);
            range = left;
        } else {
            path.push(left);
            range = right;
            whole = false;
        }
    }
    // The old tree itself is known to whoever asks, where it is a subtree of the new one.
    path.extend((!whole).then_some(range));
    path.reverse();
    path
}

/// The complete subtrees that the range is made of, largest first.
#[must_use]
pub fn subtrees(range: &Range<u64>) -> Vec<Subtree> {
    let (mut start, mut found) = (range.start, Vec::new());
    while start < range.end {
        let height = (range.end - start).ilog2();
        found.push(Subtree { height, index: start >> height });
        start += 1 << height;
    }
    found
}

const fn length(range: &Range<u64>) -> u64 {
    range.end - range.start
}

/// Splits a range of two leaves or more: the left half has the largest power of two that is below the length.
fn split(range: &Range<u64>) -> (Range<u64>, Range<u64>) {
    let middle = range.start + (1 << (length(range) - 1).ilog2());
    (range.start..middle, middle..range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_proved_as_there() {
        // Section 2.1.3: seven leaves; inclusion of leaves 0, 3, 4 and 6, consistency of 3, 4 and 6.
        assert_eq!(inclusion(0, 7), [1..2, 2..4, 4..7]);
        assert_eq!(inclusion(3, 7), [2..3, 0..2, 4..7]);
        assert_eq!(inclusion(4, 7), [5..6, 6..7, 0..4]);
        assert_eq!(inclusion(6, 7), [4..6, 0..4]);
        assert_eq!(consistency(3, 7), [2..3, 3..4, 0..2, 4..7]);
        assert_eq!(consistency(4, 7), vec![4..7]);
        assert_eq!(consistency(6, 7), [4..6, 6..7, 0..4]);
    }

    #[test]
    fn where_there_is_nothing_to_prove_nothing_is_needed() {
        assert_eq!(inclusion(0, 1), []);
        assert_eq!((inclusion(0, 0), inclusion(7, 7), inclusion(u64::MAX, 7)), (vec![], vec![], vec![]));
        assert_eq!((consistency(0, 7), consistency(7, 7), consistency(8, 7)), (vec![], vec![], vec![]));
    }

    #[test]
    fn proofs_of_the_largest_tree_are_short() {
        assert_eq!(inclusion(u64::MAX - 1, u64::MAX).len(), 63);
        assert!(consistency(1 << 63, u64::MAX).len() <= 64);
    }

    #[test]
    fn a_range_is_made_of_complete_subtrees() {
        let subtree = |height, index| Subtree { height, index };
        assert_eq!(subtrees(&(0..7)), [subtree(2, 0), subtree(1, 2), subtree(0, 6)]);
        assert_eq!(subtrees(&(4..6)), [subtree(1, 2)]);
        assert_eq!(subtrees(&(5..5)), []);
    }
}
