//! Examples: every command, and every kind of answer. The tests hold them against the schemas, and the commands against
//! the reader.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

/// `{"add_users": {"summary": …, "value": …}, …}`: every command by its type.
static COMMANDS: LazyLock<Value> = LazyLock::new(|| read(include_str!("commands.json")));
/// `{"post_command": {"request": {…}, "200": {…}, …}, …}`: by operation and status.
static BODIES: LazyLock<Value> = LazyLock::new(|| read(include_str!("examples.json")));

/// The files are part of the program, and the tests read them.
fn read(file: &str) -> Value {
    serde_json::from_str(file).unwrap_or_default()
}

/// The examples of answers that many operations share, by the answer's name.
pub(super) fn of_shared(name: &str) -> Value {
    BODIES["shared"][name].clone()
}

/// Gives the operation's bodies their examples.
pub(super) fn finish(operation: &mut Map<String, Value>) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let of_operation = &BODIES[&id];
    if let Some(body) = operation.get_mut("requestBody") {
        let commands = if id == "post_command" { COMMANDS.clone() } else { json!({}) };
        give(body, &commands);
        give(body, &of_operation["request"]);
    }
    for (status, response) in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
        give(response, &of_operation[status]);
    }
}

/// Gives a body the examples: a text to its text, any other to its JSON.
pub(super) fn give(body: &mut Value, examples: &Value) {
    let Some(content) = body.get_mut("content").and_then(Value::as_object_mut) else { return };
    for (name, example) in examples.as_object().into_iter().flatten() {
        for (media_type, media) in content.iter_mut() {
            let is_text = media_type.starts_with("text/") || media_type == "application/x-ndjson";
            if is_text == example["value"].is_string() {
                media["examples"][name] = example.clone();
            }
        }
    }
}
