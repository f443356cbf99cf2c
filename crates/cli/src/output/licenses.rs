//! Pages of licenses.

use ledger_app::read::Page;
use ledger_domain::entitlement::Entitlement;
use ledger_domain::values::LicenseType;

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
    let whole = ["number", "product", "status", "users", "SWM ends"];
    let mut table = table(&whole, &["plugins", "holder", "partner"]);
    for license in &page.items {
        table.add_row(row(license));
    }
    let more = page.next.as_ref().map(|next| format!("\n\nMore: add --after {next}")).unwrap_or_default();
    rendered(table) + &more
}

fn row(license: &Entitlement) -> [String; 8] {
    [
        license.license.to_string(),
        product(license),
        license.status.to_string(),
        users(license.users),
        license.swm.ends.map_or_else(nothing, |ends| ends.to_string()),
        plugins(&license.plugins),
        license.holder.name.clone(),
        license.partner.as_ref().map_or_else(nothing, |partner| partner.name.clone()),
    ]
}

/// The product; with the license type, where that is none of the usual.
fn product(license: &Entitlement) -> String {
    match license.license_type {
        LicenseType::Commercial => license.product.to_string(),
        other => format!("{} ({other})", license.product),
    }
}

fn nothing() -> String {
    NOTHING.to_owned()
}
