//! A [`Rule`]: one sentence of the policy, with its id and its source.
//!
//! The ids are part of the product: a refusal names the rule it broke, `docs/rules/ID.md` explains it with
//! examples that run as tests, and `license-ledger rule ID` prints that page.

/// One rule of the policy.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The id, such as `USR-2`: fixed for ever, never given to another rule.
    pub id: &'static str,
    /// The rule as a sentence, in English.
    pub en: &'static str,
    /// The rule as a sentence, in Russian.
    pub ru: &'static str,
    /// Where the rule comes from: document and section, as `policy.md` cites them.
    pub source: &'static str,
    /// What this project decided where the documents leave it open; `None` where they say it all.
    pub interpretation: Option<&'static str>,
    /// The file that holds the rule's code.
    pub file: &'static str,
}

impl serde::Serialize for &'static Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}
