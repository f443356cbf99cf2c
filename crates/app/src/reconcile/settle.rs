//! The commands that would make the ledger say what the list says.

use ledger_domain::command::{
    ActivateLicense, AddPlugin, AddUsers, CancelOrder, ChangeLicenseType, Command, Irreversible, Order, OrderTerms,
    RecordInstalledVersion, ReduceUsers, RemovePlugins, RenameHolder, RenewSwm, SwitchToFstek, parse_date,
};
use ledger_domain::license::{Facts, Status};
use ledger_domain::order::Registration;
use ledger_domain::values::{Date, LicenseType, Partner, Plugin, PluginSet, Users};
use uuid::Uuid;

use super::compare::compared;
use super::listed::Says;
use crate::next_commands::{FILL_IN, request};
use crate::portfolio::{Column, plugin_names};
use crate::post::Entry;
use crate::store::StoreError;

/// A renewal of more years than this is a slip of the pen.
const MOST_YEARS: u32 = 50;

/// What leads on.
#[derive(Default)]
pub(super) struct Settlement {
    /// In the order in which they are to be posted.
    pub(super) commands: Vec<Command>,
    /// What no command settles.
    pub(super) notes: Vec<String>,
}

/// The commands as they are posted on the day. Their ids follow from the license, its version, the day and the command.
pub(super) fn requests(facts: &Facts, on: Date, commands: Vec<Command>) -> Result<Vec<Entry>, StoreError> {
    commands.into_iter().map(|command| request(&facts.license, on, seed(facts, on), command)).collect()
}

fn seed(facts: &Facts, on: Date) -> Uuid {
    let name = format!("license-ledger/reconcile/{}/{}/{on}", facts.license, facts.version);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

/// A license that the list does not have: only a purchase that waits can be withdrawn.
pub(super) fn missing_there(facts: &Facts) -> Settlement {
    match facts.pending.as_ref().filter(|_| facts.status == Status::Ordered) {
        Some(pending) => {
            let order = pending.order.clone();
            let cancel = Command::CancelOrder(CancelOrder { order, reason: Some(reason()) });
            Settlement { commands: vec![cancel], notes: Vec::new() }
        }
        None => {
            let note = "nothing takes a license out of the ledger: ask the vendor why the list lacks it";
            Settlement { commands: Vec::new(), notes: vec![note.to_owned()] }
        }
    }
}

/// A license that both have. What is bought is bought in the sequence of UPG-4, each in an order of its own.
pub(super) fn different(facts: &Facts, says: &Says, on: Date) -> Settlement {
    let target = Target { facts, says, on, differs: columns(facts, says) };
    let mut found = Settlement::default();
    if facts.status == Status::Ordered {
        found.commands.push(Command::ActivateLicense(ActivateLicense {}));
    }
    target.holder(&mut found);
    target.changed_type(&mut found);
    target.swm(&mut found);
    target.plugins(&mut found);
    target.fstek(&mut found);
    target.users(&mut found);
    target.version(&mut found);
    target.left_over(&mut found);
    found
}

fn columns(facts: &Facts, says: &Says) -> Vec<Column> {
    compared(facts, says).0.iter().filter_map(|difference| difference.field.parse().ok()).collect()
}

/// The license as the list has it.
struct Target<'a> {
    facts: &'a Facts,
    says: &'a Says,
    on: Date,
    /// The columns that differ.
    differs: Vec<Column>,
}

impl Target<'_> {
    /// What the list says under a column that differs.
    fn there(&self, column: Column) -> Option<&str> {
        self.says.get(&column).filter(|_| self.differs.contains(&column)).map(String::as_str)
    }

    fn holder(&self, found: &mut Settlement) {
        let (name, inn) = (self.there(Column::HolderName), self.there(Column::HolderInn));
        let country = self.there(Column::HolderCountry);
        if name.or(inn).or(country).is_none() {
            return;
        }
        found.commands.push(Command::RenameHolder(RenameHolder {
            name: name.unwrap_or(&self.facts.holder.name).to_owned(),
            inn: inn.map(|inn| Some(inn.to_owned())),
            country: country.map(str::to_owned),
            irreversible: Irreversible { reason: None, confirm_irreversible: true },
        }));
    }

    fn license_type(&self) -> Option<LicenseType> {
        self.there(Column::LicenseType)?.parse().ok()
    }

    /// The vendor desk's change; to `fstek` leads a switch, and only from `commercial` (FST-3).
    fn changed_type(&self, found: &mut Settlement) {
        let to = match self.license_type() {
            Some(LicenseType::Fstek) if self.facts.license_type == LicenseType::Commercial => return,
            Some(LicenseType::Fstek) => LicenseType::Commercial,
            Some(to) => to,
            None => return,
        };
        found.commands.push(Command::ChangeLicenseType(ChangeLicenseType { to, irreversible: irreversible() }));
    }

    fn fstek(&self, found: &mut Settlement) {
        if self.license_type() == Some(LicenseType::Fstek) {
            let terms = self.terms("switch_to_fstek");
            found.commands.push(Command::SwitchToFstek(SwitchToFstek { terms, confirm_irreversible: true }));
        }
    }

    fn swm(&self, found: &mut Settlement) {
        let Some((ends, swm)) = self.there(Column::SwmEnds).and_then(parse_date).zip(self.facts.swm) else { return };
        match (1..=MOST_YEARS).find(|years| swm.end_after_renewal(*years) == ends) {
            Some(years) => {
                let (terms, line) = (self.terms("renew_swm"), RenewSwm { years, users: None, plugins: None });
                found.commands.push(Command::RenewSwm(Order { terms, line }));
            }
            None => found.notes.push(format!(
                "no renewal moves the end of SWM from {} to {ends}: it moves by whole years, and never back (SWM-6)",
                swm.ends
            )),
        }
    }

    fn plugins(&self, found: &mut Settlement) {
        let Some(there) = self.there(Column::Plugins) else { return };
        let there: PluginSet = plugin_names(there).filter_map(|name| name.parse::<Plugin>().ok()).collect();
        let gone = self.facts.plugins.without(&there);
        if !gone.is_empty() {
            let removal = RemovePlugins { plugins: gone, irreversible: irreversible() };
            found.commands.push(Command::RemovePlugins(removal));
        }
        for plugin in there.without(&self.facts.plugins).iter() {
            let terms = self.terms(&format!("add_plugin/{plugin}"));
            found.commands.push(Command::AddPlugin(Order { terms, line: AddPlugin { plugin, users: None } }));
        }
    }

    fn users(&self, found: &mut Settlement) {
        let Some(there) = self.there(Column::Users).and_then(|users| users.parse::<u32>().ok()) else { return };
        let here = self.facts.users.map_or(0, Users::count);
        found.commands.push(if there < here {
            Command::ReduceUsers(ReduceUsers { to: there, irreversible: irreversible() })
        } else {
            let line = AddUsers { users: there.saturating_sub(here), plugins: PluginSet::none() };
            Command::AddUsers(Order { terms: self.terms("add_users"), line })
        });
    }

    fn version(&self, found: &mut Settlement) {
        if let Some(version) = self.there(Column::InstalledVersion) {
            let installed = RecordInstalledVersion { version: version.into(), released: None };
            found.commands.push(Command::RecordInstalledVersion(installed));
        }
    }

    /// What no command changes. The partner changes with an order (UPG-7), if there is one.
    fn left_over(&self, found: &mut Settlement) {
        let orders = found.commands.iter().any(|command| command.places_order().is_some());
        for column in &self.differs {
            let note = match column {
                Column::Product => "no command changes the product of a license",
                Column::SwmStarts => "no command moves the day of the activation",
                Column::Certified => "certification follows from the versions installed (FST-4)",
                Column::PartnerLevel if self.partner().is_none() || !orders => {
                    "the partner's level changes with an order through that partner (UPG-7)"
                }
                Column::Partner if !orders => "the partner changes with an order through another one (UPG-7)",
                _ => continue,
            };
            found.notes.push(note.to_owned());
        }
    }

    /// The partner of the list, where it is another one.
    fn partner(&self) -> Option<Partner> {
        let differs = self.there(Column::Partner).or(self.there(Column::PartnerLevel)).is_some();
        let here = self.facts.partner.as_ref();
        let name = self.says.get(&Column::Partner).or(here.map(|partner| &partner.name)).filter(|_| differs)?;
        let level = self.says.get(&Column::PartnerLevel).and_then(|level| level.parse().ok());
        Some(Partner { name: name.clone(), level: level.or(here.and_then(|partner| partner.level)) })
    }

    /// An order that takes effect at once, with a number that no other has.
    fn terms(&self, what: &str) -> OrderTerms {
        let unique = Uuid::new_v5(&seed(self.facts, self.on), what.as_bytes()).simple().to_string().to_uppercase();
        let order = format!("{FILL_IN}-ORDER-{}", unique.chars().take(24).collect::<String>());
        OrderTerms { order, partner: self.partner(), registration: Registration::Automatic }
    }
}

fn irreversible() -> Irreversible {
    Irreversible { reason: Some(reason()), confirm_irreversible: true }
}

fn reason() -> String {
    format!("{FILL_IN}: why")
}
