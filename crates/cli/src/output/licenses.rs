//! Pages of licenses.

use ledger_app::read::Page;
use ledger_domain::entitlement::{Entitlement, SwmState};

use super::card::users;
use super::table::{rendered, table};
use super::words::{NOTHING, plugins};
use crate::args::Format;
use crate::exit::Failure;

/// Prints a page of licenses; a table also says how to go on.
pub(crate) fn page(page: &Page, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => super::json(page),
        Format::Table => super::text(&in_a_table(page)),
    }
}

fn in_a_table(page: &Page) -> String {
    if page.items.is_empty() {
        return "no licenses".to_owned();
    }
    let header = ["number", "product", "type", "status", "users", "plugins", "SWM ends", "holder", "partner"];
    let mut table = table(&header);
    for license in &page.items {
        table.add_row(row(license));
    }
    let more = page.next.as_ref().map(|next| format!("\n\nMore: add --after {next}")).unwrap_or_default();
    rendered(&table) + &more
}

fn row(license: &Entitlement) -> [String; 9] {
    [
        license.license.to_string(),
        license.product.to_string(),
        license.license_type.to_string(),
        license.status.to_string(),
        users(license.users),
        plugins(&license.plugins),
        swm_ends(license),
        license.holder.name.clone(),
        license.partner.as_ref().map_or_else(|| NOTHING.to_owned(), |partner| partner.name.clone()),
    ]
}

fn swm_ends(license: &Entitlement) -> String {
    match (license.swm.ends, license.swm.state) {
        (Some(ends), SwmState::Lapsed) => format!("{ends} (lapsed)"),
        (Some(ends), _) => ends.to_string(),
        (None, _) => NOTHING.to_owned(),
    }
}
