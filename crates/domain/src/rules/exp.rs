//! What a license is worth after its SWM has lapsed.

use crate::rule::Rule;

/// The license is perpetual.
pub const EXP_1: Rule = Rule {
    id: "EXP-1",
    en: "The license is perpetual: when SWM has lapsed, the product, its users and its type remain.",
    ru: "Лицензия бессрочная: после окончания подписки продукт, количество пользователей и тип лицензии сохраняются.",
    source: "D2 expired",
    interpretation: None,
    file: file!(),
};

/// A lapse ends new versions and support.
pub const EXP_2: Rule = Rule {
    id: "EXP-2",
    en: "When SWM has lapsed, versions released on or after its end and technical support are lost.",
    ru: "После окончания подписки недоступны версии, выпущенные в день ее окончания и позже, и техническая \
         поддержка.",
    source: "D2 expired",
    interpretation: None,
    file: file!(),
};

/// The antivirus works for 60 days more.
pub const EXP_3: Rule = Rule {
    id: "EXP-3",
    en: "The antivirus works until 60 days after the end of SWM: on the 60th day after it, it has stopped.",
    ru: "Антивирус Sophos работает еще 60 дней после окончания подписки: на 60-й день он уже отключен.",
    source: "D2 expired",
    interpretation: None,
    file: file!(),
};

/// The other services stop on the day SWM ends.
pub const EXP_4: Rule = Rule {
    id: "EXP-4",
    en: "On the day SWM ends, web_filter, active_sync, anti_spam, grey listing (Connect) and the IDS/IPS updates \
         (Control) stop.",
    ru: "В день окончания подписки прекращают работу Web Filter, ActiveSync, Anti-spam, Grey Listing (Connect) и \
         обновления IDS/IPS (Control).",
    source: "D2 expired",
    interpretation: Some("The documents name no last day for anti_spam; it is treated as the other services."),
    file: file!(),
};

/// No event happens when SWM lapses.
pub const EXP_5: Rule = Rule {
    id: "EXP-5",
    en: "No event happens when SWM lapses: whatever depends on the date is computed for the date asked about.",
    ru: "Окончание подписки не является событием: все, что зависит от даты, вычисляется на запрошенную дату.",
    source: "this project",
    interpretation: None,
    file: file!(),
};
