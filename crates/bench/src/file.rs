//! A large file of commands, made as it is read.

use crate::lines::Lines;

/// How many licenses are busy at the same time.
const BUSY: usize = 1_000;

/// How many commands each license gets: a purchase, a server, a version, an order.
pub(crate) const COMMANDS_EACH: u64 = 4;

/// One order in so many is refused.
const REFUSED: usize = 25;

/// Commands on ever new licenses, four on each: those of a thousand licenses shuffled among each other.
#[derive(Debug)]
pub(crate) struct File {
    name: String,
    lines: Lines,
    blocks: usize,
    /// The license of each command to come in this block.
    block: Vec<usize>,
    /// How many commands each license of the block has had.
    had: Vec<u64>,
}

impl File {
    /// The name, a few letters, begins its license numbers: files with different names share no license.
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        let lines = Lines::seeded(seed);
        Self { name: name.to_owned(), lines, blocks: 0, block: Vec::new(), had: Vec::new() }
    }

    fn begin_block(&mut self) {
        self.blocks += 1;
        self.had = vec![0; BUSY];
        self.block = (0..BUSY).flat_map(|license| (0..COMMANDS_EACH).map(move |_| license)).collect();
        self.lines.shuffle(&mut self.block);
    }
}

impl Iterator for File {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.block.is_empty() {
            self.begin_block();
        }
        let license = self.block.pop()?;
        let number = format!("{}-{:05}-{license:05}", self.name, self.blocks);
        let had = self.had.get_mut(license)?;
        *had += 1;
        Some(match *had {
            1 => self.lines.purchase(&number),
            2 => self.lines.server(&number, true),
            3 => self.lines.version(&number),
            _ if self.lines.pick(REFUSED) == 0 => self.lines.refused(&number),
            _ => self.lines.more_users(&number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_file() {
        let make = |seed| File::new("A", seed).take(5_000).collect::<Vec<_>>();
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }

    #[test]
    fn every_license_is_bought_first() {
        let block: Vec<_> = File::new("A", 1).take(4_000).collect();
        assert_eq!(block.iter().filter(|line| line.contains("issue_license")).count(), BUSY);
        assert!(block.first().is_some_and(|line| line.contains("issue_license")));
    }
}
