//! The license that a command names.

use crate::command::{Command, Request};
use crate::rule::Rule;
use crate::violation::Findings;

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

/// LIC-1: only `issue_license` and `register_trial` name a license that need not exist.
pub(crate) fn lic_1(findings: &mut Findings, request: &Request) {
    if matches!(request.command, Command::IssueLicense(_) | Command::RegisterTrial(_)) {
        return;
    }
    let license = &request.license;
    findings
        .broken(
            &LIC_1,
            format!("there is no license {license}; check the number"),
            format!("лицензии {license} нет; проверьте номер"),
        )
        .fact("license", license.as_str());
}
