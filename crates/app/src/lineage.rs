//! Lineage: the family of licenses that users were redistributed among, and every move between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use ledger_domain::entitlement::EntitlementStatus;
use ledger_domain::event::{Event, Share, SwmMoved};
use ledger_domain::values::{Date, LicenseNumber, Users, months_until};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::ledger::Ledger;
use crate::read::When;
use crate::store::{AsOf, StoreError, StoredEvent};

/// How many events of a license are read at once.
const PAGE: u32 = 1_000;

/// A license's family.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Family {
    /// The license asked about.
    pub license: LicenseNumber,
    /// All licenses of the family, by number, as they are on the day.
    pub members: Vec<Member>,
    /// Every move of users between them, oldest first.
    pub moves: Vec<Move>,
}

/// A license of the family.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Member {
    /// Its number.
    pub license: LicenseNumber,
    /// Where it stands on the day.
    pub status: EntitlementStatus,
    /// Its users; null for a trial.
    pub users: Option<u32>,
    /// The end of its SWM.
    pub swm_ends: Option<Date>,
    /// The license it was split from.
    pub split_from: Option<LicenseNumber>,
    /// The license that absorbed it.
    pub merged_into: Option<LicenseNumber>,
}

/// Users that went from one license to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Move {
    /// By what.
    pub kind: MoveKind,
    /// The business date.
    pub on: Date,
    /// From which license.
    pub from: LicenseNumber,
    /// To which license.
    pub to: LicenseNumber,
    /// How many users.
    pub users: Users,
    /// What licenses gave up of their SWM when dates were brought to the earliest (VND-8).
    pub swm_given_up: Vec<GivenUp>,
    /// The command: the moves of one operation share it (VND-11).
    pub command_id: Uuid,
}

/// What a redistribution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// Part of a license became a new one.
    Split,
    /// A license was absorbed.
    Merge,
    /// Users moved between two that stay.
    Transfer,
}

/// SWM that a license gave up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GivenUp {
    /// Which.
    pub license: LicenseNumber,
    /// The end before.
    pub from: Date,
    /// The end afterwards.
    pub to: Date,
    /// Months between them, the last one begun counted whole.
    pub months: u32,
}

/// The moves in the histories that were read so far.
#[derive(Default)]
struct MovesRead {
    /// Everything that one command moved.
    operations: BTreeMap<Uuid, Operation>,
    /// Of each license, the operations that it took part in, in sequence.
    histories: Vec<Vec<Uuid>>,
    /// Licenses named.
    neighbours: BTreeSet<LicenseNumber>,
}

/// One redistribution.
struct Operation {
    recorded_at: DateTime<Utc>,
    moves: Vec<Move>,
    given_up: Vec<GivenUp>,
}

impl Ledger {
    /// The family of a license: every license that its users came from or went to, through any number of others.
    /// `None`: there is no such license on the day.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn lineage(&self, license: &LicenseNumber, when: When) -> Result<Option<Family>, StoreError> {
        let Some(first) = self.show(license, when).await? else { return Ok(None) };
        let mut moves = MovesRead::default();
        let mut members = BTreeMap::from([(license.clone(), first)]);
        let mut queue = VecDeque::from([license.clone()]);
        while let Some(next) = queue.pop_front() {
            self.read_moves(&next, when, &mut moves).await?;
            for number in std::mem::take(&mut moves.neighbours) {
                if members.contains_key(&number) {
                    continue;
                }
                if let Some(shown) = self.show(&number, when).await? {
                    members.insert(number.clone(), shown);
                    queue.push_back(number);
                }
            }
        }
        let members = members.into_values().map(|shown| Member {
            license: shown.license,
            status: shown.status,
            users: shown.users,
            swm_ends: shown.swm.ends,
            split_from: shown.split_from,
            merged_into: shown.merged_into,
        });
        Ok(Some(Family { license: license.clone(), members: members.collect(), moves: moves.in_order() }))
    }

    async fn read_moves(&self, license: &LicenseNumber, when: When, moves: &mut MovesRead) -> Result<(), StoreError> {
        let AsOf { on, known_at } = when.as_of();
        let counts = |stored: &StoredEvent| {
            on.is_none_or(|on| stored.on <= on) && known_at.is_none_or(|known_at| stored.recorded_at <= known_at)
        };
        let (mut after, mut operations) = (0, Vec::new());
        loop {
            let page = self.store.history(license, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            for stored in page.iter().filter(|stored| counts(stored) && stored.event.users_moved().is_some()) {
                operations.push(stored.command_id);
                moves.add(license, stored);
            }
        }
        moves.histories.push(operations);
        Ok(())
    }
}

impl MovesRead {
    /// Each move is told once, by the license that gives; the others only name who else there is.
    fn add(&mut self, license: &LicenseNumber, stored: &StoredEvent) {
        match &stored.event {
            Event::LicenseSplit(split) => {
                for Share { license: part, users } in &split.into {
                    self.add_move(license, stored, MoveKind::Split, part, *users);
                }
            }
            Event::LicenseAbsorbed(absorbed) => {
                self.add_move(license, stored, MoveKind::Merge, &absorbed.into, absorbed.users);
                self.add_given_up(license, stored, absorbed.swm_moved);
            }
            Event::UsersTransferred(transferred) => {
                self.add_move(license, stored, MoveKind::Transfer, &transferred.to, transferred.users);
                self.add_given_up(license, stored, transferred.swm_moved);
            }
            Event::LicenseSplitOff(part) => {
                self.neighbours.insert(part.from.clone());
            }
            Event::LicensesMerged(merged) => {
                self.neighbours.extend(merged.from.iter().map(|share| share.license.clone()));
                self.add_given_up(license, stored, merged.swm_moved);
            }
            Event::UsersReceived(received) => {
                self.neighbours.insert(received.from.clone());
                self.add_given_up(license, stored, received.swm_moved);
            }
            _ => {}
        }
    }

    fn add_move(
        &mut self,
        from: &LicenseNumber,
        stored: &StoredEvent,
        kind: MoveKind,
        to: &LicenseNumber,
        users: Users,
    ) {
        let (on, command_id) = (stored.on, stored.command_id);
        let (from, to) = (from.clone(), to.clone());
        self.neighbours.insert(to.clone());
        self.operation(stored).moves.push(Move { kind, on, from, to, users, swm_given_up: Vec::new(), command_id });
    }

    fn add_given_up(&mut self, license: &LicenseNumber, stored: &StoredEvent, moved: Option<SwmMoved>) {
        let Some(SwmMoved { from, to }) = moved.filter(|moved| moved.to < moved.from) else { return };
        let given_up = GivenUp { license: license.clone(), from, to, months: months_until(to, from) };
        self.operation(stored).given_up.push(given_up);
    }

    fn operation(&mut self, stored: &StoredEvent) -> &mut Operation {
        let recorded_at = stored.recorded_at;
        let begun = || Operation { recorded_at, moves: Vec::new(), given_up: Vec::new() };
        self.operations.entry(stored.command_id).or_insert_with(begun)
    }

    /// The moves, oldest first. What is posted together is recorded at one instant: there the licenses' own sequences
    /// say what came first.
    fn in_order(mut self) -> Vec<Move> {
        let mut earlier: BTreeMap<Uuid, usize> = BTreeMap::new();
        let mut next: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for (before, after) in self.histories.iter().flat_map(|history| history.iter().zip(history.iter().skip(1))) {
            next.entry(*before).or_default().push(*after);
            *earlier.entry(*after).or_default() += 1;
        }
        let place = |(id, operation): (&Uuid, &Operation)| (operation.recorded_at, *id);
        let begins = self.operations.iter().filter(|(id, _)| !earlier.contains_key(id));
        let mut ready: BTreeSet<_> = begins.map(place).collect();
        let mut moves = Vec::new();
        while let Some((_, id)) = ready.pop_first() {
            for after in next.remove(&id).unwrap_or_default() {
                let Some(count) = earlier.get_mut(&after) else { continue };
                *count -= 1;
                if *count == 0 {
                    ready.extend(self.operations.get_key_value(&after).map(place));
                }
            }
            moves.extend(self.operations.remove(&id).into_iter().flat_map(Operation::into_moves));
        }
        moves
    }
}

impl Operation {
    /// Its moves; what it gave up stands with the first of them that it concerns.
    fn into_moves(mut self) -> Vec<Move> {
        self.moves.sort_by(|one, other| (&one.from, &one.to).cmp(&(&other.from, &other.to)));
        self.given_up.sort_by(|one, other| one.license.cmp(&other.license));
        for of in &mut self.moves {
            let (own, others) = self
                .given_up
                .into_iter()
                .partition(|given_up| given_up.license == of.from || given_up.license == of.to);
            of.swm_given_up = own;
            self.given_up = others;
        }
        self.moves
    }
}
