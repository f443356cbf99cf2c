//! `open_license` (LIC-2): a license from before the ledger, as it stands.

use super::purchase::inn_warning;
use super::{Case, Decision};
use crate::command::OpenLicense;
use crate::event::{Event, LicenseOpened};
use crate::rules::{cat, lic, plg, pur};
use crate::values::{Date, LicenseType, Product, Swm, Users, add_years};
use crate::violation::{Findings, Text, Warning};

/// What was bought long ago is not on sale again: days of sale are not judged, and there is no price.
pub(super) fn open(case: &Case<'_>, command: &OpenLicense, findings: &mut Findings) -> Option<Decision> {
    let product = cat::cat_1(findings, case, command.product);
    pur::pur_1(findings, case, command.users);
    pur::pur_2(findings, case, command.users);
    pur::pur_8(findings, case);
    lic::lic_2_period(findings, case, command);
    let product = product?;
    cat::cat_3_exists(findings, case, product, command.license_type);
    for plugin in command.plugins.iter() {
        plg::plg_1_of_the_product(findings, case, product, plugin);
    }
    let certified = certified(case, product, command, findings);
    let opened = LicenseOpened {
        product,
        license_type: command.license_type,
        users: Users::in_packs(command.users, case.terms().pack_size)?,
        plugins: command.plugins.clone(),
        holder: command.holder.clone(),
        partner: command.partner.clone(),
        swm: Swm { starts: command.swm_starts, ends: command.swm_ends },
        certified,
        installed_version: command.installed_version.clone(),
    };
    let warnings = inn_warning(command.holder.inn.as_deref()).into_iter().chain(far_end(case.on, command.swm_ends));
    Some(Decision { warnings: warnings.collect(), ..case.done([Event::LicenseOpened(opened)]) })
}

/// Whether it counts as certified: as stated, else as the installed version says, else it does (FST-4).
fn certified(case: &Case<'_>, product: Product, command: &OpenLicense, findings: &mut Findings) -> Option<bool> {
    let version = command.installed_version.as_ref();
    let uncertified = version
        .filter(|version| !case.programme.catalog.is_certified(product, version, case.on))
        .map(|v| v.to_string());
    if command.license_type != LicenseType::Fstek {
        lic::lic_2_only_fstek(findings, command);
        return None;
    }
    lic::lic_2_certified(findings, command, uncertified.as_deref());
    Some(command.certified.unwrap_or(uncertified.is_none()))
}

/// A warning about an end that no purchase and no renewal can have given (PUR-4, SWM-8): perhaps a slip of the pen.
fn far_end(on: Date, ends: Date) -> Option<Warning> {
    (ends > add_years(on, 2)).then(|| {
        let message = Text::new(
            format!("SWM ends on {ends}, more than two years after {on}: check the date"),
            format!("подписка SWM заканчивается {ends}, более чем через два года после {on}: проверьте дату"),
        );
        Warning { rule: None, message }
    })
}
