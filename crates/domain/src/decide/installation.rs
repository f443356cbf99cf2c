//! What the products report: servers and versions (INS, PIR, FST-4).

use super::{Case, Decision};
use crate::command::{RecordInstalledVersion, ReportServer, UnblockLicense};
use crate::event::{CertificationLost, Event, LicenseBlocked, LicenseUnblocked, Server, VersionInstalled};
use crate::license::Facts;
use crate::rules::ins;
use crate::violation::Findings;

/// A second server at the same time blocks the license (PIR-1); one that is online already changes nothing (PIR-3).
pub(super) fn server_online(case: &Case<'_>, facts: &Facts, command: &ReportServer) -> Option<Decision> {
    if facts.servers_online.contains(&command.server) {
        return Some(case.done([]));
    }
    let came = Event::ServerCameOnline(Server { server: command.server.clone() });
    let servers: Vec<_> = facts.servers_online.iter().chain([&command.server]).cloned().collect();
    let blocked = (servers.len() > 1).then_some(Event::LicenseBlocked(LicenseBlocked { servers }));
    Some(case.done([came].into_iter().chain(blocked)))
}

/// A server that is not online going offline changes nothing (PIR-3).
pub(super) fn server_offline(case: &Case<'_>, facts: &Facts, command: &ReportServer) -> Option<Decision> {
    let was_online = facts.servers_online.contains(&command.server);
    let went = Event::ServerWentOffline(Server { server: command.server.clone() });
    Some(case.done(was_online.then_some(went)))
}

pub(super) fn version(
    case: &Case<'_>,
    facts: &Facts,
    command: &RecordInstalledVersion,
    findings: &mut Findings,
) -> Option<Decision> {
    let catalog = &case.programme.catalog;
    let known = catalog.release(facts.product, &command.version).map(|release| release.released);
    let released = command.released.or(known);
    ins::ins_2(findings, case, facts, &command.version, released);
    let installed = Event::VersionInstalled(VersionInstalled { version: command.version.clone(), released });
    let certified = catalog.is_certified(facts.product, &command.version, case.on);
    let lost = (facts.certified == Some(true) && !certified)
        .then(|| Event::CertificationLost(CertificationLost { version: command.version.clone() }));
    Some(case.done([installed].into_iter().chain(lost)))
}

/// PIR-2 has been judged: the license is blocked, and there is a reason.
pub(super) fn unblock(case: &Case<'_>, command: &UnblockLicense) -> Option<Decision> {
    let reason = command.reason.clone()?;
    Some(case.done([Event::LicenseUnblocked(LicenseUnblocked { reason })]))
}
