//! `split_license`, `merge_licenses`, `transfer_users` (VND-6…8, 11): one decision over all licenses that take part.

use super::{Case, Decision, users_of};
use crate::command::{MergeLicenses, SplitLicense, TransferUsers};
use crate::event::{
    Event, LicenseAbsorbed, LicenseSplit, LicenseSplitOff, LicensesMerged, Share, SwmMoved, UsersReceived,
    UsersTransferred,
};
use crate::license::License;
use crate::rules::redistribution::{self as rules, SwmEnds};
use crate::rules::{upg, vnd};
use crate::values::{Date, LicenseNumber, Users};
use crate::violation::{Findings, Warning};

/// Part of the license becomes new licenses, which inherit everything but the users.
pub(super) fn split(
    case: &Case<'_>,
    source: &License,
    command: &SplitLicense,
    findings: &mut Findings,
) -> Option<Decision> {
    upg::upg_3(findings, &source.facts, case);
    for (part, other) in command.into.iter().zip(case.others) {
        rules::pur_8_of_part(findings, other);
        rules::vnd_7_users(findings, case, &part.license, i64::from(part.users));
    }
    let moved: i64 = command.into.iter().map(|part| i64::from(part.users)).sum();
    rules::vnd_7_users(findings, case, &source.facts.license, i64::from(users_of(&source.facts)) - moved);
    vnd::vnd_10_with_reason(findings, case, &command.irreversible);
    let reason = command.irreversible.recorded_reason();
    let share =
        |part: &crate::command::Part| Share { license: part.license.clone(), users: Users::recorded(part.users) };
    let into: Vec<Share> = command.into.iter().map(share).collect();
    let mut events = Vec::with_capacity(into.len() + 1);
    for share in &into {
        events.push((share.license.clone(), Event::LicenseSplitOff(part_of(source, share, &reason)?)));
    }
    events.insert(0, (source.facts.license.clone(), Event::LicenseSplit(LicenseSplit { into, reason })));
    Some(Decision { events, price: None, warnings: Vec::new() })
}

fn part_of(source: &License, part: &Share, reason: &str) -> Option<LicenseSplitOff> {
    let facts = &source.facts;
    let mut lineage = source.lineage.carried_from(&facts.license);
    lineage.split(&facts.license, &part.license);
    Some(LicenseSplitOff {
        from: facts.license.clone(),
        users: part.users,
        product: facts.product,
        license_type: facts.license_type,
        plugins: facts.plugins.clone(),
        holder: facts.holder.clone(),
        partner: facts.partner.clone(),
        swm: facts.swm?,
        certified: facts.certified,
        types_left: source.types_left.clone(),
        lineage,
        reason: reason.to_owned(),
    })
}

/// Other licenses are taken in with all their users, and closed.
pub(super) fn merge(
    case: &Case<'_>,
    absorber: &License,
    command: &MergeLicenses,
    findings: &mut Findings,
) -> Option<Decision> {
    let absorbed = others(case, absorber, findings);
    // The lineage grows with every license taken in, so that those of one split do not meet here either.
    let mut lineage = absorber.lineage.clone();
    for other in &absorbed {
        rules::vnd_9_lineage(findings, &absorber.facts.license, &lineage, other);
        lineage.add(&other.lineage.carried_from(&other.facts.license));
    }
    let moved: i64 = absorbed.iter().map(|other| i64::from(users_of(&other.facts))).sum();
    rules::vnd_7_users(findings, case, &absorber.facts.license, i64::from(users_of(&absorber.facts)) + moved);
    vnd::vnd_10_with_reason(findings, case, &command.irreversible);
    let swm = rules::vnd_8(std::iter::once(absorber).chain(absorbed.iter().copied()).filter_map(swm_ends))?;
    let end = match swm {
        SwmEnds::WithinAMonth { latest } => latest,
        SwmEnds::BroughtTo(earliest) => earliest,
    };
    let reason = command.irreversible.recorded_reason();
    let mut warnings = Vec::new();
    let mut events = vec![(absorber.facts.license.clone(), merged(absorber, &absorbed, end, &reason, &mut warnings))];
    for other in absorbed {
        // An earlier end that rises with the whole is a gain of the absorber, not of the license that closes.
        let swm_moved = swm_moved(other, end, &mut warnings).filter(|moved| moved.to < moved.from);
        let users = Users::recorded(users_of(&other.facts));
        let into = absorber.facts.license.clone();
        let event = LicenseAbsorbed { into, users, swm_moved, reason: reason.clone() };
        events.push((other.facts.license.clone(), Event::LicenseAbsorbed(event)));
    }
    Some(Decision { events, price: None, warnings })
}

fn merged(absorber: &License, absorbed: &[&License], end: Date, reason: &str, warnings: &mut Vec<Warning>) -> Event {
    let mut carried = crate::lineage::Lineage::default();
    for other in absorbed {
        carried.add(&other.lineage.carried_from(&other.facts.license));
    }
    let share = |other: &&License| Share {
        license: other.facts.license.clone(),
        users: Users::recorded(users_of(&other.facts)),
    };
    Event::LicensesMerged(LicensesMerged {
        from: absorbed.iter().map(share).collect(),
        swm_moved: swm_moved(absorber, end, warnings),
        types_left: absorbed.iter().flat_map(|other| other.types_left.iter().copied()).collect(),
        lineage: carried,
        reason: reason.to_owned(),
    })
}

/// Users move between two licenses that both stay.
pub(super) fn transfer(
    case: &Case<'_>,
    giver: &License,
    command: &TransferUsers,
    findings: &mut Findings,
) -> Option<Decision> {
    let taker = others(case, giver, findings).first().copied();
    rules::vnd_7_moved(findings, case, command.users);
    let left = i64::from(users_of(&giver.facts)) - i64::from(command.users);
    rules::vnd_7_users(findings, case, &giver.facts.license, left);
    vnd::vnd_10_with_reason(findings, case, &command.irreversible);
    let taker = taker?;
    rules::vnd_9_lineage(findings, &taker.facts.license, &taker.lineage, giver);
    let got = i64::from(users_of(&taker.facts)) + i64::from(command.users);
    rules::vnd_7_users(findings, case, &taker.facts.license, got);
    let ends = |license| match rules::vnd_8([giver, taker].into_iter().filter_map(swm_ends)) {
        Some(SwmEnds::BroughtTo(earliest)) => Some(earliest),
        _ => swm_ends(license),
    };
    let mut warnings = Vec::new();
    let (users, reason) = (Users::recorded(command.users), command.irreversible.recorded_reason());
    let (from, to) = (giver.facts.license.clone(), taker.facts.license.clone());
    let transferred = UsersTransferred {
        to: to.clone(),
        users,
        swm_moved: swm_moved(giver, ends(giver)?, &mut warnings),
        reason: reason.clone(),
    };
    let received = UsersReceived {
        from: from.clone(),
        users,
        swm_moved: swm_moved(taker, ends(taker)?, &mut warnings),
        lineage: giver.lineage.carried_from(&from),
        reason,
    };
    let events = vec![(from, Event::UsersTransferred(transferred)), (to, Event::UsersReceived(received))];
    Some(Decision { events, price: None, warnings })
}

/// The other licenses that exist, judged whether they fit together with this one.
fn others<'a>(case: &Case<'a>, license: &License, findings: &mut Findings) -> Vec<&'a License> {
    rules::vnd_6(findings, case);
    upg::upg_3(findings, &license.facts, case);
    let mut existing = Vec::with_capacity(case.others.len());
    for other in case.others.iter().filter(|other| other.number != &license.facts.license) {
        let Some(other) = rules::lic_1_of_other(findings, other) else { continue };
        rules::vnd_7_fits(findings, &license.facts, &other.facts);
        rules::upg_3_of_other(findings, &other.facts);
        existing.push(other);
    }
    existing
}

fn swm_ends(license: &License) -> Option<Date> {
    license.facts.swm.map(|swm| swm.ends)
}

/// Where the license's SWM end moves, if it does; what it gives up is told.
fn swm_moved(license: &License, to: Date, warnings: &mut Vec<Warning>) -> Option<SwmMoved> {
    let from = swm_ends(license).filter(|from| *from != to)?;
    warnings.extend(rules::vnd_8_given_up(number(license), from, to));
    Some(SwmMoved { from, to })
}

const fn number(license: &License) -> &LicenseNumber {
    &license.facts.license
}
