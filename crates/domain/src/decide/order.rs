//! Orders of upgrades: placed, activated, withdrawn (UPG, ACT). The lines are judged in `rules`, each against the
//! license as the lines before it leave it (UPG-4).

use super::{Case, Decision, users_of};
use crate::command::{ActivateLegacyOrder, ActivateUpgrade, CancelOrder, OrderUpgrade, UpgradeLine};
use crate::event::{
    ClosedBecause, Event, LegacyOrderActivated, LicenseClosed, OrderActivated, OrderCancelled, UpgradeOrdered,
};
use crate::license::{Facts, Status};
use crate::order::{OrderLine, PendingOrder, Registration};
use crate::pricing::{Pricing, Structure};
use crate::rules::{act, cat, fst, plg, swm, upg, usr, vnd};
use crate::values::{Date, LicenseType, PluginSet, Product, Users};
use crate::violation::{Findings, Warning};

/// The license as the lines judged so far leave it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) product: Product,
    pub(crate) license_type: LicenseType,
    pub(crate) users: u32,
    pub(crate) plugins: PluginSet,
    pub(crate) swm_ends: Date,
}

impl Draft {
    fn of(facts: &Facts) -> Option<Self> {
        Some(Self {
            product: facts.product,
            license_type: facts.license_type,
            users: users_of(facts),
            plugins: facts.plugins.clone(),
            swm_ends: facts.swm?.ends,
        })
    }

    pub(crate) fn swm_is_active(&self, on: Date) -> bool {
        on < self.swm_ends
    }

    fn structure(&self) -> Structure<'_> {
        let Self { product, license_type, users, plugins, .. } = self;
        Structure { product: *product, license_type: *license_type, users: *users, plugins }
    }
}

/// Places an order; activates it at once where that was asked for and is allowed (ACT-1, ACT-2).
pub(super) fn place(case: &Case<'_>, facts: &Facts, order: &OrderUpgrade, findings: &mut Findings) -> Option<Decision> {
    upg::upg_3(findings, facts, case);
    upg::upg_4(findings, order);
    upg::upg_5(findings, case, &order.terms.order);
    let mut warnings = Vec::new();
    let mut draft = Draft::of(facts)?;
    let mut pricing = Pricing::new(case.programme, case.on, order.terms.partner.as_ref().or(facts.partner.as_ref()));
    let mut lines = Vec::with_capacity(order.lines.len());
    for line in &order.lines {
        judge(case, facts, order, line, &draft, findings, &mut warnings);
        price(&mut pricing, line, &draft, case.on);
        lines.extend(apply(line, &mut draft, case.terms().pack_size));
    }
    let price = if findings.is_empty() { case.priced(pricing.finish(), findings, &mut warnings) } else { None };
    let ordered = UpgradeOrdered {
        order: order.terms.order.clone(),
        lines,
        registration: order.terms.registration,
        partner: order.terms.partner.clone(),
        price: price.clone(),
    };
    let is_legacy = act::is_legacy(case.on, case.programme);
    let automatic = order.terms.registration == Registration::Automatic;
    if automatic && is_legacy {
        warnings.push(act::act_2_waits(case));
    }
    let activated = (automatic && !is_legacy)
        .then(|| Event::UpgradeActivated(effects(facts, &ordered.order, &ordered.lines, ordered.partner.as_ref())));
    let events = [Event::UpgradeOrdered(ordered)].into_iter().chain(activated);
    Some(Decision { price, warnings, ..case.done(events) })
}

fn judge(
    case: &Case<'_>,
    facts: &Facts,
    order: &OrderUpgrade,
    line: &UpgradeLine,
    draft: &Draft,
    findings: &mut Findings,
    warnings: &mut Vec<Warning>,
) {
    match line {
        UpgradeLine::RenewSwm(renewal) => {
            swm::swm_2(findings, case, order, renewal, draft);
            swm::swm_3(findings, case, order, renewal, draft);
            swm::swm_7(findings, case, order, renewal, draft);
            swm::swm_8(findings, case, order, renewal, draft);
            warnings.extend(swm::swm_6(case, renewal, draft));
        }
        UpgradeLine::AddPlugin(line) => {
            plg::plg_1_of_the_product(findings, case, draft.product, line.plugin);
            plg::plg_1_once(findings, line.plugin, draft);
            cat::cat_2_on_sale(findings, &case.programme.catalog, draft.product, line.plugin, case.on);
            plg::plg_2(findings, case, order, draft);
            plg::plg_3(findings, case, order, line, draft);
        }
        UpgradeLine::SwitchToFstek => {
            fst::fst_1(findings, draft);
            fst::fst_2(findings, case, order, draft);
            fst::fst_3(findings, draft);
            vnd::vnd_10_confirmed(findings, case, order.confirm_irreversible);
            warnings.extend(fst::fst_6(facts));
        }
        UpgradeLine::AddUsers(line) => {
            usr::usr_4(findings, case, order, line, draft);
            usr::usr_2(findings, case, order, draft);
            usr::usr_3(findings, case, order, line, draft);
        }
    }
}

fn price(pricing: &mut Pricing<'_>, line: &UpgradeLine, draft: &Draft, on: Date) {
    let months_from = if draft.swm_is_active(on) { Some(draft.swm_ends) } else { None };
    match line {
        UpgradeLine::RenewSwm(renewal) => pricing.renewal(&draft.structure(), renewal.years),
        UpgradeLine::AddPlugin(line) => pricing.plugin(&draft.structure(), line.plugin, months_from),
        UpgradeLine::SwitchToFstek => pricing.fstek(&draft.structure(), months_from),
        UpgradeLine::AddUsers(line) => pricing.users(&draft.structure(), line.users, months_from),
    }
}

/// Applies the line to the draft; what it changes, fixed from now on (ACT-3). `None` for users that are no packs.
fn apply(line: &UpgradeLine, draft: &mut Draft, pack_size: u32) -> Option<OrderLine> {
    Some(match line {
        UpgradeLine::RenewSwm(renewal) => {
            draft.swm_ends = swm::new_end(draft.swm_ends, renewal.years);
            OrderLine::RenewSwm { years: renewal.years }
        }
        UpgradeLine::AddPlugin(line) => {
            draft.plugins.insert(line.plugin);
            OrderLine::AddPlugin { plugin: line.plugin }
        }
        UpgradeLine::SwitchToFstek => {
            draft.license_type = LicenseType::Fstek;
            OrderLine::SwitchToFstek
        }
        UpgradeLine::AddUsers(line) => {
            draft.users = draft.users.saturating_add(line.users);
            OrderLine::AddUsers { users: Users::in_packs(line.users, pack_size)? }
        }
    })
}

/// What an order changes when it takes effect; the SWM period runs from the end then in force (ACT-3).
fn effects(
    facts: &Facts,
    order: &str,
    lines: &[OrderLine],
    partner: Option<&crate::values::Partner>,
) -> OrderActivated {
    let mut effects = OrderActivated {
        order: order.to_owned(),
        swm_ends: None,
        plugins_added: PluginSet::none(),
        license_type: None,
        users_added: 0,
        partner: partner.cloned(),
    };
    for line in lines {
        match line {
            OrderLine::IssueLicense { .. } => {}
            OrderLine::RenewSwm { years } => effects.swm_ends = facts.swm.map(|swm| swm.end_after_renewal(*years)),
            OrderLine::AddPlugin { plugin } => {
                effects.plugins_added.insert(*plugin);
            }
            OrderLine::SwitchToFstek => effects.license_type = Some(LicenseType::Fstek),
            OrderLine::AddUsers { users } => effects.users_added = effects.users_added.saturating_add(users.count()),
        }
    }
    effects
}

/// Activates an order that waits.
pub(super) fn activate(
    case: &Case<'_>,
    facts: &Facts,
    command: &ActivateUpgrade,
    findings: &mut Findings,
) -> Option<Decision> {
    let pending = act::act_5_order(findings, facts, &command.order)?;
    act::act_2_desk(findings, case, pending);
    Some(case.done([Event::UpgradeActivated(pending_effects(facts, pending))]))
}

/// Activates an order placed before 2012-07-30.
pub(super) fn activate_legacy(
    case: &Case<'_>,
    facts: &Facts,
    command: &ActivateLegacyOrder,
    findings: &mut Findings,
) -> Option<Decision> {
    vnd::vnd_10_with_reason(findings, case, &command.irreversible);
    let pending = act::act_5_order(findings, facts, &command.order)?;
    vnd::vnd_5(findings, case, pending);
    let reason = command.irreversible.recorded_reason();
    let activated = pending_effects(facts, pending);
    Some(case.done([Event::LegacyOrderActivated(LegacyOrderActivated { activated, reason })]))
}

fn pending_effects(facts: &Facts, pending: &PendingOrder) -> OrderActivated {
    effects(facts, &pending.order, &pending.lines, pending.partner.as_ref())
}

/// Withdraws what was never activated; the purchase's withdrawal closes the license (UPG-6).
pub(super) fn cancel(
    case: &Case<'_>,
    facts: &Facts,
    command: &CancelOrder,
    findings: &mut Findings,
) -> Option<Decision> {
    upg::upg_6(findings, facts, &command.order)?;
    let cancelled =
        Event::OrderCancelled(OrderCancelled { order: command.order.clone(), reason: command.reason.clone() });
    let closed = (facts.status == Status::Ordered)
        .then_some(Event::LicenseClosed(LicenseClosed { because: ClosedBecause::PurchaseCancelled }));
    Some(case.done([cancelled].into_iter().chain(closed)))
}
