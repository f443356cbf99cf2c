//! The stored tree against the tree as it is defined.

use proptest::prelude::*;

use super::*;
use crate::proof::{verify_consistency, verify_inclusion};
use crate::ranges;
use crate::tree::Tree;
use crate::tree::tests::leaves;

/// Stored pieces, read as a store reads them: by level and place of the first.
#[derive(Default)]
struct Stored(BTreeMap<(u8, u64), Vec<Hash>>);

impl Stored {
    fn read(&self, ids: impl IntoIterator<Item = TileId>) -> Tiles {
        let mut tiles = Tiles::default();
        for id in ids {
            let places = id.places();
            let runs = self.0.range((id.level, places.start)..(id.level, places.end));
            runs.for_each(|(_, hashes)| tiles.add(id, hashes.iter().copied()));
        }
        tiles
    }

    fn grow(&mut self, size: u64, leaves: &[Hash]) -> usize {
        let runs = grow(size, &self.read(begun(size)), leaves.to_vec()).unwrap();
        let count = runs.len();
        for run in runs {
            assert!(!run.hashes.is_empty() && run.first % TILE + (run.hashes.len() as u64) <= TILE, "{run:?}");
            assert_eq!(self.0.insert((run.level, run.first), run.hashes), None, "nothing is written twice");
        }
        count
    }

    fn root(&self, size: u64) -> Hash {
        self.read(needed(std::slice::from_ref(&(0..size)))).root(size).unwrap()
    }
}

fn grown_by(strokes: impl IntoIterator<Item = u64>, leaves: &[Hash]) -> Stored {
    let (mut stored, mut size) = (Stored::default(), 0u64);
    for stroke in strokes {
        let end = (size + stroke).min(leaves.len() as u64);
        stored.grow(size, &leaves[size as usize..end as usize]);
        size = end;
    }
    stored
}

#[test]
fn every_size_has_its_root_and_its_proofs_from_the_tiles() {
    let leaves = leaves(70_000);
    let stored = grown_by(std::iter::repeat_n(1_000, 70), &leaves);
    let mut tree = Tree::new();
    let watched = [1, 2, 255, 256, 257, 511, 512, 1_000, 65_535, 65_536, 65_537, 65_792, 69_999, 70_000];
    let mut heads = Vec::new();
    for leaf in &leaves {
        tree.push(*leaf);
        if watched.contains(&tree.size()) {
            heads.push((tree.size(), tree.root()));
        }
    }
    for (new, root) in heads.iter().copied() {
        assert_eq!(stored.root(new), root, "{new}");
        for index in [0, new / 3, new / 2, new - 1] {
            let ranges = ranges::inclusion(index, new);
            let tiles = needed(&ranges);
            assert!(tiles.len() <= 5, "{index} of {new}: {tiles:?}");
            let proof = stored.read(tiles).hashes(&ranges).unwrap();
            verify_inclusion(leaves[index as usize], index, new, root, &proof).unwrap();
        }
        for (old, old_root) in heads.iter().copied().filter(|(old, _)| *old <= new) {
            let ranges = ranges::consistency(old, new);
            let proof = stored.read(needed(&ranges)).hashes(&ranges).unwrap();
            verify_consistency((old, old_root), (new, root), &proof).unwrap();
        }
    }
}

#[test]
fn a_stroke_writes_few_pieces() {
    let leaves = leaves(2_000);
    let mut stored = Stored::default();
    assert_eq!(stored.grow(0, &leaves[..1_000]), 5, "four tiles of leaves, one piece of the level above");
    assert_eq!(stored.grow(1_000, &leaves[1_000..1_001]), 1);
    assert_eq!(stored.grow(1_001, &[]), 0);
}

#[test]
fn a_tile_that_is_not_there_is_named() {
    let tiles = Tiles::default();
    let missing = tiles.root(300).unwrap_err();
    assert_eq!(missing.to_string(), "tile 0 of level 1 lacks hashes of the sealed log");
    assert!(grow(1, &tiles, leaves(1)).is_err());
    let mut short = Tiles::default();
    short.add(TileId { level: 0, number: 0 }, leaves(4));
    assert!(grow(5, &short, leaves(1)).is_err());
}

#[test]
fn the_tiles_begun_are_those_not_filled() {
    let id = |level, number| TileId { level, number };
    assert_eq!((begun(0), begun(256), begun(65_536)), (vec![], vec![id(1, 0)], vec![id(2, 0)]));
    assert_eq!(begun(65_536 + 513), [id(0, 258), id(1, 1), id(2, 0)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn strokes_of_any_length_give_the_same_tree(strokes in prop::collection::vec(1u64..700, 1..12)) {
        let size = strokes.iter().sum();
        let leaves = leaves(size);
        let mut tree = Tree::new();
        tree.extend(leaves.iter().copied());
        prop_assert_eq!(grown_by(strokes, &leaves).root(size), tree.root());
    }
}
