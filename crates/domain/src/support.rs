//! Technical support on a day (SUP-1, SUP-2, SUP-4): free, paid, or none; why; until when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::entitlement::EntitlementStatus;
use crate::license::Facts;
use crate::rule::Rule;
use crate::rules::sup::{SUP_1, SUP_2, SUP_4};
use crate::values::{Currency, Date, Money};
use crate::violation::Text;

/// The answer about support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Support {
    /// Free, paid or none.
    pub support: SupportKind,
    /// The rule that decides.
    pub rule: &'static str,
    /// Why.
    pub why: Text,
    /// The first day on which this no longer holds, where a day is known.
    pub until: Option<Date>,
    /// For paid support: the price of an incident, before taxes.
    pub price: Option<IncidentPrice>,
}

/// Whether support is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupportKind {
    /// Free.
    Free,
    /// Paid per incident.
    Paid,
    /// None.
    None,
}

/// The price of an incident, before taxes (SUP-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IncidentPrice {
    /// The amount.
    pub amount: Money,
    /// Its currency.
    pub currency: Currency,
}

/// Who asks for support, and how they would pay.
#[derive(Debug, Clone, Default)]
pub struct SupportRequest {
    /// A partner's Support ID; any that is not empty is taken, none is stored (SUP-2).
    pub partner_support_id: Option<String>,
    /// The currency for paid support.
    pub currency: Option<Currency>,
}

/// What support the license has on the day.
///
/// # Errors
/// The known currencies, when support is paid and there is no fee in the currency asked for.
pub fn support(facts: &Facts, on: Date, asked: &SupportRequest, catalog: &Catalog) -> Result<Support, Vec<Currency>> {
    if asked.partner_support_id.as_deref().is_some_and(|id| !id.trim().is_empty()) {
        return Ok(free(&SUP_2, None, "a partner with a Support ID", "партнёр с Support ID"));
    }
    let in_cis = catalog.is_cis(&facts.holder.country, on);
    let installation = facts
        .swm
        .map(|swm| swm.starts + chrono::Days::new(u64::from(catalog.terms(on).installation_support_days)))
        .filter(|until| on < *until);
    let ends = facts.swm.map(|swm| swm.ends);
    Ok(match facts.status_on(on) {
        EntitlementStatus::Trial => {
            let rule = if in_cis { &SUP_1 } else { &SUP_4 };
            free(rule, facts.trial_ends, "a registered trial", "зарегистрированная пробная лицензия")
        }
        EntitlementStatus::Active if facts.swm_is_active(on) => match (in_cis, installation) {
            (true, _) => {
                free(&SUP_1, ends, "active SWM in Russia and the CIS", "действующая подписка SWM в России и СНГ")
            }
            (false, Some(until)) => free(
                &SUP_4,
                Some(until),
                "the installation period after the registration",
                "период установки после регистрации лицензии",
            ),
            (false, None) => paid(ends, asked.currency, catalog, on)?,
        },
        EntitlementStatus::Active => {
            let rule = if in_cis { &SUP_1 } else { &SUP_4 };
            none(rule, "SWM has lapsed; renew it first", "подписка SWM истекла; сначала продлите её")
        }
        status => {
            let en = format!("the license is {status}");
            Support {
                support: SupportKind::None,
                rule: if in_cis { SUP_1.id } else { SUP_4.id },
                why: Text { en, ru: format!("состояние лицензии: {status}") },
                until: None,
                price: None,
            }
        }
    })
}

fn free(rule: &Rule, until: Option<Date>, en: &str, ru: &str) -> Support {
    Support { support: SupportKind::Free, rule: rule.id, why: Text::new(en, ru), until, price: None }
}

fn none(rule: &Rule, en: &str, ru: &str) -> Support {
    Support { support: SupportKind::None, rule: rule.id, why: Text::new(en, ru), until: None, price: None }
}

fn paid(
    until: Option<Date>,
    currency: Option<Currency>,
    catalog: &Catalog,
    on: Date,
) -> Result<Support, Vec<Currency>> {
    let fees = &catalog.terms(on).incident_fees;
    let asked = currency.or_else(|| "EUR".parse().ok());
    let fee = asked.and_then(|currency| fees.get(&currency).map(|amount| (currency, *amount)));
    let Some((currency, amount)) = fee else { return Err(fees.keys().copied().collect()) };
    Ok(Support {
        support: SupportKind::Paid,
        rule: SUP_4.id,
        why: Text::new(
            "paid per incident outside Russia and the CIS; a proven or known bug and an RMA are free",
            "вне России и СНГ поддержка платная за обращение; подтверждённые и известные ошибки и RMA бесплатны",
        ),
        until,
        price: Some(IncidentPrice { amount, currency }),
    })
}
