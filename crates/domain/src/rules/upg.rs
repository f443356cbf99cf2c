//! Upgrades: whatever is bought for an existing license.

use crate::rule::Rule;

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
