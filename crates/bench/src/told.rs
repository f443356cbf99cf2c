//! From what the turns gave to lines of the tables.

use crate::cost::{Cost, CostRow};
use crate::places::Kind;
use crate::report::{Goal, Report, Row};
use crate::rounds::{Figures, Rounds};
use crate::samples::Samples;

/// What the tables say of whoever is measured, beside the name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) measured: &'static str,
    pub(crate) kind: Kind,
    pub(crate) clients: u32,
}

impl Told {
    /// A line with rates.
    pub(crate) fn row(self, name: &str, figures: Samples, ratios: Option<Samples>, goal: Option<Goal>) -> Row {
        let (measured, clients) = (self.measured, self.clients);
        Row { measured, contender: self.contender(name), clients, unit: "/s", figures, ratios, goal }
    }

    /// A line with peaks of memory, which have a limit.
    pub(crate) fn peak(self, name: &str, peaks_mb: Samples, most_mb: f64) -> Row {
        let goal = Some(Goal::AtMost(most_mb));
        Row { unit: "MB", ..self.row(&format!("{name}, peak of memory"), peaks_mb, None, goal) }
    }

    /// A line of costs.
    pub(crate) fn cost(self, name: &str, cost: Cost) -> CostRow {
        CostRow { measured: self.measured, contender: self.contender(name), clients: self.clients, cost }
    }

    fn contender(self, name: &str) -> String {
        format!("{}: {name}", self.kind.name())
    }
}

impl Rounds {
    /// Adds them to the tables: the floors, then the contenders, each against the first floor and with its goal, if any.
    pub(crate) fn tell(self, told: Told, goals: &[Goal], report: &mut Report) {
        let ratios: Vec<_> = (0..self.contenders.len()).map(|contender| self.ratios(contender, 0)).collect();
        for figures in &self.floors {
            report.add(told.row(&figures.name, figures.rates.clone(), None, None));
        }
        for ((number, figures), ratios) in self.contenders.iter().enumerate().zip(ratios) {
            report.add(told.row(&figures.name, figures.rates.clone(), Some(ratios), goals.get(number).copied()));
        }
        for Figures { name, cost, .. } in self.floors.into_iter().chain(self.contenders) {
            report.add_cost(told.cost(&name, cost));
        }
    }
}
