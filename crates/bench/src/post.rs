//! A large file: in groups that commit together, against one by one.

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use async_trait::async_trait;
use ledger_app::ledger::Ledger;

use crate::args::Effort;
use crate::clients::post_all;
use crate::cpu::Database;
use crate::file::{COMMANDS_EACH, File};
use crate::places::{Kind, Places};
use crate::progress;
use crate::report::{Goal, Report};
use crate::rounds::{Contender, Rounds, Turn};
use crate::told::Told;

/// How much faster groups must be.
const GOAL: Goal = Goal::RatioAtLeast(5.0);

/// The commands of a turn in groups: on 5,000 licenses.
const IN_GROUPS: usize = 20_000;

/// The commands of a turn one by one: on 1,000 licenses, each as busy as in the large file.
const ONE_BY_ONE: usize = 4_000;

const _: () = assert!(IN_GROUPS as u64 == 5_000 * COMMANDS_EACH && ONE_BY_ONE as u64 == 1_000 * COMMANDS_EACH);

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    for kind in Kind::BOTH {
        on(places, effort, kind, report).await?;
    }
    Ok(())
}

async fn on(places: &Places, effort: Effort, kind: Kind, report: &mut Report) -> Result<()> {
    progress(&format!("post: {} …", kind.name()));
    let ledger = places.ledger(kind, "post.db").await?;
    let database = match kind {
        Kind::Postgres => Database::of(&places.new_postgres().await?).await?,
        Kind::Sqlite => Vec::new(),
    };
    let posts = |name, letters, seed, (commands, together)| Posts {
        name,
        ledger: Arc::clone(&ledger),
        file: File::new(letters, seed),
        lines: Vec::new(),
        commands,
        together,
    };
    let mut singles = [posts("one by one", "ONE", 3, (ONE_BY_ONE, 1))];
    let mut groups = [posts("in groups of 500", "MANY", 4, (IN_GROUPS, IN_GROUPS))];
    let rounds = Rounds::run((effort.rounds, effort.turn()), &database, &mut singles, &mut groups).await?;
    rounds.tell(Told { measured: "post", kind, clients: 1 }, &[GOAL], report);
    Ok(())
}

/// Commands of a file, so many given to the ledger together; it makes groups of them.
struct Posts {
    name: &'static str,
    ledger: Arc<Ledger>,
    file: File,
    /// Those of the next turn.
    lines: Vec<String>,
    commands: usize,
    together: usize,
}

#[async_trait]
impl Contender for Posts {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    async fn make_ready(&mut self) -> Result<()> {
        self.lines = self.file.by_ref().take(self.commands).collect();
        Ok(())
    }

    async fn turn(&mut self, _: Duration) -> Result<Turn> {
        let (begun, mut latencies_ms) = (Instant::now(), Vec::new());
        let mut lines = mem::take(&mut self.lines).into_iter();
        while !lines.as_slice().is_empty() {
            let asked = Instant::now();
            post_all(&self.ledger, lines.by_ref().take(self.together).collect()).await?;
            latencies_ms.push(asked.elapsed().as_secs_f64() * 1e3);
        }
        let took = begun.elapsed();
        // Nothing is left that would be done in the other's turn.
        self.ledger.settle().await?;
        // How long all of a file takes is no command's wait.
        latencies_ms.retain(|_| self.together == 1);
        Ok(Turn { latencies_ms, ..Turn::of(self.commands as u64, took) })
    }
}
