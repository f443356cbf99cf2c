//! `completions`: a script that lets a shell complete commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::{Ended, FINE};
use crate::output;

const AFTER_HELP: &str = "\
Examples:
  license-ledger completions zsh > ~/.zfunc/_license-ledger
  license-ledger completions bash > ~/.local/share/bash-completion/completions/license-ledger";

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(crate) fn completions(args: &CompletionsArgs) -> Ended {
    // Made in memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "license-ledger", &mut script);
    output::bytes(&script)?;
    Ok(FINE)
}
