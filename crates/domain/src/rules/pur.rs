//! New purchases, and what may be done before a license is activated.

use crate::command::{ActivateLicense, Command, IssueLicense};
use crate::decide::Case;
use crate::license::{Facts, Status};
use crate::rule::Rule;
use crate::values::rounded_up_to_packs;
use crate::violation::Findings;

/// The smallest delivery has 5 users.
pub const PUR_1: Rule = Rule {
    id: "PUR-1",
    en: "The smallest delivery is a server license with 5 users.",
    ru: "Минимальная поставка – серверная лицензия, включающая 5 пользователей.",
    source: "D2 new purchase",
    interpretation: None,
    file: file!(),
};

/// Users come in multiples of 5.
pub const PUR_2: Rule = Rule {
    id: "PUR-2",
    en: "The number of users of a license is always a multiple of 5.",
    ru: "Количество пользователей лицензии всегда кратно 5.",
    source: "D2 new purchase",
    interpretation: None,
    file: file!(),
};

/// A purchase includes one year of SWM from activation.
pub const PUR_3: Rule = Rule {
    id: "PUR-3",
    en: "A purchase includes SWM for 1 year, counted from the activation of the server license. Before activation \
         there is no SWM.",
    ru: "Покупка включает подписку (SWM) на 1 год с момента активации серверной лицензии. До активации подписки нет.",
    source: "D2 new purchase",
    interpretation: None,
    file: file!(),
};

/// With the purchase, SWM is bought for 1 or 2 years in all.
pub const PUR_4: Rule = Rule {
    id: "PUR-4",
    en: "With the purchase one more year of SWM can be bought: 1 or 2 years in all.",
    ru: "К первоначальной покупке можно приобрести продление подписки (SWM) еще на 1 год: всего 1 или 2 года.",
    source: "D2 new purchase",
    interpretation: None,
    file: file!(),
};

/// One server license per server.
pub const PUR_5: Rule = Rule {
    id: "PUR-5",
    en: "A customer needs one server license for each server.",
    ru: "Количество серверных лицензий должно совпадать с количеством серверов у клиента.",
    source: "D2 new purchase",
    interpretation: None,
    file: file!(),
};

/// A license number is given once and never changes.
pub const PUR_6: Rule = Rule {
    id: "PUR-6",
    en: "A license number is given once and never changes, whatever is bought later. It is never given again, also \
         after the license is closed.",
    ru: "Номер лицензии присваивается один раз и не меняется при последующих покупках. Повторно он не присваивается, \
         даже если лицензия закрыта.",
    source: "D2 new purchase, upgrade",
    interpretation: None,
    file: file!(),
};

/// Plugins may be part of the purchase.
pub const PUR_7: Rule = Rule {
    id: "PUR-7",
    en: "Plugins may be part of the purchase; they are then licensed for all users of the license.",
    ru: "Расширения можно приобрести вместе с новой лицензией – на всех ее пользователей.",
    source: "D2 plugins",
    interpretation: None,
    file: file!(),
};

/// A license number already taken is not sold again, a trial's number excepted.
pub const PUR_8: Rule = Rule {
    id: "PUR-8",
    en: "A purchase or a trial under a license number that is already taken is refused. Excepted is a purchase on \
         the number of a trial, running or over: it ends the trial, and product and holder may differ.",
    ru: "Покупка или пробная лицензия с уже занятым номером отклоняется. Исключение – покупка на номер пробной \
         лицензии, действующей или истекшей: она завершает пробный период, а продукт и владелец могут отличаться.",
    source: "PUR-6, TRL-2",
    interpretation: None,
    file: file!(),
};

/// Before activation a license takes almost no command.
pub const PUR_9: Rule = Rule {
    id: "PUR-9",
    en: "Before its activation a license takes no command but activate_license, rename_holder and cancel_order.",
    ru: "До активации с лицензией возможны только активация, смена владельца и отмена заказа.",
    source: "this project",
    interpretation: Some(
        "The documents do not say what may happen to a license that was bought but not yet activated.",
    ),
    file: file!(),
};

/// The purchase with so many users; a license that stands already has the users it has.
fn with_users(case: &Case<'_>, users: u32) -> Option<Command> {
    match &case.request.command {
        Command::IssueLicense(command) => Some(Command::IssueLicense(IssueLicense { users, ..command.clone() })),
        _ => None,
    }
}

/// PUR-1: the smallest delivery.
pub(crate) fn pur_1(findings: &mut Findings, case: &Case<'_>, users: u32) {
    let minimum = case.terms().minimum_users;
    if users >= minimum {
        return;
    }
    findings
        .broken(
            &PUR_1,
            format!("{users} users were asked for; the smallest delivery has {minimum}"),
            format!("запрошено пользователей: {users}; минимальная поставка: {minimum}"),
        )
        .fact("users", users)
        .fact("minimum", minimum)
        .ways(with_users(case, minimum));
}

/// PUR-2: whole packs.
pub(crate) fn pur_2(findings: &mut Findings, case: &Case<'_>, users: u32) {
    let terms = case.terms();
    if users.is_multiple_of(terms.pack_size) {
        return;
    }
    let next = rounded_up_to_packs(users, terms.pack_size).max(terms.minimum_users);
    let pack_size = terms.pack_size;
    findings
        .broken(
            &PUR_2,
            format!("{users} users are no multiple of {pack_size}; the next one is {next}"),
            format!("запрошено пользователей: {users}; число должно быть кратно {pack_size}, ближайшее: {next}"),
        )
        .fact("users", users)
        .fact("pack_size", pack_size)
        .fact("next_valid", next)
        .ways(with_users(case, next));
}

/// PUR-4: one or two years of SWM with the purchase.
pub(crate) fn pur_4(findings: &mut Findings, command: &IssueLicense) {
    let years = command.swm_years;
    if years <= 2 {
        return;
    }
    findings
        .broken(
            &PUR_4,
            format!("{years} years of SWM were asked for; a purchase has 1 or 2, later years are renewals"),
            format!("запрошено лет подписки SWM: {years}; при покупке возможны 1 или 2, остальное продлевается позже"),
        )
        .fact("swm_years", years)
        .way(Command::IssueLicense(IssueLicense { swm_years: 2, ..command.clone() }));
}

/// PUR-8: a number is given once; buying on a trial's number is the exception, registering a second trial is not.
pub(crate) fn pur_8(findings: &mut Findings, case: &Case<'_>) {
    let Some(license) = case.license else { return };
    let buys = matches!(case.request.command, Command::IssueLicense(_));
    if buys && license.facts.status == Status::Trial {
        return;
    }
    let number = &case.request.license;
    findings
        .broken(
            &PUR_8,
            format!("the number {number} is taken: it is never given again"),
            format!("номер {number} занят: номер выдаётся один раз"),
        )
        .fact("license", number.as_str())
        .fact("status", license.facts.status.name());
}

/// PUR-9: what a license takes before its activation.
pub(crate) fn pur_9(findings: &mut Findings, facts: &Facts, command: &Command) {
    if matches!(command, Command::ActivateLicense(_) | Command::RenameHolder(_) | Command::CancelOrder(_)) {
        return;
    }
    findings
        .broken(
            &PUR_9,
            format!("license {} is not activated; it takes no {} before", facts.license, command.name()),
            format!("лицензия {} не активирована; до активации команда {} невозможна", facts.license, command.name()),
        )
        .fact("status", facts.status.name())
        .way(Command::ActivateLicense(ActivateLicense {}));
}
