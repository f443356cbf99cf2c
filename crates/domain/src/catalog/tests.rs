//! The built-in programme; dated facts; what each mistake in the files says.

mod dated;
mod mistakes;
mod price_list;

use super::*;
use crate::values::PartnerLevel;

fn built_in() -> Programme {
    Programme::built_in().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn the_built_in_programme_has_neither_problems_nor_findings() {
    let (_, findings) = Programme::parse(BUILT_IN_CATALOG, BUILT_IN_PRICES).unwrap();
    assert_eq!(findings, []);
}

#[test]
fn problems_of_both_files_are_told_together() {
    let problems = Programme::parse("x", "x").unwrap_err();
    let places: Vec<_> = problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["catalog, line 1", "price list, line 1"]);
}

#[test]
fn only_three_products_are_server_licenses() {
    let catalog = built_in().catalog;
    let sale = |product| catalog.product_is_sold(product, date("2012-08-20"));
    assert_eq!(sale(RequestedProduct::Connect), Sale::ServerLicense(Product::Connect));
    assert_eq!(sale(RequestedProduct::Control), Sale::ServerLicense(Product::Control));
    assert_eq!(sale(RequestedProduct::Operator), Sale::ServerLicense(Product::Operator));
    assert_eq!(sale(RequestedProduct::ConnectCloud), Sale::Hosted);
    assert_eq!(sale(RequestedProduct::Samepage), Sale::Hosted);
    assert_eq!(sale(RequestedProduct::Workspace), Sale::Discontinued);
    assert_eq!(catalog.product_is_sold(RequestedProduct::Control, date("1999-12-31")), Sale::NotOnSale);
    assert_eq!(catalog.counts(Product::Connect, date("2012-08-20")), Some(Counts::Mailboxes));
    assert_eq!(catalog.counts(Product::Operator, date("2012-08-20")), Some(Counts::Users));
}

#[test]
fn each_product_has_its_own_plugins() {
    let catalog = built_in().catalog;
    let plugins = |product| catalog.plugins_of(product, date("2012-08-20")).to_string();
    assert_eq!(plugins(Product::Connect), "antivirus, active_sync, anti_spam");
    assert_eq!(plugins(Product::Control), "antivirus, web_filter");
    assert_eq!(plugins(Product::Operator), "");
    assert!(catalog.plugin_on_sale(Product::Control, Plugin::WebFilter, date("2012-08-20")));
    assert!(!catalog.plugin_on_sale(Product::Connect, Plugin::WebFilter, date("2012-08-20")));
}

#[test]
fn fstek_exists_for_control_only() {
    let catalog = built_in().catalog;
    for license_type in LicenseType::ALL {
        for product in Product::ALL {
            let expected = *license_type != LicenseType::Fstek || *product == Product::Control;
            let found = catalog.type_exists_for(*license_type, *product, date("2012-08-20"));
            assert_eq!(found, expected, "{license_type} {product}");
        }
    }
}

#[test]
fn the_terms_are_those_of_the_documents() {
    let catalog = built_in().catalog;
    let terms = catalog.terms(date("2012-08-20"));
    assert_eq!((terms.pack_size, terms.minimum_users), (5, 5));
    assert_eq!((terms.devices_per_user, terms.extensions_per_user), (5, 3));
    assert_eq!((terms.trial_days, terms.antivirus_days, terms.installation_support_days), (30, 60, 90));
    let fees: Vec<_> = terms.incident_fees.iter().map(|(currency, fee)| format!("{fee} {currency}")).collect();
    assert_eq!(fees, ["75.00 AUD", "1600.00 CZK", "65.00 EUR", "55.00 GBP", "80.00 USD"]);
    let percent = |level| terms.discount_percent(level).to_string();
    assert_eq!(percent(PartnerLevel::Authorized), "15");
    assert_eq!(percent(PartnerLevel::Certified), "25");
    assert_eq!(percent(PartnerLevel::Preferred), "25");
    assert_eq!(catalog.upgrades_wait_before(), date("2012-07-30"));
}

#[test]
fn releases_are_found_however_their_version_is_written() {
    let catalog = built_in().catalog;
    let release = catalog.release(Product::Control, &"7.2".into()).unwrap();
    assert_eq!((release.version.as_str(), release.released), ("7.2.0", date("2011-04-01")));
    assert_eq!(catalog.release(Product::Operator, &"7.2".into()), None);
    assert_eq!(catalog.release(Product::Control, &"".into()), None);
}
