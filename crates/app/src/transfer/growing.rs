//! The tree as it grows: what it takes to go on with it is kept in memory.

use ledger_seal::hash::Hash;
use ledger_seal::tiles::{Missing, Run, TILE, TileId, Tiles, begun, grow};

use crate::seal::SealedLog;
use crate::store::StoreError;

/// A tree that leaves are added to.
pub(super) struct Growing {
    size: u64,
    /// The tiles that are begun and not filled.
    tiles: Tiles,
}

impl Growing {
    /// The stored tree.
    pub(super) async fn of(log: &dyn SealedLog) -> Result<Self, StoreError> {
        let size = log.sealed().await?;
        Ok(Self { size, tiles: log.tiles(&begun(size)).await? })
    }

    /// How many leaves it has.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Adds leaves; returns what is to be stored.
    pub(super) fn grow(&mut self, leaves: Vec<Hash>) -> Result<Vec<Run>, Missing> {
        let size = self.size + u64::try_from(leaves.len()).unwrap_or_default();
        let runs = grow(self.size, &self.tiles, leaves)?;
        for run in &runs {
            let tile = TileId { level: run.level, number: run.first / TILE };
            self.tiles.add(tile, run.hashes.iter().copied());
        }
        let mut tiles = Tiles::default();
        for tile in begun(size) {
            tiles.add(tile, self.tiles.tile(tile).iter().copied());
        }
        (self.size, self.tiles) = (size, tiles);
        Ok(runs)
    }
}

#[cfg(test)]
mod tests {
    use ledger_seal::hash::leaf_hash;
    use ledger_seal::tree::Tree;

    use super::*;

    #[test]
    fn what_is_stored_piece_by_piece_is_the_whole_tree() {
        let (mut growing, mut stored) = (Growing { size: 0, tiles: Tiles::default() }, Tiles::default());
        let (mut tree, mut leaves) = (Tree::new(), (0_u32..).map(|number| leaf_hash(&number.to_be_bytes())));
        for count in [1, 0, 254, 1, 1, 700, 65_536, 3] {
            let new: Vec<_> = leaves.by_ref().take(count).collect();
            new.iter().for_each(|leaf| tree.push(*leaf));
            for run in growing.grow(new).unwrap() {
                stored.add(TileId { level: run.level, number: run.first / TILE }, run.hashes);
            }
            assert_eq!((growing.size(), stored.root(tree.size()).unwrap()), (tree.size(), tree.root()));
            assert!(begun(tree.size()).iter().all(|tile| growing.tiles.tile(*tile) == stored.tile(*tile)));
        }
    }
}
