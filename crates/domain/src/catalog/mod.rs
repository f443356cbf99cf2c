//! The vendor programme as dated data (CAT-4): the catalog and the price list.
//!
//! Facts are data, rules are code: what is sold, the terms, the prices and the releases stand in `catalog/` with the
//! day from which each holds; the rules ask for the fact in force on the date of a command.

mod amount;
mod bounds;
mod countries;
mod facts;
mod file;
mod item;
mod period;
mod price_file;
mod price_rows;
mod prices;
mod problem;
mod products;
mod releases;
mod statement;
mod terms;

#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::values::{Date, LicenseType, Plugin, PluginSet, Product, ProductVersion, RequestedProduct};

pub use item::Item;
pub use period::Period;
pub use prices::{PriceList, PriceRow};
pub use problem::{Finding, Problem};
pub use products::{Counts, Sale};
pub use releases::Release;
pub use terms::Terms;

/// The catalog that is used where no other is given: `catalog/catalog.toml`.
pub const BUILT_IN_CATALOG: &str = include_str!("../../../../catalog/catalog.toml");

/// The price list that is used where no other is given: `catalog/prices.csv`. A sample, see there.
pub const BUILT_IN_PRICES: &str = include_str!("../../../../catalog/prices.csv");

/// The programme in force: catalog and price list, as one edition.
#[derive(Debug, Clone)]
pub struct Programme {
    /// What is sold, and on which terms.
    pub catalog: Catalog,
    /// What it costs.
    pub prices: PriceList,
}

impl Programme {
    /// Reads both files. Findings are price rows that can be used but look mistaken (SWM-4).
    ///
    /// # Errors
    /// Every problem of both files.
    pub fn parse(catalog: &str, prices: &str) -> Result<(Self, Vec<Finding>), Vec<Problem>> {
        match (Catalog::parse(catalog), PriceList::parse(prices)) {
            (Ok(catalog), Ok((prices, findings))) => Ok((Self { catalog, prices }, findings)),
            (catalog, prices) => {
                let problems = catalog.err().into_iter().chain(prices.err());
                Err(problems.flatten().collect())
            }
        }
    }

    /// The programme that is part of this build.
    ///
    /// # Errors
    /// As [`Programme::parse`]; a test proves that there are none, nor findings.
    pub fn built_in() -> Result<Self, Vec<Problem>> {
        Self::parse(BUILT_IN_CATALOG, BUILT_IN_PRICES).map(|(programme, _)| programme)
    }
}

/// The catalog: what the programme says, and from which day on.
#[derive(Debug, Clone)]
pub struct Catalog {
    products: facts::Facts<RequestedProduct, products::Sold>,
    plugins: facts::Facts<(Product, Plugin), Period>,
    license_types: facts::Facts<(LicenseType, Product), ()>,
    terms: terms::History,
    upgrades_wait_before: Date,
    cis: facts::Facts<String, ()>,
    releases: releases::Releases,
}

impl Catalog {
    /// Reads a catalog. It says everything: sections cannot be left out, only be empty.
    ///
    /// # Errors
    /// Every problem of the file; one is enough for the catalog not to be used.
    pub fn parse(toml: &str) -> Result<Self, Vec<Problem>> {
        let mut file = file::File::parse(toml).map_err(|problem| vec![problem])?;
        let products = products::products(&mut file);
        let plugins = products::plugins(&mut file);
        let license_types = products::license_types(&mut file);
        let terms = terms::terms(&mut file);
        let upgrade_policy = file.single::<UpgradePolicy>("upgrade_policy");
        let cis = countries::cis(&mut file);
        let releases = releases::releases(&mut file);
        match (file.finish(), terms, upgrade_policy) {
            (problems, Some(terms), Some(policy)) if problems.is_empty() => {
                let upgrades_wait_before = policy.period.from;
                Ok(Self { products, plugins, license_types, terms, upgrades_wait_before, cis, releases })
            }
            (problems, ..) => Err(problems),
        }
    }

    /// As what a product is sold on the date (CAT-1).
    #[must_use]
    pub fn product_is_sold(&self, product: RequestedProduct, on: Date) -> Sale {
        match self.products.get(&product, on) {
            Some(sold) => sold.sale,
            None if self.products.is_over(&product, on) => Sale::Discontinued,
            None => Sale::NotOnSale,
        }
    }

    /// What the users of a server license of the product are on the date, where it is sold.
    #[must_use]
    pub fn counts(&self, product: Product, on: Date) -> Option<Counts> {
        let product = product.name().parse().ok()?;
        self.products.get(&product, on).and_then(|sold| sold.counts)
    }

    /// The plugins that exist for the product on the date (CAT-2), whether or not they are still sold.
    #[must_use]
    pub fn plugins_of(&self, product: Product, on: Date) -> PluginSet {
        let facts = self.plugins.all(on).map(|(key, _)| *key);
        facts.filter(|(of, _)| *of == product).map(|(_, plugin)| plugin).collect()
    }

    /// Whether the plugin exists for the product and can be bought on the date.
    #[must_use]
    pub fn plugin_on_sale(&self, product: Product, plugin: Plugin, on: Date) -> bool {
        self.plugins.get(&(product, plugin), on).is_some_and(|on_sale| on_sale.holds(on))
    }

    /// Whether there are licenses of the type for the product on the date (CAT-3).
    #[must_use]
    pub fn type_exists_for(&self, license_type: LicenseType, product: Product, on: Date) -> bool {
        self.license_types.get(&(license_type, product), on).is_some()
    }

    /// The terms in force on the date; before the first day of all, the first that were stated.
    #[must_use]
    pub fn terms(&self, on: Date) -> &Terms {
        self.terms.on(on)
    }

    /// Whether the country (ISO 3166-1 alpha-2) counts as Russia or the CIS on the date (SUP-1).
    #[must_use]
    pub fn is_cis(&self, country: &str, on: Date) -> bool {
        self.cis.all(on).any(|(code, ())| code == country)
    }

    /// The release of the version, if the catalog knows it.
    #[must_use]
    pub fn release(&self, product: Product, version: &ProductVersion) -> Option<&Release> {
        self.releases.get(product, version)
    }

    /// The releases of the product that the catalog knows, in its own order.
    pub fn releases_of(&self, product: Product) -> impl Iterator<Item = &Release> {
        self.releases.of(product)
    }

    /// Whether the version counts as certified by FSTEK on the date (FST-4). Unknown versions do not.
    #[must_use]
    pub fn is_certified(&self, product: Product, version: &ProductVersion, on: Date) -> bool {
        let certified = self.release(product, version).and_then(|release| release.certified);
        certified.is_some_and(|period| period.holds(on))
    }

    /// The day before which upgrade orders always wait for the vendor desk (ACT-2).
    #[must_use]
    pub const fn upgrades_wait_before(&self) -> Date {
        self.upgrades_wait_before
    }
}

/// Section `upgrade_policy`: only its first day matters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpgradePolicy {}
