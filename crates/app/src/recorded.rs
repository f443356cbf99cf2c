//! What a kept outcome and the events of its command both say, and how that is compared: for verification, and for an
//! export that is read in.

use std::collections::BTreeMap;

use ledger_domain::event::CommandRejected;
use ledger_domain::violation::Text;
use ledger_seal::json::Json;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A rule that an outcome names.
#[derive(Debug, Deserialize)]
pub(crate) struct KeptViolation {
    pub(crate) rule: String,
    message: Text,
    #[serde(default)]
    pub(crate) facts: BTreeMap<String, Value>,
}

/// Whether the outcome's violations are those of the refusal that was recorded.
pub(crate) fn are_told(violations: &[KeptViolation], refused: &CommandRejected) -> bool {
    let told = violations.iter().map(|told| (&told.rule, &told.message, &told.facts));
    told.eq(refused.violations.iter().map(|kept| (&kept.rule, &kept.message, &kept.facts)))
}

/// The canonical form of JSON; none where it has none.
pub(crate) fn canonical(json: &str) -> Option<String> {
    Json::read(json).and_then(|json| json.canonical()).ok()
}

/// The price in what an event says, if there is one.
pub(crate) fn price(data: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Priced<'d> {
        #[serde(borrow)]
        price: Option<&'d RawValue>,
    }
    serde_json::from_str::<Priced<'_>>(data).ok()?.price.map(RawValue::get)
}
