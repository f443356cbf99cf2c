//! Rule, sentence, clause, code, page and examples lead to each other.

use std::collections::BTreeSet;
use std::fs;

use ledger_domain::rule::Rule;
use ledger_domain::rules;

use super::page::{folder, pages};

/// Facts that the documents state and no command touches: text only.
const TEXT_ONLY: &[&str] = &["PUR-5", "FST-5", "FST-7", "SUP-3"];
/// Rules whose commands come with a later version.
const LATER: &[&str] = &["SUP-5"];

#[test]
fn every_rule_has_its_page_and_every_page_its_rule() {
    let of_rules: BTreeSet<_> = rules::ALL.iter().map(|rule| rule.id.to_owned()).collect();
    let of_pages: BTreeSet<_> = pages().into_iter().map(|page| page.id).collect();
    assert_eq!(of_rules, of_pages);
    assert_eq!(of_rules.len(), rules::ALL.len(), "an id stands twice");
}

#[test]
fn a_page_says_what_the_rule_says_and_links_its_code() {
    for page in pages() {
        let rule = rules::find(&page.id).expect("a page has a rule");
        let code = rule.file.rsplit_once("crates/").map_or(rule.file, |(_, path)| path);
        let link = format!("[`crates/{code}`](../../crates/{code})");
        for part in [rule.en, rule.ru, rule.source, rule.interpretation.unwrap_or_default(), &link] {
            assert!(page.text.contains(part), "{} lacks: {part}", page.file);
        }
        assert!(folder().join("../../crates").join(code).exists(), "{code} is there");
        assert!(page.text.starts_with(&format!("# {}: ", rule.id)), "{} begins with its id", page.file);
    }
}

#[test]
fn every_rule_has_examples_and_one_that_refuses_has_both_kinds() {
    let pages = pages();
    let all: Vec<_> = pages.iter().flat_map(|page| &page.examples).collect();
    for page in &pages {
        if TEXT_ONLY.contains(&page.id.as_str()) || LATER.contains(&page.id.as_str()) {
            assert!(page.examples.is_empty(), "{} is text only", page.file);
            continue;
        }
        assert!(!page.examples.is_empty(), "{} has no example", page.file);
        let refuses = |then: &str| then.starts_with("refused ") && then.split(' ').any(|word| word == page.id);
        if all.iter().any(|example| refuses(&example.then)) {
            let own = |accepted: bool| {
                page.examples
                    .iter()
                    .any(|example| if accepted { !example.then.starts_with("refused") } else { refuses(&example.then) })
            };
            assert!(own(true) && own(false), "{} needs an accepted and a refused example", page.file);
        }
    }
}

#[test]
fn every_rule_that_the_code_cites_is_refused_in_an_example() {
    let pages = pages();
    for rule in rules::ALL {
        let refused = pages
            .iter()
            .flat_map(|page| &page.examples)
            .any(|example| example.then.starts_with("refused") && example.then.split(' ').any(|word| word == rule.id));
        assert_eq!(refused, is_cited(rule), "{}: cited in the code, and refused in an example", rule.id);
    }
}

/// Refusals that the examples cannot show: PRC-11's is of quotes, CAT-2's needs a catalog with days of sale.
/// `tests/it/use_cases.rs` shows them.
const SHOWN_ELSEWHERE: &[&str] = &["PRC-11", "CAT-2"];

fn is_cited(rule: &Rule) -> bool {
    let path = folder().join("../../crates").join(rule.file.rsplit_once("crates/").map_or("", |(_, path)| path));
    let code = fs::read_to_string(path).expect("a rule's file is there");
    let name = rule.id.replace('-', "_");
    let broken = code.split("broken(").skip(1).any(|call| call.trim_start().starts_with(&format!("&{name},")));
    broken && !SHOWN_ELSEWHERE.contains(&rule.id)
}

#[test]
fn the_index_lists_every_rule() {
    let index = fs::read_to_string(folder().join("README.md")).expect("the index is there");
    for rule in rules::ALL {
        assert!(index.contains(&format!("[{0}]({0}.md)", rule.id)), "the index lacks {}", rule.id);
    }
}
