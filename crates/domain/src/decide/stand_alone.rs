//! The refusals that stand alone, in the policy's order: LIC-1, closed (VND-9), PIR-2, PUR-9, TRL-2.

use super::Case;
use crate::license::Status;
use crate::rules::{lic, pir, pur, trl, vnd};
use crate::violation::Findings;

/// Notes at most one finding.
pub(super) fn judge(case: &Case<'_>, findings: &mut Findings) {
    let Some(license) = case.license else {
        lic::lic_1(findings, case.request);
        return;
    };
    let (facts, command) = (&license.facts, &case.request.command);
    if facts.status == Status::Closed {
        vnd::vnd_9_closed(findings, facts);
        return;
    }
    pir::pir_2(findings, facts, command);
    match facts.status {
        _ if !findings.is_empty() => {}
        Status::Ordered => pur::pur_9(findings, facts, command),
        Status::Trial => trl::trl_2(findings, facts, command),
        Status::Active | Status::Blocked | Status::Closed => {}
    }
}
