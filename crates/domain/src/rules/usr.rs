//! Additional users.

use crate::rule::Rule;

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
