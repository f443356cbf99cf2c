//! Software Maintenance: its period, its renewal, its price.

use crate::command::{OrderUpgrade, RenewSwm, UpgradeLine};
use crate::decide::{Case, Draft, ways};
use crate::rule::Rule;
use crate::values::{Date, add_years};
use crate::violation::{Findings, Text, Warning};

/// Active SWM gives support, new versions and working plugins.
pub const SWM_1: Rule = Rule {
    id: "SWM-1",
    en: "While SWM is active, the license has technical support, new versions and working plugins.",
    ru: "Действующая подписка (SWM) дает техническую поддержку, переход на новые версии и работу расширений.",
    source: "D2 SWM",
    interpretation: Some("The period is half-open: on the day it ends SWM has lapsed."),
    file: file!(),
};

/// A renewal has the plugins of the license.
pub const SWM_2: Rule = Rule {
    id: "SWM-2",
    en: "A renewal has the structure of the license: the same plugins, neither more nor fewer.",
    ru: "Продление SWM имеет ту же структуру, что и лицензия: те же расширения, не больше и не меньше.",
    source: "D2 SWM",
    interpretation: None,
    file: file!(),
};

/// A renewal covers all users of the license.
pub const SWM_3: Rule = Rule {
    id: "SWM-3",
    en: "A renewal covers all users of the license, neither more nor fewer.",
    ru: "Продление SWM приобретается на всех пользователей лицензии, не больше и не меньше.",
    source: "D2 SWM",
    interpretation: None,
    file: file!(),
};

/// A year of SWM costs about a third of the license.
pub const SWM_4: Rule = Rule {
    id: "SWM-4",
    en: "The yearly price of SWM is about 33 % of the license price. A price list row outside 30–36 % is reported as \
         a warning when the list is loaded.",
    ru: "Годовая подписка (SWM) стоит примерно 33 % от цены лицензии. О строке прайс-листа вне пределов 30–36 % \
         выдается предупреждение при загрузке.",
    source: "D2, D3 SWM",
    interpretation: Some(
        "The band of 30–36 %, and the base: D2 speaks of the original price, D3 of the current one; the row's own \
         license price is taken.",
    ),
    file: file!(),
};

/// A renewal runs from the end of the previous period.
pub const SWM_5: Rule = Rule {
    id: "SWM-5",
    en: "A renewal runs from the end of the previous SWM period, also when it is bought late: a gap is paid for.",
    ru: "Продление SWM отсчитывается с момента окончания предыдущей подписки, даже если приобретено позже: \
         просроченный период засчитывается и оплачивается.",
    source: "D2 SWM",
    interpretation: None,
    file: file!(),
};

/// Each year bought moves the end by exactly one year.
pub const SWM_6: Rule = Rule {
    id: "SWM-6",
    en: "Each year bought moves the end of SWM by exactly one year from the old end. Where the new end is still not \
         after the date of the order, the order is accepted with a warning and SWM stays lapsed until the missed \
         years are bought.",
    ru: "Каждый купленный год сдвигает окончание подписки ровно на год от прежней даты. Если и новая дата не позже \
         даты заказа, заказ принимается с предупреждением, а подписка остается истекшей, пока не куплены \
         пропущенные годы.",
    source: "D3 SWM FAQ",
    interpretation: None,
    file: file!(),
};

/// While SWM is active, one year is bought, within the last year.
pub const SWM_7: Rule = Rule {
    id: "SWM-7",
    en: "While SWM is active, exactly one year can be bought, and only when less than one year remains.",
    ru: "При действующей подписке можно купить только один год продления, и только если до окончания осталось менее \
         года.",
    source: "D3 SWM FAQ",
    interpretation: None,
    file: file!(),
};

/// After SWM has ended, the new end is at most two years ahead.
pub const SWM_8: Rule = Rule {
    id: "SWM-8",
    en: "On the day SWM ends, or later, several years can be bought as long as the new end is at most two years \
         after the date of the order.",
    ru: "В день окончания подписки и позже можно купить несколько лет продления, если новая дата окончания не позже \
         двух лет от даты заказа.",
    source: "D3 SWM FAQ",
    interpretation: Some(
        "Missed years may be bought together with those ahead; only the distance of the new end from the order \
         counts.",
    ),
    file: file!(),
};

/// What is added ends with the license's SWM.
pub const SWM_9: Rule = Rule {
    id: "SWM-9",
    en: "What is added during the term ends with the SWM of the license.",
    ru: "Подписка на все, что докуплено в течение срока, истекает вместе с подпиской лицензии.",
    source: "D2 SWM",
    interpretation: None,
    file: file!(),
};

/// SWM-5, SWM-6: whole years from the old end.
pub(crate) fn new_end(old_end: Date, years: u32) -> Date {
    add_years(old_end, years)
}

/// The same order with another renewal.
fn with_renewal(case: &Case<'_>, order: &OrderUpgrade, renewal: RenewSwm) -> crate::command::Command {
    ways::replacing(case, order, &UpgradeLine::RenewSwm(renewal))
}

/// SWM-2: the renewal has the license's plugins.
pub(crate) fn swm_2(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, renewal: &RenewSwm, draft: &Draft) {
    let Some(asserted) = renewal.plugins.as_ref().filter(|asserted| **asserted != draft.plugins) else { return };
    let (has, asked) = (ways::plugins(&draft.plugins), ways::plugins(asserted));
    findings
        .broken(
            &SWM_2,
            format!("the license has the plugins: {has}; the renewal names: {asked}"),
            format!("расширения лицензии: {has}; в продлении указаны: {asked}"),
        )
        .fact("license_plugins", ways::names(&draft.plugins))
        .fact("renewal_plugins", ways::names(asserted))
        .way(with_renewal(case, order, RenewSwm { plugins: Some(draft.plugins.clone()), ..renewal.clone() }));
}

/// SWM-3: the renewal covers all users.
pub(crate) fn swm_3(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, renewal: &RenewSwm, draft: &Draft) {
    let Some(asserted) = renewal.users.filter(|asserted| *asserted != draft.users) else { return };
    let users = draft.users;
    findings
        .broken(
            &SWM_3,
            format!("the license has {users} users; the renewal covers {asserted}"),
            format!("пользователей в лицензии: {users}; в продлении указано: {asserted}"),
        )
        .fact("license_users", users)
        .fact("renewal_users", asserted)
        .way(with_renewal(case, order, RenewSwm { users: Some(users), ..renewal.clone() }));
}

/// SWM-7: while active, one year, and only when less than one remains.
pub(crate) fn swm_7(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, renewal: &RenewSwm, draft: &Draft) {
    if !draft.swm_is_active(case.on) {
        return;
    }
    let (ends, years) = (draft.swm_ends, renewal.years);
    let too_early = ends >= add_years(case.on, 1);
    let (en, ru) = if too_early {
        (
            format!("SWM is active until {ends}: a year or more remains, and a renewal is bought when less does"),
            format!("подписка SWM действует до {ends}: остаётся год или больше, продление возможно, когда меньше года"),
        )
    } else if years > 1 {
        (
            format!("{years} years were asked for; while SWM is active (until {ends}) one year can be bought"),
            format!("запрошено лет: {years}; при действующей подписке SWM (до {ends}) можно купить один год"),
        )
    } else {
        return;
    };
    let violation = findings.broken(&SWM_7, en, ru);
    violation.fact("swm_ends", ends.to_string()).fact("years", years);
    if !too_early {
        violation.way(with_renewal(case, order, RenewSwm { years: 1, ..renewal.clone() }));
    }
}

/// SWM-8: lapsed, several years, up to two years after the order date.
pub(crate) fn swm_8(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, renewal: &RenewSwm, draft: &Draft) {
    let (end, limit) = (new_end(draft.swm_ends, renewal.years), add_years(case.on, 2));
    if draft.swm_is_active(case.on) || end <= limit {
        return;
    }
    let most = (1..=renewal.years).take_while(|years| new_end(draft.swm_ends, *years) <= limit).last();
    let violation = findings.broken(
        &SWM_8,
        format!("the new end would be {end}, and may be at most {limit}, two years after the order"),
        format!("новая дата окончания была бы {end}, а может быть не позднее {limit} (два года после заказа)"),
    );
    violation.fact("new_end", end.to_string()).fact("latest_end", limit.to_string()).fact("most_years", most);
    if let Some(years) = most {
        violation.way(with_renewal(case, order, RenewSwm { years, ..renewal.clone() }));
    }
}

/// SWM-6: a renewal after a long gap may leave SWM lapsed.
pub(crate) fn swm_6(case: &Case<'_>, renewal: &RenewSwm, draft: &Draft) -> Option<Warning> {
    let end = new_end(draft.swm_ends, renewal.years);
    let message = Text::new(
        format!("SWM then ends on {end} and stays lapsed: buy the years that are still missing"),
        format!("подписка SWM закончится {end} и останется истёкшей: докупите недостающие годы"),
    );
    (end <= case.on).then_some(Warning { rule: Some(&SWM_6), message })
}
