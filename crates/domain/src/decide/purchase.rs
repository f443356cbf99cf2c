//! `issue_license` and `activate_license` (PUR, CAT).

use super::{Case, Decision};
use crate::command::IssueLicense;
use crate::event::{Event, LicenseActivated, LicenseIssued};
use crate::license::{Facts, Status};
use crate::order::Registration;
use crate::pricing::{Pricing, Structure};
use crate::rules::{act, cat, plg, pur, upg};
use crate::values::{Date, Swm, Users, inn_checksum_holds};
use crate::violation::{Findings, Text, Warning};

pub(super) fn issue(case: &Case<'_>, command: &IssueLicense, findings: &mut Findings) -> Option<Decision> {
    let product = cat::cat_1(findings, case, command.product);
    let (catalog, on) = (&case.programme.catalog, case.on);
    pur::pur_1(findings, case, command.users);
    pur::pur_2(findings, case, command.users);
    pur::pur_4(findings, command);
    pur::pur_8(findings, case);
    upg::upg_5(findings, case, &command.order);
    if let Some(product) = product {
        cat::cat_3(findings, case, product, command.license_type);
        for plugin in command.plugins.iter() {
            plg::plg_1_of_the_product(findings, case, product, plugin);
            cat::cat_2_on_sale(findings, catalog, product, plugin, on);
        }
    }
    let (product, users) = (product?, Users::in_packs(command.users, case.terms().pack_size)?);
    let mut warnings = inn_warning(command.holder.inn.as_deref());
    let structure =
        Structure { product, license_type: command.license_type, users: users.count(), plugins: &command.plugins };
    let mut pricing = Pricing::new(case.programme, on, command.partner.as_ref());
    pricing.purchase(&structure, command.swm_years);
    let price = if findings.is_empty() { case.priced(pricing.finish(), findings, &mut warnings) } else { None };
    let issued = Event::LicenseIssued(LicenseIssued {
        order: command.order.clone(),
        product,
        license_type: command.license_type,
        users,
        plugins: command.plugins.clone(),
        swm_years: command.swm_years,
        holder: command.holder.clone(),
        partner: command.partner.clone(),
        price: price.clone(),
    });
    let activated = (command.registration == Registration::Automatic).then(|| activation(on, command.swm_years));
    Some(Decision { price, warnings, ..case.done([issued].into_iter().chain(activated)) })
}

pub(super) fn activate(case: &Case<'_>, facts: &Facts, findings: &mut Findings) -> Option<Decision> {
    if facts.status != Status::Ordered {
        act::act_5_purchase(findings, facts);
        return None;
    }
    let years = facts.pending.as_ref().and_then(|pending| {
        pending.lines.iter().find_map(|line| match line {
            crate::order::OrderLine::IssueLicense { swm_years, .. } => Some(*swm_years),
            _ => None,
        })
    })?;
    Some(case.done([activation(case.on, years)]))
}

fn activation(on: Date, years: u32) -> Event {
    Event::LicenseActivated(LicenseActivated { swm: Swm::bought(on, years) })
}

/// A warning about an INN whose checksum does not hold.
pub(super) fn inn_warning(inn: Option<&str>) -> Vec<Warning> {
    let wrong = inn.filter(|inn| !inn_checksum_holds(inn));
    let message = |inn: &str| {
        Text::new(
            format!("the checksum of INN {inn} is wrong: check the number"),
            format!("контрольная сумма ИНН {inn} неверна: проверьте номер"),
        )
    };
    wrong.map(|inn| Warning { rule: None, message: message(inn) }).into_iter().collect()
}
