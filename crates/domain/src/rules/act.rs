//! Activation of orders, and the dates of commands.

use crate::rule::Rule;

/// An order takes effect on activation.
pub const ACT_1: Rule = Rule {
    id: "ACT-1",
    en: "An order takes effect on activation: with automatic registration at once; otherwise it waits until it is \
         activated.",
    ru: "Заказ вступает в силу при активации: при автоматической регистрации – сразу, иначе он ожидает активации.",
    source: "D2 activation; D3 registration",
    interpretation: None,
    file: file!(),
};

/// Upgrades ordered before 2012-07-30 are activated by the vendor desk.
pub const ACT_2: Rule = Rule {
    id: "ACT-2",
    en: "Upgrade orders placed before 2012-07-30 always wait, also with automatic registration, and only the vendor \
         desk activates them. Activating one in the usual way is refused.",
    ru: "Апгрейды, заказанные до 30.07.2012, всегда ожидают активации, даже при автоматической регистрации, и \
         активирует их только служба вендора. Обычная активация такого заказа отклоняется.",
    source: "D2 vendor questions",
    interpretation: None,
    file: file!(),
};

/// What an order changes is fixed when it is ordered.
pub const ACT_3: Rule = Rule {
    id: "ACT-3",
    en: "What an order changes (users, plugins, years, price) is fixed when it is ordered. The SWM period of a \
         renewal runs from the end of the period in force at its activation.",
    ru: "Содержание заказа (пользователи, расширения, годы, цена) фиксируется в момент заказа. Период продления SWM \
         отсчитывается от окончания периода, действующего при активации.",
    source: "this project",
    interpretation: Some("The documents do not say which day decides when order and activation are apart."),
    file: file!(),
};

/// Activation needs something that waits.
pub const ACT_5: Rule = Rule {
    id: "ACT-5",
    en: "Activation needs something that waits for it: the purchase, or the order named.",
    ru: "Активировать можно только то, что ожидает активации: покупку или указанный заказ.",
    source: "D2 activation",
    interpretation: None,
    file: file!(),
};

/// Commands on a license never go back in time.
pub const ACT_4: Rule = Rule {
    id: "ACT-4",
    en: "The date of a command is not before the last event of the license and not after today in the ledger's \
         business time zone.",
    ru: "Дата команды не раньше последнего события лицензии и не позже сегодняшнего дня в часовом поясе реестра.",
    source: "this project",
    interpretation: Some(
        "Events of a license stand in the order of their dates and never lie ahead of today (Europe/Moscow unless \
         configured otherwise). For a redistribution this holds on every license that takes part. Quotes and lists \
         of possible commands may look ahead.",
    ),
    file: file!(),
};
