//! The words of the page, in both languages, and the names of the products as the vendor wants them written.
//!
//! The partner guide (`000_69350bb903e3d342.txt`), «Правила использования торговой марки партнерами», rules for all that
//! partners hand out:
//!
//! 1. and 2.: at the first and most visible place, `®` stands after the mark and before the product's name: «Kerio®
//!    Connect».
//! 3. There the product's name goes with its description, underlined: «Kerio® Connect – почтовый сервер», «Kerio®
//!    Control – межсетевой экран (файервол)», «Kerio® Operator – система телефонии».
//! 4. At the foot stands the notice «Kerio® и связанные с ним услуги являются торговыми марками компании Kerio
//!    Technologies Inc.» (in the guide the single «c» is a Latin letter by mistake).
//! 5. to 7.: nobody presents the products as his own, or uses the mark in a name. So the page's title has no mark.
//!
//! The guide is in Russian only; the English words translate it.

use clap::ValueEnum;
use ledger_domain::entitlement::{EntitlementStatus, SwmState};
use ledger_domain::values::{LicenseType, Plugin, Product};

/// The language of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Russian
    #[default]
    Ru,
    /// English
    En,
}

/// What stands on a page.
pub(super) struct Words {
    /// The language's code.
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) license: &'static str,
    pub(super) on: &'static str,
    pub(super) known_at: &'static str,
    pub(super) holder: &'static str,
    pub(super) inn: &'static str,
    pub(super) country: &'static str,
    pub(super) status: &'static str,
    pub(super) license_type: &'static str,
    pub(super) users: &'static str,
    pub(super) unlimited: &'static str,
    pub(super) plugins: &'static str,
    pub(super) none: &'static str,
    pub(super) swm: &'static str,
    pub(super) swm_starts: &'static str,
    /// The period is half-open: on its end SWM is over.
    pub(super) swm_ends: &'static str,
    pub(super) certified: &'static str,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) events: &'static str,
    pub(super) proof: &'static str,
    pub(super) log: &'static str,
    pub(super) size: &'static str,
    pub(super) root: &'static str,
    pub(super) note: &'static str,
    pub(super) how: &'static str,
    pub(super) file: &'static str,
    pub(super) key: &'static str,
    pub(super) key_from: &'static str,
    pub(super) limits: &'static str,
    /// The notice at the foot (rule 4).
    pub(super) notice: &'static str,
}

impl Language {
    pub(super) const ALL: [Self; 2] = [Self::Ru, Self::En];

    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::Ru => &RUSSIAN,
            Self::En => &ENGLISH,
        }
    }

    /// The product's name (rule 2).
    pub(super) const fn product(product: Product) -> &'static str {
        match product {
            Product::Connect => "Kerio® Connect",
            Product::Control => "Kerio® Control",
            Product::Operator => "Kerio® Operator",
        }
    }

    /// The product's description (rule 3). A license of Connect in this ledger is one of the server (CAT-1).
    pub(super) const fn description(self, product: Product) -> &'static str {
        match (self, product) {
            (Self::Ru, Product::Connect) => "почтовый сервер",
            (Self::Ru, Product::Control) => "межсетевой экран (файервол)",
            (Self::Ru, Product::Operator) => "система телефонии",
            (Self::En, Product::Connect) => "mail server",
            (Self::En, Product::Control) => "firewall",
            (Self::En, Product::Operator) => "telephony system",
        }
    }

    pub(super) const fn status(self, status: EntitlementStatus) -> &'static str {
        use EntitlementStatus::{Active, Blocked, Closed, Ordered, Trial, TrialOver};
        match (self, status) {
            (Self::Ru, Ordered) => "заказана, не активирована",
            (Self::Ru, Trial) => "пробная",
            (Self::Ru, TrialOver) => "пробная, срок истёк",
            (Self::Ru, Active) => "действует",
            (Self::Ru, Blocked) => "заблокирована",
            (Self::Ru, Closed) => "закрыта",
            (Self::En, Ordered) => "ordered, not activated",
            (Self::En, Trial) => "trial",
            (Self::En, TrialOver) => "trial, over",
            (Self::En, Active) => "active",
            (Self::En, Blocked) => "blocked",
            (Self::En, Closed) => "closed",
        }
    }

    pub(super) const fn license_type(self, license_type: LicenseType) -> &'static str {
        match (self, license_type) {
            (Self::Ru, LicenseType::Commercial) => "коммерческая",
            (Self::Ru, LicenseType::Government) => "для государственных и некоммерческих организаций (GOV)",
            (Self::Ru, LicenseType::Education) => "для образовательных учреждений (EDU)",
            (Self::Ru, LicenseType::Fstek) => "редакция, сертифицируемая ФСТЭК (FSTEK)",
            (Self::En, LicenseType::Commercial) => "commercial",
            (Self::En, LicenseType::Government) => "government and non-profit (GOV)",
            (Self::En, LicenseType::Education) => "education (EDU)",
            (Self::En, LicenseType::Fstek) => "the edition that FSTEK certifies",
        }
    }

    /// The plugin, described: its product name would be a mark again.
    pub(super) const fn plugin(self, plugin: Plugin) -> &'static str {
        match (self, plugin) {
            (Self::Ru, Plugin::Antivirus) => "антивирус",
            (Self::Ru, Plugin::WebFilter) => "веб-фильтр",
            (Self::Ru, Plugin::AntiSpam) => "антиспам",
            (Self::En, Plugin::Antivirus) => "antivirus",
            (Self::En, Plugin::WebFilter) => "web filter",
            (Self::En, Plugin::AntiSpam) => "anti-spam",
            (_, Plugin::ActiveSync) => "ActiveSync",
        }
    }

    pub(super) const fn swm_state(self, state: SwmState) -> &'static str {
        match (self, state) {
            (Self::Ru, SwmState::NotStarted) => "не началась",
            (Self::Ru, SwmState::Active) => "действует",
            (Self::Ru, SwmState::Lapsed) => "истекла",
            (Self::En, SwmState::NotStarted) => "not started",
            (Self::En, SwmState::Active) => "active",
            (Self::En, SwmState::Lapsed) => "lapsed",
        }
    }
}

const RUSSIAN: Words = Words {
    code: "ru",
    title: "Сертификат о правах по лицензии",
    license: "Номер лицензии",
    on: "Права на дату",
    known_at: "По сведениям на",
    holder: "Владелец лицензии",
    inn: "ИНН",
    country: "Страна",
    status: "Состояние",
    license_type: "Тип лицензии",
    users: "Пользователи",
    unlimited: "без ограничений",
    plugins: "Расширения",
    none: "нет",
    swm: "Подписка SWM",
    swm_starts: "Подписка с",
    swm_ends: "Первый день без подписки",
    certified: "Считается сертифицированной",
    yes: "да",
    no: "нет",
    events: "Событий лицензии",
    proof: "Чем это доказано",
    log: "Журнал",
    size: "Подписано событий",
    root: "Корень",
    note: "Подписанная контрольная точка",
    how: "Эта страница — файл, в котором лежат и события лицензии с доказательствами; на бумаге она ничего \
          не доказывает. Проверка не требует базы данных:",
    file: "FILE",
    key: "VERIFIER",
    key_from: "FILE — файл этой страницы; VERIFIER — ключ проверки журнала (имя+номер+ключ). Получите его от владельца \
               журнала другим путём, не вместе с сертификатом.",
    limits: "Сертификат доказывает, что перечисленные в нём события записаны и что из них следуют указанные права. Он не \
             доказывает, что после последнего из них не было других событий этой лицензии.",
    notice: "Kerio® и связанные с ним услуги являются торговыми марками компании Kerio Technologies Inc.",
};

const ENGLISH: Words = Words {
    code: "en",
    title: "Certificate of entitlement",
    license: "License number",
    on: "Entitlement on",
    known_at: "As known at",
    holder: "License holder",
    inn: "INN",
    country: "Country",
    status: "Status",
    license_type: "License type",
    users: "Users",
    unlimited: "unlimited",
    plugins: "Plugins",
    none: "none",
    swm: "Software Maintenance",
    swm_starts: "SWM starts",
    swm_ends: "First day without SWM",
    certified: "Counts as certified",
    yes: "yes",
    no: "no",
    events: "Events of the license",
    proof: "What proves it",
    log: "Log",
    size: "Events signed",
    root: "Root",
    note: "Signed checkpoint",
    how: "This page is a file that also holds the license's events and their proofs; on paper it proves \
          nothing. No database is needed:",
    file: "FILE",
    key: "VERIFIER",
    key_from: "FILE is the file of this page; VERIFIER is the verifier of the log (name+id+key). Take it from the log's \
               owner by another way, not with the certificate.",
    limits: "The certificate proves that the events in it are recorded, and that the entitlement follows from them. It \
             does not prove that no other event of this license came after the last of them.",
    notice: "Kerio® and its related services are trademarks of Kerio Technologies Inc.",
};
