//! What becomes of one license, from its purchase on: what comes up when ([`mod@todo`]), and what is done then, by whose business
//! it is ([`orders`], [`servers`], [`desk`]).

mod desk;
mod orders;
mod servers;
mod todo;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use anyhow::Result;
use chrono::Days;
use fastrand::Rng;
use ledger_domain::command::{Command, Request};
use ledger_domain::values::{Date, LicenseNumber, PluginSet};

use super::ask::{self, Bought};
use super::{Distributor, season};

use todo::{Order, Todo};

/// A command, and when it is asked.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) on: Date,
    /// The hour of the day, Moscow time.
    pub(crate) hour: u8,
    pub(crate) request: Request,
}

/// A license, as whoever holds it sees it. It has no end: things come up for as long as it is asked.
#[derive(Debug)]
pub(crate) struct Life {
    rng: Rng,
    number: LicenseNumber,
    bought: Bought,
    plugins: PluginSet,
    swm_ends: Date,
    /// Counts the servers it ever had.
    server: u32,
    orders: u32,
    waiting_order: Option<String>,
    /// Until then an order waits or the license is blocked, and everything else can wait too.
    busy_until: Date,
    agenda: BinaryHeap<Reverse<(Date, u32, Todo)>>,
    planned: u32,
}

impl Life {
    /// The distributor's license of that number, from 0. Each has a chance of its own: no other's life changes it.
    pub(crate) fn new(distributor: &Distributor, number: u64) -> Result<Self> {
        let mut rng = Rng::with_seed(distributor.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number);
        let bought_on = season::within(&mut rng, distributor.opens, distributor.sells_for_days);
        let bought = orders::what_is_bought(&mut rng);
        let mut life = Self {
            number: format!("S{}-{number:08}", distributor.seed).parse()?,
            plugins: bought.plugins.clone(),
            swm_ends: bought_on,
            server: 0,
            orders: 0,
            waiting_order: None,
            busy_until: bought_on,
            agenda: BinaryHeap::new(),
            planned: 0,
            bought,
            rng,
        };
        life.plan(bought_on, Todo::Order(Order::Buy));
        Ok(life)
    }

    /// When the next thing comes up.
    pub(crate) fn next_on(&mut self) -> Option<Date> {
        while let Some(&Reverse((on, _, todo))) = self.agenda.peek() {
            if on >= self.busy_until || todo.cannot_wait() {
                return Some(on);
            }
            self.agenda.pop();
            self.plan(self.busy_until, todo);
        }
        None
    }

    /// What comes up next; not everything makes a command.
    pub(crate) fn step(&mut self) -> Result<Option<Asked>> {
        if self.next_on().is_none() {
            return Ok(None);
        }
        let Some(Reverse((on, _, todo))) = self.agenda.pop() else { return Ok(None) };
        let Some(command) = self.act(on, todo)? else { return Ok(None) };
        let hour =
            if todo.is_at_any_hour() { season::any_hour(&mut self.rng) } else { season::office_hour(&mut self.rng) };
        let license = if todo == Todo::Order(Order::BuyTwin) { self.twin()? } else { self.number.clone() };
        Ok(Some(Asked { on, hour, request: ask::request(&mut self.rng, &license, on, command) }))
    }

    fn plan(&mut self, on: Date, todo: Todo) {
        self.planned += 1;
        self.agenda.push(Reverse((on, self.planned, todo)));
    }

    /// Plans what happens by chance.
    fn plan_by_chance(&mut self, after: Date, days_on_average: u32, todo: Todo) {
        let on = season::by_chance(&mut self.rng, after, days_on_average);
        self.plan(on, todo);
    }

    fn happens(&mut self, share: f64) -> bool {
        self.rng.f64() < share
    }

    /// Nothing else comes up before this is done.
    fn busy(&mut self, on: Date, todo: Todo) {
        self.busy_until = on + Days::new(self.rng.u64(1..10));
        self.plan(self.busy_until, todo);
        // What comes up on that very day comes after it.
        self.busy_until = self.busy_until + Days::new(1);
    }

    /// Does what comes up, and plans what follows from it.
    fn act(&mut self, on: Date, todo: Todo) -> Result<Option<Command>> {
        match todo {
            Todo::Order(todo) => Ok(self.order(on, todo)),
            Todo::Server(todo) => Ok(self.with_servers(on, todo)),
            Todo::Desk(todo) => self.at_the_desk(todo),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISTRIBUTOR: Distributor =
        Distributor { seed: 1, opens: Date::from_ymd_opt(2016, 1, 1).unwrap(), sells_for_days: 400 };

    fn lived(number: u64) -> Vec<(Date, Request)> {
        let mut life = Life::new(&DISTRIBUTOR, number).unwrap();
        (0..100).filter_map(|_| life.step().unwrap()).map(|asked| (asked.on, asked.request)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_life_and_another_number_another() {
        assert_eq!(lived(1), lived(1));
        assert_ne!(lived(1), lived(2));
    }

    #[test]
    fn a_life_begins_with_a_purchase_and_never_goes_back_in_time() {
        for number in 0..20 {
            let life = lived(number);
            assert_eq!(life[0].1.command.name(), "issue_license");
            assert!(life.is_sorted_by_key(|(on, _)| *on), "license {number}");
        }
    }
}
