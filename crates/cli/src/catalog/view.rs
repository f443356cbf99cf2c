//! What an edition of facts says on a day.

use std::collections::BTreeMap;

use ledger_app::edition::Edition;
use ledger_domain::catalog::{Catalog, Counts, Item, PriceList, PriceRow, Sale, Terms};
use ledger_domain::values::{Currency, Date, LicenseType, PartnerLevel, Plugin, Product, RequestedProduct};
use serde::Serialize;

use crate::output::card::card;
use crate::output::table::{rendered, table};
use crate::output::words::NOTHING;

/// The facts of a day.
#[derive(Debug, Serialize)]
pub(super) struct View {
    edition: String,
    on: Date,
    products: Vec<ProductView>,
    plugins: Vec<PluginView>,
    license_types: Vec<TypeView>,
    terms: TermsView,
    price_list: PriceListView,
}

#[derive(Debug, Serialize)]
struct ProductView {
    product: RequestedProduct,
    sold_as: &'static str,
    counts: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct PluginView {
    product: Product,
    plugin: Plugin,
    on_sale: bool,
}

#[derive(Debug, Serialize)]
struct TypeView {
    license_type: LicenseType,
    products: Vec<Product>,
}

#[derive(Debug, Serialize)]
struct TermsView {
    pack_size: u32,
    minimum_users: u32,
    devices_per_user: u32,
    extensions_per_user: u32,
    trial_days: u32,
    antivirus_days: u32,
    installation_support_days: u32,
    incident_fees: BTreeMap<String, String>,
    partner_discounts: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct PriceListView {
    /// The first day of the list in force; null before the first one.
    from: Option<Date>,
    currency: Currency,
    rows: Vec<RowView>,
}

#[derive(Debug, Serialize)]
struct RowView {
    valid_from: Date,
    product: Product,
    item: String,
    license_type: LicenseType,
    license: String,
    maintenance: String,
    vat_percent: String,
}

impl View {
    /// What the edition says on the day.
    pub(super) fn new(edition: &Edition, on: Date) -> Self {
        let catalog = &edition.programme.catalog;
        Self {
            edition: edition.files.edition.clone(),
            on,
            products: RequestedProduct::ALL.iter().map(|product| ProductView::new(catalog, *product, on)).collect(),
            plugins: Product::ALL.iter().flat_map(|product| plugins(catalog, *product, on)).collect(),
            license_types: LicenseType::ALL
                .iter()
                .map(|license_type| TypeView::new(catalog, *license_type, on))
                .collect(),
            terms: catalog.terms(on).into(),
            price_list: PriceListView::new(&edition.programme.prices, on),
        }
    }
}

impl ProductView {
    fn new(catalog: &Catalog, product: RequestedProduct, on: Date) -> Self {
        let sold_as = match catalog.product_is_sold(product, on) {
            Sale::ServerLicense(_) => "server_license",
            Sale::Hosted => "hosted",
            Sale::Discontinued => "discontinued",
            Sale::NotOnSale => "not_on_sale",
        };
        let counts =
            product.server_product().and_then(|product| catalog.counts(product, on)).map(|counts| match counts {
                Counts::Mailboxes => "mailboxes",
                Counts::Users => "users",
            });
        Self { product, sold_as, counts }
    }
}

fn plugins(catalog: &Catalog, product: Product, on: Date) -> Vec<PluginView> {
    let plugins = catalog.plugins_of(product, on);
    let view = |plugin| PluginView { product, plugin, on_sale: catalog.plugin_on_sale(product, plugin, on) };
    plugins.iter().map(view).collect()
}

impl TypeView {
    fn new(catalog: &Catalog, license_type: LicenseType, on: Date) -> Self {
        let exists = |product: &Product| catalog.type_exists_for(license_type, *product, on);
        Self { license_type, products: Product::ALL.iter().copied().filter(exists).collect() }
    }
}

impl From<&Terms> for TermsView {
    fn from(terms: &Terms) -> Self {
        Self {
            pack_size: terms.pack_size,
            minimum_users: terms.minimum_users,
            devices_per_user: terms.devices_per_user,
            extensions_per_user: terms.extensions_per_user,
            trial_days: terms.trial_days,
            antivirus_days: terms.antivirus_days,
            installation_support_days: terms.installation_support_days,
            incident_fees: terms.incident_fees.iter().map(|(of, fee)| (of.to_string(), fee.to_string())).collect(),
            partner_discounts: PartnerLevel::ALL
                .iter()
                .map(|level| (level.name(), terms.discount_percent(*level).normalize().to_string()))
                .collect(),
        }
    }
}

impl PriceListView {
    fn new(list: &PriceList, on: Date) -> Self {
        let plugins = Plugin::ALL.iter().copied().map(Item::Plugin);
        let items: Vec<_> = [Item::Server, Item::Users].into_iter().chain(plugins).chain([Item::Fstek]).collect();
        let mut rows = Vec::new();
        for product in Product::ALL {
            for license_type in LicenseType::ALL {
                rows.extend(
                    items.iter().filter_map(|item| list.row(*product, *item, *license_type, on)).map(RowView::from),
                );
            }
        }
        Self { from: list.edition(on), currency: list.currency(), rows }
    }
}

impl From<&PriceRow> for RowView {
    fn from(row: &PriceRow) -> Self {
        Self {
            valid_from: row.valid_from,
            product: row.product,
            item: row.item.to_string(),
            license_type: row.license_type,
            license: row.license.to_string(),
            maintenance: row.maintenance.to_string(),
            vat_percent: row.vat_percent.normalize().to_string(),
        }
    }
}

impl View {
    /// The facts in tables, for people.
    pub(super) fn in_tables(&self) -> String {
        let edition = format!("Edition {}\non {}", self.edition, self.on);
        [edition, self.products(), self.plugins(), self.license_types(), self.terms(), self.prices()].join("\n\n")
    }

    fn products(&self) -> String {
        let mut products = table(&["product", "sold as", "counts"], &[]);
        for ProductView { product, sold_as, counts } in &self.products {
            products.add_row([product.name(), sold_as, counts.unwrap_or(NOTHING)]);
        }
        rendered(products)
    }

    fn plugins(&self) -> String {
        let mut plugins = table(&["plugin", "of", "on sale"], &[]);
        for PluginView { product, plugin, on_sale } in &self.plugins {
            plugins.add_row([plugin.name(), product.name(), if *on_sale { "yes" } else { "no" }]);
        }
        rendered(plugins)
    }

    fn license_types(&self) -> String {
        let mut types = table(&["license type"], &["exists for"]);
        for TypeView { license_type, products } in &self.license_types {
            let products: Vec<_> = products.iter().map(|product| product.name()).collect();
            types.add_row([license_type.name().to_owned(), products.join(", ")]);
        }
        rendered(types)
    }

    fn terms(&self) -> String {
        let terms = &self.terms;
        let days = |days: u32| format!("{days} days");
        let joined = |facts: Vec<String>| if facts.is_empty() { NOTHING.to_owned() } else { facts.join(", ") };
        let fees = terms.incident_fees.iter().map(|(currency, fee)| format!("{fee} {currency}")).collect();
        let discounts = terms.partner_discounts.iter().map(|(level, percent)| format!("{level} {percent} %")).collect();
        card([
            ("users in a pack", terms.pack_size.to_string()),
            ("users of a server license", format!("at least {}", terms.minimum_users)),
            ("devices of a user", terms.devices_per_user.to_string()),
            ("extensions of a user", terms.extensions_per_user.to_string()),
            ("trial", days(terms.trial_days)),
            ("antivirus after SWM", days(terms.antivirus_days)),
            ("free support for an installation", days(terms.installation_support_days)),
            ("a support incident, before taxes", joined(fees)),
            ("partner discounts", joined(discounts)),
        ])
    }

    fn prices(&self) -> String {
        let list = &self.price_list;
        let Some(from) = list.from else { return "no price list yet".to_owned() };
        let mut prices = table(&["product", "type", "item", "license", "maintenance", "VAT %", "since"], &[]);
        for row in &list.rows {
            prices.add_row([
                row.product.name().to_owned(),
                row.license_type.name().to_owned(),
                row.item.clone(),
                row.license.clone(),
                row.maintenance.clone(),
                row.vat_percent.clone(),
                row.valid_from.to_string(),
            ]);
        }
        format!("Price list of {from}, in {}, VAT included\n\n{}", list.currency, rendered(prices))
    }
}
