//! Technical support.

use crate::rule::Rule;

/// In Russia and the CIS support is free.
pub const SUP_1: Rule = Rule {
    id: "SUP-1",
    en: "In Russia and the CIS support is free with active SWM or a registered trial, on naming the license number.",
    ru: "На территории России и стран СНГ техническая поддержка бесплатна при действующей подписке (SWM) или \
         зарегистрированной пробной лицензии; клиент называет номер лицензии.",
    source: "D2 support",
    interpretation: None,
    file: file!(),
};

/// Partners have free support.
pub const SUP_2: Rule = Rule {
    id: "SUP-2",
    en: "Partners have free support on naming their Support ID; any that is not empty is taken, and none is stored.",
    ru: "Партнерам техническая поддержка предоставляется бесплатно при наличии Support ID; принимается любой \
         непустой, и он не сохраняется.",
    source: "D2 support; D3",
    interpretation: None,
    file: file!(),
};

/// English-speaking support runs around the clock.
pub const SUP_3: Rule = Rule {
    id: "SUP-3",
    en: "English-speaking support is given around the clock for licenses registered in Russia and the CIS.",
    ru: "Англоязычная техническая поддержка 24/7 предоставляется по лицензиям, зарегистрированным на территории \
         России и стран СНГ.",
    source: "D2 support",
    interpretation: None,
    file: file!(),
};

/// Elsewhere support is paid per incident.
pub const SUP_4: Rule = Rule {
    id: "SUP-4",
    en: "Outside Russia and the CIS support is paid per incident, and only with active SWM. It is free for 90 days \
         after a purchased license is registered, for trials and pre-sales, and where the incident proves to be a \
         bug, a known bug or an RMA.",
    ru: "За пределами России и СНГ поддержка оплачивается за каждое обращение и только при действующей подписке. \
         Бесплатны первые 90 дней после регистрации купленной лицензии, пробные лицензии и предпродажные вопросы, а \
         также обращения, причиной которых оказалась ошибка продукта, известная ошибка или замена оборудования \
         (RMA).",
    source: "D3 support FAQ, terms 2.2, 2.4",
    interpretation: None,
    file: file!(),
};

/// The price per incident is fixed when it is opened.
pub const SUP_5: Rule = Rule {
    id: "SUP-5",
    en: "The price per incident is 80 USD, 65 EUR, 55 GBP, 1600 CZK or 75 AUD, before taxes. It is fixed when the \
         incident is opened and charged when it is closed.",
    ru: "Стоимость одного обращения – 80 USD, 65 EUR, 55 GBP, 1600 CZK или 75 AUD без налогов. Она фиксируется при \
         открытии обращения и списывается при его закрытии.",
    source: "D3 support FAQ, terms 3",
    interpretation: None,
    file: file!(),
};
