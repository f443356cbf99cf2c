//! Licenses in memory: commands judged by the very decision code of the ledger, with nothing around it.

use std::collections::HashMap;

use anyhow::Result;
use ledger_domain::catalog::Programme;
use ledger_domain::command::Request;
use ledger_domain::decide::{Case, Decision, Other, Purpose, decide};
use ledger_domain::license::{EventPlace, License, evolve};
use ledger_domain::values::{Date, LicenseNumber};

/// The licenses that belong together: a life's, with what was split off or bought beside it.
pub(crate) struct Book<'p> {
    programme: &'p Programme,
    licenses: HashMap<LicenseNumber, License>,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) accepted: bool,
    /// How many events; a refusal is one.
    pub(crate) events: u64,
}

impl<'p> Book<'p> {
    pub(crate) fn new(programme: &'p Programme) -> Self {
        Self { programme, licenses: HashMap::new() }
    }

    /// How many licenses there are.
    pub(crate) fn len(&self) -> usize {
        self.licenses.len()
    }

    /// Judges the command on that day, and folds what comes of it into the licenses.
    pub(crate) fn judge(&mut self, request: &Request, on: Date) -> Result<Judged> {
        match self.decided(request, on) {
            None => Ok(Judged { accepted: false, events: 1 }),
            Some(decision) => {
                for (number, event) in &decision.events {
                    let license = self.licenses.remove(number);
                    let sequence = license.as_ref().map_or(0, |license| license.facts.version) + 1;
                    let next = evolve(license, &EventPlace { license: number, sequence, on }, event)?;
                    self.licenses.insert(number.clone(), next);
                }
                Ok(Judged { accepted: true, events: decision.events.len() as u64 })
            }
        }
    }

    fn decided(&self, request: &Request, on: Date) -> Option<Decision> {
        let other = |number| Other { number, license: self.licenses.get(number) };
        let others: Vec<_> = request.command.others().into_iter().map(other).collect();
        let case = Case {
            request,
            on,
            purpose: Purpose::Post { today: on },
            license: self.licenses.get(&request.license),
            others: &others,
            // Lives count their orders.
            order_is_taken: false,
            programme: self.programme,
        };
        decide(&case).ok()
    }
}

#[cfg(test)]
mod tests {
    use ledger_domain::command::read;

    use super::super::{Distributor, Lives};
    use super::*;

    const DISTRIBUTOR: Distributor =
        Distributor { seed: 1, opens: Date::from_ymd_opt(2016, 1, 1).unwrap(), sells_for_days: 400 };

    #[test]
    fn about_two_in_a_hundred_are_refused_and_all_can_be_read() {
        let programme = Programme::built_in().unwrap();
        let mut book = Book::new(&programme);
        let mut lives = Lives::new(&DISTRIBUTOR, 500).unwrap();
        let (mut refused, mut last) = (0, DISTRIBUTOR.opens);
        for _ in 0..10_000 {
            let asked = lives.next().unwrap().unwrap();
            assert_eq!(read(serde_json::to_string(&asked.request).unwrap().as_bytes()).unwrap(), asked.request);
            assert!(asked.on >= last, "the days are in order");
            last = asked.on;
            refused += u32::from(!book.judge(&asked.request, asked.on).unwrap().accepted);
        }
        assert!((100..300).contains(&refused), "{refused} of 10,000 are refused");
        assert!(book.len() > 500, "there are splits and twins");
    }
}
