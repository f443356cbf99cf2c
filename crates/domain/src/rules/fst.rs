//! The FSTEK-certified edition of Kerio Control.

use crate::command::OrderUpgrade;
use crate::decide::{Case, Draft, ways};
use crate::license::Facts;
use crate::rule::Rule;
use crate::values::{LicenseType, Product, ProductVersion};
use crate::violation::{Findings, Text, Warning};

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

/// FST-1: for Control only.
pub(crate) fn fst_1(findings: &mut Findings, draft: &Draft) {
    if draft.product == Product::Control {
        return;
    }
    let product = draft.product;
    findings
        .broken(
            &FST_1,
            format!("the license is for {product}; only control has an FSTEK-certified edition"),
            format!("лицензия на {product}; версия, сертифицированная ФСТЭК, есть только у control"),
        )
        .fact("product", product.name());
}

/// FST-2: only while SWM is active.
pub(crate) fn fst_2(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, draft: &Draft) {
    if draft.swm_is_active(case.on) {
        return;
    }
    let ends = draft.swm_ends;
    findings
        .broken(
            &FST_2,
            format!("SWM lapsed on {ends}: renew it first, in the same order or before"),
            format!("подписка SWM истекла {ends}: сначала продлите её, в этом же заказе или раньше"),
        )
        .fact("swm_ends", ends.to_string())
        .way(ways::renewed_first(case, order, draft));
}

/// FST-3: from `commercial` only.
pub(crate) fn fst_3(findings: &mut Findings, draft: &Draft) {
    let license_type = draft.license_type;
    let (en, ru) = match license_type {
        LicenseType::Commercial => return,
        LicenseType::Fstek => ("the license is an fstek one already", "лицензия уже имеет тип fstek"),
        LicenseType::Government | LicenseType::Education => (
            "have the license changed to commercial by the vendor desk first",
            "сначала служба вендора должна сменить тип лицензии на коммерческий",
        ),
    };
    findings
        .broken(
            &FST_3,
            format!("the license type is {license_type}: {en}"),
            format!("тип лицензии: {license_type}; {ru}"),
        )
        .fact("license_type", license_type.name());
}

/// FST-6: above 7.2 the installed version must be removed first.
pub(crate) fn fst_6(facts: &Facts) -> Option<Warning> {
    let installed = facts.installed_version.as_ref().filter(|version| **version > ProductVersion::from("7.2"))?;
    let message = Text::new(
        format!("version {installed} is above 7.2: remove it before installing the certified one"),
        format!("версия {installed} выше 7.2: удалите её перед установкой сертифицированной версии"),
    );
    Some(Warning { rule: Some(&FST_6), message })
}
