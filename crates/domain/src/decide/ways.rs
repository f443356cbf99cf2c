//! Ways forward: the refused command, put right.

use serde_json::Value;

use super::{Case, Draft, judge_by_all_rules};
use crate::command::{Command, Order, OrderUpgrade, RenewSwm, Request, UpgradeLine};
use crate::values::{PluginSet, add_years};

/// The way followed to where it leads: a command that is accepted, or that waits only for a reason or a confirmation.
/// Where the way is refused itself, that refusal's way is followed on; `None` where there is none.
pub(super) fn leading_on(case: &Case<'_>, way: Command) -> Option<Command> {
    let mut request = Request { command: way, ..case.request.clone() };
    // Each step puts at least one of the rules right; an order has no more than these to break.
    for _ in 0..8 {
        let refusal = match judge_by_all_rules(&Case { request: &request, ..*case }) {
            Ok(_) => return Some(request.command),
            Err(refusal) => refusal,
        };
        if refusal.violations.iter().all(|violation| WAITS_FOR_PEOPLE.contains(&violation.rule.id)) {
            return Some(request.command);
        }
        let name = request.command.name();
        let corrected = refusal.violations.into_iter().flat_map(|violation| violation.way_forward);
        request.command = corrected.into_iter().find(|way| way.name() == name)?;
    }
    None
}

/// What only people can add: a reason and a confirmation.
const WAITS_FOR_PEOPLE: &[&str] = &["VND-10", "PIR-2"];

/// The order of the command with these lines; it stays a single-line command where it was one.
fn with_lines(case: &Case<'_>, order: &OrderUpgrade, lines: Vec<UpgradeLine>) -> Command {
    let terms = order.terms.clone();
    match (&case.request.command, lines.as_slice()) {
        (Command::AddUsers(_), [UpgradeLine::AddUsers(line)]) => Command::AddUsers(Order { terms, line: line.clone() }),
        (Command::AddPlugin(_), [UpgradeLine::AddPlugin(line)]) => {
            Command::AddPlugin(Order { terms, line: line.clone() })
        }
        (Command::RenewSwm(_), [UpgradeLine::RenewSwm(line)]) => Command::RenewSwm(Order { terms, line: line.clone() }),
        _ => Command::OrderUpgrade(OrderUpgrade { terms, lines, confirm_irreversible: order.confirm_irreversible }),
    }
}

/// The same order with the line of the same kind replaced.
pub(crate) fn replacing(case: &Case<'_>, order: &OrderUpgrade, line: &UpgradeLine) -> Command {
    let replace = |old: &UpgradeLine| if old.kind() == line.kind() { line.clone() } else { old.clone() };
    with_lines(case, order, order.lines.iter().map(replace).collect())
}

/// The same order with SWM renewed first, by as many years as make it active again.
pub(crate) fn renewed_first(case: &Case<'_>, order: &OrderUpgrade, draft: &Draft) -> Command {
    let bought =
        order.lines.iter().map(|line| if let UpgradeLine::RenewSwm(line) = line { line.years } else { 0 }).sum();
    let missing = (1..=1_000).find(|years| add_years(draft.swm_ends, *years) > case.on).unwrap_or(1);
    let renewal = RenewSwm { years: missing.saturating_add(bought), users: None, plugins: None };
    let others = order.lines.iter().filter(|line| !matches!(line, UpgradeLine::RenewSwm(_))).cloned();
    with_lines(case, order, [UpgradeLine::RenewSwm(renewal)].into_iter().chain(others).collect())
}

/// The same command with its irreversibility confirmed; none for commands that know no confirmation.
pub(crate) fn confirmed(command: &Command) -> Option<Command> {
    let mut command = command.clone();
    match &mut command {
        Command::SwitchToFstek(order) => order.confirm_irreversible = true,
        Command::OrderUpgrade(order) => order.confirm_irreversible = true,
        other => other.irreversible_mut()?.confirm_irreversible = true,
    }
    Some(command)
}

/// The plugins as words; "none" where there are none.
pub(crate) fn plugins(plugins: &PluginSet) -> String {
    if plugins.is_empty() { "none".to_owned() } else { plugins.to_string() }
}

/// The plugins as a JSON list.
pub(crate) fn names(plugins: &PluginSet) -> Value {
    plugins.iter().map(|plugin| Value::from(plugin.name())).collect()
}
