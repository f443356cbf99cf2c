//! The FSTEK-certified edition of Kerio Control.

use crate::rule::Rule;

/// The FSTEK edition is an upgrade of Control.
pub const FST_1: Rule = Rule {
    id: "FST-1",
    en: "The FSTEK-certified edition exists for Kerio Control only and is bought as an upgrade.",
    ru: "Сертифицированная ФСТЭК версия есть только у Kerio Control и приобретается как апгрейд.",
    source: "D2 FSTEK",
    interpretation: None,
    file: file!(),
};

/// The switch to FSTEK needs active SWM.
pub const FST_2: Rule = Rule {
    id: "FST-2",
    en: "The switch to FSTEK is bought only while SWM is active; a renewal in the same order comes first and counts.",
    ru: "Для перехода на версию ФСТЭК нужна действующая подписка (SWM); продление в том же заказе учитывается \
         первым.",
    source: "D2 FSTEK",
    interpretation: None,
    file: file!(),
};

/// The switch to FSTEK starts from a commercial license.
pub const FST_3: Rule = Rule {
    id: "FST-3",
    en: "The switch to FSTEK starts from a commercial license: GOV and EDU are changed to commercial first.",
    ru: "На версию ФСТЭК переходят только с коммерческой лицензии: тип GOV/EDU предварительно меняется на \
         коммерческий.",
    source: "D2 FSTEK",
    interpretation: None,
    file: file!(),
};

/// An update to an uncertified version ends the certification.
pub const FST_4: Rule = Rule {
    id: "FST-4",
    en: "After the switch a license counts as certified until a version that is not certified is recorded; then the \
         certification is lost for good.",
    ru: "После перехода лицензия считается сертифицированной, пока не записана установка несертифицированной версии; \
         после этого сертификация утрачена окончательно.",
    source: "D2 FSTEK; D3 note",
    interpretation: Some(
        "The catalog says which versions are certified, from which day; a certification once lost does not come back \
         with a later certified version.",
    ),
    file: file!(),
};

/// The certificate covers Control itself.
pub const FST_5: Rule = Rule {
    id: "FST-5",
    en: "The certificate covers the product Kerio Control, not VPN, antivirus or web filter.",
    ru: "Сертификат соответствия имеет только основной продукт Kerio Control; VPN, антивирус и Web Filter не \
         сертифицированы.",
    source: "D2 FSTEK",
    interpretation: None,
    file: file!(),
};

/// A version above 7.2 is removed before the FSTEK edition is installed.
pub const FST_6: Rule = Rule {
    id: "FST-6",
    en: "Over a version above 7.2 the FSTEK edition is installed only after that version is removed; over 7.2 and \
         earlier it is installed on top. The switch carries a warning when the last recorded version is above 7.2.",
    ru: "Если установлена версия выше 7.2, перед установкой версии ФСТЭК ее нужно удалить; на 7.2 и более ранние \
         версия ФСТЭК ставится «сверху». Если последняя записанная версия выше 7.2, заказ перехода сопровождается \
         предупреждением.",
    source: "D2 FSTEK",
    interpretation: Some("Exactly 7.2 counts as an earlier version; versions compare by their numeric parts."),
    file: file!(),
};

/// The certificate and the medium are bought separately.
pub const FST_7: Rule = Rule {
    id: "FST-7",
    en: "The delivery of the certified edition holds the certificate and a medium, which are bought separately.",
    ru: "В поставку сертифицированной версии входят сертификат соответствия и физический носитель с дистрибутивом; \
         они приобретаются отдельно.",
    source: "D2 FSTEK",
    interpretation: None,
    file: file!(),
};
