//! What becomes of one license, from its purchase on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use anyhow::Result;
use chrono::{Datelike, Days, Months};
use fastrand::Rng;
use ledger_domain::command::{Command, OrderTerms, Request};
use ledger_domain::values::{Date, LicenseNumber, LicenseType, Plugin, PluginSet, RequestedProduct};

use super::ask::{self, Bought};
use super::{Distributor, season};

/// A command, and when it is asked.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) on: Date,
    /// The hour of the day, Moscow time.
    pub(crate) hour: u8,
    pub(crate) request: Request,
}

/// What is to come for a license.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Todo {
    Buy,
    Activate,
    BringServer,
    TakeServerAway,
    BringSecondServer,
    Unblock,
    Install,
    OrderUsers,
    OrderUsersRightly,
    OrderPlugin,
    ActivateUpgrade,
    Renew,
    ComeBack,
    Rename,
    Reduce,
    Split,
    BuyTwin,
    Merge,
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
        let bought = what_is_bought(&mut rng);
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
        life.plan(bought_on, Todo::Buy);
        Ok(life)
    }

    /// When the next thing comes up.
    pub(crate) fn next_on(&mut self) -> Option<Date> {
        while let Some(&Reverse((on, _, todo))) = self.agenda.peek() {
            let cannot_wait = matches!(todo, Todo::Activate | Todo::ActivateUpgrade | Todo::Unblock);
            if on >= self.busy_until || cannot_wait {
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
        let of_servers = matches!(todo, Todo::BringServer | Todo::TakeServerAway | Todo::Install);
        let hour = if of_servers { season::any_hour(&mut self.rng) } else { season::office_hour(&mut self.rng) };
        let license = if todo == Todo::BuyTwin { self.twin()? } else { self.number.clone() };
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

    /// Does what comes up, and plans what follows from it.
    fn act(&mut self, on: Date, todo: Todo) -> Result<Option<Command>> {
        let lapsed = self.swm_ends <= on;
        Ok(Some(match todo {
            Todo::Buy => self.buy(on),
            Todo::Activate => {
                self.begin(on);
                ask::activation()
            }
            Todo::BringServer => {
                self.server += 1;
                self.plan_by_chance(on, 500, Todo::TakeServerAway);
                ask::server(self.server, true)
            }
            // Some start the new server before they stop the old one, which blocks the license.
            Todo::TakeServerAway if self.happens(0.02) => return self.act(on, Todo::BringSecondServer),
            Todo::TakeServerAway => {
                self.plan(on + Days::new(1), Todo::BringServer);
                ask::server(self.server, false)
            }
            Todo::BringSecondServer => {
                self.busy(on, Todo::Unblock);
                ask::server(self.server + 1, true)
            }
            Todo::Unblock => {
                // That empties the list of servers; the new one comes again.
                self.plan(on + Days::new(1), Todo::BringServer);
                ask::unblocking()
            }
            Todo::Install => return Ok(self.install(on)),
            Todo::OrderUsers if lapsed && !self.plugins.is_empty() => {
                self.plan_by_chance(on, 300, Todo::OrderUsers);
                return Ok(None);
            }
            Todo::OrderUsers if self.happens(0.18) => {
                self.plan(on, Todo::OrderUsersRightly);
                let terms = self.terms(false);
                ask::users(terms, 7)
            }
            Todo::OrderUsers | Todo::OrderUsersRightly => {
                self.plan_by_chance(on, 600, Todo::OrderUsers);
                let terms = self.upgrade(on);
                let users = 5 * self.rng.u32(1..5);
                self.bought.users += users;
                ask::users(terms, users)
            }
            Todo::OrderPlugin => return Ok(self.order_plugin(on, lapsed)),
            Todo::ActivateUpgrade => match self.waiting_order.take() {
                Some(order) => ask::upgrade_activation(order),
                None => return Ok(None),
            },
            Todo::Renew | Todo::ComeBack => self.renew(on),
            Todo::Rename => ask::rename(ask::holder(&mut self.rng).name),
            Todo::Reduce if self.bought.users > 5 => {
                self.bought.users -= 5;
                ask::reduction(self.bought.users)
            }
            Todo::Split if self.bought.users > 5 => {
                self.bought.users -= 5;
                ask::split(self.relative("PART")?, 5)
            }
            Todo::Reduce | Todo::Split => return Ok(None),
            Todo::BuyTwin => {
                self.plan_by_chance(on + Days::new(1), 200, Todo::Merge);
                let terms = self.terms(false);
                ask::purchase(&Bought { users: 5, plugins: self.plugins.clone(), ..self.bought.clone() }, terms)
            }
            Todo::Merge => {
                self.bought.users += 5;
                // SWM ends too far apart go to the earliest; the life looks again at a year from now.
                ask::merge(self.twin()?)
            }
        }))
    }

    fn buy(&mut self, on: Date) -> Command {
        let waits = self.happens(0.2);
        if waits {
            self.busy(on, Todo::Activate);
        } else {
            self.begin(on);
        }
        let terms = self.terms(waits);
        ask::purchase(&self.bought, terms)
    }

    /// The purchase is active: SWM begins, the server is set up.
    fn begin(&mut self, on: Date) {
        self.swm_ends = on + Months::new(12 * self.bought.swm_years);
        self.plan_renewal(on);
        self.plan_by_chance(on, 3, Todo::BringServer);
        self.plan_by_chance(on, 3, Todo::Install);
        self.plan_by_chance(on, 600, Todo::OrderUsers);
        for (share, todo) in [
            (0.15, Todo::OrderPlugin),
            (0.02, Todo::Rename),
            (0.02, Todo::Reduce),
            (0.01, Todo::Split),
            (0.01, Todo::BuyTwin),
        ] {
            if self.happens(share) {
                self.plan_by_chance(on, 500, todo);
            }
        }
    }

    fn plan_renewal(&mut self, today: Date) {
        if self.happens(0.85) {
            // Of who came back late, SWM may end again in a few days.
            let on = season::renewal(&mut self.rng, self.swm_ends).max(today + Days::new(1));
            self.plan(on, Todo::Renew);
        } else if self.happens(0.4) {
            self.plan_by_chance(self.swm_ends, 200, Todo::ComeBack);
        }
    }

    /// A year; who comes back late pays for the gap too.
    fn renew(&mut self, on: Date) -> Command {
        let mut years = 1;
        while self.swm_ends + Months::new(12 * years) <= on {
            years += 1;
        }
        self.swm_ends = self.swm_ends + Months::new(12 * years);
        self.plan_renewal(on);
        let terms = self.upgrade(on);
        ask::renewal(terms, years)
    }

    /// The release of this half-year, where SWM covers it.
    fn install(&mut self, on: Date) -> Option<Command> {
        self.plan_by_chance(on + Days::new(90), 90, Todo::Install);
        let half = if on.month() <= 6 { 1 } else { 7 };
        let released = on.with_day(1)?.with_month(half)?;
        let version = format!("{}.{half}.0", on.year() - 2000);
        (released < self.swm_ends).then(|| ask::version(&version, released))
    }

    fn order_plugin(&mut self, on: Date, lapsed: bool) -> Option<Command> {
        let plugin = match self.bought.product {
            RequestedProduct::Connect => Plugin::ActiveSync,
            RequestedProduct::Control => Plugin::WebFilter,
            _ => return None,
        };
        if lapsed || !self.plugins.insert(plugin) {
            return None;
        }
        let terms = self.upgrade(on);
        Some(ask::plugin(terms, plugin))
    }

    /// An order of an upgrade: some wait for their activation.
    fn upgrade(&mut self, on: Date) -> OrderTerms {
        let waits = self.happens(0.15);
        let terms = self.terms(waits);
        if waits {
            self.waiting_order = Some(terms.order.clone());
            self.busy(on, Todo::ActivateUpgrade);
        }
        terms
    }

    fn terms(&mut self, waits: bool) -> OrderTerms {
        self.orders += 1;
        let partner = if self.happens(0.9) { Some(ask::partner(&mut self.rng)) } else { None };
        ask::terms(format!("PO-{}-{}", self.number.as_str(), self.orders), partner, waits)
    }

    /// Nothing else comes up before this is done.
    fn busy(&mut self, on: Date, todo: Todo) {
        self.busy_until = on + Days::new(self.rng.u64(1..10));
        self.plan(self.busy_until, todo);
        // What comes up on that very day comes after it.
        self.busy_until = self.busy_until + Days::new(1);
    }

    fn twin(&self) -> Result<LicenseNumber> {
        self.relative("TWIN")
    }

    fn relative(&self, what: &str) -> Result<LicenseNumber> {
        Ok(format!("{}-{what}", self.number.as_str()).parse()?)
    }
}

fn what_is_bought(rng: &mut Rng) -> Bought {
    use RequestedProduct::{Connect, Control, Operator};
    let product = [Connect, Connect, Connect, Control, Control, Operator][rng.usize(..6)];
    let plugins = match product {
        Connect | Control if rng.f64() < 0.4 => [Plugin::Antivirus].into_iter().collect(),
        _ => PluginSet::none(),
    };
    let license_type = [LicenseType::Commercial, LicenseType::Government, LicenseType::Education]
        [rng.usize(..3).min(rng.usize(..3)).min(rng.usize(..3))];
    let users = 5 * rng.u32(1..41).min(rng.u32(1..41)).min(rng.u32(1..41));
    let swm_years = if rng.f64() < 0.1 { 2 } else { 1 };
    Bought { product, users, plugins, license_type, holder: ask::holder(rng), swm_years }
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
