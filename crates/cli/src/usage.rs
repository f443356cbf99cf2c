//! Reads the command line; says in one line what is wrong with it.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::args::Cli;
use crate::exit::{FINE, Failure, USAGE};

/// The command line, or the exit status after a help, a version or an error was printed.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitCode> {
    Cli::try_parse_from(words).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => printed(&error, FINE),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => printed(&error, USAGE),
        _ => Failure::Usage(in_one_line(&error.to_string())).report(""),
    })
}

/// Prints a help or the version, in colour on a terminal. A pipe that was closed early is no failure.
fn printed(error: &clap::Error, status: u8) -> ExitCode {
    let _ = error.print();
    ExitCode::from(status)
}

/// clap says it in paragraphs: what is wrong, tips, the usage, where the help is.
fn in_one_line(error: &str) -> String {
    let paragraphs = error.split("\n\n").map(|paragraph| {
        let words: Vec<_> = paragraph.split_whitespace().collect();
        words.join(" ")
    });
    let mut said: Vec<String> = Vec::new();
    for paragraph in paragraphs {
        if let Some(usage) = paragraph.strip_prefix("Usage: ") {
            said.push(format!("try `{} --help`", called(usage)));
        } else if !paragraph.starts_with("For more information") {
            said.push(paragraph.trim_start_matches("error: ").trim_start_matches("tip: ").to_owned());
        }
    }
    said.join("; ")
}

/// The program and its subcommands, as the usage begins with them.
fn called(usage: &str) -> String {
    let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
    usage.split(' ').take_while(is_name).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &str) -> String {
        let error = Cli::try_parse_from(format!("license-ledger {words}").split_whitespace()).unwrap_err();
        in_one_line(&error.to_string())
    }

    #[test]
    fn every_mistake_is_one_line_that_says_what_to_do() {
        insta::assert_snapshot!(said("shwo X"), @"unrecognized subcommand 'shwo'; a similar subcommand exists: 'show'; try `license-ledger --help`");
        insta::assert_snapshot!(said("expiring --from 2013-01-01"), @"the following required arguments were not provided: --to <DATE>; try `license-ledger expiring --help`");
        insta::assert_snapshot!(said("show ABC --on 2013-02-30"), @"invalid value '2013-02-30' for '--on <DATE>': a date that exists is written YYYY-MM-DD");
        insta::assert_snapshot!(said("list --product kontrol"), @"invalid value 'kontrol' for '--product <PRODUCT>' [possible values: connect, control, operator]; a similar value exists: 'control'");
        insta::assert_snapshot!(said("list --limit all"), @"invalid value 'all' for '--limit <N>': a whole number from 1 to 4294967295 is written in digits");
        insta::assert_snapshot!(said("needed-users connect --mailboxes -5"), @"invalid value '-5' for '--mailboxes <N>': a whole number from 0 to 1000000 is written in digits");
        insta::assert_snapshot!(said("serve --listen 8080"), @"invalid value '8080' for '--listen <ADDRESS>': an address is written with its port, such as 127.0.0.1:8080");
        insta::assert_snapshot!(said("needed-users connect"), @"the following required arguments were not provided: --mailboxes <N>; try `license-ledger needed-users connect --help`");
    }
}
