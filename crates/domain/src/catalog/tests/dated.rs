//! CAT-4: the fact in force on the date decides; a later one never changes an earlier day.

use super::*;

/// The built-in catalog with entries added.
fn with(entries: &str) -> Catalog {
    Catalog::parse(&format!("{BUILT_IN_CATALOG}\n{entries}")).unwrap()
}

#[test]
fn a_new_pack_size_holds_from_its_day_and_leaves_the_other_terms_as_they_were() {
    let catalog = with(
        "[[terms]]\npack_size = 10\nminimum_users = 10\nfrom = 2015-01-01\nsource = 'test'\n\
         [[terms]]\ntrial_days = 14\nfrom = 2014-01-01\nsource = 'test'",
    );
    let terms = |on| {
        let terms = catalog.terms(date(on));
        (terms.pack_size, terms.trial_days, terms.antivirus_days)
    };
    assert_eq!(terms("2013-12-31"), (5, 30, 60));
    assert_eq!(terms("2014-01-01"), (5, 14, 60));
    assert_eq!(terms("2014-12-31"), (5, 14, 60));
    assert_eq!(terms("2015-01-01"), (10, 14, 60));
}

#[test]
fn the_first_terms_hold_before_their_day_too() {
    let catalog = built_in().catalog;
    assert_eq!(catalog.terms(date("1900-01-01")), catalog.terms(date("2012-08-20")));
    assert_eq!(catalog.terms(Date::MIN).pack_size, 5);
    assert_eq!(catalog.terms(Date::MAX).pack_size, 5);
}

#[test]
fn a_product_can_be_sold_otherwise_from_a_day_on() {
    let text = BUILT_IN_CATALOG.replacen("counts = \"mailboxes\"", "counts = \"mailboxes\"\nuntil = 2019-12-31", 1);
    let hosted = "[[products]]\nproduct = 'connect'\nsold_as = 'hosted'\nfrom = 2021-01-01\nsource = 'test'";
    let catalog = Catalog::parse(&format!("{text}\n{hosted}")).unwrap();
    let sale = |on| catalog.product_is_sold(RequestedProduct::Connect, date(on));
    assert_eq!(sale("2019-12-31"), Sale::ServerLicense(Product::Connect));
    assert_eq!(sale("2020-06-01"), Sale::NotOnSale);
    assert_eq!(sale("2021-01-01"), Sale::Hosted);
}

#[test]
fn a_product_whose_last_day_has_passed_is_discontinued() {
    let text = BUILT_IN_CATALOG.replacen("counts = \"mailboxes\"", "counts = \"mailboxes\"\nuntil = 2019-12-31", 1);
    let catalog = Catalog::parse(&text).unwrap();
    assert_eq!(catalog.product_is_sold(RequestedProduct::Connect, date("2020-01-01")), Sale::Discontinued);
}

#[test]
fn a_plugin_no_longer_sold_still_exists() {
    let limits =
        "plugin = \"web_filter\"\nfirst_day_of_sale = 2010-01-01\nlast_day_of_sale = 2014-12-31\nuntil = 2016-12-31";
    let catalog = Catalog::parse(&BUILT_IN_CATALOG.replacen("plugin = \"web_filter\"", limits, 1)).unwrap();
    let facts = |on| {
        let exists = catalog.plugins_of(Product::Control, date(on)).contains(Plugin::WebFilter);
        (exists, catalog.plugin_on_sale(Product::Control, Plugin::WebFilter, date(on)))
    };
    assert_eq!(facts("2009-12-31"), (true, false));
    assert_eq!(facts("2010-01-01"), (true, true));
    assert_eq!(facts("2014-12-31"), (true, true));
    assert_eq!(facts("2015-01-01"), (true, false));
    assert_eq!(facts("2017-01-01"), (false, false));
}

#[test]
fn georgia_counts_until_its_withdrawal() {
    let catalog = built_in().catalog;
    assert!(catalog.is_cis("GE", date("2009-08-17")));
    assert!(!catalog.is_cis("GE", date("2009-08-18")));
    for country in ["RU", "AM", "AZ", "BY", "KG", "KZ", "MD", "TJ", "UZ", "TM", "UA"] {
        assert!(catalog.is_cis(country, date("2012-08-20")), "{country}");
    }
    assert!(!catalog.is_cis("DE", date("2012-08-20")));
}

#[test]
fn a_version_is_certified_from_its_day_until_its_last() {
    let catalog = built_in().catalog;
    let certified = |version: &str, on| catalog.is_certified(Product::Control, &version.into(), date(on));
    assert!(!certified("7.2.0", "2011-06-30"));
    assert!(certified("7.2.0", "2011-07-01"));
    assert!(!certified("7.3.0", "2012-08-20"));
    assert!(!certified("7.2.99", "2012-08-20"), "an unknown version");

    let ended = BUILT_IN_CATALOG.replacen("{ from = 2011-07-01 }", "{ from = 2011-07-01, until = 2014-12-31 }", 1);
    let catalog = Catalog::parse(&ended).unwrap();
    let certified = |on| catalog.is_certified(Product::Control, &"7.2.0".into(), date(on));
    assert!(certified("2014-12-31"));
    assert!(!certified("2015-01-01"));
}
