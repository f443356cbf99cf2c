//! Installations and versions.

use crate::decide::Case;
use crate::license::Facts;
use crate::rule::Rule;
use crate::values::{Date, ProductVersion};
use crate::violation::Findings;

/// Moving to another machine needs no new license.
pub const INS_1: Rule = Rule {
    id: "INS-1",
    en: "Moving to another machine or system needs no new license: first the old installation goes, then the new one \
         registers with the same number.",
    ru: "Для переустановки на другой сервер или систему новая лицензия не нужна: сначала удаляется прежняя \
         установка, затем новая регистрируется с тем же номером.",
    source: "D2 reinstallation; D3",
    interpretation: None,
    file: file!(),
};

/// Versions released before SWM ended may be installed.
pub const INS_2: Rule = Rule {
    id: "INS-2",
    en: "Every version released before SWM ended may be installed, while SWM is active every released version. A \
         version released after the date of the command is refused, and with SWM lapsed so is one released on or \
         after its end or on an unknown date.",
    ru: "Доступны все версии, выпущенные до окончания подписки, а при действующей подписке – все выпущенные версии. \
         Версия, выпущенная после даты команды, отклоняется, а при истекшей подписке – также выпущенная в день ее \
         окончания, позже или в неизвестный день.",
    source: "D2 reinstallation; EXP-2",
    interpretation: None,
    file: file!(),
};

/// INS-2: every version released before SWM ended.
pub(crate) fn ins_2(
    findings: &mut Findings,
    case: &Case<'_>,
    facts: &Facts,
    version: &ProductVersion,
    released: Option<Date>,
) {
    let on = case.on;
    let lapsed = facts.swm.map(|swm| swm.ends).filter(|ends| *ends <= on);
    let (en, ru) = match (released, lapsed) {
        (Some(released), _) if released > on => (
            format!("version {version} was released on {released}, after {on}"),
            format!("версия {version} вышла {released}, позже {on}"),
        ),
        (Some(released), Some(ends)) if released >= ends => (
            format!("SWM lapsed on {ends}; version {version} of {released} came later"),
            format!("подписка SWM истекла {ends}; версия {version} от {released} вышла позже"),
        ),
        (None, Some(ends)) => (
            format!("SWM lapsed on {ends}, and it is not known when version {version} was released: name the day"),
            format!("подписка SWM истекла {ends}, а дата выхода версии {version} неизвестна: укажите её"),
        ),
        _ => return,
    };
    findings
        .broken(&INS_2, en, ru)
        .fact("version", version.as_str())
        .fact("released", released.map(|date| date.to_string()))
        .fact("swm_ends", facts.swm.map(|swm| swm.ends.to_string()));
}
