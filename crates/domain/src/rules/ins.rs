//! Installations and versions.

use crate::rule::Rule;

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
