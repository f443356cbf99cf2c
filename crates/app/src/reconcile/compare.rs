//! What the ledger has against what the list says, column by column.

use ledger_domain::license::{Facts, Status};
use ledger_domain::values::{ProductVersion, Users};

use super::FieldDifference;
use super::listed::Says;
use crate::portfolio::Column;

/// The columns that differ, and what is to be said where no command leads on.
pub(super) fn compared(facts: &Facts, says: &Says) -> (Vec<FieldDifference>, Vec<String>) {
    let status = || FieldDifference {
        field: "status".to_owned(),
        here: facts.status.to_string(),
        there: Status::Active.to_string(),
    };
    match facts.status {
        Status::Closed => (vec![status()], vec!["a closed license takes no command, for ever (VND-9)".to_owned()]),
        Status::Trial => {
            let note = "a trial becomes a license by a purchase (issue_license); its SWM begins when it is activated";
            (vec![status()], vec![note.to_owned()])
        }
        Status::Ordered => ([vec![status()], columns(facts, says)].concat(), Vec::new()),
        Status::Active | Status::Blocked => (columns(facts, says), Vec::new()),
    }
}

fn columns(facts: &Facts, says: &Says) -> Vec<FieldDifference> {
    let differs = |(column, there): (&Column, &String)| {
        let here = here(facts, *column);
        let same = match column {
            // 7.2 and 7.2.0 are the same.
            Column::InstalledVersion if !here.is_empty() => {
                ProductVersion::from(here.as_str()) == ProductVersion::from(there.as_str())
            }
            // Before the activation there is no SWM to compare.
            Column::SwmStarts | Column::SwmEnds => facts.status == Status::Ordered || here == *there,
            _ => here == *there,
        };
        (!same).then(|| FieldDifference { field: column.to_string(), here, there: there.clone() })
    };
    says.iter().filter_map(differs).collect()
}

/// What the ledger has, as text; empty: nothing.
fn here(facts: &Facts, column: Column) -> String {
    fn text(value: Option<impl ToString>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let partner = facts.partner.as_ref();
    match column {
        Column::License | Column::Reason => String::new(),
        Column::Product => facts.product.to_string(),
        Column::LicenseType => facts.license_type.to_string(),
        Column::Users => text(facts.users.map(Users::count)),
        Column::Plugins => facts.plugins.to_string(),
        Column::HolderName => facts.holder.name.clone(),
        Column::HolderInn => text(facts.holder.inn.as_ref()),
        Column::HolderCountry => facts.holder.country.clone(),
        Column::Partner => text(partner.map(|partner| &partner.name)),
        Column::PartnerLevel => text(partner.and_then(|partner| partner.level)),
        Column::SwmStarts => text(facts.swm.map(|swm| swm.starts)),
        Column::SwmEnds => text(facts.swm.map(|swm| swm.ends)),
        Column::Certified => text(facts.certified),
        Column::InstalledVersion => text(facts.installed_version.as_ref()),
    }
}
