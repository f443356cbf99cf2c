//! `rule`: the rules of the policy, and the page of each.

use ledger_domain::rule::Rule;
use ledger_domain::rules;
use serde::Serialize;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::output::{self, table};
use crate::run::Run;

const AFTER_HELP: &str = "\
Examples:
  license-ledger rule
  license-ledger rule USR-2
  license-ledger rule USR-2 --format json";

/// The pages of `docs/rules`, by the name of the file.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rule_pages.rs"));

/// List the rules of the policy, or explain one
///
/// The page of a rule says what it means, where it comes from, and shows examples.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RuleArgs {
    /// The rule, such as USR-2
    id: Option<String>,
}

/// A rule, as JSON shows it.
#[derive(Serialize)]
struct RuleView {
    id: &'static str,
    en: &'static str,
    ru: &'static str,
    source: &'static str,
    interpretation: Option<&'static str>,
    file: &'static str,
    /// The page, in Markdown; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'static str>,
}

impl RuleView {
    const fn new(rule: &'static Rule, page: Option<&'static str>) -> Self {
        let Rule { id, en, ru, source, interpretation, file } = *rule;
        Self { id, en, ru, source, interpretation, file, page }
    }
}

/// Prints the rule, or all.
pub(crate) fn rule(run: &Run<'_>, args: &RuleArgs) -> Ended {
    match &args.id {
        Some(id) => explain(run, id)?,
        None => list(run)?,
    }
    Ok(FINE)
}

fn explain(run: &Run<'_>, id: &str) -> Result<(), Failure> {
    let Some(rule) = rules::find(id) else {
        return Err(Failure::Refused(format!("there is no rule {id}; `license-ledger rule` lists all")));
    };
    let page = page(rule.id);
    match run.format {
        Format::Json => output::json(&RuleView::new(rule, page)),
        Format::Table => output::text(page.unwrap_or(rule.en)),
    }
}

fn page(id: &str) -> Option<&'static str> {
    PAGES.iter().find(|(name, _)| *name == id).map(|(_, page)| *page)
}

fn list(run: &Run<'_>) -> Result<(), Failure> {
    match run.format {
        Format::Json => output::json(&rules::ALL.iter().map(|rule| RuleView::new(rule, None)).collect::<Vec<_>>()),
        Format::Table => {
            let mut table = table::table(&["rule"], &["says", "source"]);
            for rule in rules::ALL {
                table.add_row([rule.id, rule.en, rule.source]);
            }
            output::text(&table::rendered(table))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_page() {
        for rule in rules::ALL {
            let heading = format!("# {}: ", rule.id);
            assert!(page(rule.id).is_some_and(|page| page.starts_with(&heading)), "{}", rule.id);
        }
    }
}
