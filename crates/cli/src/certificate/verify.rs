//! `verify-certificate`: a certificate checked without any database.

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use ledger_app::certificate::{Certificate, check};
use ledger_app::edition::EditionError;
use ledger_domain::catalog::Catalog;
use ledger_domain::entitlement::Entitlement;
use ledger_domain::values::LicenseNumber;
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::keys::Verifier;
use serde::Serialize;

use super::page;
use crate::args::Format;
use crate::exit::{Ended, FINE, REFUSED, note};
use crate::given::{cannot_read, verifier};
use crate::output;
use crate::output::card;
use crate::output::words::counted;
use crate::run::Run;

const AFTER_HELP: &str = "\
The verifier is what `license-ledger seal init` and `seal status` print. Take it from the ledger's owner by another way \
than the certificate: whoever makes a certificate up signs it with a key of his own. What is wrong is told on standard \
error, a line each, and the exit status is 1.

What no certificate proves: that there is no later event of the license. Who made it may have left off the last events, \
and told what the license was before them.

Examples:
  license-ledger verify-certificate 10101-2012-08-20.json --key ledger.example/licenses+4f1c22d0+AeR…
  license-ledger verify-certificate 10101.html --key \"$(cat verifier.txt)\" --format json | jq .entitlement.users";

/// Check a certificate, without any database
///
/// The signature of its checkpoint, every event against the sealed log, that they are the license's from the first on
/// without a gap, and that the entitlement is what they make of it. Of a page (HTML), also that it shows just that.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct VerifyCertificateArgs {
    /// The certificate: the JSON file, or the page
    file: PathBuf,
    /// The verifier of the ledger's key (name+id+key), as its owner handed it over
    #[arg(long, value_name = "VERIFIER", value_parser = verifier)]
    key: Verifier,
}

/// What was proved, as JSON shows it.
#[derive(Serialize)]
struct ProvedView<'a> {
    license: &'a LicenseNumber,
    known_at: Option<DateTime<Utc>>,
    events: usize,
    origin: &'a str,
    size: u64,
    root: String,
    entitlement: &'a Entitlement,
    not_proved: String,
}

/// Checks the certificate, and prints what it proves.
pub(crate) fn verify(run: &Run<'_>, args: &VerifyCertificateArgs) -> Ended {
    let catalog = Catalog::parse(run.catalog_without_ledger()).map_err(EditionError::Problems)?;
    let file = args.file.display().to_string();
    let text = fs::read_to_string(&args.file).map_err(|error| cannot_read(&file, &error))?;
    match checked(&text, &args.key, &catalog) {
        Ok((certificate, checkpoint)) => show(run, &certificate, &checkpoint),
        Err(flaws) => {
            flaws.iter().for_each(|flaw| note(&format!("{file}: {}", harmless(flaw))));
            let count = counted(u64::try_from(flaws.len()).unwrap_or_default(), "flaw", "flaws");
            note(&format!("{file}: {count}; this certificate proves nothing: ask for another one"));
            Ok(REFUSED)
        }
    }
}

/// What a forger wrote does not steer the terminal that it is told on.
fn harmless(flaw: &str) -> String {
    flaw.replace(char::is_control, "\u{fffd}")
}

fn checked(text: &str, key: &Verifier, catalog: &Catalog) -> Result<(Certificate, Checkpoint), Vec<String>> {
    let page = page::Held::of(text);
    let json = page.as_ref().map_or(text, |page| page.json);
    let certificate = Certificate::read(json).map_err(|error| vec![format!("it is no certificate: {error}")])?;
    let checkpoint = check(&certificate, key, catalog)?;
    match page.map(|page| page.shows(&certificate)) {
        None | Some(true) => Ok((certificate, checkpoint)),
        Some(false) => Err(vec![
            "its data hold, but the page does not show just them: it was changed, or made by another version of \
             license-ledger"
                .to_owned(),
        ]),
    }
}

fn show(run: &Run<'_>, certificate: &Certificate, checkpoint: &Checkpoint) -> Ended {
    let Certificate { entitlement, known_at, events, .. } = certificate;
    let Checkpoint { origin, size, root } = checkpoint;
    let not_proved = not_proved(certificate);
    match run.format {
        Format::Json => output::json(&ProvedView {
            license: &entitlement.license,
            known_at: *known_at,
            events: events.len(),
            origin,
            size: *size,
            root: root.to_string(),
            entitlement,
            not_proved,
        })?,
        Format::Table => output::text(&format!(
            "{}\n\nProved by {} in the log {origin}, of which the first {size} events are signed.\nNot proved: \
             {not_proved}.",
            card::entitlement(entitlement),
            counted(u64::try_from(events.len()).unwrap_or_default(), "event", "events"),
        ))?,
    }
    Ok(FINE)
}

/// What is left to believe or to ask.
fn not_proved(certificate: &Certificate) -> String {
    let Entitlement { license, version, on, .. } = &certificate.entitlement;
    let known_at = certificate.known_at.map(|at| format!(", known at {}", ledger_app::read::instant(at)));
    format!(
        "that license {license} has no event after event {version} that counts on {on}{}; `license-ledger history \
         {license}` of the ledger tells",
        known_at.unwrap_or_default()
    )
}
