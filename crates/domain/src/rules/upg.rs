//! Upgrades: whatever is bought for an existing license.

use super::act::is_legacy;
use crate::command::{
    ActivateLegacyOrder, ActivateUpgrade, CancelOrder, Command, Irreversible, OrderUpgrade, UpgradeLine,
};
use crate::decide::Case;
use crate::license::Facts;
use crate::order::PendingOrder;
use crate::rule::Rule;
use crate::violation::Findings;

/// An upgrade is any change bought for an existing license.
pub const UPG_1: Rule = Rule {
    id: "UPG-1",
    en: "From 2012-07-30 an upgrade is any change bought for an existing license: adding users, adding plugins, \
         renewing SWM, switching to FSTEK.",
    ru: "С 30.07.2012 апгрейд – это любое приобретаемое изменение существующей лицензии: добавление пользователей, \
         добавление расширений, продление подписки (SWM), переход на версию ФСТЭК.",
    source: "D2 upgrade",
    interpretation: None,
    file: file!(),
};

/// An upgrade needs the number of an existing license.
pub const UPG_2: Rule = Rule {
    id: "UPG-2",
    en: "An upgrade needs the number of an existing server license.",
    ru: "Без номера существующей серверной лицензии приобрести апгрейд невозможно.",
    source: "D2 upgrade",
    interpretation: None,
    file: file!(),
};

/// What was bought before is activated first.
pub const UPG_3: Rule = Rule {
    id: "UPG-3",
    en: "All that was bought before must be activated before an upgrade is ordered: there is no order while an \
         earlier one waits for activation.",
    ru: "До заказа апгрейда должны быть активированы все предыдущие покупки: пока прежний заказ ожидает активации, \
         новый не размещается.",
    source: "D2 upgrade",
    interpretation: None,
    file: file!(),
};

/// One order may hold several lines and is taken whole or not at all.
pub const UPG_4: Rule = Rule {
    id: "UPG-4",
    en: "One order may hold several lines, each kind at most once (different plugins are different kinds), judged in \
         the sequence SWM renewal, plugins, FSTEK, users. The order is accepted whole or refused whole.",
    ru: "В одном заказе может быть несколько строк, каждого вида не более одной (разные расширения – разные виды); \
         они рассматриваются в порядке: продление SWM, расширения, ФСТЭК, пользователи. Заказ принимается или \
         отклоняется целиком.",
    source: "D2 plugins",
    interpretation: Some(
        "The sequence of judging. What a line asserts about the license (users and plugins of a renewal or a plugin \
         line, plugins of added users) means the license as the lines before it leave it.",
    ),
    file: file!(),
};

/// An order number is used once within a license.
pub const UPG_5: Rule = Rule {
    id: "UPG-5",
    en: "An order number is unique within a license, the purchase's included; numbers are compared exactly.",
    ru: "Номер заказа уникален в пределах лицензии, включая номер заказа на покупку; номера сравниваются \
         посимвольно.",
    source: "this project",
    interpretation: Some(
        "The documents do not speak of order numbers; a number used twice would leave open which order is to be \
         activated.",
    ),
    file: file!(),
};

/// What was never activated may be withdrawn.
pub const UPG_6: Rule = Rule {
    id: "UPG-6",
    en: "An order that was never activated may be withdrawn; its number stays used. Withdrawing the purchase closes \
         the license.",
    ru: "Неактивированный заказ можно отменить; его номер остается занятым. Отмена заказа на покупку закрывает \
         лицензию.",
    source: "this project",
    interpretation: Some("The documents do not say how an order is taken back."),
    file: file!(),
};

/// Every order comes through a partner.
pub const UPG_7: Rule = Rule {
    id: "UPG-7",
    en: "Every order comes through a partner, and an order may name one. The partner named becomes the license's \
         when the order is activated; otherwise the license's partner stays.",
    ru: "Каждый заказ поступает через партнера, и в заказе его можно указать. Указанный партнер закрепляется за \
         лицензией при активации заказа; иначе партнер лицензии не меняется.",
    source: "D2 upgrade",
    interpretation: Some("An order that names a partner changes the license's partner, at its activation."),
    file: file!(),
};

/// UPG-3 (and VND-12): nothing is ordered or changed while an order waits.
pub(crate) fn upg_3(findings: &mut Findings, facts: &Facts, case: &Case<'_>) {
    let Some(pending) = &facts.pending else { return };
    let order = pending.order.clone();
    let activate = if is_legacy(pending.on, case.programme) {
        Command::ActivateLegacyOrder(ActivateLegacyOrder {
            order: order.clone(),
            irreversible: Irreversible::default(),
        })
    } else {
        Command::ActivateUpgrade(ActivateUpgrade { order: order.clone() })
    };
    findings
        .broken(
            &UPG_3,
            format!("order {order} of {} waits for its activation: activate or withdraw it first", pending.on),
            format!("заказ {order} от {} ожидает активации: сначала активируйте или отмените его", pending.on),
        )
        .fact("pending_order", order.as_str())
        .way(activate)
        .way(Command::CancelOrder(CancelOrder { order, reason: None }));
}

/// UPG-4: each kind of line at most once. The lines stand in the judging sequence.
pub(crate) fn upg_4(findings: &mut Findings, order: &OrderUpgrade) {
    let twice = order.lines.windows(2).find(|pair| pair[0].kind() == pair[1].kind());
    let Some(name) = twice.map(|pair| line_name(&pair[0])) else { return };
    findings
        .broken(
            &UPG_4,
            format!("the order has {name} more than once"),
            format!("строка {name} встречается в заказе более одного раза"),
        )
        .fact("line", name);
}

const fn line_name(line: &UpgradeLine) -> &'static str {
    match line {
        UpgradeLine::RenewSwm(_) => "renew_swm",
        UpgradeLine::AddPlugin(_) => "add_plugin",
        UpgradeLine::SwitchToFstek => "switch_to_fstek",
        UpgradeLine::AddUsers(_) => "add_users",
    }
}

/// UPG-5: an order number is unique within a license.
pub(crate) fn upg_5(findings: &mut Findings, case: &Case<'_>, order: &str) {
    if !case.order_is_taken {
        return;
    }
    let license = &case.request.license;
    findings
        .broken(
            &UPG_5,
            format!("license {license} has an order {order} already: use another number"),
            format!("у лицензии {license} уже есть заказ {order}: укажите другой номер"),
        )
        .fact("order", order);
}

/// UPG-6: only what waits can be withdrawn.
pub(crate) fn upg_6<'f>(findings: &mut Findings, facts: &'f Facts, order: &str) -> Option<&'f PendingOrder> {
    let pending = facts.pending.as_ref().filter(|pending| pending.order == order);
    if pending.is_none() {
        findings
            .broken(
                &UPG_6,
                format!("order {order} does not wait for its activation: there is nothing to withdraw"),
                format!("заказ {order} не ожидает активации: отменять нечего"),
            )
            .fact("order", order)
            .fact("pending_order", facts.pending.as_ref().map(|pending| pending.order.clone()));
    }
    pending
}
