//! What is ordered for a license: the purchase, users, plugins, renewals.

use chrono::{Days, Months};
use fastrand::Rng;
use ledger_domain::command::{Command, OrderTerms};
use ledger_domain::values::{Date, LicenseType, Plugin, PluginSet, RequestedProduct};

use super::super::ask::{self, Bought};
use super::super::season;
use super::Life;
use super::todo::{Desk, Order, Server, Todo};

/// What may come up after a purchase, and for how many.
const SOME: [(f64, Todo); 5] = [
    (0.15, Todo::Order(Order::Plugin)),
    (0.02, Todo::Desk(Desk::Rename)),
    (0.02, Todo::Desk(Desk::Reduce)),
    (0.01, Todo::Desk(Desk::Split)),
    (0.01, Todo::Order(Order::BuyTwin)),
];

impl Life {
    /// Orders it, and plans what follows from it.
    pub(super) fn order(&mut self, on: Date, todo: Order) -> Option<Command> {
        match todo {
            Order::Buy => Some(self.buy(on)),
            Order::Activate => {
                self.begin(on);
                Some(ask::activation())
            }
            Order::Users if self.has_lapsed(on) && !self.plugins.is_empty() => {
                self.plan_by_chance(on, 300, Todo::Order(Order::Users));
                None
            }
            Order::Users if self.happens(0.18) => Some(self.order_users_wrongly(on)),
            Order::Users | Order::UsersRightly => Some(self.order_users(on)),
            Order::Plugin => self.order_plugin(on),
            Order::ActivateUpgrade => self.waiting_order.take().map(ask::upgrade_activation),
            Order::Renew | Order::ComeBack => Some(self.renew(on)),
            Order::BuyTwin => Some(self.buy_twin(on)),
        }
    }

    fn buy(&mut self, on: Date) -> Command {
        let waits = self.happens(0.2);
        if waits {
            self.busy(on, Todo::Order(Order::Activate));
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
        self.plan_by_chance(on, 3, Todo::Server(Server::Bring));
        self.plan_by_chance(on, 3, Todo::Server(Server::Install));
        self.plan_by_chance(on, 600, Todo::Order(Order::Users));
        for (share, todo) in SOME {
            if self.happens(share) {
                self.plan_by_chance(on, 500, todo);
            }
        }
    }

    fn plan_renewal(&mut self, today: Date) {
        if self.happens(0.85) {
            // Of who came back late, SWM may end again in a few days.
            let on = season::renewal(&mut self.rng, self.swm_ends).max(today + Days::new(1));
            self.plan(on, Todo::Order(Order::Renew));
        } else if self.happens(0.4) {
            self.plan_by_chance(self.swm_ends, 200, Todo::Order(Order::ComeBack));
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

    /// No whole pack: it is refused, and ordered rightly then.
    fn order_users_wrongly(&mut self, on: Date) -> Command {
        self.plan(on, Todo::Order(Order::UsersRightly));
        let terms = self.terms(false);
        ask::users(terms, 7)
    }

    fn order_users(&mut self, on: Date) -> Command {
        self.plan_by_chance(on, 600, Todo::Order(Order::Users));
        let terms = self.upgrade(on);
        let users = 5 * self.rng.u32(1..5);
        self.bought.users += users;
        ask::users(terms, users)
    }

    fn order_plugin(&mut self, on: Date) -> Option<Command> {
        let plugin = match self.bought.product {
            RequestedProduct::Connect => Plugin::ActiveSync,
            RequestedProduct::Control => Plugin::WebFilter,
            _ => return None,
        };
        if self.has_lapsed(on) || !self.plugins.insert(plugin) {
            return None;
        }
        let terms = self.upgrade(on);
        Some(ask::plugin(terms, plugin))
    }

    /// Another license with the same plugins, to be merged some day.
    fn buy_twin(&mut self, on: Date) -> Command {
        self.plan_by_chance(on + Days::new(1), 200, Todo::Desk(Desk::Merge));
        let terms = self.terms(false);
        ask::purchase(&Bought { users: 5, plugins: self.plugins.clone(), ..self.bought.clone() }, terms)
    }

    /// An order of an upgrade: some wait for their activation.
    fn upgrade(&mut self, on: Date) -> OrderTerms {
        let waits = self.happens(0.15);
        let terms = self.terms(waits);
        if waits {
            self.waiting_order = Some(terms.order.clone());
            self.busy(on, Todo::Order(Order::ActivateUpgrade));
        }
        terms
    }

    fn terms(&mut self, waits: bool) -> OrderTerms {
        self.orders += 1;
        let partner = if self.happens(0.9) { Some(ask::partner(&mut self.rng)) } else { None };
        ask::terms(format!("PO-{}-{}", self.number.as_str(), self.orders), partner, waits)
    }

    fn has_lapsed(&self, on: Date) -> bool {
        self.swm_ends <= on
    }
}

/// What a license is bought with.
pub(super) fn what_is_bought(rng: &mut Rng) -> Bought {
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
