//! Piracy: two servers on one license number.

use crate::rule::Rule;

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
