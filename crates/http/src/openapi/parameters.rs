//! What parameters must be, by their names: the same as the handlers take.

use serde_json::{Map, Value, json};

/// Gives every parameter of the operation its schema.
pub(super) fn finish(operation: &mut Map<String, Value>) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        if let Some(schema) = schema(&id, &name) {
            let default = parameter["schema"].get("default").cloned();
            parameter["schema"] = schema;
            if name == "number" {
                parameter["example"] = json!("10101-ABC12-XYZ34");
            }
            if let Some(default) = default {
                parameter["schema"]["default"] = default;
            }
        }
    }
}

fn schema(operation: &str, parameter: &str) -> Option<Value> {
    let of = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let position = || json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX});
    Some(match (parameter, operation) {
        ("number" | "license", _) | ("after", "list_licenses") => of("GivenLicenseNumber"),
        ("after", "swm_expiry") => {
            json!({"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])/[A-Za-z0-9-]{3,40}$"})
        }
        ("after" | "Last-Event-ID", _) => position(),
        ("product", _) => of("Product"),
        ("status", _) => of("EntitlementStatus"),
        ("license_type", _) => of("LicenseType"),
        ("plugin", _) => of("Plugin"),
        ("partner" | "holder" | "type", _) => {
            json!({"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"})
        }
        ("on" | "from" | "to" | "swm_ends_from" | "swm_ends_before", _) => of("Date"),
        ("known_at", _) => json!({"type": "string", "format": "date-time"}),
        ("limit", _) => json!({"type": "integer", "minimum": 1, "maximum": 1000}),
        ("wait", _) => json!({"type": "integer", "minimum": 0, "maximum": 60}),
        ("delimiter", _) => json!({"enum": [",", ";"]}),
        ("bom", _) => json!({"type": "boolean"}),
        ("id", _) => json!({"type": "string", "format": "uuid"}),
        ("Idempotency-Key", _) => {
            let quoted = "^\"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\"$";
            json!({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "pattern": quoted}]})
        }
        ("If-Match", _) => {
            json!({"anyOf": [{"const": "*"}, {"type": "string", "pattern": "^\"(0|[1-9][0-9]{0,17})\"$"}]})
        }
        _ => return None,
    })
}
