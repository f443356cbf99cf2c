//! Software Maintenance: its period, its renewal, its price.

use crate::rule::Rule;

/// Active SWM gives support, new versions and working plugins.
pub const SWM_1: Rule = Rule {
    id: "SWM-1",
    en: "While SWM is active, the license has technical support, new versions and working plugins.",
    ru: "Действующая подписка (SWM) дает техническую поддержку, переход на новые версии и работу расширений.",
    source: "D2 SWM",
    interpretation: Some("The period is half-open: on the day it ends SWM has lapsed."),
    file: file!(),
};

/// A renewal has the plugins of the license.
pub const SWM_2: Rule = Rule {
    id: "SWM-2",
    en: "A renewal has the structure of the license: the same plugins, neither more nor fewer.",
    ru: "Продление SWM имеет ту же структуру, что и лицензия: те же расширения, не больше и не меньше.",
    source: "D2 SWM",
    interpretation: None,
    file: file!(),
};

/// A renewal covers all users of the license.
pub const SWM_3: Rule = Rule {
    id: "SWM-3",
    en: "A renewal covers all users of the license, neither more nor fewer.",
    ru: "Продление SWM приобретается на всех пользователей лицензии, не больше и не меньше.",
    source: "D2 SWM",
    interpretation: None,
    file: file!(),
};

/// A year of SWM costs about a third of the license.
pub const SWM_4: Rule = Rule {
    id: "SWM-4",
    en: "The yearly price of SWM is about 33 % of the license price. A price list row outside 30–36 % is reported as \
         a warning when the list is loaded.",
    ru: "Годовая подписка (SWM) стоит примерно 33 % от цены лицензии. О строке прайс-листа вне пределов 30–36 % \
         выдается предупреждение при загрузке.",
    source: "D2, D3 SWM",
    interpretation: Some(
        "The band of 30–36 %, and the base: D2 speaks of the original price, D3 of the current one; the row's own \
         license price is taken.",
    ),
    file: file!(),
};

/// A renewal runs from the end of the previous period.
pub const SWM_5: Rule = Rule {
    id: "SWM-5",
    en: "A renewal runs from the end of the previous SWM period, also when it is bought late: a gap is paid for.",
    ru: "Продление SWM отсчитывается с момента окончания предыдущей подписки, даже если приобретено позже: \
         просроченный период засчитывается и оплачивается.",
    source: "D2 SWM",
    interpretation: None,
    file: file!(),
};

/// Each year bought moves the end by exactly one year.
pub const SWM_6: Rule = Rule {
    id: "SWM-6",
    en: "Each year bought moves the end of SWM by exactly one year from the old end. Where the new end is still not \
         after the date of the order, the order is accepted with a warning and SWM stays lapsed until the missed \
         years are bought.",
    ru: "Каждый купленный год сдвигает окончание подписки ровно на год от прежней даты. Если и новая дата не позже \
         даты заказа, заказ принимается с предупреждением, а подписка остается истекшей, пока не куплены \
         пропущенные годы.",
    source: "D3 SWM FAQ",
    interpretation: None,
    file: file!(),
};

/// While SWM is active, one year is bought, within the last year.
pub const SWM_7: Rule = Rule {
    id: "SWM-7",
    en: "While SWM is active, exactly one year can be bought, and only when less than one year remains.",
    ru: "При действующей подписке можно купить только один год продления, и только если до окончания осталось менее \
         года.",
    source: "D3 SWM FAQ",
    interpretation: None,
    file: file!(),
};

/// After SWM has ended, the new end is at most two years ahead.
pub const SWM_8: Rule = Rule {
    id: "SWM-8",
    en: "On the day SWM ends, or later, several years can be bought as long as the new end is at most two years \
         after the date of the order.",
    ru: "В день окончания подписки и позже можно купить несколько лет продления, если новая дата окончания не позже \
         двух лет от даты заказа.",
    source: "D3 SWM FAQ",
    interpretation: Some(
        "Missed years may be bought together with those ahead; only the distance of the new end from the order \
         counts.",
    ),
    file: file!(),
};

/// What is added ends with the license's SWM.
pub const SWM_9: Rule = Rule {
    id: "SWM-9",
    en: "What is added during the term ends with the SWM of the license.",
    ru: "Подписка на все, что докуплено в течение срока, истекает вместе с подпиской лицензии.",
    source: "D2 SWM",
    interpretation: None,
    file: file!(),
};
