//! The license that a command names, and licenses from before the ledger.

use crate::command::{Command, OpenLicense, Request};
use crate::decide::Case;
use crate::rule::Rule;
use crate::violation::Findings;

/// A command names a license that exists.
pub const LIC_1: Rule = Rule {
    id: "LIC-1",
    en: "A command names a license that exists; only a purchase, the registration of a trial and the opening of a license \
         from before the ledger bring a new number.",
    ru: "Команда указывает номер существующей лицензии; новый номер вводят только покупка, регистрация пробной \
         лицензии и ввод лицензии, выданной до начала учёта.",
    source: "D2 upgrade",
    interpretation: None,
    file: file!(),
};

/// A license from before the ledger is opened as it stands.
pub const LIC_2: Rule = Rule {
    id: "LIC-2",
    en: "A license from before the ledger is opened as it stands: activated on the day of the opening or before, with \
         SWM that ends after it began. Only an fstek license says whether it is certified, and not against its \
         installed version. Nothing is sold, and days of sale are not judged.",
    ru: "Лицензия, выданная до начала учёта, вводится в том виде, в каком она есть: активирована не позже дня ввода, \
         подписка (SWM) заканчивается позже, чем началась. Признак сертификации указывается только для типа ФСТЭК и \
         не противоречит установленной версии. Ничего не продаётся, сроки продаж не проверяются.",
    source: "this project",
    interpretation: Some(
        "The documents do not say how licenses sold before come into the books; they are judged by the rules of a \
         purchase, but for what concerns the sale.",
    ),
    file: file!(),
};

/// LIC-1: only `issue_license`, `register_trial` and `open_license` name a license that need not exist.
pub(crate) fn lic_1(findings: &mut Findings, request: &Request) {
    if matches!(request.command, Command::IssueLicense(_) | Command::RegisterTrial(_) | Command::OpenLicense(_)) {
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

/// LIC-2: activated by the day, and maintained for a day at least.
pub(crate) fn lic_2_period(findings: &mut Findings, case: &Case<'_>, command: &OpenLicense) {
    let (starts, ends, on) = (command.swm_starts, command.swm_ends, case.on);
    let (en, ru) = if starts > on {
        (
            format!("SWM begins on {starts}, after the day of the opening, {on}: the license is not activated then"),
            format!("подписка SWM начинается {starts}, позже дня ввода ({on}): лицензия ещё не активирована"),
        )
    } else if ends <= starts {
        (
            format!("SWM ends on {ends} and begins on {starts}: it must end after it began"),
            format!("подписка SWM заканчивается {ends}, а начинается {starts}: конец должен быть позже начала"),
        )
    } else {
        return;
    };
    findings
        .broken(&LIC_2, en, ru)
        .fact("swm_starts", starts.to_string())
        .fact("swm_ends", ends.to_string())
        .fact("on", on.to_string());
}

/// LIC-2: no other license than an fstek one is certified, or not.
pub(crate) fn lic_2_only_fstek(findings: &mut Findings, command: &OpenLicense) {
    if command.certified.is_none() {
        return;
    }
    let license_type = command.license_type;
    findings
        .broken(
            &LIC_2,
            format!("certified is said of fstek licenses only, and this one is {license_type}: leave it out"),
            format!("признак сертификации указывается только для типа fstek, а тип здесь {license_type}: уберите его"),
        )
        .fact("license_type", license_type.name());
}

/// LIC-2: what is certified has no other version installed.
pub(crate) fn lic_2_certified(findings: &mut Findings, command: &OpenLicense, uncertified: Option<&str>) {
    let (Some(version), Some(true)) = (uncertified, command.certified) else { return };
    findings
        .broken(
            &LIC_2,
            format!(
                "version {version} is not certified, so the license is not: say certified false, or correct the version"
            ),
            format!(
                "версия {version} не сертифицирована, значит и лицензия: исправьте признак сертификации или версию"
            ),
        )
        .fact("installed_version", version);
}
