//! The tree as it is stored: tiles of 256 hashes, as C2SP's tlog-tiles divides it.
//!
//! Level 0 holds the hashes of the leaves, level 1 those of complete subtrees of 256 leaves, level 2 of 65,536, and so
//! on. What lies between is hashed anew when it is asked for: at most 255 hashes for each tile read. So a leaf costs 32
//! bytes and an eighth of one, nothing stored is ever changed, and any root or proof, for any size that the log ever
//! had, takes a tile or two of each level.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::hash::{Hash, node_hash};
use crate::ranges::{Subtree, subtrees};
use crate::tree::root_of;

/// How many hashes a tile holds.
pub const TILE: u64 = 1 << SPAN;
/// How many levels of the tree a tile spans.
const SPAN: u32 = 8;
const TILE_HASHES: usize = 1 << SPAN;

/// A tile's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Its level: each of its hashes covers `256^level` leaves.
    pub level: u8,
    /// Its number within the level.
    pub number: u64,
}

impl TileId {
    /// The places of its hashes within the level.
    #[must_use]
    pub const fn places(self) -> Range<u64> {
        self.number * TILE..(self.number + 1) * TILE
    }
}

/// Hashes to store one after the other: a piece of one tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The level.
    pub level: u8,
    /// The place of the first of them within the level.
    pub first: u64,
    /// The hashes: at least one, and no more than the tile has room for.
    pub hashes: Vec<Hash>,
}

/// A tile that is not there, or does not hold as many hashes as it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tile {number} of level {level} lacks hashes of the sealed log")]
pub struct Missing {
    level: u8,
    number: u64,
}

/// Tiles that were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tiles(BTreeMap<TileId, Vec<Hash>>);

impl Tiles {
    /// Adds the hashes that follow those that the tile has so far.
    pub fn add(&mut self, id: TileId, hashes: impl IntoIterator<Item = Hash>) {
        self.0.entry(id).or_default().extend(hashes);
    }

    /// The hashes of a tile, as many as were read.
    #[must_use]
    pub fn tile(&self, id: TileId) -> &[Hash] {
        self.0.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The root of the tree of that size.
    ///
    /// # Errors
    /// [`Missing`] when a tile that [`needed`] names for the range `0..size` was not read.
    pub fn root(&self, size: u64) -> Result<Hash, Missing> {
        self.hash(&(0..size))
    }

    /// The hashes of ranges: a proof.
    ///
    /// # Errors
    /// [`Missing`] when a tile that [`needed`] names was not read.
    pub fn hashes(&self, ranges: &[Range<u64>]) -> Result<Vec<Hash>, Missing> {
        ranges.iter().map(|range| self.hash(range)).collect()
    }

    fn hash(&self, range: &Range<u64>) -> Result<Hash, Missing> {
        let peaks: Result<Vec<_>, _> = subtrees(range).into_iter().map(|subtree| self.subtree(subtree)).collect();
        Ok(root_of(&peaks?))
    }

    fn subtree(&self, subtree: Subtree) -> Result<Hash, Missing> {
        let (id, places) = place(subtree);
        let hashes = self.tile(id).get(places);
        hashes.map(complete).ok_or(Missing { level: id.level, number: id.number })
    }
}

/// The tiles that the hashes of these ranges are made from.
#[must_use]
pub fn needed(ranges: &[Range<u64>]) -> BTreeSet<TileId> {
    ranges.iter().flat_map(subtrees).map(|subtree| place(subtree).0).collect()
}

/// The tiles that a tree of that size has begun and not filled: what it takes to go on with it.
#[must_use]
pub fn begun(size: u64) -> Vec<TileId> {
    let counts = levels().map(|level| (level, size >> (SPAN * u32::from(level))));
    let unfilled = counts.take_while(|(_, count)| *count > 0).filter(|(_, count)| count % TILE > 0);
    unfilled.map(|(level, count)| TileId { level, number: count / TILE }).collect()
}

/// What is to be stored when these leaves follow the tree of that size: pieces of the tiles, level by level. `tiles`
/// holds those that [`begun`] names.
///
/// # Errors
/// [`Missing`] when one of them is not there, or holds less than it must.
pub fn grow(size: u64, tiles: &Tiles, leaves: Vec<Hash>) -> Result<Vec<Run>, Missing> {
    let (mut runs, mut hashes) = (Vec::new(), leaves);
    for level in levels() {
        let first = size >> (SPAN * u32::from(level));
        if hashes.is_empty() {
            break;
        }
        hashes = grow_level(TileId { level, number: first / TILE }, first, tiles, &hashes, &mut runs)?;
    }
    Ok(runs)
}

/// Cuts a level's new hashes at the tiles' edges; returns the hashes of the tiles that they fill.
fn grow_level(
    tile: TileId,
    mut first: u64,
    tiles: &Tiles,
    mut rest: &[Hash],
    runs: &mut Vec<Run>,
) -> Result<Vec<Hash>, Missing> {
    let level = tile.level;
    let held = tiles.tile(tile).get(..place_in_tile(first));
    let mut filling = held.ok_or(Missing { level, number: tile.number })?.to_vec();
    let mut filled = Vec::new();
    while !rest.is_empty() {
        let room = TILE_HASHES - filling.len();
        let (run, later) = rest.split_at(room.min(rest.len()));
        filling.extend_from_slice(run);
        runs.push(Run { level, first, hashes: run.to_vec() });
        if run.len() == room {
            filled.push(complete(&filling));
            filling.clear();
        }
        first = (first / TILE + 1) * TILE;
        rest = later;
    }
    Ok(filled)
}

/// In which tile a complete subtree's hashes stand, and where.
fn place(subtree: Subtree) -> (TileId, Range<usize>) {
    let (level, depth) = (subtree.height / SPAN, subtree.height % SPAN);
    let first = subtree.index << depth;
    let start = place_in_tile(first);
    // A height is at most 63, and so a level at most 7.
    let level = u8::try_from(level).unwrap_or(u8::MAX);
    (TileId { level, number: first / TILE }, start..start + (1 << depth))
}

fn place_in_tile(place: u64) -> usize {
    usize::try_from(place % TILE).unwrap_or_default()
}

/// The levels that a tree can have: 256^7 leaves fill one tile of the last.
fn levels() -> impl Iterator<Item = u8> {
    0..u8::try_from(u64::BITS / SPAN).unwrap_or_default()
}

/// The hash over a power of two of hashes.
fn complete(hashes: &[Hash]) -> Hash {
    let mut hashes = hashes.to_vec();
    while hashes.len() > 1 {
        hashes = hashes.chunks_exact(2).map(|pair| node_hash(pair[0], pair[1])).collect();
    }
    root_of(&hashes)
}

#[cfg(test)]
#[path = "tiles_tests.rs"]
mod tests;
