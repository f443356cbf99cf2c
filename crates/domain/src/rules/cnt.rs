//! How many users a customer needs. A calculator and a compliance check: nothing here changes a license.

use crate::rule::Rule;

/// Connect counts mailboxes.
pub const CNT_1: Rule = Rule {
    id: "CNT-1",
    en: "Kerio Connect needs one user for each mailbox, over all domains. Aliases, mailing lists, groups, domains \
         and resources do not count.",
    ru: "Для Kerio Connect количество лицензий равно числу почтовых ящиков во всех доменах. Псевдонимы, листы \
         рассылки, группы, домены и ресурсы не учитываются.",
    source: "D2 rules; D3",
    interpretation: None,
    file: file!(),
};

/// Control counts accounts, each with up to 5 devices.
pub const CNT_2: Rule = Rule {
    id: "CNT-2",
    en: "Kerio Control needs one user for each account with access, which covers up to 5 devices at a time; every \
         further 5 devices of an account, or part of 5, need one user more. The admin account and the guest network \
         do not count.",
    ru: "Для Kerio Control лицензируются учетные записи с доступом; каждая покрывает до 5 устройств единовременно, и \
         на каждые следующие 5 устройств (в том числе неполные) нужен еще один пользователь. Учетная запись \
         администратора и гостевая сеть не учитываются.",
    source: "D2; D3",
    interpretation: None,
    file: file!(),
};

/// Operator counts accounts, and three extensions to a user.
pub const CNT_3: Rule = Rule {
    id: "CNT-3",
    en: "Kerio Operator needs one user for each account, and at least one for every 3 extensions: the larger of the \
         accounts and a third of the extensions, rounded up.",
    ru: "Для Kerio Operator лицензируются учетные записи, при этом на каждого пользователя приходится не более 3 \
         добавочных номеров: берется большее из числа учетных записей и трети числа добавочных номеров с \
         округлением вверх.",
    source: "D2; D3",
    interpretation: None,
    file: file!(),
};

/// Plugins are licensed for as many users as the product.
pub const CNT_4: Rule = Rule {
    id: "CNT-4",
    en: "Plugins are licensed for the same number of users as the product.",
    ru: "Расширения приобретаются на то же количество пользователей, что и основной продукт.",
    source: "D2 plugins; D3",
    interpretation: None,
    file: file!(),
};

/// The need is rounded up to packs of 5.
pub const CNT_5: Rule = Rule {
    id: "CNT-5",
    en: "What must be bought is the need rounded up to a multiple of 5, at least 5 users.",
    ru: "К покупке – потребность, округленная вверх до числа, кратного 5, но не менее 5 пользователей.",
    source: "PUR-1, PUR-2",
    interpretation: None,
    file: file!(),
};
