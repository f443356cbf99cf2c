//! What is asked of each ledger.

use std::fmt;

use crate::lines::Ids;

/// How many rows a page has.
pub(super) const PAGE: u32 = 100;

/// How many licenses a few are: so many the program remembers once it has written them, whatever the ledger's size.
pub(super) const FEW: usize = 100;

/// What is asked again and again, and of which licenses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) asked: Asked,
    pub(super) of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The floor of what else is asked of the same licenses.
    State,
    Entitlement,
    Expiring,
    List,
    Feed,
    Command(Ids),
}

/// Of which licenses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The same few on each ledger, all of them remembered when they get a command.
    Few,
    /// Any of the ledger's, none of them remembered.
    Any,
}

impl Ask {
    /// Reads before commands, so that they find the ledgers as they were seeded; each kind behind its floor.
    pub(super) const ALL: [Self; 11] = [
        Self { asked: Asked::State, of: Of::Any },
        Self { asked: Asked::Entitlement, of: Of::Any },
        Self { asked: Asked::Expiring, of: Of::Any },
        Self { asked: Asked::List, of: Of::Any },
        Self { asked: Asked::Feed, of: Of::Any },
        Self { asked: Asked::State, of: Of::Few },
        Self { asked: Asked::Entitlement, of: Of::Few },
        Self { asked: Asked::Command(Ids::ByChance), of: Of::Any },
        Self { asked: Asked::Command(Ids::ByChance), of: Of::Few },
        Self { asked: Asked::Command(Ids::ByTime), of: Of::Any },
        Self { asked: Asked::Command(Ids::ByTime), of: Of::Few },
    ];

    /// What of the rate may be lost on a larger ledger beside what the floor loses.
    pub(super) const fn may_lose(self) -> Option<f64> {
        match self.asked {
            Asked::State => None,
            Asked::Entitlement | Asked::Command(_) => Some(0.15),
            Asked::Expiring | Asked::List | Asked::Feed => Some(0.3),
        }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.asked {
            Asked::State => "SELECT of a state",
            Asked::Entitlement => "an entitlement",
            Asked::Expiring => return write!(f, "expiring, a page of {PAGE}"),
            Asked::List => return write!(f, "a list, a page of {PAGE}"),
            Asked::Feed => return write!(f, "the feed, a page of {PAGE}"),
            Asked::Command(Ids::ByChance) => "a command",
            Asked::Command(Ids::ByTime) => "a command with an id of its time",
        };
        match (self.of, self.asked) {
            (Of::Few, Asked::Command(_)) => write!(f, "{what}, {FEW} licenses, remembered"),
            (Of::Few, _) => write!(f, "{what}, {FEW} licenses"),
            (Of::Any, Asked::Command(_)) => write!(f, "{what}, any license, none remembered"),
            (Of::Any, _) => write!(f, "{what}, any license"),
        }
    }
}
