//! The rows that a table must have, and whether they come.

use std::collections::HashMap;
use std::ops::Range;

use crate::copy::Rows;

/// The rows of some licenses, as COPY writes them.
pub(crate) struct Expected {
    rows: Rows,
    /// Where in the text those begin of which it is not known yet whose they are.
    begins: usize,
    /// Of each license those that have not come yet; none, once others came.
    rest: HashMap<String, Option<Range<usize>>>,
}

impl Expected {
    /// None yet, of the table of these rows.
    pub(crate) fn of(rows: Rows) -> Self {
        Self { begins: rows.written().len(), rows, rest: HashMap::new() }
    }

    /// Where rows are written.
    pub(crate) fn rows(&mut self) -> &mut Rows {
        &mut self.rows
    }

    /// Expects the rows written last, and no others of this license, in this order.
    pub(crate) fn expect(&mut self, license: &str) {
        let ends = self.rows.written().len();
        self.rest.insert(license.to_owned(), Some(self.begins..ends));
        self.begins = ends;
    }

    /// Does not expect the rows written last.
    pub(crate) fn forget(&mut self) {
        self.begins = self.rows.written().len();
    }

    /// A row has come: a line that begins with its license. Where no row of that is expected, it is told which.
    pub(crate) fn meet<'l>(&mut self, line: &'l [u8]) -> Option<&'l str> {
        // PostgreSQL sends nothing but UTF-8.
        let license = line.split(|byte| *byte == b'\t').next().and_then(|bytes| str::from_utf8(bytes).ok())?;
        let Some(rest) = self.rest.get_mut(license) else { return Some(license) };
        *rest = rest.take().filter(|rest| self.rows.written().as_bytes()[rest.clone()].starts_with(line));
        if let Some(rest) = rest {
            rest.start += line.len();
        }
        None
    }

    /// Whether every row of the license came, and no other.
    pub(crate) fn is_met(&self, license: &str) -> bool {
        self.rest.get(license).is_some_and(|rest| rest.as_ref().is_some_and(Range::is_empty))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expects of `A-1` the versions 1 and 2, and whatever comes.
    fn met(lines: &[&str]) -> bool {
        let mut expected = Expected::of(Rows::into("versions", "license, version"));
        expected.rows().text("B-1").plain(7).end();
        expected.forget();
        for version in [1, 2] {
            expected.rows().text("A-1").plain(version).end();
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
        assert!(met(&["A-1\t1\n", "A-1\t2\n"]));
        assert!(met(&["A-0\t1\n", "A-1\t1\n", "A-1\t2\n", "B-1\t7\n"]), "others do not matter");
        assert!(!met(&["A-1\t1\n"]), "missing");
        assert!(!met(&["A-1\t1\n", "A-1\t2\n", "A-1\t3\n"]), "one more");
        assert!(!met(&["A-1\t1\n", "A-1\t9\n", "A-1\t2\n"]), "another between");
        assert!(!met(&["A-1\t2\n", "A-1\t1\n"]), "in another order");
        assert!(!met(&["A-1\t1\n", "A-1\t"]), "cut");
    }
}
