//! `certificate` and `verify-certificate`: what a license is worth on a day, proved to people who have no database.

mod page;
mod verify;
mod words;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use ledger_app::certificate::{Certificate, CertificateError};
use ledger_domain::values::{Date, LicenseNumber};

pub(crate) use self::verify::{VerifyCertificateArgs, verify};
use self::words::Language;
use crate::exit::{Ended, FINE, Failure, note};
use crate::output;
use crate::output::words::counted;
use crate::run::Run;
use crate::show::not_found;
use crate::values;

const AFTER_HELP: &str = "\
Whoever gets a certificate sees the license's events as they are recorded: orders, prices, who posted them. It proves \
that they happened, and not that nothing happened after the last of them.

Examples:
  license-ledger certificate 10101-ABC12-XYZ34 --on 2012-08-20 --to 10101-2012-08-20.json
  license-ledger certificate 10101-ABC12-XYZ34 --on 2012-08-20 --known-at 2012-09-01T00:00:00Z > then.json
  license-ledger certificate 10101-ABC12-XYZ34 --on 2012-08-20 --html --language en --to 10101.html";

/// Prove what a license is worth on a day to people without the database
///
/// Writes one file (JSON): the entitlement, the events it follows from, their proofs in the sealed log, and the last
/// signed checkpoint. `license-ledger verify-certificate` checks it with the ledger's verifier alone.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CertificateArgs {
    /// The license number
    number: LicenseNumber,
    /// The day
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Date,
    /// With only what the ledger knew at this instant, such as 2012-09-01T00:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = values::instant)]
    known_at: Option<DateTime<Utc>>,
    /// As a page to print (HTML); the certificate itself is in it, and it can be checked like the JSON file
    #[arg(long)]
    html: bool,
    /// The page's language
    #[arg(long, value_enum, default_value_t, requires = "html")]
    language: Language,
    /// Write to this file, and not to standard output; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Writes the certificate.
pub(crate) async fn certificate(run: &Run<'_>, args: &CertificateArgs) -> Ended {
    let made = run.ledger().await?.certificate(&args.number, args.on, args.known_at).await?;
    let Some(certificate) = made else {
        return Err(not_found(run, &args.number, run.when(Some(args.on), args.known_at)));
    };
    let text = if args.html { page::page(&certificate, args.language)? } else { json(&certificate)? };
    match &args.to {
        None => output::text(&text)?,
        Some(path) => {
            output::file(path, &text)?;
            tell(path, &certificate);
        }
    }
    Ok(FINE)
}

fn json(certificate: &Certificate) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(certificate)? + "\n")
}

fn tell(path: &Path, certificate: &Certificate) {
    let events = counted(u64::try_from(certificate.events.len()).unwrap_or_default(), "event", "events");
    let license = &certificate.entitlement.license;
    note(&format!(
        "{}: license {license} with {events}; hand the verifier (`license-ledger seal status`) over by another way",
        path.display()
    ));
}

impl From<CertificateError> for Failure {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Store(error) => error.into(),
            CertificateError::NoCheckpoint | CertificateError::NotSigned { .. } => Self::Refused(error.to_string()),
        }
    }
}
