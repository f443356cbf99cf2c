//! The servers of a license: they come, go, are replaced, and get new versions.

use chrono::{Datelike, Days};
use ledger_domain::command::Command;
use ledger_domain::values::Date;

use super::super::ask;
use super::Life;
use super::todo::{Server, Todo};

impl Life {
    /// Does it, and plans what follows from it.
    pub(super) fn with_servers(&mut self, on: Date, todo: Server) -> Option<Command> {
        Some(match todo {
            Server::Bring => {
                self.server += 1;
                self.plan_by_chance(on, 500, Todo::Server(Server::TakeAway));
                ask::server(self.server, true)
            }
            // Some start the new server before they stop the old one, which blocks the license.
            Server::TakeAway if self.happens(0.02) => self.bring_second(on),
            Server::TakeAway => {
                self.plan(on + Days::new(1), Todo::Server(Server::Bring));
                ask::server(self.server, false)
            }
            Server::Unblock => {
                // That empties the list of servers; the new one comes again.
                self.plan(on + Days::new(1), Todo::Server(Server::Bring));
                ask::unblocking()
            }
            Server::Install => return self.install(on),
        })
    }

    fn bring_second(&mut self, on: Date) -> Command {
        self.busy(on, Todo::Server(Server::Unblock));
        ask::server(self.server + 1, true)
    }

    /// The release of this half-year, where SWM covers it.
    fn install(&mut self, on: Date) -> Option<Command> {
        self.plan_by_chance(on + Days::new(90), 90, Todo::Server(Server::Install));
        let half = if on.month() <= 6 { 1 } else { 7 };
        let released = on.with_day(1)?.with_month(half)?;
        let version = format!("{}.{half}.0", on.year() - 2000);
        (released < self.swm_ends).then(|| ask::version(&version, released))
    }
}
