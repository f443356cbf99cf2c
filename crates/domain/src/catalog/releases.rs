//! Releases of the products: which versions SWM covers (INS-2), and which are certified (FST-4).

use serde::Deserialize;
use toml::Value;

use super::file::{Day, File};
use super::period::Period;
use crate::values::{Date, Product, ProductVersion, UnknownName};

/// A released version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The version.
    pub version: ProductVersion,
    /// The day of its release.
    pub released: Date,
    /// The days on which it counts as certified by FSTEK; `None`: it never does.
    pub certified: Option<Period>,
}

/// The releases of all products.
#[derive(Debug, Clone, Default)]
pub(super) struct Releases(Vec<(Product, Release)>);

impl Releases {
    /// The release with the version's numbers, however they are written.
    pub(super) fn get(&self, product: Product, version: &ProductVersion) -> Option<&Release> {
        self.of(product).find(|release| release.version == *version)
    }

    /// The releases of the product.
    pub(super) fn of(&self, product: Product) -> impl Iterator<Item = &Release> {
        self.0.iter().filter(move |(of, _)| *of == product).map(|(_, release)| release)
    }
}

/// What a group says beside its versions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseEntry {
    version: String,
    released: Day,
    certified: Option<Certified>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "days such as { from = 2012-07-30 }")]
struct Certified {
    from: Day,
    until: Option<Day>,
}

/// Section `releases`, a group for each product.
pub(super) fn releases(file: &mut File) -> Releases {
    let mut releases = Releases::default();
    for (name, group) in file.groups("releases") {
        let place = format!("catalog, releases.{name}");
        let product: Result<Product, UnknownName> = name.parse();
        match product {
            Ok(product) => read_group(file, &place, product, group, &mut releases),
            Err(unknown) => file.report(&place, unknown.to_string(), "correct the product's name"),
        }
    }
    releases
}

fn read_group(file: &mut File, place: &str, product: Product, mut group: Value, releases: &mut Releases) {
    // Taken out by hand: as a field of `Group` the versions would lose TOML's dates, which would become texts.
    let versions = group.as_table_mut().and_then(|group| group.remove("versions"));
    let Some(Value::Array(versions)) = versions else {
        file.report(place, "no list of `versions`", "write `versions = [ … ]`, which can be empty");
        return;
    };
    if let Some(group) = file.read::<Group>(place, group) {
        file.check_source(place, &group.source);
    }
    for (number, entry) in (1..).zip(versions) {
        let place = format!("{place}, version {number}");
        if let Some(entry) = file.read::<ReleaseEntry>(&place, entry) {
            add(file, &place, product, entry.into(), releases);
        }
    }
}

fn add(file: &mut File, place: &str, product: Product, release: Release, releases: &mut Releases) {
    check(file, place, &release);
    if releases.get(product, &release.version).is_some() {
        file.report(place, format!("{} stands there twice", release.version), "remove one of the two");
    }
    releases.0.push((product, release));
}

impl From<ReleaseEntry> for Release {
    fn from(entry: ReleaseEntry) -> Self {
        let period = |days: Certified| Period { from: days.from.0, until: days.until.map(|day| day.0) };
        Self { version: entry.version.into(), released: entry.released.0, certified: entry.certified.map(period) }
    }
}

fn check(file: &mut File, place: &str, release: &Release) {
    if !release.version.as_str().contains(|c: char| c.is_ascii_digit()) {
        let what = format!("\"{}\" is no version: it has no number", release.version);
        file.report(place, what, "write it as the product reports it, such as 7.2.1");
    }
    if let Some(certified) = release.certified {
        file.check_period(place, certified);
        if certified.from < release.released {
            let what = format!("certified from {}, before its release on {}", certified.from, release.released);
            file.report(place, what, "correct one of the two days");
        }
    }
}
