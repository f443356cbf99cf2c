//! The license that a command names.

use crate::rule::Rule;

/// A command names a license that exists.
pub const LIC_1: Rule = Rule {
    id: "LIC-1",
    en: "A command names a license that exists; only a purchase and the registration of a trial bring a new number.",
    ru: "Команда указывает номер существующей лицензии; новый номер вводят только покупка и регистрация пробной \
         лицензии.",
    source: "D2 upgrade",
    interpretation: None,
    file: file!(),
};
