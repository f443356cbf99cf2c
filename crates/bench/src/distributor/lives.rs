//! Many lives, in the order of their days.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use anyhow::Result;
use ledger_domain::values::Date;

use super::{Asked, Distributor, Life};

/// The commands of many licenses as they come up, day by day.
pub(crate) struct Lives {
    lives: Vec<Life>,
    /// What comes up next, of each life.
    days: BinaryHeap<Reverse<(Date, usize)>>,
    /// What comes up on this day or later is not asked for.
    ends: Date,
}

impl Lives {
    /// Those of the distributor's first so many licenses.
    pub(crate) fn new(distributor: &Distributor, licenses: u64) -> Result<Self> {
        let mut lives = (0..licenses).map(|number| Life::new(distributor, number)).collect::<Result<Vec<_>>>()?;
        let first = lives.iter_mut().enumerate().filter_map(|(which, life)| Some(Reverse((life.next_on()?, which))));
        let days = first.collect();
        Ok(Self { lives, days, ends: Date::MAX })
    }

    /// Only what comes up before that day.
    pub(crate) fn until(self, ends: Date) -> Self {
        Self { ends, ..self }
    }

    /// The next command of any of them.
    pub(crate) fn next(&mut self) -> Result<Option<Asked>> {
        while let Some(Reverse((on, which))) = self.days.pop() {
            if on >= self.ends {
                continue;
            }
            let life = &mut self.lives[which];
            let asked = life.step()?;
            if let Some(on) = life.next_on().filter(|on| *on < self.ends) {
                self.days.push(Reverse((on, which)));
            }
            if asked.is_some() {
                return Ok(asked);
            }
        }
        Ok(None)
    }
}
