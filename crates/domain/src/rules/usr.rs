//! Additional users.

use crate::command::{AddUsers, Command, Irreversible, OrderUpgrade, RemovePlugins, UpgradeLine};
use crate::decide::{Case, Draft, ways};
use crate::rule::Rule;
use crate::values::rounded_up_to_packs;
use crate::violation::Findings;

/// Users can be added at any time.
pub const USR_1: Rule = Rule {
    id: "USR-1",
    en: "Users can be added at any time, whether SWM is active or not; the SWM period stays as it is.",
    ru: "Дополнительных пользователей можно приобрести в любой момент, независимо от срока подписки; срок подписки \
         при этом не меняется.",
    source: "D2 additional users",
    interpretation: None,
    file: file!(),
};

/// With SWM lapsed, users are added only to a clean license.
pub const USR_2: Rule = Rule {
    id: "USR-2",
    en: "With SWM lapsed, users are added only to a clean license, one without plugins: otherwise SWM is renewed, \
         also in the same order, or the plugins are removed first.",
    ru: "При истекшей подписке (SWM) пользователи добавляются только к «чистой» лицензии, без расширений: иначе \
         нужно продлить подписку, в том числе в том же заказе, или сначала удалить расширения.",
    source: "D2 additional users",
    interpretation: None,
    file: file!(),
};

/// With SWM active, added users have the license's plugins.
pub const USR_3: Rule = Rule {
    id: "USR-3",
    en: "With SWM active, the added users have the structure of the license: an order that names plugins names \
         exactly those of the license.",
    ru: "При действующей подписке структура дополнительных пользователей совпадает со структурой лицензии: если в \
         заказе указаны расширения, это в точности расширения лицензии.",
    source: "D2 additional users",
    interpretation: None,
    file: file!(),
};

/// Users are added in packs of 5.
pub const USR_4: Rule = Rule {
    id: "USR-4",
    en: "Users are added in packs of 5, at least one pack.",
    ru: "Дополнительные пользователи приобретаются пакетами по 5, не менее одного пакета.",
    source: "D2 new purchase",
    interpretation: None,
    file: file!(),
};

/// USR-2: with SWM lapsed, only on a clean license.
pub(crate) fn usr_2(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, draft: &Draft) {
    if draft.swm_is_active(case.on) || draft.plugins.is_empty() {
        return;
    }
    let (ends, plugins) = (draft.swm_ends, ways::plugins(&draft.plugins));
    let removal = RemovePlugins { plugins: draft.plugins.clone(), irreversible: Irreversible::default() };
    findings
        .broken(
            &USR_2,
            format!(
                "SWM lapsed on {ends} and the license has plugins ({plugins}): renew it, or have them removed first"
            ),
            format!("подписка SWM истекла {ends}, в лицензии есть расширения ({plugins}): продлите SWM или удалите их"),
        )
        .fact("swm_ends", ends.to_string())
        .fact("plugins", ways::names(&draft.plugins))
        .way(ways::renewed_first(case, order, draft))
        .way(Command::RemovePlugins(removal));
}

/// USR-3: an order that names plugins names exactly the license's.
pub(crate) fn usr_3(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, line: &AddUsers, draft: &Draft) {
    if line.plugins.is_empty() || line.plugins == draft.plugins {
        return;
    }
    let (has, asked) = (ways::plugins(&draft.plugins), ways::plugins(&line.plugins));
    let corrected = UpgradeLine::AddUsers(AddUsers { plugins: draft.plugins.clone(), ..line.clone() });
    findings
        .broken(
            &USR_3,
            format!("the license has the plugins: {has}; the order names: {asked}"),
            format!("расширения лицензии: {has}; в заказе указаны: {asked}"),
        )
        .fact("license_plugins", ways::names(&draft.plugins))
        .fact("ordered_plugins", ways::names(&line.plugins))
        .way(ways::replacing(case, order, &corrected));
}

/// USR-4: whole packs, at least one.
pub(crate) fn usr_4(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, line: &AddUsers, draft: &Draft) {
    let (users, pack_size) = (line.users, case.terms().pack_size);
    let fits = draft.users.checked_add(users).is_some();
    if users > 0 && users.is_multiple_of(pack_size) && fits {
        return;
    }
    let next = rounded_up_to_packs(users, pack_size);
    let corrected = UpgradeLine::AddUsers(AddUsers { users: next, ..line.clone() });
    let violation = findings.broken(
        &USR_4,
        format!("{users} users were ordered; they come in packs of {pack_size}, and the next number is {next}"),
        format!("заказано пользователей: {users}; они продаются пакетами по {pack_size}, ближайшее число: {next}"),
    );
    violation.fact("users", users).fact("pack_size", pack_size).fact("next_valid", next);
    if fits {
        violation.way(ways::replacing(case, order, &corrected));
    }
}
