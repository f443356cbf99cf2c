//! What only the vendor desk may record, and nobody can undo.

use super::act::is_legacy;
use crate::command::{Command, Irreversible, ReduceUsers, RemovePlugins};
use crate::decide::{Case, users_of, ways};
use crate::license::{Facts, License};
use crate::order::PendingOrder;
use crate::rule::Rule;
use crate::values::{LicenseType, rounded_up_to_packs};
use crate::violation::Findings;

/// The vendor desk renames the holder.
pub const VND_1: Rule = Rule {
    id: "VND-1",
    en: "The vendor desk renames the license holder: the license number and the new name suffice; on a transfer of \
         rights the new INN and country come with it.",
    ru: "Служба вендора меняет владельца лицензии: достаточно номера лицензии и нового названия организации; при \
         передаче прав вместе с ним указываются новые ИНН и страна.",
    source: "D2 vendor questions",
    interpretation: None,
    file: file!(),
};

/// The vendor desk changes the license type.
pub const VND_2: Rule = Rule {
    id: "VND-2",
    en: "The vendor desk changes the license type to another one. Into fstek a license comes only by the purchase of \
         the switch, never by this command.",
    ru: "Служба вендора меняет тип лицензии на другой. Тип ФСТЭК присваивается только при покупке перехода, но не \
         этой командой.",
    source: "D2 vendor questions, FSTEK",
    interpretation: None,
    file: file!(),
};

/// The vendor desk reduces the users.
pub const VND_3: Rule = Rule {
    id: "VND-3",
    en: "The vendor desk reduces the users of a license to a smaller multiple of 5, at least 5.",
    ru: "Служба вендора уменьшает число пользователей лицензии до меньшего числа, кратного 5, но не менее 5.",
    source: "D2 vendor questions; PUR-1/2",
    interpretation: None,
    file: file!(),
};

/// The vendor desk removes plugins.
pub const VND_4: Rule = Rule {
    id: "VND-4",
    en: "The vendor desk removes plugins that the license has, also with SWM lapsed.",
    ru: "Служба вендора удаляет имеющиеся у лицензии расширения, в том числе при истекшей подписке.",
    source: "D2 vendor questions",
    interpretation: None,
    file: file!(),
};

/// The vendor desk activates orders placed before 2012-07-30.
pub const VND_5: Rule = Rule {
    id: "VND-5",
    en: "The vendor desk activates upgrade orders placed before 2012-07-30, and only those.",
    ru: "Служба вендора активирует апгрейды, заказанные до 30.07.2012, и только их.",
    source: "D2 vendor questions",
    interpretation: None,
    file: file!(),
};

/// What the vendor desk has changed is never undone.
pub const VND_9: Rule = Rule {
    id: "VND-9",
    en: "The changes of the vendor desk and the switch to FSTEK are irreversible, and a command that would undo one \
         is refused: a type that was left is never given again, fstek is never left, redistributed users never come \
         back. A closed license takes no command, forever.",
    ru: "Изменения, внесенные службой вендора, и переход на версию ФСТЭК необратимы, и отменяющая их команда \
         отклоняется: прежний тип лицензии не возвращается, тип ФСТЭК не снимается, перераспределенные пользователи \
         не возвращаются. С закрытой лицензией команды невозможны никогда.",
    source: "D2 vendor questions, last line",
    interpretation: Some(
        "What counts as undoing: the licenses of one split, its source and its parts and theirs in turn, never merge \
         with each other or hand users to each other; users moved from A to B never move back from B to A, nor is B \
         absorbed by A later; this lineage follows the users through merges and third licenses; a part inherits the \
         types its source has left, an absorber those of what it absorbs. Removed plugins and reduced users come \
         back only by buying them (a reduced license may still receive users by transfer or merge). A later rename \
         is a new rename, not an undoing.",
    ),
    file: file!(),
};

/// An irreversible command must say so.
pub const VND_10: Rule = Rule {
    id: "VND-10",
    en: "An irreversible command must say so with confirm_irreversible: true; the vendor desk's changes other than a \
         rename also need a reason. Otherwise the command is refused, and the answer shows what would happen.",
    ru: "Необратимая команда должна содержать подтверждение (confirm_irreversible: true), а изменения службы \
         вендора, кроме смены владельца, – еще и причину. Иначе команда отклоняется, а ответ показывает, что \
         произошло бы.",
    source: "this project",
    interpretation: Some(
        "The confirmation and the reason. VND-1…6 also need the vendor role; the FSTEK switch is a purchase by the \
         distributor and needs the confirmation alone.",
    ),
    file: file!(),
};

/// The vendor desk's changes wait while an order waits.
pub const VND_12: Rule = Rule {
    id: "VND-12",
    en: "A change of type, a reduction of users, a removal of plugins and a redistribution are refused (UPG-3) while \
         an order waits for activation.",
    ru: "Смена типа лицензии, уменьшение числа пользователей, удаление расширений и перераспределение отклоняются \
         (UPG-3), пока какой-либо заказ ожидает активации.",
    source: "this project",
    interpretation: Some(
        "A waiting order was made for the license as it is; changing the license under it would change what was \
         sold.",
    ),
    file: file!(),
};

/// VND-2: to another type, and never into `fstek`.
pub(crate) fn vnd_2(findings: &mut Findings, facts: &Facts, to: LicenseType) {
    let (en, ru) = if to == LicenseType::Fstek {
        (
            "fstek is reached only by buying the switch (switch_to_fstek)",
            "тип fstek получают только покупкой перехода (switch_to_fstek)",
        )
    } else if to == facts.license_type {
        ("the license has this type already", "лицензия уже имеет этот тип")
    } else {
        return;
    };
    findings
        .broken(&VND_2, format!("{to}: {en}"), format!("{to}: {ru}"))
        .fact("from", facts.license_type.name())
        .fact("to", to.name());
}

/// VND-3: to fewer users, in whole packs.
pub(crate) fn vnd_3(findings: &mut Findings, case: &Case<'_>, facts: &Facts, command: &ReduceUsers) {
    let (users, to) = (users_of(facts), command.to);
    let terms = case.terms();
    let (pack_size, minimum) = (terms.pack_size, terms.minimum_users);
    if to < users && to >= minimum && to.is_multiple_of(pack_size) {
        return;
    }
    let violation = findings.broken(
        &VND_3,
        format!("{to} is no smaller multiple of {pack_size}, at least {minimum}; the license has {users} users"),
        format!("{to} не подходит: нужно меньшее число, кратное {pack_size}, не менее {minimum}; сейчас пользователей: {users}"),
    );
    violation.fact("users", users).fact("to", to).fact("pack_size", pack_size);
    let next = rounded_up_to_packs(to, pack_size).max(minimum);
    if next < users {
        violation.fact("next_valid", next).way(Command::ReduceUsers(ReduceUsers { to: next, ..command.clone() }));
    }
}

/// VND-4: only plugins that the license has.
pub(crate) fn vnd_4(findings: &mut Findings, facts: &Facts, command: &RemovePlugins) {
    let strange = command.plugins.without(&facts.plugins);
    if strange.is_empty() {
        return;
    }
    let (asked, has) = (ways::plugins(&strange), ways::plugins(&facts.plugins));
    findings
        .broken(
            &VND_4,
            format!("the license does not have: {asked}; it has: {has}"),
            format!("в лицензии нет расширений: {asked}; есть: {has}"),
        )
        .fact("license_plugins", ways::names(&facts.plugins))
        .fact("not_there", ways::names(&strange));
}

/// VND-5: only orders placed before 2012-07-30.
pub(crate) fn vnd_5(findings: &mut Findings, case: &Case<'_>, pending: &PendingOrder) {
    if is_legacy(pending.on, case.programme) {
        return;
    }
    let (order, before) = (&pending.order, case.programme.catalog.upgrades_wait_before());
    let activate = crate::command::ActivateUpgrade { order: order.clone() };
    findings
        .broken(
            &VND_5,
            format!(
                "order {order} of {} was not placed before {before}: activate it with activate_upgrade",
                pending.on
            ),
            format!(
                "заказ {order} от {} размещён не раньше {before}: активируйте его командой activate_upgrade",
                pending.on
            ),
        )
        .fact("order", order.as_str())
        .fact("ordered_on", pending.on.to_string())
        .way(Command::ActivateUpgrade(activate));
}

/// VND-9: a closed license takes no command, forever.
pub(crate) fn vnd_9_closed(findings: &mut Findings, facts: &Facts) {
    let license = &facts.license;
    findings
        .broken(
            &VND_9,
            format!("license {license} is closed since {}: it takes no command any more", facts.on),
            format!("лицензия {license} закрыта {}: никакие команды больше невозможны", facts.on),
        )
        .fact("status", facts.status.name());
}

/// VND-9: a type that was left is never given again, and `fstek` is never left.
pub(crate) fn vnd_9_type(findings: &mut Findings, license: &License, to: LicenseType) {
    let from = license.facts.license_type;
    let (en, ru) = if from == LicenseType::Fstek {
        ("fstek is never left".to_owned(), "тип fstek не меняется".to_owned())
    } else if license.types_left.contains(&to) {
        (
            format!("the license has left {to}, and a type that was left is never given again"),
            format!("тип {to} уже был сменён, и вернуть его нельзя"),
        )
    } else {
        return;
    };
    let left: Vec<_> = license.types_left.iter().map(|left| left.name()).collect();
    findings.broken(&VND_9, en, ru).fact("from", from.name()).fact("to", to.name()).fact("types_left", left);
}

/// VND-10: the confirmation alone (a rename, the FSTEK switch).
pub(crate) fn vnd_10_confirmed(findings: &mut Findings, case: &Case<'_>, confirmed: bool) {
    if confirmed {
        return;
    }
    let violation = findings.broken(
        &VND_10,
        "this cannot be undone: say confirm_irreversible: true",
        "это действие необратимо: укажите confirm_irreversible: true",
    );
    violation.fact("confirm_irreversible", false);
    violation.way_forward.extend(ways::confirmed(&case.request.command));
}

/// VND-10: the confirmation and a reason.
pub(crate) fn vnd_10_with_reason(findings: &mut Findings, case: &Case<'_>, command: &Irreversible) {
    if command.reason.is_some() {
        vnd_10_confirmed(findings, case, command.confirm_irreversible);
        return;
    }
    findings
        .broken(
            &VND_10,
            "this cannot be undone: give a reason and say confirm_irreversible: true",
            "это действие необратимо: укажите причину (reason) и confirm_irreversible: true",
        )
        .fact("confirm_irreversible", command.confirm_irreversible)
        .fact("reason", serde_json::Value::Null);
}
