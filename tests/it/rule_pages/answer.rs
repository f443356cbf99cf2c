//! Compares an answer with what the example says: `accepted`, `refused USR-2`, `found`, and `path=value` checks.

use serde_json::Value;

use super::step::split;

pub(super) fn check(then: &str, answer: &Value, licenses: &Value) -> Result<(), String> {
    let words = split(then)?;
    let (result, checks) = words.split_first().ok_or("nothing is expected")?;
    let rules: Vec<&str> = checks.iter().map(String::as_str).take_while(|word| !word.contains('=')).collect();
    match result.as_str() {
        "accepted" if rules.is_empty() => same("outcome", &text(&answer["outcome"]), "accepted")?,
        "refused" => same("refused", &joined(&answer["violations"], "rule"), &rules.join(","))?,
        "found" if answer.is_null() => return Err("nothing was found".to_owned()),
        "not_found" if !answer.is_null() => return Err("something was found".to_owned()),
        "found" | "not_found" if rules.is_empty() => {}
        other => return Err(format!("{other} is no word of the grammar")),
    }
    for check in &checks[rules.len()..] {
        let (path, expected) = check.split_once('=').ok_or_else(|| format!("{check} is no path=value"))?;
        match path {
            "events" => same(path, &joined(&answer["events"], "type"), expected)?,
            "way" => same(path, &ways(answer), expected)?,
            "warns" => {
                let warnings = joined(&answer["warnings"], "rule");
                if !warnings.split(',').any(|rule| rule == expected) {
                    return Err(format!("warns of {warnings}, not of {expected}"));
                }
            }
            _ => {
                let of_license = path.strip_prefix("license.").map(|path| format!("EX-1.{path}"));
                let of_license = of_license.or_else(|| path.starts_with("EX-").then(|| path.to_owned()));
                match of_license {
                    Some(path) => same(&path, &text(at(licenses, &path)?), expected)?,
                    None => same(path, &text(at(answer, path)?), expected)?,
                }
            }
        }
    }
    Ok(())
}

fn same(path: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{path} is {found}, not {expected}")) }
}

fn at<'v>(value: &'v Value, path: &str) -> Result<&'v Value, String> {
    path.split('.').try_fold(value, |value, key| {
        let found = key.parse::<usize>().map_or_else(|_| value.get(key), |index| value.get(index));
        found.ok_or_else(|| format!("{path} is not there"))
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn joined(list: &Value, key: &str) -> String {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<_> = list.iter().map(|entry| text(&entry[key])).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(",") }
}

fn ways(answer: &Value) -> String {
    let violations = answer["violations"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ways = violations.iter().filter_map(|violation| violation["way_forward"].as_array()).flatten();
    let types: Vec<_> = ways.map(|way| text(&way["command"]["type"])).collect();
    if types.is_empty() { "none".to_owned() } else { types.join(",") }
}
