//! What a schema of a command must say beside its types: the limits that the reader keeps.

use serde_json::{Map, Value, json};

use super::fields::COUNTRIES;
use super::reader::{MAX_INTEGER, MAX_REASON_CHARS, MAX_TEXT_CHARS};

/// Without control characters.
const ANY_TEXT: &str = r"^[^\u0000-\u001F\u007F-\u009F]*$";
/// Without control characters, and more than spaces.
const TEXT: &str = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$";

/// Adds to the schemas of a command, one by its name, what the reader takes: how long texts are, which countries there
/// are, how large numbers, and that the lines of an order have no further fields.
pub fn say_limits(schemas: &mut Map<String, Value>) {
    let named = schemas.clone();
    for (name, schema) in schemas.iter_mut() {
        limit(name, schema, &named);
    }
}

fn limit(name: &str, schema: &mut Value, named: &Map<String, Value>) {
    close(schema, named);
    match schema {
        Value::Object(fields) => {
            for (keyword, value) in fields.iter_mut() {
                match (keyword.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        properties.iter_mut().for_each(|(name, property)| limit(name, property, named));
                    }
                    (_, value) => limit("", value, named),
                }
            }
            limit_text(name, fields);
            allow_null(fields);
            if matches!(name, "from" | "into" | "lines") {
                fields.insert("uniqueItems".to_owned(), true.into());
            }
            if name == "expected_version" {
                fields.insert("maximum".to_owned(), MAX_INTEGER.into());
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(|schema| limit("", schema, named)),
        _ => {}
    }
}

/// A schema that extends another by name takes no other fields than those of the two: said in one schema.
fn close(schema: &mut Value, named: &Map<String, Value>) {
    let Some(extended) = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next()) else {
        if schema.pointer("/properties/type/const").is_some() {
            schema["additionalProperties"] = false.into();
        }
        return;
    };
    let (Some(own), Some(extended)) = (schema.get("properties").cloned(), named.get(extended)) else { return };
    let mut whole = extended.clone();
    for (name, property) in own.as_object().into_iter().flatten() {
        whole["properties"][name] = property.clone();
    }
    if let Some(required) = whole.get_mut("required").and_then(Value::as_array_mut) {
        required.extend(schema.get("required").and_then(Value::as_array).into_iter().flatten().cloned());
    }
    whole["additionalProperties"] = false.into();
    *schema = whole;
}

/// An optional field may be null, which is as if it were absent.
fn allow_null(schema: &mut Map<String, Value>) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|needed| needed == name));
    for (name, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        if is_required(name) || takes_null(property) {
            continue;
        }
        let mut whole = json!({"anyOf": [property.clone(), {"type": "null"}]});
        for says in ["description", "default"] {
            if let Some(said) = whole["anyOf"][0].as_object_mut().and_then(|property| property.remove(says)) {
                whole[says] = said;
            }
        }
        *property = whole;
    }
}

fn takes_null(schema: &Value) -> bool {
    let is_null = |schema: &Value| schema["type"] == "null";
    schema["type"].as_array().is_some_and(|types| types.iter().any(|one| one == "null"))
        || schema["anyOf"].as_array().is_some_and(|schemas| schemas.iter().any(is_null))
}

fn limit_text(name: &str, schema: &mut Map<String, Value>) {
    let is_text = match schema.get("type") {
        Some(Value::String(one)) => one == "string",
        Some(Value::Array(several)) => several.iter().any(|one| one == "string"),
        _ => false,
    };
    if !is_text || ["format", "pattern", "enum", "const"].iter().any(|says| schema.contains_key(*says)) {
        return;
    }
    let null = schema.get("type").is_some_and(Value::is_array).then_some(Value::Null);
    let limits = match name {
        "country" => {
            json!({"enum": COUNTRIES.split_ascii_whitespace().map(Value::from).chain(null).collect::<Vec<_>>()})
        }
        "reason" => json!({"maxLength": MAX_REASON_CHARS, "pattern": ANY_TEXT}),
        _ => json!({"minLength": 1, "maxLength": MAX_TEXT_CHARS, "pattern": TEXT}),
    };
    schema.extend(limits.as_object().cloned().unwrap_or_default());
}
