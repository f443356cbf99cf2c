//! Piracy: two servers on one license number.

use crate::command::{Command, UnblockLicense};
use crate::license::{Facts, Status};
use crate::rule::Rule;
use crate::violation::Findings;

/// Two servers online on one number block the license.
pub const PIR_1: Rule = Rule {
    id: "PIR-1",
    en: "When two servers are online at the same time on one license number, the license is blocked as pirated.",
    ru: "Если в сеть одновременно выходят два сервера с одним номером лицензии, лицензия блокируется как пиратская.",
    source: "D2 new purchase",
    interpretation: None,
    file: file!(),
};

/// A blocked license takes no command but the unblocking.
pub const PIR_2: Rule = Rule {
    id: "PIR-2",
    en: "A blocked license takes no command but its unblocking by the vendor desk, with a reason; that empties the \
         list of servers online. Unblocking needs a blocked license.",
    ru: "С заблокированной лицензией возможна только разблокировка службой вендора с указанием причины; список \
         серверов в сети при этом очищается. Разблокировать можно только заблокированную лицензию.",
    source: "this project",
    interpretation: Some("The documents do not say how a blocked license comes free again."),
    file: file!(),
};

/// A report that changes nothing gives no event.
pub const PIR_3: Rule = Rule {
    id: "PIR-3",
    en: "A server that is online reported online again, or an unknown server reported offline, is accepted and gives \
         no event.",
    ru: "Повторное сообщение о сервере в сети или сообщение об отключении неизвестного сервера принимается и не \
         создает события.",
    source: "this project",
    interpretation: Some("The documents do not speak of such reports; they are repeated messages, not mistakes."),
    file: file!(),
};

/// PIR-2: a blocked license takes only its unblocking, with a reason; and only a blocked one is unblocked.
pub(crate) fn pir_2(findings: &mut Findings, facts: &Facts, command: &Command) {
    let blocked = facts.status == Status::Blocked;
    let license = &facts.license;
    let (en, ru) = match command {
        Command::UnblockLicense(_) if !blocked => {
            (format!("license {license} is not blocked"), format!("лицензия {license} не заблокирована"))
        }
        Command::UnblockLicense(UnblockLicense { reason: Some(_) }) => return,
        Command::UnblockLicense(_) => {
            ("unblocking needs a reason".to_owned(), "для разблокировки нужна причина (reason)".to_owned())
        }
        _ if blocked => (
            format!("license {license} is blocked: the vendor desk must unblock it first"),
            format!("лицензия {license} заблокирована: сначала её должна разблокировать служба вендора"),
        ),
        _ => return,
    };
    let violation = findings.broken(&PIR_2, en, ru);
    violation.fact("status", facts.status.name()).fact("servers_online", facts.servers_online.clone());
    if blocked && !matches!(command, Command::UnblockLicense(_)) {
        violation.way(Command::UnblockLicense(UnblockLicense { reason: None }));
    }
}
