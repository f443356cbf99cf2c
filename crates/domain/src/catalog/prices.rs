//! The price list, and the row that holds on a date (PRC-11).

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::{Finding, Item, Problem, price_file, price_rows};
use crate::values::{Currency, Date, LicenseType, Product};

/// What an item costs from a day on. Amounts contain VAT (PRC-7), in the list's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// The first day on which it holds; the next row of the same item ends it.
    pub valid_from: Date,
    /// The product.
    pub product: Product,
    /// What is sold.
    pub item: Item,
    /// The type of the license for which it is sold.
    pub license_type: LicenseType,
    /// The column LICENSE: the price with one year of SWM. 0 to 1,000,000,000, at most 4 places behind the point.
    pub license: Decimal,
    /// The column MAINTENANCE: the price of a year of SWM, within the same bounds.
    pub maintenance: Decimal,
    /// The VAT that the amounts contain, in percent of the net amount: 0 to 100.
    pub vat_percent: Decimal,
}

type Key = (Product, Item, LicenseType);

/// A price list: all editions of it, each row dated, in one currency (PRC-8).
#[derive(Debug, Clone)]
pub struct PriceList {
    currency: Currency,
    /// The rows of an item in the order of their days.
    rows: BTreeMap<Key, Vec<PriceRow>>,
    /// The days from which any row holds.
    editions: BTreeSet<Date>,
}

impl PriceList {
    /// Reads a price list in the format of the public contract.
    ///
    /// Lines that begin with `#` are comments; a byte order mark is skipped. Findings are rows that can be used
    /// but look mistaken (SWM-4).
    ///
    /// # Errors
    /// Every problem of the file, in the order of its lines; one is enough for the list not to be used.
    pub fn parse(csv: &str) -> Result<(Self, Vec<Finding>), Vec<Problem>> {
        let price_rows::Read { currency, rows, findings } = price_file::read(csv)?;
        let editions = rows.iter().map(|row| row.valid_from).collect();
        let mut list = Self { currency, rows: BTreeMap::new(), editions };
        for row in rows {
            list.rows.entry((row.product, row.item, row.license_type)).or_default().push(row);
        }
        list.rows.values_mut().for_each(|rows| rows.sort_by_key(|row| row.valid_from));
        Ok((list, findings))
    }

    /// The newest row for exactly this product, item and license type that holds on the date (PRC-11).
    #[must_use]
    pub fn row(&self, product: Product, item: Item, license_type: LicenseType, on: Date) -> Option<&PriceRow> {
        let rows = self.rows.get(&(product, item, license_type))?;
        rows.iter().rev().find(|row| row.valid_from <= on)
    }

    /// The first day of the edition in force on the date: the newest day from which any row holds.
    #[must_use]
    pub fn edition(&self, on: Date) -> Option<Date> {
        self.editions.range(..=on).next_back().copied()
    }

    /// The currency of every amount in the list (PRC-8).
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }
}
