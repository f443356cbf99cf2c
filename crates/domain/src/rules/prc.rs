//! Prices. `L` is the LICENSE column of the price list, `M` the MAINTENANCE column, both for the quantity ordered.

use crate::decide::{Case, Purpose};
use crate::rule::Rule;
use crate::violation::{Findings, Text, Warning};

/// During the term, the price depends on the quarters left.
pub const PRC_1: Rule = Rule {
    id: "PRC-1",
    en: "Users, plugins and FSTEK bought during the term are priced by the months left until SWM ends, rounded up to \
         3, 6, 9 or 12: 1–3 months L − 3/4 M, 4–6 months L − 1/2 M, 7–9 months L − 1/4 M, 10–12 months L.",
    ru: "Пользователи, расширения и ФСТЭК, купленные в течение срока подписки, оплачиваются по числу месяцев до ее \
         окончания, округленному вверх до 3, 6, 9 или 12: 1–3 месяца – L − 3/4 M, 4–6 – L − 1/2 M, 7–9 – L − 1/4 M, \
         10–12 – L.",
    source: "D2 pricing",
    interpretation: None,
    file: file!(),
};

/// A month begun counts as a month left.
pub const PRC_2: Rule = Rule {
    id: "PRC-2",
    en: "The months left are the smallest whole number of months that, added to the date of the order, reaches the \
         end of SWM.",
    ru: "Число оставшихся месяцев – наименьшее целое число месяцев, за которое от даты заказа достигается дата \
         окончания подписки.",
    source: "D2 pricing",
    interpretation: Some("The documents do not speak of parts of a month; a part counts as a whole month."),
    file: file!(),
};

/// Beyond 12 months, every further quarter adds 1/4 M.
pub const PRC_3: Rule = Rule {
    id: "PRC-3",
    en: "With more than 12 months left, every further quarter or part of one adds 1/4 M to L.",
    ru: "Если до окончания подписки более 12 месяцев, каждый следующий квартал, в том числе неполный, добавляет к L \
         1/4 M.",
    source: "this project",
    interpretation: Some("The documents' table ends at 12 months; it is continued by the same step."),
    file: file!(),
};

/// With SWM lapsed, the price is L − M.
pub const PRC_4: Rule = Rule {
    id: "PRC-4",
    en: "With SWM lapsed, what is bought costs L − M, and SWM does not cover it.",
    ru: "При истекшей подписке стоимость апгрейда равна L − M, и подписка на него не распространяется.",
    source: "D2 pricing",
    interpretation: None,
    file: file!(),
};

/// The documents' own example holds to the cent.
pub const PRC_5: Rule = Rule {
    id: "PRC-5",
    en: "For Control without plugins, with 25 users and SWM ending on 2013-01-20, adding 10 users on 2012-08-20 has \
         5 months left and costs 248 € − 82 € / 2 = 207 € with VAT.",
    ru: "Для Control без расширений на 25 пользователей с подпиской до 20.01.2013 дозакупка 10 пользователей \
         20.08.2012 – осталось 5 месяцев – стоит 248 € − 82 € : 2 = 207 € с НДС.",
    source: "D2 pricing",
    interpretation: None,
    file: file!(),
};

/// A renewal costs M of the whole license per year.
pub const PRC_6: Rule = Rule {
    id: "PRC-6",
    en: "A renewal costs M of the whole license for each year bought, a late one from the old end on.",
    ru: "Продление стоит M за всю лицензию за каждый купленный год; просроченное оплачивается с прежней даты \
         окончания.",
    source: "D2 SWM",
    interpretation: None,
    file: file!(),
};

/// List prices contain VAT.
pub const PRC_7: Rule = Rule {
    id: "PRC-7",
    en: "List prices contain VAT: the net price is the gross price divided by 1 + the rate (18 % in D2). The rate \
         belongs to the price list and its first day.",
    ru: "Цены прайс-листа указаны с НДС: цена без НДС – цена из прайса, деленная на 1 + ставка (18 % в документе). \
         Ставка относится к прайс-листу и дате начала его действия.",
    source: "D2 pricing note",
    interpretation: None,
    file: file!(),
};

/// Amounts are rounded per order line.
pub const PRC_8: Rule = Rule {
    id: "PRC-8",
    en: "Amounts are decimals with a currency, rounded half away from zero to 2 places per order line. A total is \
         the sum of its rounded lines, and one price list has one currency.",
    ru: "Суммы – десятичные числа с валютой, округляются до 2 знаков (половина – от нуля) по каждой строке заказа. \
         Итог – сумма округленных строк; у прайс-листа одна валюта.",
    source: "this project",
    interpretation: Some("The documents do not speak of rounding."),
    file: file!(),
};

/// Lines after a renewal use the new SWM end.
pub const PRC_9: Rule = Rule {
    id: "PRC-9",
    en: "Within one order, the lines after a renewal are priced with the SWM end that the renewal gives.",
    ru: "В одном заказе строки после продления оцениваются с той датой окончания подписки, которую дает продление.",
    source: "UPG-4",
    interpretation: None,
    file: file!(),
};

/// The partner's discount stands beside the list price.
pub const PRC_10: Rule = Rule {
    id: "PRC-10",
    en: "The partner's discount (authorized 15 %, certified 25 %, preferred 25 %) is shown beside the list price: \
         total = list − discount, net = total / (1 + VAT), vat = total − net. The level is the one the order or the \
         license states.",
    ru: "Скидка партнера (авторизованный 15 %, сертифицированный 25 %, предпочтительный 25 %) указывается рядом с \
         ценой прайса: итого = прайс − скидка, без НДС = итого / (1 + ставка), НДС = итого − без НДС. Уровень \
         берется из заказа или из лицензии.",
    source: "D0/D1 partner programme",
    interpretation: Some("The programme speaks of a reward for sales; it is shown as a discount on the list price."),
    file: file!(),
};

/// The price is the newest row that holds on the date.
pub const PRC_11: Rule = Rule {
    id: "PRC-11",
    en: "The price of an item is the newest row with its product, item and license type that holds on the date; \
         there is no falling back to another type. Where a line has none, a quote is refused and a command is \
         accepted without a price, with a warning.",
    ru: "Цена позиции – самая новая строка прайса с ее продуктом, позицией и типом лицензии, действующая на дату; \
         другой тип лицензии вместо нее не берется. Если цены для строки нет, расчет отклоняется, а команда \
         принимается без цены, с предупреждением.",
    source: "this project",
    interpretation: Some(
        "The documents do not say how a price is found; the ledger records what was sold also where the list is \
         silent.",
    ),
    file: file!(),
};

/// A purchase costs L of its items, a second year adds M.
pub const PRC_13: Rule = Rule {
    id: "PRC-13",
    en: "A purchase costs L of the server, of the packs beyond the first 5 users, and of the plugins for all users. \
         A second year of SWM adds M of the same.",
    ru: "Покупка стоит L за сервер, за пакеты сверх первых 5 пользователей и за расширения на всех пользователей. \
         Второй год подписки добавляет M за то же.",
    source: "D2 new purchase",
    interpretation: Some("The price of the second year: the documents say that it can be bought, not for how much."),
    file: file!(),
};

/// An FSTEK license is priced by rows of its own type.
pub const PRC_12: Rule = Rule {
    id: "PRC-12",
    en: "An FSTEK license is priced by rows of type fstek. The switch itself is priced once, by the row fstek under \
         the type left, and is no part of later renewals.",
    ru: "Лицензия ФСТЭК оценивается по строкам прайса типа fstek. Сам переход оплачивается один раз, по строке fstek \
         прежнего типа лицензии, и в последующие продления не входит.",
    source: "this project",
    interpretation: Some("The documents give no price for the FSTEK edition."),
    file: file!(),
};

/// PRC-11: no price. A quote is refused; a command is accepted with a warning.
pub(crate) fn prc_11(case: &Case<'_>, missing: &[String], findings: &mut Findings, warnings: &mut Vec<Warning>) {
    let (on, items) = (case.on, missing.join("; "));
    let message = Text::new(
        format!("the price list has no price on {on} for: {items}"),
        format!("в прайс-листе на {on} нет цены: {items}"),
    );
    match case.purpose {
        Purpose::Post { .. } => warnings.push(Warning { rule: Some(&PRC_11), message }),
        Purpose::Quote => {
            findings.broken(&PRC_11, message.en, message.ru).fact("missing", missing.to_vec());
        }
    }
}
