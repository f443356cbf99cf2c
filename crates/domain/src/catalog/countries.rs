//! The countries of the CIS, as far as support is free there (SUP-1).

use serde::Deserialize;

use super::facts::Facts;
use super::file::File;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountriesEntry {
    countries: Vec<String>,
}

/// Section `cis`: ISO 3166-1 alpha-2 codes.
pub(super) fn cis(file: &mut File) -> Facts<String, ()> {
    let mut facts = Facts::default();
    for entry in file.entries::<CountriesEntry>("cis") {
        for country in entry.fact.countries {
            if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                file.problems.extend(facts.add(&entry.place, country, entry.period, ()).err());
            } else {
                let what = format!("\"{country}\" is no country code");
                file.report(&entry.place, what, "write its two capital letters of ISO 3166-1, such as KZ");
            }
        }
    }
    facts
}
