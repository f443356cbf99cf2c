//! What can be asked on the command line: the options that stand everywhere, and the subcommands.

use chrono_tz::Tz;
use clap::{Parser, Subcommand, ValueEnum};

use crate::exit::Failure;
use crate::given::GivenFile;
use crate::{
    catalog, certificate, completions, config, diff, expiring, export, history, import, import_portfolio, keys,
    lineage, list, needed_users, post, rebuild, reconcile, replay, report, rule, seal, serve, show, support, verify,
    verify_export,
};

const AFTER_HELP: &str = "\
Exit status:
  0  everything was accepted, or found
  1  something was refused (rejected, invalid, conflict, forbidden), not found, or damaged
  2  wrong usage, unreadable input, or an output that cannot be written
  3  the database failed, or cannot tell yet what is asked

Examples:
  license-ledger post orders.ndjson > outcomes.ndjson
  license-ledger show 10101-ABC12-XYZ34 --on 2012-08-20
  license-ledger --database postgres://db.example/ledger expiring --from 2013-01-01 --to 2013-02-01
  license-ledger rule USR-2";

/// The ledger of record for software licenses.
///
/// It takes commands (buy, upgrade, activate, correct), judges them by the vendor's license policy, keeps what was
/// accepted and what was refused for ever, and says what every license is worth on any day.
#[derive(Debug, Parser)]
#[command(name = "license-ledger", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) everywhere: Everywhere,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The options that stand before or after the subcommand.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options everywhere")]
pub(crate) struct Everywhere {
    /// The ledger: `sqlite:PATH` or a `postgres://` URL. A SQLite file is created by what first writes to it.
    // The value may hold a password: it is parsed by hand, because clap would repeat a wrong one, and hidden in helps.
    #[arg(
        long,
        global = true,
        value_name = "LEDGER",
        env = "LICENSE_LEDGER_DATABASE",
        hide_env_values = true,
        default_value = "sqlite:license-ledger.db"
    )]
    pub(crate) database: String,

    /// How to print answers; by default a table on a terminal, else JSON. `post` and `quote` write NDJSON.
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<GivenFormat>,

    /// The price list to use (CSV), or `builtin`; without it the ledger's current one. Only for what judges, prices or
    /// says what licenses are worth.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) prices: Option<GivenFile>,

    /// The catalog to use (TOML), or `builtin`; without it the ledger's current one. As `--prices`.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) catalog: Option<GivenFile>,

    /// Where it is today: an IANA time zone.
    #[arg(
        long,
        global = true,
        value_name = "ZONE",
        env = "LICENSE_LEDGER_TIME_ZONE",
        default_value = "Europe/Moscow",
        value_parser = time_zone
    )]
    pub(crate) time_zone: Tz,
}

/// How answers are to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GivenFormat {
    /// JSON, indented; a report with a row a line.
    Json,
    /// A table, for people; not of a report.
    Table,
    /// A table for spreadsheets; of a report only.
    Csv,
}

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON, indented.
    Json,
    /// A table, for people.
    Table,
}

fn time_zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| "an IANA time zone is written like Europe/Moscow".to_owned())
}

/// The subcommands. What each does is said with its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Post(post::PostArgs),
    Quote(post::QuoteArgs),
    Show(show::ShowArgs),
    History(history::HistoryArgs),
    Diff(diff::DiffArgs),
    Lineage(lineage::LineageArgs),
    List(list::ListArgs),
    Expiring(expiring::ExpiringArgs),
    NeededUsers(needed_users::NeededUsersArgs),
    Support(support::SupportArgs),
    Rule(rule::RuleArgs),
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    #[command(subcommand)]
    Seal(seal::SealCommand),
    Verify(verify::VerifyArgs),
    Certificate(certificate::CertificateArgs),
    VerifyCertificate(certificate::VerifyCertificateArgs),
    ImportPortfolio(import_portfolio::ImportPortfolioArgs),
    Reconcile(reconcile::ReconcileArgs),
    Rebuild(rebuild::RebuildArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    VerifyExport(verify_export::VerifyExportArgs),
    Replay(replay::ReplayArgs),
    #[command(subcommand)]
    Report(report::ReportCommand),
    Serve(serve::ServeArgs),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    Completions(completions::CompletionsArgs),
}

/// The subcommands that look at the catalog and the price list.
const WITH_FACTS: &str = "post, quote, show, diff, list, expiring, needed-users, support, catalog, certificate, \
                          verify-certificate, import-portfolio, reconcile, replay, report, serve";

impl Cli {
    /// Refuses options that would change nothing: whoever gives them expects that they do.
    pub(crate) fn refuse_idle_options(&self) -> Result<(), Failure> {
        if self.everywhere.format == Some(GivenFormat::Csv) && !matches!(self.command, Command::Report(_)) {
            return Err(Failure::Usage("--format csv is for `report` only; give json or table".to_owned()));
        }
        let option = match &self.everywhere {
            Everywhere { prices: Some(_), .. } => "--prices",
            Everywhere { catalog: Some(_), .. } => "--catalog",
            _ => return Ok(()),
        };
        if self.command.looks_at_facts() {
            return Ok(());
        }
        Err(Failure::Usage(format!("{option} changes nothing here; leave it out: it is for {WITH_FACTS}")))
    }
}

impl Command {
    /// Whether its answer depends on the catalog or the price list.
    const fn looks_at_facts(&self) -> bool {
        match self {
            Self::Post(_)
            | Self::Quote(_)
            | Self::Show(_)
            | Self::Diff(_)
            | Self::List(_)
            | Self::Expiring(_)
            | Self::NeededUsers(_)
            | Self::Support(_)
            | Self::Catalog(_)
            | Self::Certificate(_)
            | Self::VerifyCertificate(_)
            | Self::ImportPortfolio(_)
            | Self::Reconcile(_)
            | Self::Replay(_)
            | Self::Report(_)
            | Self::Serve(_) => true,
            Self::History(_)
            | Self::Lineage(_)
            | Self::Rule(_)
            | Self::Keys(_)
            | Self::Seal(_)
            | Self::Verify(_)
            | Self::Rebuild(_)
            | Self::Export(_)
            | Self::Import(_)
            | Self::VerifyExport(_)
            | Self::Config(_)
            | Self::Completions(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use ledger_seal::keys::SecretKey;

    use super::*;

    fn parsed(words: &str) -> Cli {
        Cli::try_parse_from(format!("license-ledger {words}").split_whitespace()).unwrap()
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_and_after_the_subcommand() {
        for words in ["--database sqlite:a.db --format json show ABC", "show --database sqlite:a.db ABC --format json"]
        {
            let Everywhere { database, format, .. } = parsed(words).everywhere;
            assert_eq!((database.as_str(), format), ("sqlite:a.db", Some(GivenFormat::Json)), "{words}");
        }
    }

    /// How each subcommand is called with what it needs.
    const CALLS: [&str; 28] = [
        "post",
        "quote",
        "show A-1",
        "history A-1",
        "diff --known-at 2012-01-01T00:00:00Z --known-at 2013-01-01T00:00:00Z",
        "lineage A-1",
        "list",
        "expiring --from 2012-01-01 --to 2013-01-01",
        "needed-users connect --mailboxes 5",
        "support A-1 --on 2012-01-01",
        "rule",
        "catalog check",
        "keys list",
        "seal status",
        "verify",
        "certificate A-1 --on 2012-01-01",
        "verify-certificate FILE --key KEY",
        "import-portfolio FILE",
        "reconcile FILE",
        "rebuild",
        "export",
        "import",
        "verify-export FILE --key KEY",
        "replay",
        "report sales",
        "serve",
        "config check",
        "completions bash",
    ];

    #[test]
    fn facts_are_refused_where_nothing_looks_at_them() {
        let key = SecretKey::new("log.example", &[1; 32]).unwrap().verifier().to_string();
        let takes = |call: &str, option: &str| {
            parsed(&format!("{} {option}", call.replace("KEY", &key))).refuse_idle_options().is_ok()
        };
        let name = |call: &str| call.split(' ').next().unwrap_or_default().to_owned();
        let every: Vec<_> = Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        assert_eq!(CALLS.map(name).to_vec(), every, "no subcommand is left out here");
        for option in ["--prices builtin", "--catalog builtin"] {
            let taken: Vec<_> = CALLS.into_iter().filter(|call| takes(call, option)).map(name).collect();
            assert_eq!(taken.join(", "), WITH_FACTS, "{option}");
        }
        assert!(CALLS.into_iter().all(|call| takes(call, "--time-zone UTC")));
    }

    #[test]
    fn every_subcommand_has_examples() {
        fn check(command: &clap::Command) {
            for subcommand in command.get_subcommands() {
                let help = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Examples:"), "{}", subcommand.get_name());
                check(subcommand);
            }
        }
        check(&Cli::command());
    }

    #[test]
    fn no_help_shows_the_databases_url() {
        let mut command = Cli::command();
        let database = command.get_arguments().find(|arg| arg.get_id() == "database").unwrap();
        assert!(database.is_hide_env_values_set());
        assert!(command.render_long_help().to_string().contains("LICENSE_LEDGER_DATABASE"));
    }

    #[test]
    fn pages_hold_50_licenses_by_default_and_never_none() {
        let Command::List(list) = parsed("list").command else { panic!("no list") };
        assert_eq!(list.limit, 50);
        assert!(Cli::try_parse_from(["license-ledger", "list", "--limit", "0"]).is_err());
    }
}
