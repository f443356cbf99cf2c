//! What the examples are made of: the license as it is, or what a new one could be, and the placeholders.

use ledger_domain::catalog::{Catalog, Sale};
use ledger_domain::command::{Irreversible, OrderTerms};
use ledger_domain::license::Facts;
use ledger_domain::order::Registration;
use ledger_domain::values::{
    Date, Holder, LicenseNumber, LicenseType, Partner, Plugin, PluginSet, Product, RequestedProduct, Users,
};
use uuid::Uuid;

/// What every placeholder begins with.
pub(crate) const FILL_IN: &str = "FILL-IN";

/// A license, as far as examples need to know it.
pub(super) struct Sketch<'a> {
    pub(super) facts: Option<&'a Facts>,
    /// The product; of a license that does not exist, the first that is sold.
    pub(super) product: Product,
    pub(super) license_type: LicenseType,
    /// Its users; where it has no number of them, the smallest delivery.
    pub(super) users: u32,
    pub(super) plugins: PluginSet,
    pub(super) holder: Holder,
    pub(super) partner: Option<Partner>,
    /// Another license that this one could be merged with.
    pub(super) other: Option<LicenseNumber>,
    pub(super) catalog: &'a Catalog,
    pub(super) on: Date,
    seed: Uuid,
}

impl<'a> Sketch<'a> {
    pub(super) fn of(
        facts: Option<&'a Facts>,
        other: Option<LicenseNumber>,
        catalog: &'a Catalog,
        on: Date,
        seed: Uuid,
    ) -> Self {
        let sold = sold(catalog, on).first().and_then(|product| product.server_product());
        let nobody = Holder { name: format!("{FILL_IN}: who holds the license"), inn: None, country: "RU".to_owned() };
        let users = facts.and_then(|facts| facts.users).map(Users::count).filter(|users| *users > 0);
        Self {
            facts,
            product: facts.map(|facts| facts.product).or(sold).unwrap_or(Product::Control),
            license_type: facts.map_or(LicenseType::Commercial, |facts| facts.license_type),
            users: users.unwrap_or(catalog.terms(on).minimum_users),
            plugins: facts.map(|facts| facts.plugins.clone()).unwrap_or_default(),
            holder: facts.map_or(nobody, |facts| facts.holder.clone()),
            partner: facts.and_then(|facts| facts.partner.clone()),
            other,
            catalog,
            on,
            seed,
        }
    }

    /// One pack of users.
    pub(super) fn pack(&self) -> u32 {
        self.catalog.terms(self.on).pack_size
    }

    /// The products that a purchase could be for: the license's own, for a new one every product sold.
    pub(super) fn products(&self) -> Vec<RequestedProduct> {
        let own = |facts: &Facts| facts.product.name().parse().ok();
        match self.facts.and_then(own) {
            Some(own) => vec![own],
            None => sold(self.catalog, self.on),
        }
    }

    /// The plugins that the product can have; where it can have none, one that will be refused.
    pub(super) fn possible_plugins(&self) -> Vec<Plugin> {
        let possible: Vec<_> = self.catalog.plugins_of(self.product, self.on).iter().collect();
        if possible.is_empty() { vec![Plugin::Antivirus] } else { possible }
    }

    /// The terms of an order, with a number that no other example has, nor any order of the license.
    pub(super) fn terms(&self, what: &str) -> OrderTerms {
        OrderTerms { order: self.order(what), partner: None, registration: Registration::Manual }
    }

    /// A number for an order that is still to be numbered.
    pub(super) fn order(&self, what: &str) -> String {
        format!("{FILL_IN}-ORDER-{}", self.unique(what))
    }

    /// The number of the order that waits, else of none.
    pub(super) fn waiting_order(&self) -> String {
        let waiting = self.facts.and_then(|facts| facts.pending.as_ref()).map(|pending| pending.order.clone());
        waiting.unwrap_or_else(|| self.order("none waits"))
    }

    /// The number of a license that is still to be numbered or named.
    pub(super) fn unknown_license(&self, what: &str) -> Option<LicenseNumber> {
        format!("{FILL_IN}-{}", self.unique(what)).parse().ok()
    }

    /// A reason to be given, and the confirmation.
    pub(super) fn irreversible(&self) -> Irreversible {
        Irreversible { reason: Some(self.reason()), confirm_irreversible: true }
    }

    /// A reason to be given.
    pub(super) fn reason(&self) -> String {
        format!("{FILL_IN}: why")
    }

    /// 24 hexadecimal digits: enough that they are nobody else's.
    fn unique(&self, what: &str) -> String {
        let id = Uuid::new_v5(&self.seed, what.as_bytes()).simple().to_string().to_uppercase();
        id.chars().take(24).collect()
    }
}

/// The products sold as server licenses on the day.
fn sold(catalog: &Catalog, on: Date) -> Vec<RequestedProduct> {
    let is_sold =
        |product: &&RequestedProduct| matches!(catalog.product_is_sold(**product, on), Sale::ServerLicense(_));
    RequestedProduct::ALL.iter().filter(is_sold).copied().collect()
}
