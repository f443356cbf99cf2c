//! The vendor desk's changes (VND-1…4): irreversible, each with its confirmation.

use super::purchase::inn_warning;
use super::{Case, Decision, users_of};
use crate::command::{ChangeLicenseType, ReduceUsers, RemovePlugins, RenameHolder};
use crate::event::{Event, HolderRenamed, LicenseTypeChanged, PluginsRemoved, UsersReduced};
use crate::license::{Facts, License};
use crate::rules::{upg, vnd};
use crate::values::{Holder, Users};
use crate::violation::Findings;

pub(super) fn rename(
    case: &Case<'_>,
    facts: &Facts,
    command: &RenameHolder,
    findings: &mut Findings,
) -> Option<Decision> {
    vnd::vnd_10_confirmed(findings, case, command.irreversible.confirm_irreversible);
    let to = Holder {
        name: command.name.clone(),
        inn: command.inn.clone().unwrap_or_else(|| facts.holder.inn.clone()),
        country: command.country.clone().unwrap_or_else(|| facts.holder.country.clone()),
    };
    let warnings = inn_warning(command.inn.as_ref().and_then(Option::as_deref));
    let renamed = HolderRenamed { from: facts.holder.clone(), to, reason: command.irreversible.reason.clone() };
    Some(Decision { warnings, ..case.done([Event::HolderRenamed(renamed)]) })
}

pub(super) fn change_type(
    case: &Case<'_>,
    license: &License,
    command: &ChangeLicenseType,
    findings: &mut Findings,
) -> Option<Decision> {
    upg::upg_3(findings, &license.facts, case);
    vnd::vnd_2(findings, &license.facts, command.to);
    vnd::vnd_9_type(findings, license, command.to);
    vnd::vnd_10_with_reason(findings, case, &command.irreversible);
    let changed = LicenseTypeChanged {
        from: license.facts.license_type,
        to: command.to,
        reason: command.irreversible.recorded_reason(),
    };
    Some(case.done([Event::LicenseTypeChanged(changed)]))
}

pub(super) fn reduce_users(
    case: &Case<'_>,
    facts: &Facts,
    command: &ReduceUsers,
    findings: &mut Findings,
) -> Option<Decision> {
    upg::upg_3(findings, facts, case);
    vnd::vnd_3(findings, case, facts, command);
    vnd::vnd_10_with_reason(findings, case, &command.irreversible);
    let to = Users::in_packs(command.to, case.terms().pack_size)?;
    let from = Users::recorded(users_of(facts));
    let reason = command.irreversible.recorded_reason();
    Some(case.done([Event::UsersReduced(UsersReduced { from, to, reason })]))
}

pub(super) fn remove_plugins(
    case: &Case<'_>,
    facts: &Facts,
    command: &RemovePlugins,
    findings: &mut Findings,
) -> Option<Decision> {
    upg::upg_3(findings, facts, case);
    vnd::vnd_4(findings, facts, command);
    vnd::vnd_10_with_reason(findings, case, &command.irreversible);
    let reason = command.irreversible.recorded_reason();
    Some(case.done([Event::PluginsRemoved(PluginsRemoved { plugins: command.plugins.clone(), reason })]))
}
