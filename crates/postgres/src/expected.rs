//! The rows that a table must have, and whether they come.

use std::collections::HashMap;
use std::ops::Range;

use crate::copy::Rows;

/// The rows of some licenses, as COPY writes them. They may come in any order.
pub(crate) struct Expected {
    rows: Rows,
    /// Where in the text those begin of which it is not known yet whose they are.
    begins: usize,
    licenses: HashMap<String, Missing>,
}

/// The rows of one license that have not come yet.
struct Missing {
    /// The version of the first of all.
    first: u64,
    /// Where each version is in the text; none, once it came.
    places: Vec<Option<Range<usize>>>,
    /// How many have not come.
    count: usize,
}

impl Expected {
    /// None yet, of the table of these rows.
    pub(crate) fn of(rows: Rows) -> Self {
        Self { begins: rows.written().len(), rows, licenses: HashMap::new() }
    }

    /// Where rows are written.
    pub(crate) fn rows(&mut self) -> &mut Rows {
        &mut self.rows
    }

    /// Expects the rows written last, one version after the other, and no others of this license.
    pub(crate) fn expect(&mut self, license: &str) {
        let written = &self.rows.written()[self.begins..];
        let Some((_, Some(first))) = key(written.as_bytes()) else { return };
        let place = |line: &str| {
            let begins = self.begins;
            self.begins += line.len();
            Some(begins..self.begins)
        };
        let places: Vec<_> = written.split_inclusive('\n').map(place).collect();
        self.licenses.insert(license.to_owned(), Missing { first, count: places.len(), places });
    }

    /// Does not expect the rows written last.
    pub(crate) fn forget(&mut self) {
        self.begins = self.rows.written().len();
    }

    /// A row has come: a line that begins with license and version. Where no row of that license is expected, it is told
    /// which.
    pub(crate) fn meet<'l>(&mut self, line: &'l [u8]) -> Option<&'l str> {
        let (license, version) = key(line)?;
        let Some(missing) = self.licenses.get_mut(license) else { return Some(license) };
        let place = version
            .and_then(|version| missing.take(version))
            .filter(|place| self.rows.written().as_bytes()[place.clone()] == *line);
        if place.is_none() {
            self.licenses.remove(license);
        }
        None
    }

    /// Whether every row of the license came, and no other.
    pub(crate) fn is_met(&self, license: &str) -> bool {
        self.licenses.get(license).is_some_and(|missing| missing.count == 0)
    }
}

impl Missing {
    fn take(&mut self, version: u64) -> Option<Range<usize>> {
        let index = usize::try_from(version.checked_sub(self.first)?).ok()?;
        let place = self.places.get_mut(index)?.take()?;
        self.count -= 1;
        Some(place)
    }
}

/// License and version, which lines begin with. A row may have a version that there cannot be.
fn key(lines: &[u8]) -> Option<(&str, Option<u64>)> {
    let mut fields = lines.split(|byte| matches!(byte, b'\t' | b'\n'));
    // PostgreSQL sends nothing but UTF-8.
    let mut field = || fields.next().and_then(|field| str::from_utf8(field).ok());
    Some((field()?, field().and_then(|version| version.parse().ok())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expects of `A-1` the versions 1 and 2, and whatever comes.
    fn met(lines: &[&str]) -> bool {
        let mut expected = Expected::of(Rows::into("versions", "license, version"));
        for (license, version) in [("B-1", 7), ("A-1", 1), ("A-1", 2)] {
            expected.rows().text(license).plain(version).text("facts").end();
            if version == 7 {
                expected.forget();
            }
        }
        expected.expect("A-1");
        for line in lines {
            let stray = expected.meet(line.as_bytes());
            assert_eq!(stray, line.split('\t').next().filter(|license| *license != "A-1"));
        }
        assert!(!expected.is_met("B-1"), "it is forgotten");
        expected.is_met("A-1")
    }

    #[test]
    fn what_is_expected_must_come_and_nothing_else() {
        assert!(met(&["A-1\t1\tfacts\n", "A-1\t2\tfacts\n"]));
        assert!(met(&["A-1\t2\tfacts\n", "A-1\t1\tfacts\n"]), "in another order");
        assert!(met(&["A-0\t1\n", "A-1\t2\tfacts\n", "A-1\t1\tfacts\n", "B-1\t7\tfacts\n"]), "others do not matter");
        assert!(!met(&["A-1\t1\tfacts\n"]), "missing");
        assert!(!met(&["A-1\t1\tfacts\n", "A-1\t2\tfacts\n", "A-1\t3\tfacts\n"]), "one more");
        assert!(!met(&["A-1\t1\tfacts\n", "A-1\t2\tfacts\n", "A-1\t2\tfacts\n"]), "one twice");
        assert!(!met(&["A-1\t1\tfacts\n", "A-1\t2\tothers\n"]), "another");
        assert!(!met(&["A-1\t1\tfacts\n", "A-1\t2\tfac"]), "cut");
        assert!(!met(&["A-1\t1\tfacts\n", "A-1\t2\tfacts\n", "A-1\t-1\tfacts\n"]), "a version that there cannot be");
        assert!(!met(&["A-1\t1\tfacts\n", "A-1\t2\tfacts\n", "A-1\t0\tfacts\n"]), "one before the first");
    }
}
