//! The schemas of the bodies, from the types that are written and read. What is read in is described as it may be given,
//! what is written out as it always is: where the two differ, the name of what is read ends with `Input`.

use ledger_app::feed::FeedAnswer;
use ledger_app::next_commands::NextCommands;
use ledger_app::outcome::Outcome;
use ledger_app::promise::{QuoteAnswer, QuoteCommitted};
use ledger_app::read::Page;
use ledger_domain::command::{Request, say_limits};
use ledger_domain::entitlement::Entitlement;
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use super::bodies::{OutcomeProblem, OutcomesProblem, Problem, QuoteChangedProblem};
use crate::batch::BatchEnd;
use crate::licenses::EventsPage;
use crate::quotes::QuoteRequest;

type Schemas = Map<String, Value>;

/// Every schema, by its name.
pub(super) fn all() -> Schemas {
    let mut schemas = written();
    let read = distinct(read(), &schemas);
    schemas.extend(read);
    schemas.extend(others());
    schemas
}

fn written() -> Schemas {
    let mut generator = generator(SchemaSettings::draft2020_12().for_serialize());
    add::<Entitlement>(&mut generator);
    add::<Page>(&mut generator);
    add::<EventsPage>(&mut generator);
    add::<Outcome>(&mut generator);
    add::<BatchEnd>(&mut generator);
    add::<NextCommands>(&mut generator);
    add::<QuoteAnswer>(&mut generator);
    add::<QuoteCommitted>(&mut generator);
    add::<FeedAnswer>(&mut generator);
    add::<Problem>(&mut generator);
    add::<OutcomeProblem>(&mut generator);
    add::<OutcomesProblem>(&mut generator);
    add::<QuoteChangedProblem>(&mut generator);
    generator.take_definitions(true)
}

fn read() -> Schemas {
    let mut generator = generator(SchemaSettings::draft2020_12().for_deserialize());
    add::<Request>(&mut generator);
    add::<QuoteRequest>(&mut generator);
    let mut schemas = generator.take_definitions(true);
    say_limits(&mut schemas);
    // Over HTTP the key says who posts.
    if let Some(properties) = schemas.get_mut("Request").and_then(|request| request["properties"].as_object_mut()) {
        properties.remove("actor");
    }
    schemas.remove("Actor");
    schemas.remove("Role");
    schemas
}

fn generator(settings: SchemaSettings) -> SchemaGenerator {
    settings.with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator()
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    // It stands among the definitions now.
    let _ = generator.subschema_for::<T>();
}

/// Schemas that are no type's.
fn others() -> Schemas {
    let problem = |name: &str| json!({"anyOf": [{"$ref": format!("#/components/schemas/{name}")}, {"$ref": "#/components/schemas/Problem"}]});
    let schemas = [
        ("CommandProblem", problem("OutcomeProblem")),
        ("QuoteProblem", problem("OutcomesProblem")),
        ("Lines", json!({"description": "JSON objects, one a line."})),
        (
            "Table",
            json!({"type": "string", "description": "A header row, and a row per license; the columns are documented in docs/service.md."}),
        ),
        ("EventStream", json!({"type": "string", "description": "Server-sent events."})),
        (
            "Health",
            json!({"type": "object", "required": ["status"], "properties": {"status": {"enum": ["ok", "ready"]}}}),
        ),
        ("Date", json!({"type": "string", "format": "date"})),
        ("GivenLicenseNumber", json!({"type": "string", "pattern": "^[A-Za-z0-9-]{3,40}$"})),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// The schemas, those that are others than the schemas of the same name renamed, wherever they are named.
fn distinct(schemas: Schemas, taken: &Schemas) -> Schemas {
    let mut renamed: Vec<String> = Vec::new();
    loop {
        let stands_for_another = |(name, schema): &(&String, &Value)| {
            let names_a_renamed_one = || renamed.iter().any(|renamed| names(schema, renamed));
            taken.get(*name).is_some_and(|taken| taken != *schema || names_a_renamed_one()) && !renamed.contains(name)
        };
        let next: Vec<_> = schemas.iter().filter(stands_for_another).map(|(name, _)| name.clone()).collect();
        if next.is_empty() {
            break;
        }
        renamed.extend(next);
    }
    let rename = |(name, mut schema): (String, Value)| {
        point_elsewhere(&mut schema, &renamed);
        (if renamed.contains(&name) { name + "Input" } else { name }, schema)
    };
    schemas.into_iter().map(rename).collect()
}

fn named(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

fn names(schema: &Value, name: &str) -> bool {
    match schema {
        Value::Object(fields) => fields.iter().any(|(keyword, value)| match value {
            Value::String(reference) if keyword == "$ref" => named(reference) == name,
            value => names(value, name),
        }),
        Value::Array(schemas) => schemas.iter().any(|schema| names(schema, name)),
        _ => false,
    }
}

fn point_elsewhere(schema: &mut Value, renamed: &[String]) {
    match schema {
        Value::Object(fields) => fields.iter_mut().for_each(|(keyword, value)| match value {
            Value::String(reference) if keyword == "$ref" => {
                if renamed.iter().any(|renamed| renamed == named(reference)) {
                    reference.push_str("Input");
                }
            }
            value => point_elsewhere(value, renamed),
        }),
        Value::Array(schemas) => schemas.iter_mut().for_each(|schema| point_elsewhere(schema, renamed)),
        _ => {}
    }
}
