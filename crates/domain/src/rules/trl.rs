//! Trials.

use crate::command::Command;
use crate::license::Facts;
use crate::rule::Rule;
use crate::violation::Findings;

/// A trial runs 30 days.
pub const TRL_1: Rule = Rule {
    id: "TRL-1",
    en: "A trial runs 30 days from its registration, with unlimited users and all plugins of the product; then a \
         license is needed.",
    ru: "Пробная лицензия действует 30 дней с регистрации, без ограничения числа пользователей и со всеми \
         расширениями продукта; затем нужна лицензия.",
    source: "D3 trial",
    interpretation: None,
    file: file!(),
};

/// A trial takes no upgrades.
pub const TRL_2: Rule = Rule {
    id: "TRL-2",
    en: "A trial takes no upgrades and no command of the vendor desk but a rename; servers and versions are reported \
         as usual. Buying a license on its number ends it.",
    ru: "К пробной лицензии не приобретаются апгрейды, а из команд службы вендора возможна только смена владельца; \
         серверы и версии сообщаются как обычно. Покупка лицензии на ее номер завершает пробный период.",
    source: "this project",
    interpretation: Some("The documents do not say what a trial may become other than by buying a license."),
    file: file!(),
};

/// TRL-2: no upgrades, and of the vendor desk's commands only a rename.
pub(crate) fn trl_2(findings: &mut Findings, facts: &Facts, command: &Command) {
    let upgrade = command.as_upgrade().is_some();
    let desk = command.is_the_vendor_desks() && !matches!(command, Command::RenameHolder(_));
    if !upgrade && !desk {
        return;
    }
    findings
        .broken(
            &TRL_2,
            format!(
                "license {} is a trial and takes no {}: buy a license on its number",
                facts.license,
                command.name()
            ),
            format!(
                "лицензия {} пробная, команда {} невозможна: купите лицензию на этот номер",
                facts.license,
                command.name()
            ),
        )
        .fact("status", facts.status.name());
}
