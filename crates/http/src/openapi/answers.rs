//! Answers that many operations share, and the headers of answers.

use serde_json::{Map, Value, json};

use super::examples;

/// Answers by their names, with their examples.
pub(super) fn shared() -> Value {
    let mut answers = without_examples();
    for (name, answer) in answers.as_object_mut().into_iter().flatten() {
        examples::give(answer, &examples::of_shared(name));
    }
    answers
}

fn without_examples() -> Value {
    json!({
        "BadRequest": problem("The request cannot be understood: `errors` says which part of it."),
        "NoKey": problem_with("No key, or one that is unknown, revoked or has expired.", &["WWW-Authenticate"]),
        "Forbidden": problem("The key's role may not do this, or the key is kept to another partner's licenses. A license that does not exist is answered in the same way."),
        "AskedAhead": problem("`known_at` is an instant that is not over yet, or what `min_version` or `min_position` names was never recorded."),
        "BodyTooSlow": problem("The body did not arrive in time."),
        "TooLarge": problem("The body is larger than is taken."),
        "NotJson": problem("The content type is not the one that is taken here."),
        "TooMany": problem_with("The key asks too often.", &["Retry-After", COUNTED[0], COUNTED[1]]),
        "Fault": problem_with("The service has failed; the log says more, under the request's id.", &[]),
        "Unavailable": problem_with("The database does not answer, or the service has too much to do: send the same again.", &["Retry-After"]),
    })
}

/// What every answer to a key that was taken says.
const COUNTED: [&str; 2] = ["RateLimit-Policy", "RateLimit"];

fn problem(description: &str) -> Value {
    problem_with(description, &COUNTED)
}

fn problem_with(description: &str, more: &[&str]) -> Value {
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    let mut answer = json!({"description": description, "content": {"application/problem+json": {"schema": schema}}});
    give_headers(&mut answer, &[&["X-Request-Id", "Content-Language"], more].concat());
    answer
}

/// Headers of answers, by their names.
pub(super) fn headers() -> Value {
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    let seconds = |description: &str| json!({"description": description, "schema": {"type": "integer", "minimum": 0}});
    json!({
        "X-Request-Id": text("The request's id: the one that was sent, or a new one."),
        "Content-Language": text("The language of the problem's texts: en or ru."),
        "ETag": text("The license's version, for `If-Match`."),
        "Link": text("`rel=\"next\"`: the address of the next page, if there is one (RFC 8288)."),
        "Retry-After": seconds("Seconds after which to ask again."),
        "RateLimit-Policy": text("How often the key may ask: `\"key\";q=2000;w=2`, 2,000 requests at once, all of which are there again after 2 seconds (draft-ietf-httpapi-ratelimit-headers)."),
        "RateLimit": text("What is left of it: `\"key\";r=1999;t=1`, 1,999 requests now, and all of them again in 1 second."),
        "WWW-Authenticate": text("`Bearer`."),
    })
}

/// Where an answer leads.
fn links(operation: &str, status: &str) -> Value {
    let license =
        |operation: &str| json!({"operationId": operation, "parameters": {"number": "$response.body#/license"}});
    match (operation, status) {
        ("post_command", "200") => json!({
            "license": license("get_license"),
            "events": license("license_events"),
            "next-commands": license("next_commands"),
        }),
        ("quote_commands", "200") => json!({
            "commit": {"operationId": "commit_quote", "parameters": {"id": "$response.body#/quote/id"}},
        }),
        _ => Value::Null,
    }
}

/// Gives the operation the answers that it shares with others, and each answer its headers.
pub(super) fn finish(operation: &mut Map<String, Value>) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let answers = shared_by(operation);
    let counted: &[&str] = if is_public(operation) { &[] } else { &COUNTED };
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, response) in responses.iter_mut() {
        let more: &[&str] = match (id.as_str(), status.as_str()) {
            ("post_command" | "get_license", "200") => &["ETag"],
            ("list_licenses" | "swm_expiry", "200") => &["Link"],
            (_, "503") => &["Content-Language", "Retry-After"],
            (_, "200") => &[],
            _ => &["Content-Language"],
        };
        give_headers(response, &[&["X-Request-Id"], counted, more].concat());
        let links = links(&id, status);
        if links.is_object() {
            response["links"] = links;
        }
    }
    for (status, name) in answers {
        let shared = json!({"$ref": format!("#/components/responses/{name}")});
        responses.entry(status).or_insert(shared);
    }
}

fn shared_by(operation: &Map<String, Value>) -> Vec<(&'static str, &'static str)> {
    let mut answers = vec![("500", "Fault"), ("503", "Unavailable")];
    let has = |key: &str| operation.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    if !is_public(operation) {
        answers.extend([("401", "NoKey"), ("403", "Forbidden"), ("429", "TooMany")]);
    }
    if has("parameters") {
        answers.push(("400", "BadRequest"));
    }
    let asks_ahead = |parameter: &Value| {
        parameter["name"].as_str().is_some_and(|name| ["known_at", "min_version", "min_position"].contains(&name))
    };
    if operation.get("parameters").and_then(Value::as_array).is_some_and(|list| list.iter().any(asks_ahead)) {
        answers.push(("409", "AskedAhead"));
    }
    if let Some(body) = operation.get("requestBody") {
        answers.extend([("400", "BadRequest"), ("415", "NotJson")]);
        // A batch is taken line by line.
        if body.pointer("/content/application~1json").is_some() {
            answers.extend([("408", "BodyTooSlow"), ("413", "TooLarge")]);
        }
    }
    answers
}

/// Whether it answers without a key: `security` is then an empty choice.
fn is_public(operation: &Map<String, Value>) -> bool {
    operation.contains_key("security")
}

fn give_headers(answer: &mut Value, names: &[&str]) {
    for name in names {
        answer["headers"][name] = json!({"$ref": format!("#/components/headers/{name}")});
    }
}
