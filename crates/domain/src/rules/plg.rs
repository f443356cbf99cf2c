//! Plugins added to a license.

use crate::command::{AddPlugin, OrderUpgrade, UpgradeLine};
use crate::decide::{Case, Draft, ways};
use crate::rule::Rule;
use crate::values::{Plugin, Product};
use crate::violation::Findings;

/// Only the product's own plugins, each once.
pub const PLG_1: Rule = Rule {
    id: "PLG-1",
    en: "A license takes only plugins of its product, each once.",
    ru: "К лицензии добавляются только расширения ее продукта, каждое один раз.",
    source: "D2 plugins",
    interpretation: None,
    file: file!(),
};

/// A plugin is added only while SWM is active.
pub const PLG_2: Rule = Rule {
    id: "PLG-2",
    en: "A plugin is added only while SWM is active; a renewal in the same order comes first and counts.",
    ru: "Расширение добавляется только при действующей подписке (SWM); продление в том же заказе учитывается первым.",
    source: "D2 plugins",
    interpretation: None,
    file: file!(),
};

/// A plugin is for all users of the license.
pub const PLG_3: Rule = Rule {
    id: "PLG-3",
    en: "A plugin is added for all users of the license.",
    ru: "Расширение приобретается на всех пользователей лицензии.",
    source: "D2 plugins",
    interpretation: None,
    file: file!(),
};

/// Adding a plugin leaves SWM as it is.
pub const PLG_4: Rule = Rule {
    id: "PLG-4",
    en: "Adding a plugin leaves the SWM period as it is.",
    ru: "Добавление расширения не влияет на срок действия подписки.",
    source: "D2 plugins",
    interpretation: None,
    file: file!(),
};

/// After a lapse, renew first.
pub const PLG_5: Rule = Rule {
    id: "PLG-5",
    en: "After a lapse SWM is renewed first: in one order with the plugin, or in an order of its own that is \
         activated before the plugin is ordered.",
    ru: "При истекшей подписке сначала продлевается SWM: в одном заказе с расширением либо отдельным заказом, \
         который нужно активировать до заказа расширения.",
    source: "D2 plugins",
    interpretation: None,
    file: file!(),
};

/// A plugin is not sold or renewed apart from its product.
pub const PLG_6: Rule = Rule {
    id: "PLG-6",
    en: "A plugin is neither sold nor renewed apart from its product.",
    ru: "Расширения приобретаются только в дополнение к основному продукту; отдельно они не продаются и не \
         продлеваются.",
    source: "D2 pricing note",
    interpretation: None,
    file: file!(),
};

/// PLG-1: only plugins of the product.
pub(crate) fn plg_1_of_the_product(findings: &mut Findings, case: &Case<'_>, product: Product, plugin: Plugin) {
    let plugins = case.programme.catalog.plugins_of(product, case.on);
    if plugins.contains(plugin) {
        return;
    }
    let there_are = ways::plugins(&plugins);
    findings
        .broken(
            &PLG_1,
            format!("{plugin} is no plugin of {product}; it has: {there_are}"),
            format!("{plugin} не является расширением {product}; доступны: {there_are}"),
        )
        .fact("plugin", plugin.name())
        .fact("plugins_of_the_product", ways::names(&plugins));
}

/// PLG-1: each once.
pub(crate) fn plg_1_once(findings: &mut Findings, plugin: Plugin, draft: &Draft) {
    if !draft.plugins.contains(plugin) {
        return;
    }
    findings
        .broken(&PLG_1, format!("the license has {plugin} already"), format!("расширение {plugin} уже есть в лицензии"))
        .fact("plugin", plugin.name());
}

/// PLG-2: only while SWM is active; the way forward is PLG-5's.
pub(crate) fn plg_2(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, draft: &Draft) {
    if draft.swm_is_active(case.on) {
        return;
    }
    let ends = draft.swm_ends;
    findings
        .broken(
            &PLG_2,
            format!("SWM lapsed on {ends}: renew it first, in the same order or before"),
            format!("подписка SWM истекла {ends}: сначала продлите её, в этом же заказе или раньше"),
        )
        .fact("swm_ends", ends.to_string())
        .way(ways::renewed_first(case, order, draft));
}

/// PLG-3: for all users of the license.
pub(crate) fn plg_3(findings: &mut Findings, case: &Case<'_>, order: &OrderUpgrade, line: &AddPlugin, draft: &Draft) {
    let Some(asserted) = line.users.filter(|asserted| *asserted != draft.users) else { return };
    let users = draft.users;
    let corrected = UpgradeLine::AddPlugin(AddPlugin { users: Some(users), ..line.clone() });
    findings
        .broken(
            &PLG_3,
            format!("the license has {users} users; the plugin is ordered for {asserted}"),
            format!("пользователей в лицензии: {users}; расширение заказано на {asserted}"),
        )
        .fact("license_users", users)
        .fact("users", asserted)
        .way(ways::replacing(case, order, &corrected));
}
