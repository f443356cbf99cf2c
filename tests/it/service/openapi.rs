//! The description of the service is true: its examples fit its schemas, and so does every answer that the tests get.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use plain_http::Answer;
use serde_json::{Map, Value, json};

use crate::files::root;

static DESCRIPTION: LazyLock<Description> = LazyLock::new(Description::read);

/// Panics unless the answer is one that the description gives the request, with a body that fits.
#[track_caller]
pub(crate) fn check(method: &str, target: &str, answer: &Answer) {
    if let Err(reason) = DESCRIPTION.fits(method, target, answer) {
        panic!("not as schemas/openapi.json says: {method} {target} is answered {}: {reason}", answer.status);
    }
}

/// The checked-in description. Its schemas are closed, so that a field without a description is found.
struct Description {
    document: Value,
    /// By the schema; made once each.
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl Description {
    fn read() -> Self {
        let text = fs::read(root().join("schemas/openapi.json")).expect("it is checked in");
        let mut document: Value = serde_json::from_slice(&text).expect("JSON");
        let schemas = &mut document["components"]["schemas"];
        let extended = extended(schemas);
        for (name, schema) in schemas.as_object_mut().expect("schemas") {
            if !extended.contains(name) {
                close(schema);
            }
        }
        Self { document, validators: Mutex::default() }
    }

    fn fits(&self, method: &str, target: &str, answer: &Answer) -> Result<(), String> {
        let media_type = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let Some(operation) = self.operation(method, path) else {
            return self.fits_no_operation(path, media_type, answer);
        };
        let status = answer.status.to_string();
        let response = operation["responses"].get(&status).ok_or("the status is not among its answers")?;
        let media = self.resolved(response)["content"].get(media_type);
        let media = media.ok_or_else(|| format!("the status has no {media_type:?}: {}", answer.text()))?;
        if method == "HEAD" { Ok(()) } else { self.body_fits(&media["schema"], media_type, &answer.body) }
    }

    /// What is no operation is refused with a problem; the reference page has a script.
    fn fits_no_operation(&self, path: &str, media_type: &str, answer: &Answer) -> Result<(), String> {
        match (answer.status, media_type) {
            (400.., "application/problem+json") => self.body_fits(&component("Problem"), media_type, &answer.body),
            (200, "text/javascript") if path.starts_with("/docs/") => Ok(()),
            _ => Err("it is no operation".to_owned()),
        }
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
        let paths = self.document["paths"].as_object().expect("paths");
        paths.iter().find(|(template, _)| is_of(path, template)).and_then(|(_, methods)| methods.get(&method))
    }

    fn body_fits(&self, schema: &Value, media_type: &str, body: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
        match media_type {
            "application/x-ndjson" => text.lines().try_for_each(|line| self.line_fits(line)),
            media_type if media_type.starts_with("text/") => self.value_fits(schema, &text.into()),
            _ => self.value_fits(schema, &serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))?),
        }
    }

    /// A line of a batch's answer.
    fn line_fits(&self, line: &str) -> Result<(), String> {
        let line: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        let schema = if line.get("summary").is_some() { "BatchEnd" } else { "Outcome" };
        self.value_fits(&component(schema), &line)
    }

    fn value_fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let errors: Vec<_> = self
            .validator(schema)
            .iter_errors(value)
            .map(|error| format!("{}: {error} ({:?})", error.instance_path(), error.kind()))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(format!("{schema}: {errors:#?}\n{value:#}")) }
    }

    /// Dates and UUIDs are checked too, which JSON Schema leaves open.
    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().expect("nothing panics with it");
        let make = || {
            let whole = json!({"allOf": [schema], "components": {"schemas": self.document["components"]["schemas"]}});
            Arc::new(jsonschema::options().should_validate_formats(true).build(&whole).expect("a schema"))
        };
        Arc::clone(validators.entry(schema.to_string()).or_insert_with(make))
    }

    /// What is meant, where it is shared.
    fn resolved<'a>(&'a self, of: &'a Value) -> &'a Value {
        match of["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).expect(reference),
            None => of,
        }
    }

    fn operations(&self) -> impl Iterator<Item = &Map<String, Value>> {
        let paths = self.document["paths"].as_object().expect("paths").values();
        let methods = paths.filter_map(Value::as_object).flat_map(Map::values).filter_map(Value::as_object);
        methods.filter(|operation| operation.contains_key("operationId"))
    }
}

fn component(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Whether the path is of the template: `/v1/licenses/{number}`.
fn is_of(path: &str, template: &str) -> bool {
    let (given, expected): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    let fits = |(given, expected): (&&str, &&str)| given == expected || expected.starts_with('{') && !given.is_empty();
    given.len() == expected.len() && given.iter().zip(&expected).all(fits)
}

/// The schemas that others add fields to; these cannot be closed.
fn extended(schema: &Value) -> BTreeSet<String> {
    let own = schema["$ref"].as_str().filter(|_| schema.get("properties").is_some());
    let own = own.and_then(|reference| reference.rsplit('/').next()).map(str::to_owned);
    children(schema).flat_map(extended).chain(own).collect()
}

fn close(schema: &mut Value) {
    let lists_its_fields = schema["properties"].is_object() && schema.get("additionalProperties").is_none();
    if lists_its_fields {
        schema["unevaluatedProperties"] = false.into();
    }
    match schema {
        Value::Object(keywords) => keywords.values_mut().for_each(close),
        Value::Array(schemas) => schemas.iter_mut().for_each(close),
        _ => {}
    }
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Object(fields) => Box::new(fields.values()),
        Value::Array(values) => Box::new(values.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

/// An example, its name, and where it stands: the operation's id, and the status or `request`.
struct Example<'a> {
    place: (&'a str, &'a str),
    media_type: &'a str,
    schema: &'a Value,
    name: &'a str,
    value: &'a Value,
}

impl Description {
    /// Every body, by the operation's id and the status or `request`.
    fn bodies(&self) -> impl Iterator<Item = ((&str, &str), &str, &Value)> {
        self.operations().flat_map(|operation| {
            let id = operation["operationId"].as_str().expect("a text");
            let responses = operation["responses"].as_object().expect("responses").iter();
            let responses = responses.map(|(status, response)| (status.as_str(), self.resolved(response)));
            let request = operation.get("requestBody").map(|request| ("request", request));
            request.into_iter().chain(responses).flat_map(move |(place, body)| {
                let content = body["content"].as_object().expect("a content");
                content.iter().map(move |(media_type, media)| ((id, place), media_type.as_str(), media))
            })
        })
    }

    fn examples(&self) -> impl Iterator<Item = Example<'_>> {
        self.bodies().flat_map(|(place, media_type, media)| {
            let examples = media["examples"].as_object().into_iter().flatten();
            let schema = &media["schema"];
            examples.map(move |(name, example)| Example { place, media_type, schema, name, value: &example["value"] })
        })
    }
}

#[test]
fn every_example_fits_its_schema() {
    for Example { place, media_type, schema, name, value } in DESCRIPTION.examples() {
        let fits = match (media_type, place.1) {
            ("application/x-ndjson", "request") => Ok(()),
            _ => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                DESCRIPTION.body_fits(schema, media_type, text.as_bytes())
            }
        };
        assert!(fits.is_ok(), "{place:?} {name}: {}", fits.unwrap_err());
    }
}

#[test]
fn every_kind_of_body_has_an_example() {
    // These two are the description itself.
    let without = DESCRIPTION.bodies().filter(|((id, _), ..)| !["docs", "openapi"].contains(id));
    let without = without.filter(|(.., media)| media["examples"].as_object().is_none_or(Map::is_empty));
    let without: Vec<_> = without.map(|(place, media_type, _)| (place, media_type)).collect();
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn the_example_of_a_problem_is_of_its_status() {
    for Example { place, name, value, .. } in DESCRIPTION.examples().filter(|example| example.value["status"].is_u64())
    {
        assert_eq!(value["status"].to_string(), place.1, "{place:?} {name}");
        let expected = match place.1 {
            "400" => "invalid",
            "403" => "forbidden",
            "422" => "rejected",
            _ => "conflict",
        };
        assert!(value["outcome"].is_null() || value["outcome"] == expected, "{place:?} {name}: {value:#}");
    }
}

#[test]
fn every_command_has_an_example_that_the_reader_takes() {
    let variants = DESCRIPTION.document["components"]["schemas"]["CommandInput"]["oneOf"].as_array().expect("variants");
    let types: BTreeSet<_> = variants.iter().map(|variant| variant["properties"]["type"]["const"].as_str()).collect();
    let commands = DESCRIPTION.examples().filter(|example| example.place == ("post_command", "request"));
    let commands: BTreeMap<_, _> = commands.map(|example| (Some(example.name), example.value)).collect();
    assert_eq!(types.len(), 23);
    assert_eq!(commands.keys().copied().collect::<BTreeSet<_>>(), types);
    for (name, command) in commands {
        assert_eq!(command["command"]["type"].as_str(), name);
        let read = ledger_domain::command::read(command.to_string().as_bytes());
        assert!(read.is_ok(), "{name:?}: {read:?}");
    }
}
