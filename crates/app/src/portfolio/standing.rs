//! A license that is in the ledger already: was it opened from a row that said the same?

use ledger_domain::command::{Command, OpenLicense, Request};
use ledger_domain::event::{Event, LicenseOpened};

use super::Column;
use crate::ledger::Ledger;
use crate::store::StoreError;

/// How a row stands to what is in the ledger.
pub(super) enum Standing {
    /// It said the same when the license was opened, whatever happened to that since.
    Same,
    /// Why it cannot open the license.
    Other(String),
}

impl Ledger {
    /// Compares an opening with the first event of its license.
    pub(super) async fn standing(&self, request: &Request) -> Result<Standing, StoreError> {
        let Command::OpenLicense(row) = &request.command else { return Ok(Standing::Other(String::new())) };
        let first = self.store.history(&request.license, 0, 1).await?;
        let Some(first) = first.first() else {
            return Err(StoreError::Damaged(format!("license {} has no events", request.license)));
        };
        Ok(match &first.event {
            Event::LicenseOpened(opened) => against(row, opened),
            _ => Standing::Other(format!(
                "PUR-8: the number {} is taken: its history begins on {} with {}",
                request.license, first.on, first.event_type
            )),
        })
    }
}

fn against(row: &OpenLicense, opened: &LicenseOpened) -> Standing {
    let differences: Vec<_> = differences(row, opened).into_iter().flatten().collect();
    if differences.is_empty() {
        return Standing::Same;
    }
    Standing::Other(format!(
        "opened already, with another {}; post the commands that change a license, or correct the row",
        differences.join(", ")
    ))
}

/// Each column in which they differ: `users (25, not 30)`.
fn differences(row: &OpenLicense, opened: &LicenseOpened) -> [Option<String>; 13] {
    let differs = |column: Column, opened: String, row: String| {
        let said = |text: String| if text.is_empty() { "none".to_owned() } else { text };
        (opened != row).then(|| format!("{column} ({}, not {})", said(opened), said(row)))
    };
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let level = |level: Option<ledger_domain::values::PartnerLevel>| level.map(|l| l.to_string()).unwrap_or_default();
    let (was, is) = (opened.partner.as_ref(), row.partner.as_ref());
    let version =
        |version: Option<&ledger_domain::values::ProductVersion>| version.map(ToString::to_string).unwrap_or_default();
    // Where the row leaves it open, what was opened is what the installed version said.
    let certified = |certified: Option<bool>| certified.map(|yes| yes.to_string()).unwrap_or_default();
    [
        differs(Column::Product, opened.product.to_string(), row.product.to_string()),
        differs(Column::LicenseType, opened.license_type.to_string(), row.license_type.to_string()),
        differs(Column::Users, opened.users.to_string(), row.users.to_string()),
        differs(Column::Plugins, opened.plugins.to_string(), row.plugins.to_string()),
        differs(Column::HolderName, opened.holder.name.clone(), row.holder.name.clone()),
        differs(Column::HolderInn, text(opened.holder.inn.as_ref()), text(row.holder.inn.as_ref())),
        differs(Column::HolderCountry, opened.holder.country.clone(), row.holder.country.clone()),
        differs(Column::Partner, text(was.map(|p| &p.name)), text(is.map(|p| &p.name))),
        differs(Column::PartnerLevel, level(was.and_then(|p| p.level)), level(is.and_then(|p| p.level))),
        differs(Column::SwmStarts, opened.swm.starts.to_string(), row.swm_starts.to_string()),
        differs(Column::SwmEnds, opened.swm.ends.to_string(), row.swm_ends.to_string()),
        row.certified.and_then(|_| differs(Column::Certified, certified(opened.certified), certified(row.certified))),
        differs(
            Column::InstalledVersion,
            version(opened.installed_version.as_ref()),
            version(row.installed_version.as_ref()),
        ),
    ]
}
