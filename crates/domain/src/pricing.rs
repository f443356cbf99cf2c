//! Prices (PRC): every line by the price list's LICENSE (`L`) and MAINTENANCE (`M`) columns.

use rust_decimal::Decimal;

use crate::catalog::{Item, PriceRow, Programme};
use crate::price::{Price, PriceLine};
use crate::values::{Date, LicenseType, Money, Partner, Plugin, PluginSet, Product, months_until};

/// What is priced: product, type, users and plugins of a license.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Structure<'a> {
    pub(crate) product: Product,
    pub(crate) license_type: LicenseType,
    pub(crate) users: u32,
    pub(crate) plugins: &'a PluginSet,
}

/// The result of pricing an order.
pub(crate) enum Priced {
    /// Every line has a price.
    At(Price),
    /// No price is known for these items, so there is none for the order (PRC-11).
    Missing(Vec<String>),
}

/// `L` and `M` of what one line is made of, with the VAT rate of the newest row among them.
struct Sum {
    license: Decimal,
    maintenance: Decimal,
    newest: Date,
    vat_percent: Decimal,
}

/// Prices the lines of one order.
pub(crate) struct Pricing<'a> {
    programme: &'a Programme,
    on: Date,
    pack_size: u32,
    minimum_users: u32,
    discount_percent: Decimal,
    lines: Vec<PriceLine>,
    missing: Vec<String>,
}

impl<'a> Pricing<'a> {
    /// Prices by the list in force on the date (CAT-4), with the discount of the partner's level (PRC-10).
    pub(crate) fn new(programme: &'a Programme, on: Date, partner: Option<&Partner>) -> Self {
        let terms = programme.catalog.terms(on);
        let level = partner.and_then(|partner| partner.level);
        Self {
            programme,
            on,
            pack_size: terms.pack_size,
            minimum_users: terms.minimum_users,
            discount_percent: level.map(|level| terms.discount_percent(level)).unwrap_or_default(),
            lines: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// PRC-13: `L` of the whole license, and `M` of it for a second year.
    pub(crate) fn purchase(&mut self, structure: &Structure<'_>, swm_years: u32) {
        let more_years = Decimal::from(swm_years.saturating_sub(1));
        let items = self.whole_license(structure);
        self.line("issue_license", structure, &items, |sum| sum.license + sum.maintenance * more_years);
    }

    /// PRC-6: `M` of the whole license for each year.
    pub(crate) fn renewal(&mut self, structure: &Structure<'_>, years: u32) {
        let items = self.whole_license(structure);
        self.line("renew_swm", structure, &items, |sum| sum.maintenance * Decimal::from(years));
    }

    /// Users with the license's plugins, for the months left until `swm_ends`; `None`: SWM has lapsed.
    pub(crate) fn users(&mut self, structure: &Structure<'_>, added: u32, swm_ends: Option<Date>) {
        let packs = self.packs(added);
        let mut items = vec![(Item::Users, packs)];
        items.extend(structure.plugins.iter().map(|plugin| (Item::Plugin(plugin), packs)));
        self.proportional("add_users", structure, &items, swm_ends);
    }

    /// A plugin for all users.
    pub(crate) fn plugin(&mut self, structure: &Structure<'_>, plugin: Plugin, swm_ends: Option<Date>) {
        let packs = self.packs(structure.users);
        self.proportional("add_plugin", structure, &[(Item::Plugin(plugin), packs)], swm_ends);
    }

    /// The FSTEK switch, by the row under the type left (PRC-12).
    pub(crate) fn fstek(&mut self, structure: &Structure<'_>, swm_ends: Option<Date>) {
        let packs = self.packs(structure.users);
        self.proportional("switch_to_fstek", structure, &[(Item::Fstek, packs)], swm_ends);
    }

    /// The order's price (PRC-8).
    pub(crate) fn finish(self) -> Priced {
        let prices = &self.programme.prices;
        match prices.edition(self.on) {
            Some(price_list) if self.missing.is_empty() => {
                let total = self.lines.iter().map(|line| line.total).sum();
                Priced::At(Price { currency: prices.currency(), price_list, lines: self.lines, total })
            }
            _ => Priced::Missing(self.missing),
        }
    }

    /// A license costs the sum of its items: the server with its first users, further packs, plugins for all.
    fn whole_license(&self, structure: &Structure<'_>) -> Vec<(Item, Decimal)> {
        let further = self.packs(structure.users.saturating_sub(self.minimum_users));
        let all = self.packs(structure.users);
        let mut items = vec![(Item::Server, Decimal::ONE)];
        if !further.is_zero() {
            items.push((Item::Users, further));
        }
        items.extend(structure.plugins.iter().map(|plugin| (Item::Plugin(plugin), all)));
        items
    }

    fn packs(&self, users: u32) -> Decimal {
        Decimal::from(users.div_ceil(self.pack_size))
    }

    /// PRC-1…4: `L − M`, and a quarter of `M` for every quarter begun until SWM ends.
    fn proportional(&mut self, name: &str, structure: &Structure<'_>, items: &[(Item, Decimal)], ends: Option<Date>) {
        let quarters = ends.map_or(0, |ends| months_until(self.on, ends).div_ceil(3));
        let quarters = Decimal::from(quarters);
        self.line(name, structure, items, |sum| {
            sum.license + sum.maintenance * (quarters - Decimal::from(4)) / Decimal::from(4)
        });
    }

    fn line(
        &mut self,
        name: &str,
        structure: &Structure<'_>,
        items: &[(Item, Decimal)],
        amount: impl FnOnce(&Sum) -> Decimal,
    ) {
        if let Some(sum) = self.sum(structure, items) {
            let line = price_line(name, amount(&sum), self.discount_percent, sum.vat_percent);
            self.lines.push(line);
        }
    }

    /// `None` when an item has no price (PRC-11); which, is noted.
    fn sum(&mut self, structure: &Structure<'_>, items: &[(Item, Decimal)]) -> Option<Sum> {
        let Structure { product, license_type, .. } = *structure;
        let mut total: Option<Sum> = None;
        let mut complete = true;
        for (item, packs) in items {
            match self.programme.prices.row(product, *item, license_type, self.on) {
                Some(row) => total = Some(add(total, row, *packs)),
                None => {
                    self.missing.push(format!("{product} {item} {license_type}"));
                    complete = false;
                }
            }
        }
        total.filter(|_| complete)
    }
}

fn add(sum: Option<Sum>, row: &PriceRow, packs: Decimal) -> Sum {
    let (license, maintenance) = (row.license * packs, row.maintenance * packs);
    match sum {
        None => Sum { license, maintenance, newest: row.valid_from, vat_percent: row.vat_percent },
        Some(sum) => {
            let newer = row.valid_from > sum.newest;
            Sum {
                license: sum.license + license,
                maintenance: sum.maintenance + maintenance,
                newest: sum.newest.max(row.valid_from),
                vat_percent: if newer { row.vat_percent } else { sum.vat_percent },
            }
        }
    }
}

/// PRC-7, PRC-8, PRC-10: total = list − discount, net = total / (1 + VAT), vat = total − net.
fn price_line(name: &str, list: Decimal, discount_percent: Decimal, vat_percent: Decimal) -> PriceLine {
    let hundred = Decimal::from(100);
    let list = Money::rounded(list);
    let discount = Money::rounded(list.amount() * discount_percent / hundred);
    let total = list - discount;
    let net = Money::rounded(total.amount() * hundred / (hundred + vat_percent));
    PriceLine { line: name.to_owned(), list, discount, net, vat: total - net, total }
}
