//! The service's configuration: flags before environment before file before defaults; and `config check`, which shows
//! what comes of it.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Subcommand};
use ledger_http::config::{NUMBERS, Setting, Settings};
use toml::de::{DeTable, DeValue};

use crate::exit::{Ended, FINE, Failure, REFUSED, note};
use crate::given::cannot_read;
use crate::output;
use crate::values;

const CHECK_HELP: &str = "\
Examples:
  license-ledger config check
  license-ledger config check /etc/license-ledger.toml";

/// Look at the service's configuration
#[derive(Debug, Subcommand)]
#[command(after_help = CHECK_HELP)]
pub(crate) enum ConfigCommand {
    Check(CheckArgs),
}

/// Show the configuration that `serve` would run with, and everything that is wrong with it
#[derive(Debug, clap::Args)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct CheckArgs {
    /// The configuration file (TOML); without it, the environment and the defaults
    #[arg(env = "LICENSE_LEDGER_CONFIG")]
    file: Option<PathBuf>,
    #[command(flatten)]
    given: Given,
}

/// Prints the effective configuration; says every problem on standard error.
pub(crate) fn config(command: &ConfigCommand) -> Ended {
    let ConfigCommand::Check(CheckArgs { file, given }) = command;
    let (settings, problems) = effective(file.as_deref(), given)?;
    output::text(&written(&settings))?;
    for problem in &problems {
        note(problem);
    }
    Ok(if problems.is_empty() { FINE } else { REFUSED })
}

/// The settings to run with.
///
/// # Errors
/// The first problem, and how many more there are.
pub(crate) fn settings(file: Option<&Path>, given: &Given) -> Result<Settings, Failure> {
    let (settings, problems) = effective(file, given)?;
    let Some(first) = problems.first() else { return Ok(settings) };
    let more = match problems.len() {
        1 => String::new(),
        count => format!(" ({} more)", count - 1),
    };
    Err(Failure::Usage(format!("{first}{more}; `license-ledger config check` lists all")))
}

fn effective(file: Option<&Path>, given: &Given) -> Result<(Settings, Vec<String>), Failure> {
    let mut settings = Settings::default();
    let mut problems = Vec::new();
    if let Some(path) = file {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| cannot_read(&name, &error))?;
        problems = read_file(&text, &mut settings).into_iter().map(|problem| format!("{name}:{problem}")).collect();
    }
    given.set(&mut settings, &mut problems);
    problems.extend(settings.contradiction());
    Ok((settings, problems))
}

/// Reads a file into the settings; what is wrong with it, each with its line.
fn read_file(text: &str, settings: &mut Settings) -> Vec<String> {
    let line = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => return vec![format!("{}: {}", line(error.span().map_or(0, |span| span.start)), error.message())],
    };
    let read = table.iter().filter_map(|(key, value)| {
        let wrong = read_entry(key.get_ref(), value.get_ref(), settings).err()?;
        Some(format!("{}: {wrong}", line(key.span().start)))
    });
    read.collect()
}

fn read_entry(key: &str, value: &DeValue<'_>, settings: &mut Settings) -> Result<(), String> {
    match key {
        "listen" => {
            let address = value.as_str().and_then(|text| text.parse().ok());
            settings.listen = address.ok_or("listen is an address with its port, such as \"127.0.0.1:8080\"")?;
        }
        "open" => settings.open = value.as_bool().ok_or("open is true or false")?,
        key => {
            let setting = NUMBERS.iter().find(|setting| setting.key == key).ok_or_else(|| unknown(key))?;
            let number = value.as_integer().and_then(|number| number.as_str().parse().ok());
            setting.set(settings, number.ok_or_else(|| no_number(setting))?)?;
        }
    }
    Ok(())
}

fn unknown(key: &str) -> String {
    let keys: Vec<_> = ["listen", "open"].into_iter().chain(NUMBERS.iter().map(|setting| setting.key)).collect();
    format!("there is no setting {key}; there are {}", keys.join(", "))
}

fn no_number(setting: &Setting) -> String {
    format!("{} is no whole number; give {} to {}", setting.key, setting.min, setting.max)
}

/// The settings as a configuration file, with what each means.
fn written(settings: &Settings) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = writeln!(
        text,
        "# The address to listen on; port 0 lets the system choose one.\nlisten = \"{}\"",
        settings.listen
    );
    let _ = writeln!(
        text,
        "# Whether everybody may do what a vendor may, without a key; on a loopback address only.\nopen = {}",
        settings.open
    );
    for setting in NUMBERS {
        let Setting { key, default, min, max, says, .. } = setting;
        let value = setting.value(settings);
        let _ = writeln!(text, "# {says}. {min} to {max}, by default {default}.\n{key} = {value}");
    }
    text
}

/// What was given as flags or in the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    listen: Option<SocketAddr>,
    /// None: neither a flag nor the environment says.
    open: Option<bool>,
    numbers: Vec<(&'static Setting, u64)>,
}

impl Given {
    fn set(&self, settings: &mut Settings, problems: &mut Vec<String>) {
        settings.listen = self.listen.unwrap_or(settings.listen);
        settings.open = self.open.unwrap_or(settings.open);
        problems.extend(self.numbers.iter().filter_map(|(setting, value)| setting.set(settings, *value).err()));
    }
}

impl clap::Args for Given {
    fn augment_args(command: clap::Command) -> clap::Command {
        let listen = Arg::new("listen").long("listen").value_name("ADDRESS").env("LICENSE_LEDGER_LISTEN");
        let listen = listen.value_parser(values::address).help("The address to listen on [default: 127.0.0.1:8080]");
        let open = Arg::new("open").long("open").action(ArgAction::SetTrue).env("LICENSE_LEDGER_OPEN");
        let open = open.help("Take everybody for a vendor, without a key; on a loopback address only");
        command.args([listen, open]).args(NUMBERS.iter().map(number_arg))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

fn number_arg(setting: &'static Setting) -> Arg {
    let flag = setting.key.replace('_', "-");
    let variable = format!("LICENSE_LEDGER_{}", setting.key.to_uppercase());
    let help = format!("{} [default: {}]", setting.says, setting.default);
    let arg = Arg::new(setting.key).long(flag).value_name("N").env(variable).help(help);
    arg.value_parser(values::whole(setting.min, setting.max)).hide_env(true)
}

impl clap::FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_given =
            matches!(matches.value_source("open"), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
        let number = |setting: &'static Setting| Some((setting, *matches.get_one::<u64>(setting.key)?));
        Ok(Self {
            listen: matches.get_one("listen").copied(),
            open: is_given.then(|| matches.get_flag("open")),
            numbers: NUMBERS.iter().filter_map(number).collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
