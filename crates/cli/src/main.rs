//! `license-ledger`: the ledger on the command line.
//!
//! Reading order: [`args`] (what can be asked), [`mod@run`] (what a run works with), then a file for each subcommand, such
//! as [`post`]. [`output`] prints, [`exit`] says how it ends. Only [`store`] knows which database holds the ledger.

mod actor;
mod args;
mod catalog;
mod certificate;
mod completions;
mod config;
mod diff;
mod exit;
mod expiring;
mod export;
mod given;
mod history;
mod import;
mod import_portfolio;
mod keys;
mod lineage;
mod list;
mod log;
mod needed_users;
mod open_files;
mod output;
mod post;
mod progress;
mod rebuild;
mod reconcile;
mod replay;
mod report;
mod rule;
mod run;
mod seal;
mod serve;
mod show;
mod source;
mod store;
mod support;
mod tally;
mod usage;
mod values;
mod verify;
mod verify_export;

use std::process::ExitCode;

use tokio::runtime::Runtime;

use crate::args::{Cli, Command};
use crate::exit::{Ended, Failure};
use crate::run::Run;
use crate::store::Database;

fn main() -> ExitCode {
    let cli = match usage::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    let database: Database = match cli.everywhere.database.parse() {
        Ok(database) => database,
        Err(why) => return Failure::Usage(why).report(""),
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Usage(format!("cannot start: {error}; free some memory or threads")).report(""),
    };
    let name = database.to_string();
    let ended = runtime.block_on(async {
        let ended = run(cli, &database).await;
        database.close().await;
        ended
    });
    // A read of standard input may still wait for what will never come: nothing waits for it.
    runtime.shutdown_background();
    match ended {
        Ok(status) => ExitCode::from(status),
        Err(failure) => failure.report(&name),
    }
}

async fn run(cli: Cli, database: &Database) -> Ended {
    cli.refuse_idle_options()?;
    let run = Run::new(&cli.everywhere, database)?;
    match cli.command {
        Command::Post(args) => post::post(&run, &args).await,
        Command::Quote(args) => post::quote(&run, &args).await,
        Command::Show(args) => show::show(&run, &args).await,
        Command::History(args) => history::history(&run, &args).await,
        Command::Diff(args) => diff::diff(&run, &args).await,
        Command::Lineage(args) => lineage::lineage(&run, &args).await,
        Command::List(args) => list::list(&run, args).await,
        Command::Expiring(args) => expiring::expiring(&run, args).await,
        Command::NeededUsers(args) => needed_users::needed_users(&run, &args).await,
        Command::Support(args) => support::support(&run, args).await,
        Command::Rule(args) => rule::rule(&run, &args),
        Command::Catalog(command) => catalog::catalog(&run, &command).await,
        Command::Keys(command) => keys::keys(&run, command).await,
        Command::Seal(command) => seal::seal(&run, command).await,
        Command::Verify(args) => verify::verify(&run, &args).await,
        Command::Certificate(args) => certificate::certificate(&run, &args).await,
        Command::VerifyCertificate(args) => certificate::verify(&run, &args),
        Command::ImportPortfolio(args) => import_portfolio::import_portfolio(&run, &args).await,
        Command::Reconcile(args) => reconcile::reconcile(&run, &args).await,
        Command::Rebuild(_) => rebuild::rebuild(&run).await,
        Command::Export(args) => export::export(&run, &args).await,
        Command::Import(args) => import::import(&run, &args).await,
        Command::VerifyExport(args) => verify_export::verify(&run, &args).await,
        Command::Replay(_) => replay::replay(&run).await,
        Command::Report(command) => report::report(&run, command).await,
        Command::Serve(args) => serve::serve(&run, &args).await,
        Command::Config(command) => config::config(&command),
        Command::Completions(args) => completions::completions(&args),
    }
}
