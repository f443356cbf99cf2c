//! `register_trial` (TRL-1).

use super::purchase::inn_warning;
use super::{Case, Decision};
use crate::command::RegisterTrial;
use crate::event::{Event, TrialRegistered};
use crate::rules::{cat, pur};
use crate::violation::Findings;

pub(super) fn register(case: &Case<'_>, command: &RegisterTrial, findings: &mut Findings) -> Option<Decision> {
    pur::pur_8(findings, case);
    let product = cat::cat_1(findings, case, command.product)?;
    let trial = TrialRegistered {
        product,
        holder: command.holder.clone(),
        plugins: case.programme.catalog.plugins_of(product, case.on),
        ends: case.on + chrono::Days::new(u64::from(case.terms().trial_days)),
    };
    let warnings = inn_warning(command.holder.inn.as_deref());
    Some(Decision { warnings, ..case.done([Event::TrialRegistered(trial)]) })
}
