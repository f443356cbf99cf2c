//! Activation of orders, and the dates of commands.

use crate::catalog::Programme;
use crate::command::{ActivateLegacyOrder, Command, Irreversible};
use crate::decide::{Case, Purpose};
use crate::license::Facts;
use crate::order::PendingOrder;
use crate::rule::Rule;
use crate::values::Date;
use crate::violation::{Findings, Text, Warning};

/// An order takes effect on activation.
pub const ACT_1: Rule = Rule {
    id: "ACT-1",
    en: "An order takes effect on activation: with automatic registration at once; otherwise it waits until it is \
         activated.",
    ru: "Заказ вступает в силу при активации: при автоматической регистрации – сразу, иначе он ожидает активации.",
    source: "D2 activation; D3 registration",
    interpretation: None,
    file: file!(),
};

/// Upgrades ordered before 2012-07-30 are activated by the vendor desk.
pub const ACT_2: Rule = Rule {
    id: "ACT-2",
    en: "Upgrade orders placed before 2012-07-30 always wait, also with automatic registration, and only the vendor \
         desk activates them. Activating one in the usual way is refused.",
    ru: "Апгрейды, заказанные до 30.07.2012, всегда ожидают активации, даже при автоматической регистрации, и \
         активирует их только служба вендора. Обычная активация такого заказа отклоняется.",
    source: "D2 vendor questions",
    interpretation: None,
    file: file!(),
};

/// What an order changes is fixed when it is ordered.
pub const ACT_3: Rule = Rule {
    id: "ACT-3",
    en: "What an order changes (users, plugins, years, price) is fixed when it is ordered. The SWM period of a \
         renewal runs from the end of the period in force at its activation.",
    ru: "Содержание заказа (пользователи, расширения, годы, цена) фиксируется в момент заказа. Период продления SWM \
         отсчитывается от окончания периода, действующего при активации.",
    source: "this project",
    interpretation: Some("The documents do not say which day decides when order and activation are apart."),
    file: file!(),
};

/// Activation needs something that waits.
pub const ACT_5: Rule = Rule {
    id: "ACT-5",
    en: "Activation needs something that waits for it: the purchase, or the order named.",
    ru: "Активировать можно только то, что ожидает активации: покупку или указанный заказ.",
    source: "D2 activation",
    interpretation: None,
    file: file!(),
};

/// Commands on a license never go back in time.
pub const ACT_4: Rule = Rule {
    id: "ACT-4",
    en: "The date of a command is not before the last event of the license and not after today in the ledger's \
         business time zone.",
    ru: "Дата команды не раньше последнего события лицензии и не позже сегодняшнего дня в часовом поясе реестра.",
    source: "this project",
    interpretation: Some(
        "Events of a license stand in the order of their dates and never lie ahead of today (Europe/Moscow unless \
         configured otherwise). For a redistribution this holds on every license that takes part. Quotes and lists \
         of possible commands may look ahead.",
    ),
    file: file!(),
};

/// Whether an upgrade ordered on the day always waits for the vendor desk (ACT-2).
pub(crate) fn is_legacy(ordered_on: Date, programme: &Programme) -> bool {
    ordered_on < programme.catalog.upgrades_wait_before()
}

/// ACT-2: what is said when such an order asks for automatic registration.
pub(crate) fn act_2_waits(case: &Case<'_>) -> Warning {
    let before = case.programme.catalog.upgrades_wait_before();
    let message = Text::new(
        format!(
            "an upgrade ordered before {before} waits, also with automatic registration: the vendor desk activates it"
        ),
        format!("апгрейд, заказанный до {before}, ожидает активации вендором и при автоматической регистрации"),
    );
    Warning { rule: Some(&ACT_2), message }
}

/// ACT-2: an order placed before 2012-07-30 is activated by the vendor desk with its own command, whoever asks.
pub(crate) fn act_2_desk(findings: &mut Findings, case: &Case<'_>, pending: &PendingOrder) {
    if !is_legacy(pending.on, case.programme) {
        return;
    }
    let order = pending.order.clone();
    findings
        .broken(
            &ACT_2,
            format!("order {order} of {} is activated by the vendor desk (activate_legacy_order)", pending.on),
            format!("заказ {order} от {} активирует служба вендора (activate_legacy_order)", pending.on),
        )
        .fact("order", order.as_str())
        .fact("ordered_on", pending.on.to_string())
        .way(Command::ActivateLegacyOrder(ActivateLegacyOrder { order, irreversible: Irreversible::default() }));
}

/// ACT-5: the purchase waits no longer, or there is none.
pub(crate) fn act_5_purchase(findings: &mut Findings, facts: &Facts) {
    findings
        .broken(
            &ACT_5,
            format!("license {} has no purchase that waits for its activation", facts.license),
            format!("у лицензии {} нет покупки, ожидающей активации", facts.license),
        )
        .fact("status", facts.status.name());
}

/// ACT-5: the order named must wait.
pub(crate) fn act_5_order<'f>(findings: &mut Findings, facts: &'f Facts, order: &str) -> Option<&'f PendingOrder> {
    let pending = facts.pending.as_ref().filter(|pending| pending.order == order);
    if pending.is_none() {
        findings
            .broken(
                &ACT_5,
                format!("order {order} does not wait for its activation"),
                format!("заказ {order} не ожидает активации"),
            )
            .fact("order", order)
            .fact("pending_order", facts.pending.as_ref().map(|pending| pending.order.clone()));
    }
    pending
}

/// ACT-4: never back in time; and when posted, not after today.
pub(crate) fn act_4(findings: &mut Findings, case: &Case<'_>) {
    let on = case.on;
    let others = case.others.iter().filter_map(|other| other.license);
    let later = case.license.into_iter().chain(others).map(|license| &license.facts).find(|facts| on < facts.on);
    if let Some(Facts { license, on: last, .. }) = later {
        findings
            .broken(
                &ACT_4,
                format!("{on} is before the last event of license {license}, of {last}"),
                format!("{on} раньше последнего события лицензии {license} ({last})"),
            )
            .fact("on", on.to_string())
            .fact("license", license.as_str())
            .fact("last_event_on", last.to_string());
    }
    if let Purpose::Post { today } = case.purpose
        && on > today
    {
        findings
            .broken(
                &ACT_4,
                format!("{on} is after today, {today}; a quote may look ahead"),
                format!("{on} позже сегодняшней даты ({today}); вперёд можно только рассчитать цену"),
            )
            .fact("on", on.to_string())
            .fact("today", today.to_string());
    }
}
