//! Products, plugins and license types: what is sold, as dated facts (CAT-1, CAT-2, CAT-3).

use serde::Deserialize;

use super::facts::Facts;
use super::file::{Day, File};
use super::period::Period;
use crate::values::{LicenseType, Plugin, Product, RequestedProduct};

/// What a product of the programme is on a day (CAT-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sale {
    /// Sold as a server license.
    ServerLicense(Product),
    /// A hosted service: there is no server license for it.
    Hosted,
    /// No longer sold.
    Discontinued,
    /// Not sold yet, or not in the catalog at all.
    NotOnSale,
}

/// What the users of a license are (CNT-1, CNT-2, CNT-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Mailboxes over all domains.
    Mailboxes,
    /// Accounts with access.
    Users,
}

/// What the catalog says of a product: as what it is sold, and what its server license counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sold {
    pub(super) sale: Sale,
    pub(super) counts: Option<Counts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductEntry {
    product: RequestedProduct,
    sold_as: SoldAs,
    counts: Option<Counts>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SoldAs {
    ServerLicense,
    Hosted,
    Discontinued,
}

impl ProductEntry {
    fn sold(&self) -> Result<Sold, (String, &'static str)> {
        let sale = match (&self.sold_as, self.product.server_product()) {
            (SoldAs::Hosted, _) => Sale::Hosted,
            (SoldAs::Discontinued, _) => Sale::Discontinued,
            (SoldAs::ServerLicense, Some(product)) => Sale::ServerLicense(product),
            (SoldAs::ServerLicense, None) => {
                let what = format!("{} has no server license in this ledger", self.product);
                return Err((what, "write `sold_as = \"hosted\"` or \"discontinued\""));
            }
        };
        if matches!(sale, Sale::ServerLicense(_)) != self.counts.is_some() {
            let what = "`counts` belongs to server licenses, and to each of them".to_owned();
            return Err((what, "write `counts = \"users\"` or \"mailboxes\" there, and nowhere else"));
        }
        Ok(Sold { sale, counts: self.counts })
    }
}

/// Section `products`.
pub(super) fn products(file: &mut File) -> Facts<RequestedProduct, Sold> {
    let mut facts = Facts::default();
    for entry in file.entries::<ProductEntry>("products") {
        match entry.fact.sold() {
            Ok(sold) => file.problems.extend(facts.add(&entry.place, entry.fact.product, entry.period, sold).err()),
            Err((what, remedy)) => file.report(&entry.place, what, remedy),
        }
    }
    facts
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginEntry {
    product: Product,
    plugin: Plugin,
    first_day_of_sale: Option<Day>,
    last_day_of_sale: Option<Day>,
}

/// Section `plugins`: the plugins that exist for a product, each with the days on which it is sold.
pub(super) fn plugins(file: &mut File) -> Facts<(Product, Plugin), Period> {
    let mut facts = Facts::default();
    for entry in file.entries::<PluginEntry>("plugins") {
        let PluginEntry { product, plugin, first_day_of_sale, last_day_of_sale } = entry.fact;
        let from = first_day_of_sale.map_or(entry.period.from, |day| day.0);
        let until = last_day_of_sale.map(|day| day.0);
        let on_sale = Period { from, until };
        file.check_period(&entry.place, on_sale);
        file.problems.extend(facts.add(&entry.place, (product, plugin), entry.period, on_sale).err());
    }
    facts
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeEntry {
    license_type: LicenseType,
    products: Vec<Product>,
}

/// Section `license_types`: the products for which a type exists.
pub(super) fn license_types(file: &mut File) -> Facts<(LicenseType, Product), ()> {
    let mut facts = Facts::default();
    for entry in file.entries::<TypeEntry>("license_types") {
        for product in entry.fact.products {
            let key = (entry.fact.license_type, product);
            file.problems.extend(facts.add(&entry.place, key, entry.period, ()).err());
        }
    }
    facts
}
