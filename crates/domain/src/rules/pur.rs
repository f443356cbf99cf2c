//! New purchases, and what may be done before a license is activated.

use crate::rule::Rule;

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
