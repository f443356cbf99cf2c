//! What each mistake in a catalog says: the place, what is wrong, what to do.

use super::*;

fn problems(toml: &str) -> Vec<String> {
    Catalog::parse(toml).unwrap_err().iter().map(ToString::to_string).collect()
}

/// The one problem of the built-in catalog with the first place of a text exchanged.
fn changed(from: &str, to: &str) -> String {
    assert!(BUILT_IN_CATALOG.contains(from), "{from}");
    let mut problems = problems(&BUILT_IN_CATALOG.replacen(from, to, 1));
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

/// As `changed`, for an entry that cannot be read: without what to do about it, which is always the same.
fn unreadable(from: &str, to: &str) -> String {
    let problem = changed(from, to);
    let what = problem.strip_suffix("; correct it: days and whole numbers stand without quotes");
    what.unwrap_or(&problem).to_owned()
}

#[test]
fn what_is_not_toml_is_named_with_its_line() {
    assert_eq!(
        problems("a = 1\nb = [1"),
        ["catalog, line 2: not TOML: unclosed array, expected `]`; correct the line"]
    );
}

#[test]
fn every_section_must_be_there() {
    assert_eq!(
        problems(""),
        [
            "catalog: section `products` is missing; add it, or write `products = []` where there are none",
            "catalog: section `plugins` is missing; add it, or write `plugins = []` where there are none",
            "catalog: section `license_types` is missing; add it, or write `license_types = []` where there are none",
            "catalog: section `terms` is missing; add it, or write `terms = []` where there are none",
            "catalog: section `upgrade_policy` is missing; add it",
            "catalog: section `cis` is missing; add it, or write `cis = []` where there are none",
            "catalog: section `releases` is missing; add it, or write an empty [releases]",
        ]
    );
}

#[test]
fn a_section_of_another_name_or_shape_is_named() {
    let text = BUILT_IN_CATALOG.replace("[[cis]]", "[[sic]]");
    assert_eq!(
        problems(&text),
        [
            "catalog: section `cis` is missing; add it, or write `cis = []` where there are none",
            "catalog, sic: unknown section; correct its name, or remove it",
        ]
    );
    let text = format!("cis = 5\n{}", text.replace("[[sic]]", "[[products]]"));
    assert!(
        problems(&text)
            .contains(&"catalog, cis: not written as this section is; write each entry under [[cis]]".to_owned())
    );
}

#[test]
fn unknown_words_and_fields_say_what_there_is() {
    assert_eq!(
        unreadable("product = \"connect\"\nsold_as", "product = \"konnect\"\nsold_as"),
        "catalog, products, entry 1: unknown variant `konnect`, expected one of `connect`, `control`, `operator`, \
         `connect_cloud`, `samepage`, `workspace` in `product`"
    );
    assert_eq!(
        unreadable("sold_as = \"hosted\"", "sold_as = \"hosted\"\nprice = 5"),
        "catalog, products, entry 4: unknown field `price`, expected one of `product`, `sold_as`, `counts`"
    );
    assert_eq!(
        changed("[releases.control]", "[releases.kontrol]"),
        "catalog, releases.kontrol: \"kontrol\" is not known here; it is one of connect, control, operator; \
         correct the product's name"
    );
}

#[test]
fn every_entry_has_days_that_make_sense() {
    let from = "from = 2000-01-01\n";
    assert_eq!(unreadable(from, ""), "catalog, products, entry 1: missing field `from`");
    assert_eq!(
        unreadable(from, "from = \"2000-01-01\"\n"),
        "catalog, products, entry 1: invalid type: string \"2000-01-01\", expected a TOML datetime in `from`"
    );
    assert_eq!(
        unreadable(from, "from = 2000-01-01T00:00:00Z\n"),
        "catalog, products, entry 1: invalid type: offset datetime, expected local date in `from`"
    );
    assert_eq!(
        changed(from, "from = 2000-02-30\n"),
        "catalog, line 18: not TOML: invalid date, expected day between 01 and 29; correct the line"
    );
    assert_eq!(
        changed(from, "from = 2000-01-01\nuntil = 1999-12-31\n"),
        "catalog, products, entry 1: its last day, 1999-12-31, is before its first, 2000-01-01; \
         exchange the two, or correct the wrong one"
    );
    assert_eq!(
        changed("plugin = \"web_filter\"", "plugin = \"web_filter\"\nlast_day_of_sale = 1999-12-31"),
        "catalog, plugins, entry 5: its last day, 1999-12-31, is before its first, 2000-01-01; \
         exchange the two, or correct the wrong one"
    );
}

#[test]
fn every_entry_has_a_source() {
    let source = "source = \"D0 products\"";
    assert_eq!(unreadable(source, ""), "catalog, products, entry 4: missing field `source`");
    let empty = "`source` is empty; name the document and the section";
    assert_eq!(changed(source, "source = ' '"), format!("catalog, products, entry 4: {empty}"));
    let releases = "source = \"SAMPLE, to be replaced by the vendor's history page\"";
    assert_eq!(changed(releases, "source = ''"), format!("catalog, releases.connect: {empty}"));
}

#[test]
fn two_entries_for_the_same_days_contradict_each_other() {
    assert_eq!(
        changed("\"RU\"", "\"RU\", \"GE\""),
        "catalog, cis, entry 4: an earlier entry, from 2000-01-01, says something for the same days; \
         end that one with `until`, or remove one of the two"
    );
    assert_eq!(
        changed("plugin = \"active_sync\"", "plugin = \"antivirus\""),
        "catalog, plugins, entry 2: an earlier entry, from 2000-01-01, says something for the same days; \
         end that one with `until`, or remove one of the two"
    );
}

#[test]
fn only_server_licenses_count_something() {
    let remedy = "write `counts = \"users\"` or \"mailboxes\" there, and nowhere else";
    let wrong = format!("`counts` belongs to server licenses, and to each of them; {remedy}");
    assert_eq!(changed("counts = \"mailboxes\"", ""), format!("catalog, products, entry 1: {wrong}"));
    assert_eq!(
        changed("sold_as = \"hosted\"", "sold_as = \"hosted\"\ncounts = \"users\""),
        format!("catalog, products, entry 4: {wrong}")
    );
    assert_eq!(
        changed("\"samepage\"\nsold_as = \"hosted\"", "\"samepage\"\nsold_as = \"server_license\""),
        "catalog, products, entry 5: samepage has no server license in this ledger; \
         write `sold_as = \"hosted\"` or \"discontinued\""
    );
}

#[test]
fn counts_and_days_are_within_bounds() {
    let pack_size = |to: &str| unreadable("pack_size = 5 ", to);
    assert_eq!(pack_size("pack_size = 0 "), "catalog, terms, entry 1: 0 is not between 1 and 1000000 in `pack_size`");
    assert_eq!(
        pack_size("pack_size = 5.0 "),
        "catalog, terms, entry 1: invalid type: floating point `5.0`, expected i64 in `pack_size`"
    );
    assert_eq!(
        unreadable("trial_days = 30", "trial_days = 36501"),
        "catalog, terms, entry 3: 36501 is not between 0 and 36500 in `trial_days`"
    );
    assert_eq!(
        unreadable("trial_days = 30", "trial_days = -1"),
        "catalog, terms, entry 3: -1 is not between 0 and 36500 in `trial_days`"
    );
}

#[test]
fn the_minimum_is_a_number_of_packs() {
    assert_eq!(
        changed("pack_size = 5 ", "pack_size = 2 "),
        "catalog, terms, entry 1: the minimum of 5 users is no whole number of packs of 2; change one of the two"
    );
}

#[test]
fn terms_are_complete_stated_once_a_day_and_never_end() {
    assert_eq!(changed("trial_days = 30", ""), "catalog, terms: nothing states trial_days; add an entry that does");
    assert_eq!(
        changed("trial_days = 30", "trial_days = 30\npack_size = 5"),
        "catalog, terms, entry 3: pack_size is stated twice for that day; remove one of the two"
    );
    assert_eq!(
        changed("trial_days = 30", "trial_days = 30\nuntil = 2030-01-01"),
        "catalog, terms, entry 3: terms have no last day; remove `until`; a later entry replaces them"
    );
}

#[test]
fn fees_and_discounts_are_exact_and_within_bounds() {
    let fee = |to: &str| unreadable("USD = 80", to);
    assert_eq!(
        fee("USD = 80.5"),
        "catalog, terms, entry 6: expected a whole number, or a decimal in quotes such as \"12.50\" \
         in `incident_fees.USD`"
    );
    assert_eq!(
        fee("USD = \"80.555\""),
        "catalog, terms, entry 6: 80.555 has more than 2 places behind the point in `incident_fees.USD`"
    );
    assert_eq!(fee("USD = -80"), "catalog, terms, entry 6: \"-80\" is not an amount in `incident_fees.USD`");
    assert_eq!(
        fee("usd = 80"),
        "catalog, terms, entry 6: \"usd\" is no currency: three capital letters, such as EUR \
         in `incident_fees`"
    );
    assert_eq!(
        unreadable("certified = 25", "certified = 125"),
        "catalog, terms, entry 7: 125 is more than 100 percent in `partner_discounts.certified`"
    );
    assert_eq!(
        unreadable("certified = 25, ", ""),
        "catalog, terms, entry 7: missing field `certified` in `partner_discounts`"
    );
}

#[test]
fn a_country_is_its_code() {
    assert_eq!(
        changed("\"RU\"", "\"ru\""),
        "catalog, cis, entry 1: \"ru\" is no country code; \
         write its two capital letters of ISO 3166-1, such as KZ"
    );
}

#[test]
fn releases_are_distinct_versions_with_days_that_make_sense() {
    assert_eq!(
        changed("\"6.5.0\"", "\"six\""),
        "catalog, releases.connect, version 1: \"six\" is no version: it has no number; \
         write it as the product reports it, such as 7.2.1"
    );
    assert_eq!(
        changed("\"7.1.0\"", "\"7.0\""),
        "catalog, releases.connect, version 5: 7.0 stands there twice; remove one of the two"
    );
    assert_eq!(
        changed("certified = { from = 2011-07-01 }", "certified = { from = 2011-03-01 }"),
        "catalog, releases.control, version 6: certified from 2011-03-01, before its release on 2011-04-01; \
         correct one of the two days"
    );
    assert_eq!(
        unreadable("certified = { from = 2011-07-01 }", "certified = true"),
        "catalog, releases.control, version 6: invalid type: boolean `true`, \
         expected days such as { from = 2012-07-30 } in `certified`"
    );
    assert_eq!(
        changed("versions = [", "version = ["),
        "catalog, releases.connect: no list of `versions`; write `versions = [ … ]`, which can be empty"
    );
}

#[test]
fn one_mistake_does_not_hide_the_next() {
    let text = BUILT_IN_CATALOG.replace("\"RU\"", "\"ru\"").replace("= 2000-01-01", "= 'today'");
    assert!(problems(&text).len() > 20);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        text in "\\PC*",
        at in 0usize..10_000,
        length in 0usize..40,
        put in "[\\[\\]{}=\"a0-]{0,5}",
    ) {
        let _ = Catalog::parse(&text);
        let characters: Vec<char> = BUILT_IN_CATALOG.chars().collect();
        let at = at.min(characters.len());
        let after = (at + length).min(characters.len());
        let damaged = characters[..at].iter().copied().chain(put.chars()).chain(characters[after..].iter().copied());
        let _ = Catalog::parse(&damaged.collect::<String>());
    }
}

#[test]
fn deep_nesting_is_refused() {
    assert_eq!(problems(&format!("a = {}", "[".repeat(100_000))).len(), 1);
}
