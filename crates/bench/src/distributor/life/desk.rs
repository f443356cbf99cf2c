//! What the vendor desk is asked for.

use anyhow::Result;
use ledger_domain::command::Command;
use ledger_domain::values::LicenseNumber;

use super::super::ask;
use super::Life;
use super::todo::Desk;

impl Life {
    /// Has it done; nothing where there are too few users for it.
    pub(super) fn at_the_desk(&mut self, todo: Desk) -> Result<Option<Command>> {
        Ok(Some(match todo {
            Desk::Rename => ask::rename(ask::holder(&mut self.rng).name),
            Desk::Reduce if self.bought.users > 5 => {
                self.bought.users -= 5;
                ask::reduction(self.bought.users)
            }
            Desk::Split if self.bought.users > 5 => {
                self.bought.users -= 5;
                ask::split(self.relative("PART")?, 5)
            }
            Desk::Reduce | Desk::Split => return Ok(None),
            Desk::Merge => {
                self.bought.users += 5;
                // SWM ends too far apart go to the earliest; the life looks again at a year from now.
                ask::merge(self.twin()?)
            }
        }))
    }

    /// The license that is bought beside it, to be merged.
    pub(super) fn twin(&self) -> Result<LicenseNumber> {
        self.relative("TWIN")
    }

    fn relative(&self, what: &str) -> Result<LicenseNumber> {
        Ok(format!("{}-{what}", self.number.as_str()).parse()?)
    }
}
