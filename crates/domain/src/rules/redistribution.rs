//! Redistribution of users between licenses, and what of it can never be undone (VND-9's lineage).

use super::vnd::VND_9;
use crate::decide::{Case, Other, ways};
use crate::license::{Facts, License, Status};
use crate::lineage::Lineage;
use crate::rule::Rule;
use crate::values::{Date, LicenseNumber, add_months};
use crate::violation::{Findings, Text, Warning};

/// The vendor desk redistributes users between servers.
pub const VND_6: Rule = Rule {
    id: "VND-6",
    en: "The vendor desk redistributes users between servers: by a split (part of a license becomes new licenses \
         with numbers of their own), a merge (licenses are absorbed by one and closed) or a transfer (users move \
         between two that both stay).",
    ru: "Служба вендора перераспределяет пользовательские лицензии между серверами: разделением (часть лицензии \
         становится новыми лицензиями со своими номерами), слиянием (лицензии поглощаются одной и закрываются) или \
         передачей (пользователи переходят между двумя остающимися лицензиями).",
    source: "D2 vendor questions",
    interpretation: None,
    file: file!(),
};

/// A redistribution needs the same structure on all sides.
pub const VND_7: Rule = Rule {
    id: "VND-7",
    en: "A redistribution needs the same structure and the same holder on all sides, everything activated, no \
         license blocked or closed. Each license keeps a multiple of 5 users, at least 5, and the sum of the users \
         stays the same.",
    ru: "Для перераспределения нужны одинаковая структура и один владелец всех лицензий; все заказы активированы, ни \
         одна лицензия не заблокирована и не закрыта. У каждой остается число пользователей, кратное 5, не менее 5, \
         а их сумма не меняется.",
    source: "D2 vendor questions; PUR-1/2; UPG-3",
    interpretation: Some(
        "The same holder (name, INN, country), everything activated, nobody blocked or closed. A part of a split \
         inherits holder, partner, type, plugins and SWM from its source; a merged license keeps its own.",
    ),
    file: file!(),
};

/// In a redistribution, SWM ends further than a month apart go to the earliest.
pub const VND_8: Rule = Rule {
    id: "VND-8",
    en: "In a redistribution the SWM ends are at most one month apart: then a merged license gets the later end, and \
         the licenses of a transfer keep their own. Further apart, all are brought to the earliest end; the parts \
         of a split inherit the end of their source.",
    ru: "При перераспределении сроки подписки различаются не более чем на 1 месяц: тогда объединенная лицензия \
         получает более позднюю дату, а лицензии при передаче сохраняют свои. В противном случае все приводятся к \
         меньшей дате; части при разделении наследуют дату исходной лицензии.",
    source: "D2 vendor questions",
    interpretation: Some(
        "What happens within one month, which is measured as: the earlier end + 1 month reaches the later end.",
    ),
    file: file!(),
};

/// A redistribution is recorded whole or not at all.
pub const VND_11: Rule = Rule {
    id: "VND-11",
    en: "A redistribution is one fact over several licenses: all of its events are recorded, or none.",
    ru: "Перераспределение – единый факт для нескольких лицензий: записываются либо все его события, либо ни одного.",
    source: "this project",
    interpretation: None,
    file: file!(),
};

/// VND-6: between different licenses.
pub(crate) fn vnd_6(findings: &mut Findings, case: &Case<'_>) {
    let license = &case.request.license;
    if !case.others.iter().any(|other| other.number == license) {
        return;
    }
    findings
        .broken(
            &VND_6,
            format!("license {license} is named on both sides"),
            format!("лицензия {license} указана с обеих сторон"),
        )
        .fact("license", license.as_str());
}

/// VND-7: the other license is active, of the same structure and the same holder.
pub(crate) fn vnd_7_fits(findings: &mut Findings, license: &Facts, other: &Facts) {
    let number = &other.license;
    if other.status != Status::Active {
        let status = other.status;
        findings
            .broken(
                &VND_7,
                format!("license {number} is {status}: all licenses of a redistribution must be active"),
                format!("состояние лицензии {number}: {status}; для перераспределения все должны быть действующими"),
            )
            .fact("license", number.as_str())
            .fact("status", status.name());
        return;
    }
    let structure = |facts: &Facts| (facts.product, facts.license_type, facts.plugins.clone());
    if structure(license) != structure(other) {
        let told =
            |facts: &Facts| format!("{} {}, {}", facts.product, facts.license_type, ways::plugins(&facts.plugins));
        findings
            .broken(
                &VND_7,
                format!("the structures differ: {} and, of {number}, {}", told(license), told(other)),
                format!("структура различается: {} и у {number}: {}", told(license), told(other)),
            )
            .fact("license", number.as_str());
    } else if license.holder != other.holder {
        findings
            .broken(
                &VND_7,
                format!("license {number} has another holder: {}", other.holder.name),
                format!("у лицензии {number} другой владелец: {}", other.holder.name),
            )
            .fact("license", number.as_str());
    }
}

/// VND-7: each license gets, and keeps, whole packs, at least the smallest delivery.
pub(crate) fn vnd_7_users(findings: &mut Findings, case: &Case<'_>, license: &LicenseNumber, users: i64) {
    let terms = case.terms();
    let (pack_size, minimum) = (i64::from(terms.pack_size), i64::from(terms.minimum_users));
    if users >= minimum && users % pack_size == 0 && u32::try_from(users).is_ok() {
        return;
    }
    findings
        .broken(
            &VND_7,
            format!("license {license} would have {users} users: a multiple of {pack_size}, at least {minimum}, is needed"),
            format!("у лицензии {license} стало бы пользователей: {users}; нужно число, кратное {pack_size}, не менее {minimum}"),
        )
        .fact("license", license.as_str())
        .fact("users", users);
}

/// VND-7: users move in whole packs.
pub(crate) fn vnd_7_moved(findings: &mut Findings, case: &Case<'_>, users: u32) {
    let pack_size = case.terms().pack_size;
    if users > 0 && users.is_multiple_of(pack_size) {
        return;
    }
    findings
        .broken(
            &VND_7,
            format!("{users} users cannot move: they do in packs of {pack_size}"),
            format!("передать пользователей: {users} нельзя; они передаются пакетами по {pack_size}"),
        )
        .fact("users", users)
        .fact("pack_size", pack_size);
}

/// UPG-3, VND-12: nothing of the other license waits.
pub(crate) fn upg_3_of_other(findings: &mut Findings, other: &Facts) {
    let Some(pending) = &other.pending else { return };
    let (number, order) = (&other.license, &pending.order);
    findings
        .broken(
            &super::upg::UPG_3,
            format!("order {order} of license {number} waits for its activation: activate or withdraw it first"),
            format!("заказ {order} лицензии {number} ожидает активации: сначала активируйте или отмените его"),
        )
        .fact("license", number.as_str())
        .fact("pending_order", order.as_str());
}

/// LIC-1: the other license exists.
pub(crate) fn lic_1_of_other<'a>(findings: &mut Findings, other: &Other<'a>) -> Option<&'a License> {
    if other.license.is_none() {
        let number = other.number;
        findings
            .broken(
                &super::lic::LIC_1,
                format!("there is no license {number}; check the number"),
                format!("лицензии {number} нет; проверьте номер"),
            )
            .fact("license", number.as_str());
    }
    other.license
}

/// PUR-8: the number of a new part is free.
pub(crate) fn pur_8_of_part(findings: &mut Findings, other: &Other<'_>) {
    if other.license.is_none() {
        return;
    }
    let number = other.number;
    findings
        .broken(
            &super::pur::PUR_8,
            format!("the number {number} is taken: it is never given again"),
            format!("номер {number} занят: номер выдаётся один раз"),
        )
        .fact("license", number.as_str());
}

/// VND-9: users of `giver` may come to a license of this number and lineage.
pub(crate) fn vnd_9_lineage(findings: &mut Findings, taker: &LicenseNumber, lineage: &Lineage, giver: &License) {
    let from = &giver.facts.license;
    if let Some(split) = lineage.opposite_sides(&giver.lineage) {
        findings
            .broken(
                &VND_9,
                format!("{from} and {taker} hold users of different sides of the split of {split}, which is never undone"),
                format!("в {from} и {taker} есть пользователи разных частей разделённой лицензии {split}; разделение необратимо"),
            )
            .fact("license", from.as_str())
            .fact("split", split.as_str());
    } else if giver.lineage.has_users_of(taker) {
        findings
            .broken(
                &VND_9,
                format!("users have moved from {taker} to {from}, and never move back"),
                format!("пользователи уже перешли из {taker} в {from}; вернуть их нельзя"),
            )
            .fact("license", from.as_str())
            .fact("came_from", taker.as_str());
    }
}

/// VND-8: what becomes of several SWM ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SwmEnds {
    /// At most one month apart.
    WithinAMonth {
        /// The latest of them.
        latest: Date,
    },
    /// Further apart: all are brought to this, the earliest.
    BroughtTo(Date),
}

/// VND-8: the ends of the licenses that take part; `None` for none.
pub(crate) fn vnd_8(ends: impl IntoIterator<Item = Date>) -> Option<SwmEnds> {
    let mut ends = ends.into_iter();
    let first = ends.next()?;
    let (earliest, latest) = ends.fold((first, first), |(low, high), end| (low.min(end), high.max(end)));
    let within = add_months(earliest, 1) >= latest;
    Some(if within { SwmEnds::WithinAMonth { latest } } else { SwmEnds::BroughtTo(earliest) })
}

/// VND-8: what a license gives up.
pub(crate) fn vnd_8_given_up(license: &LicenseNumber, from: Date, to: Date) -> Option<Warning> {
    let months = crate::values::months_until(to, from);
    let message = Text::new(
        format!(
            "the SWM of {license} is brought from {from} to {to}: {months} months, the last one begun, are given up"
        ),
        format!(
            "подписка SWM лицензии {license} приводится с {from} к {to}; теряется месяцев (неполный считается): {months}"
        ),
    );
    (to < from).then_some(Warning { rule: Some(&VND_8), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_apart_is_still_within() {
        let ends = |earlier: &str, later: &str| vnd_8([date(later), date(earlier)]);
        assert_eq!(ends("2013-01-20", "2013-02-20"), Some(SwmEnds::WithinAMonth { latest: date("2013-02-20") }));
        assert_eq!(ends("2013-01-20", "2013-02-21"), Some(SwmEnds::BroughtTo(date("2013-01-20"))));
        assert_eq!(ends("2013-01-31", "2013-02-28"), Some(SwmEnds::WithinAMonth { latest: date("2013-02-28") }));
        assert_eq!(vnd_8([]), None);
    }
}
