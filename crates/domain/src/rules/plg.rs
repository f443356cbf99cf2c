//! Plugins added to a license.

use crate::rule::Rule;

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
