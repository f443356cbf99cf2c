//! Catalog facts: products, plugins, license types, and the days from which they hold.

use crate::catalog::{Catalog, Sale};
use crate::decide::Case;
use crate::rule::Rule;
use crate::values::{Date, LicenseType, Plugin, Product, RequestedProduct};
use crate::violation::Findings;

/// Server licenses are kept for Connect, Control and Operator only.
pub const CAT_1: Rule = Rule {
    id: "CAT-1",
    en: "Server licenses exist for Kerio Connect (which counts mailboxes), Kerio Control and Kerio Operator (which \
         count users). A server license for a hosted service (Kerio Connect Cloud, Samepage) or for the \
         discontinued Kerio Workspace is refused.",
    ru: "Серверные лицензии существуют на Kerio Connect (по числу почтовых ящиков), Kerio Control и Kerio Operator \
         (по числу пользователей). Серверная лицензия на облачные сервисы (Kerio Connect Cloud, Samepage) и на \
         снятый с продажи Kerio Workspace не выдается.",
    source: "D0 products; D3 Licensing FAQ; D1",
    interpretation: None,
    file: file!(),
};

/// Each product has its own plugins.
pub const CAT_2: Rule = Rule {
    id: "CAT-2",
    en: "The plugins are antivirus (Sophos) for Connect and Control, web_filter for Control, and active_sync and \
         anti_spam for Connect. Operator has none.",
    ru: "Расширения лицензии: антивирус Sophos для Connect и Control, Web Filter для Control, ActiveSync и Anti-spam \
         для Connect. У Operator расширений нет.",
    source: "D2 plugins; D3 Optional features",
    interpretation: None,
    file: file!(),
};

/// There are four license types, and FSTEK is never bought as a new license.
pub const CAT_3: Rule = Rule {
    id: "CAT-3",
    en: "The license types are commercial, government (GOV), education (EDU) and fstek. The type fstek exists for \
         Kerio Control only and is never bought as a new license.",
    ru: "Типы лицензии: коммерческая, государственная (GOV), образовательная (EDU) и ФСТЭК. Тип ФСТЭК есть только у \
         Kerio Control и как новая лицензия не приобретается.",
    source: "D2 vendor questions, FSTEK",
    interpretation: None,
    file: file!(),
};

/// A catalog fact holds from its first day on.
pub const CAT_4: Rule = Rule {
    id: "CAT-4",
    en: "Every catalog fact has a first day on which it holds, and a command is judged by the facts in force on its \
         date. History is never judged again by later facts.",
    ru: "У каждого факта каталога есть первый день действия; команда оценивается по фактам, действующим на ее дату. \
         Более поздние факты на уже записанную историю не влияют.",
    source: "vendor policies changed over the years",
    interpretation: Some(
        "The documents carry no edition dates; each catalog fact is dated here, and the one in force on the \
         command's date decides.",
    ),
    file: file!(),
};

/// CAT-1: the product, if it is sold as a server license on the date.
pub(crate) fn cat_1(findings: &mut Findings, case: &Case<'_>, requested: RequestedProduct) -> Option<Product> {
    let (en, ru) = match case.programme.catalog.product_is_sold(requested, case.on) {
        Sale::ServerLicense(product) => return Some(product),
        Sale::Hosted => {
            ("is a hosted service and has no server license", "размещается в облаке и не имеет серверной лицензии")
        }
        Sale::Discontinued => ("is discontinued", "больше не продаётся"),
        Sale::NotOnSale => ("is not on sale", "не продаётся"),
    };
    findings
        .broken(&CAT_1, format!("{requested} {en} on {}", case.on), format!("{requested} {ru} (на {})", case.on))
        .fact("product", requested.name());
    None
}

/// CAT-2: a plugin may have a first and a last day of sale.
pub(crate) fn cat_2_on_sale(findings: &mut Findings, catalog: &Catalog, product: Product, plugin: Plugin, on: Date) {
    if !catalog.plugins_of(product, on).contains(plugin) || catalog.plugin_on_sale(product, plugin, on) {
        return;
    }
    findings
        .broken(
            &CAT_2,
            format!("{plugin} for {product} is not on sale on {on}"),
            format!("расширение {plugin} для {product} не продаётся {on}"),
        )
        .fact("plugin", plugin.name());
}

/// CAT-3: which types there are for a product; `fstek` is never bought as a new license.
pub(crate) fn cat_3(findings: &mut Findings, case: &Case<'_>, product: Product, license_type: LicenseType) {
    if license_type != LicenseType::Fstek {
        return cat_3_exists(findings, case, product, license_type);
    }
    findings
        .broken(
            &CAT_3,
            "fstek is never bought as a new license: buy a commercial one and switch it",
            "лицензия ФСТЭК не продаётся как новая: купите коммерческую и закажите переход",
        )
        .fact("license_type", license_type.name());
}

/// CAT-3: which types there are for a product, bought or not.
pub(crate) fn cat_3_exists(findings: &mut Findings, case: &Case<'_>, product: Product, license_type: LicenseType) {
    if case.programme.catalog.type_exists_for(license_type, product, case.on) {
        return;
    }
    let on = case.on;
    findings
        .broken(
            &CAT_3,
            format!("there is no {license_type} license for {product} on {on}"),
            format!("на {on} нет лицензии типа {license_type} для {product}"),
        )
        .fact("license_type", license_type.name());
}
