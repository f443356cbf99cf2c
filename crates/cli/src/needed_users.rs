//! `needed-users`: how many users an installation needs, and whether a license has them.

use std::{fs, io};

use ledger_domain::needed_users::{Installation, NeededUsers};
use ledger_domain::values::{Date, LicenseNumber};

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::given::cannot_read;
use crate::output::{self, card};
use crate::run::Run;
use crate::show::not_found;
use crate::values;

/// The largest count that commands and options take.
const MOST: u32 = 1_000_000;

const AFTER_CONNECT: &str = "\
Examples:
  license-ledger needed-users connect --mailboxes 23
  license-ledger needed-users connect --mailboxes 42 --license 10101-ABC12-XYZ34";

const AFTER_CONTROL: &str = "\
Examples:
  license-ledger needed-users control --accounts 30 --devices-over 7,12
  license-ledger needed-users control --accounts 30 --devices-over devices.txt --license 10101-ABC12";

const AFTER_OPERATOR: &str = "\
Examples:
  license-ledger needed-users operator --accounts 4 --extensions 20
  license-ledger needed-users operator --accounts 40 --extensions 200 --license 10101-ABC12-XYZ34";

const AFTER_HELP: &str = "\
Examples:
  license-ledger needed-users connect --mailboxes 23
  license-ledger needed-users control --accounts 30 --devices-over 7,12 --license 10101-ABC12-XYZ34
  license-ledger needed-users operator --accounts 4 --extensions 20";

/// Count how many users an installation needs
///
/// It counts as the product does (rules CNT-1 to CNT-5), rounded up to whole packs; with a license, what is missing of it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct NeededUsersArgs {
    #[command(subcommand)]
    product: ProductArgs,
    /// Compare with what this license has
    #[arg(long, global = true, value_name = "NUMBER")]
    license: Option<LicenseNumber>,
    /// The day; without it today
    #[arg(long, global = true, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
}

#[derive(Debug, clap::Subcommand)]
enum ProductArgs {
    /// Kerio Connect counts mailboxes
    #[command(after_help = AFTER_CONNECT)]
    Connect {
        /// Mailboxes over all domains; aliases, lists, groups and resources do not count
        #[arg(long, value_name = "N", value_parser = values::whole(0, MOST), allow_negative_numbers = true)]
        mailboxes: u32,
    },
    /// Kerio Control counts accounts, and the devices of those that have many
    #[command(after_help = AFTER_CONTROL)]
    Control {
        /// Accounts with access; the admin account and the guest network do not count
        #[arg(long, value_name = "N", value_parser = values::whole(0, MOST), allow_negative_numbers = true)]
        accounts: u32,
        /// The devices at a time of each account with more than five: N,N… or a file of such numbers
        #[arg(long, value_name = "FILE or N,N…")]
        devices_over: Option<String>,
    },
    /// Kerio Operator counts accounts, or extensions where those need more users
    #[command(after_help = AFTER_OPERATOR)]
    Operator {
        /// Accounts
        #[arg(long, value_name = "N", value_parser = values::whole(0, MOST), allow_negative_numbers = true)]
        accounts: u32,
        /// Extensions
        #[arg(long, value_name = "N", value_parser = values::whole(0, MOST), allow_negative_numbers = true)]
        extensions: u32,
    },
}

impl ProductArgs {
    fn installation(&self) -> Result<Installation, Failure> {
        Ok(match self {
            Self::Connect { mailboxes } => Installation::Connect { mailboxes: *mailboxes },
            Self::Control { accounts, devices_over } => {
                let devices_over = devices_over.as_deref().map(devices).transpose()?.unwrap_or_default();
                Installation::Control { accounts: *accounts, devices_over }
            }
            Self::Operator { accounts, extensions } => {
                Installation::Operator { accounts: *accounts, extensions: *extensions }
            }
        })
    }
}

/// Prints the answer.
pub(crate) async fn needed_users(run: &Run<'_>, args: &NeededUsersArgs) -> Ended {
    let installation = args.product.installation()?;
    let when = run.when(args.on, None);
    let needed = run.ledger().await?.needed_users(&installation, args.license.as_ref(), when).await?;
    match (needed, &args.license, run.format) {
        (None, Some(license), _) => return Err(not_found(run, license, when)),
        (needed, _, Format::Json) => output::json(&needed)?,
        (needed, _, Format::Table) => output::text(&needed.map(|needed| in_words(&needed)).unwrap_or_default())?,
    }
    Ok(FINE)
}

fn in_words(needed: &NeededUsers) -> String {
    let facts = [
        ("users needed", Some(needed.needed)),
        ("licensed", needed.licensed),
        ("short", needed.short),
        ("to buy", Some(needed.to_buy)),
    ];
    card::card(facts.into_iter().filter_map(|(name, count)| Some((name, count?.to_string()))))
}

/// The numbers themselves, or those in the file: separated by commas, blanks or line ends.
fn devices(given: &str) -> Result<Vec<u32>, Failure> {
    if given.chars().all(|c| c.is_ascii_digit() || c == ',' || c == ' ') {
        return numbers("--devices-over", given);
    }
    let text = fs::read_to_string(given).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::Usage(format!(
            "--devices-over: {given} is neither numbers nor a file that is there; write them as 7,12, or check the name"
        )),
        _ => cannot_read(given, &error),
    })?;
    let lines = (1..).zip(text.lines());
    let read = lines.map(|(number, line)| numbers(&format!("{given}, line {number}"), line));
    Ok(read.collect::<Result<Vec<_>, _>>()?.concat())
}

fn numbers(place: &str, text: &str) -> Result<Vec<u32>, Failure> {
    let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let number = word.parse().ok().filter(|number| *number <= MOST);
            let wrong =
                || format!("{place}: \"{word}\" is no number of devices; write whole numbers from 0 to 1,000,000");
            number.ok_or_else(|| Failure::Usage(wrong()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_given_as_numbers_or_in_a_file() {
        assert_eq!(devices("7,12").unwrap(), [7, 12]);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "7\r\n12, 8\n\n").unwrap();
        assert_eq!(devices(file.path().to_str().unwrap()).unwrap(), [7, 12, 8]);
        std::fs::write(file.path(), "7\ntwelve\n").unwrap();
        let Err(Failure::Usage(why)) = devices("7,x") else { panic!("it was read") };
        assert!(why.contains("7,x is neither numbers nor a file"), "{why}");
        let Err(Failure::Usage(why)) = devices(file.path().to_str().unwrap()) else { panic!("it was read") };
        assert!(
            why.ends_with("line 2: \"twelve\" is no number of devices; write whole numbers from 0 to 1,000,000"),
            "{why}"
        );
    }
}
