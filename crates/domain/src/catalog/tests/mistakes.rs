//! What each mistake in a catalog says: the place, what is wrong, what to do.

use super::*;

fn problems(toml: &str) -> Vec<String> {
    Catalog::parse(toml).unwrap_err().iter().map(ToString::to_string).collect()
}

/// The problems of the built-in catalog with a part of its text exchanged.
fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(BUILT_IN_CATALOG.contains(from), "{from}");
    problems(&BUILT_IN_CATALOG.replacen(from, to, 1))
}

/// The problems of the built-in catalog with entries added.
fn added(entries: &str) -> Vec<String> {
    problems(&format!("{BUILT_IN_CATALOG}\n{entries}"))
}

#[test]
fn dump() {
    let c = |a: &str, b: &str| println!("{:#?}", changed(a, b));
    println!("{:#?}", problems("a = 1\nb = [1"));
    println!("{:#?}", problems(""));
    c("[upgrade_policy]", "[upgrade_polity]");
    c("product = \"connect\"\nsold_as", "product = \"konnect\"\nsold_as");
    c("counts = \"mailboxes\"", "");
    c("sold_as = \"hosted\"", "sold_as = \"hosted\"\ncounts = \"users\"");
    c("product = \"samepage\"\nsold_as = \"hosted\"", "product = \"samepage\"\nsold_as = \"server_license\"");
    c("sold_as = \"hosted\"", "sold_as = \"hosted\"\nprice = 5");
    c("from = 2000-01-01\n", "");
    c("from = 2000-01-01\n", "from = \"2000-01-01\"\n");
    c("from = 2000-01-01\n", "from = 2000-02-30\n");
    c("from = 2000-01-01\n", "from = 2000-01-01T00:00:00Z\n");
    c("from = 2000-01-01\n", "from = 2000-01-01\nuntil = 1999-12-31\n");
    c("source = \"D0 products\"", "source = ' '");
    c("source = \"D0 products\"", "");
    c("pack_size = 5 ", "pack_size = 0 ");
    c("pack_size = 5 ", "pack_size = 5.0 ");
    c("pack_size = 5 ", "pack_size = 2 ");
    c("trial_days = 30", "trial_days = 40000");
    c("trial_days = 30", "trial_days = -1");
    c("trial_days = 30", "pack_size = 5");
    c("USD = 80", "USD = 80.5");
    c("USD = 80", "USD = \"80.555\"");
    c("USD = 80", "usd = 80");
    c("USD = 80", "USD = -80");
    c("certified = 25", "certified = 125");
    c("certified = 25, ", "");
    c("\"RU\"", "\"ru\"");
    c("\"RU\"", "\"RU\", \"GE\"");
    c("[releases.control]", "[releases.kontrol]");
    c("version = \"6.5.0\"", "version = \"six\"");
    c("version = \"7.1.0\"", "version = \"7.0\"");
    c("certified = { from = 2011-07-01 }", "certified = { from = 2011-03-01 }");
    c("certified = { from = 2011-07-01 }", "certified = { from = 2011-07-01, until = 2011-06-01 }");
    c("certified = { from = 2011-07-01 }", "certified = true");
    c("versions = [", "version = [");
    c("released = 2008-02-01", "released = '2008-02-01'");
    println!("{:#?}", added("[[terms]]\npack_size = 10\nfrom = 2015-01-01\nuntil = 2016-01-01\nsource = 'test'"));
    println!("{:#?}", added("[[cis]]\ncountries = ['RU']\nfrom = 2015-01-01\nsource = 'test'"));
    println!("{:#?}", problems(&BUILT_IN_CATALOG.replace("[[cis]]", "[cis]")));
    println!("{:#?}", problems(&BUILT_IN_CATALOG.replace("[[cis]]", "[[sic]]")));
}
