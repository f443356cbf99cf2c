//! Steps of the examples: `DATE VERB key=value …` becomes a command as it is posted, or a question.

use std::collections::BTreeMap;

use ledger_app::read::When;
use ledger_domain::needed_users::Installation;
use ledger_domain::support::SupportRequest;
use ledger_domain::values::{Date, LicenseNumber};
use serde_json::{Map, Value, json};

/// The vendor desk's commands, which default to its role.
const DESK: &[&str] = &[
    "rename_holder",
    "change_license_type",
    "reduce_users",
    "remove_plugins",
    "activate_legacy_order",
    "unblock_license",
    "split_license",
    "merge_licenses",
    "transfer_users",
    "open_license",
];
const ORDERS: &[&str] = &["issue_license", "add_users", "add_plugin", "renew_swm", "switch_to_fstek", "order_upgrade"];
const ABOUT_ORDERS: &[&str] = &["activate_upgrade", "cancel_order", "activate_legacy_order"];
const WHOLE_ORDER: &[&str] = &["order", "partner", "confirm", "license", "role", "today", "expected_version"];

/// The steps of one example: they count, and remember each license's latest order.
#[derive(Default)]
pub(super) struct Steps {
    count: usize,
    latest_order: BTreeMap<String, String>,
}

pub(super) struct Step {
    pub(super) verb: String,
    pub(super) json: Value,
    pub(super) today: Date,
    on: Date,
    words: Vec<String>,
    keys: BTreeMap<String, String>,
}

impl Steps {
    pub(super) fn parse(&mut self, text: &str) -> Result<Step, String> {
        self.count += 1;
        let mut words = split(text)?.into_iter();
        let on = words.next().ok_or("an empty step")?;
        let on: Date = on.parse().map_err(|_| format!("{on} is no date"))?;
        let verb = words.next().ok_or("a step without a verb")?;
        let (verb, automatic) = verb.strip_suffix('!').map_or((verb.as_str(), false), |verb| (verb, true));
        let (keys, words): (Vec<_>, Vec<_>) = words.partition(|word| word.contains('=') || word == "confirm");
        let keys_of = |words: &[String]| -> BTreeMap<String, String> {
            words.iter().map(|word| word.split_once('=').unwrap_or((word, "true"))).map(own).collect()
        };
        let all = keys_of(&keys);
        let today = all.get("today").map_or(Ok(on), |today| today.parse().map_err(|_| "today is no date"))?;
        let mut step = Step { verb: verb.to_owned(), json: Value::Null, today, on, words, keys: all };
        if !step.is_query() {
            let lines = if verb == "order_upgrade" { Some(order_lines(text)?) } else { None };
            step.json = self.command(&step, automatic, lines)?;
        }
        Ok(step)
    }

    fn command(&mut self, step: &Step, automatic: bool, lines: Option<Vec<Value>>) -> Result<Value, String> {
        let (verb, keys) = (step.verb.as_str(), &step.keys);
        let license = keys.get("license").map_or("EX-1", String::as_str).to_owned();
        let mut command = Map::new();
        command.insert("type".into(), verb.into());
        for (key, value) in keys {
            if lines.is_some() && !WHOLE_ORDER.contains(&key.as_str()) {
                continue;
            }
            field(&mut command, verb, key, value)?;
        }
        if let Some(lines) = lines {
            command.insert("lines".into(), lines.into());
        }
        if automatic {
            command.insert("registration".into(), "automatic".into());
        }
        if matches!(verb, "issue_license" | "register_trial" | "open_license") {
            let holder = command.entry("holder").or_insert_with(|| json!({}));
            holder.as_object_mut().ok_or("a holder is an object")?.entry("name").or_insert("ООО Ромашка".into());
        }
        if ORDERS.contains(&verb) {
            let order = command.entry("order").or_insert_with(|| format!("PO-{}", self.count).into());
            self.latest_order.insert(license.clone(), order.as_str().unwrap_or_default().to_owned());
        }
        if ABOUT_ORDERS.contains(&verb) && !command.contains_key("order") {
            let latest = self.latest_order.get(&license).ok_or("there is no order yet")?;
            command.insert("order".into(), latest.as_str().into());
        }
        let role = if DESK.contains(&verb) { "vendor" } else { "distributor" };
        let mut envelope = json!({
            "command_id": format!("00000000-0000-4000-8000-{:012}", self.count),
            "license": license,
            "on": step.on,
            "actor": {"name": "example", "role": keys.get("role").map_or(role, String::as_str)},
            "command": command,
        });
        if let Some(version) = keys.get("expected_version") {
            envelope["expected_version"] = version.parse::<u64>().map_err(|_| "a version is a number")?.into();
        }
        Ok(envelope)
    }
}

/// Puts `key=value` into the command as its JSON field.
fn field(command: &mut Map<String, Value>, verb: &str, key: &str, value: &str) -> Result<(), String> {
    let holder = matches!(verb, "issue_license" | "register_trial" | "open_license")
        && matches!(key, "holder" | "inn" | "country");
    if holder {
        let name = if key == "holder" { "name" } else { key };
        let holder = command.entry("holder").or_insert_with(|| json!({}));
        holder.as_object_mut().ok_or("a holder is an object")?.insert(name.into(), value.into());
        return Ok(());
    }
    let value = match key {
        "license" | "role" | "today" | "expected_version" => return Ok(()),
        "confirm" => {
            command.insert("confirm_irreversible".into(), true.into());
            return Ok(());
        }
        "plugins" if value == "none" => json!([]),
        "plugins" => value.split(',').collect(),
        "partner" => match value.split_once(':') {
            Some((name, level)) => json!({"name": name, "level": level}),
            None => json!({"name": value}),
        },
        "into" => value.split(',').map(part).collect::<Result<_, _>>()?,
        "from" => value.split(',').collect(),
        "users" | "years" | "swm_years" => number(value)?,
        "to" if verb == "reduce_users" => number(value)?,
        "certified" => (value == "true").into(),
        "inn" if value == "null" => Value::Null,
        _ => value.into(),
    };
    command.insert(key.into(), value);
    Ok(())
}

/// `EX-2:10`: a part of a split, and its users.
fn part(text: &str) -> Result<Value, String> {
    let (license, users) = text.split_once(':').ok_or_else(|| format!("{text} is no LICENSE:USERS"))?;
    Ok(json!({"license": license, "users": number(users)?}))
}

fn number(text: &str) -> Result<Value, String> {
    text.parse::<u64>().map(Value::from).map_err(|_| format!("{text} is no number"))
}

/// The lines of `order_upgrade a + b c=d`; keys of the whole order may stand after the last line.
fn order_lines(text: &str) -> Result<Vec<Value>, String> {
    let words: Vec<_> = split(text)?.into_iter().skip(2).collect();
    words
        .split(|word| word == "+")
        .map(|words| {
            let (name, keys) = words.split_first().ok_or("an empty line")?;
            let mut line = Map::from_iter([("type".to_owned(), Value::from(name.as_str()))]);
            for (key, value) in keys.iter().map(|word| word.split_once('=').unwrap_or((word, "true"))) {
                if !WHOLE_ORDER.contains(&key) {
                    field(&mut line, name, key, value)?;
                }
            }
            Ok(line.into())
        })
        .collect()
}

/// Words at blanks, but for what stands in double quotes, which are dropped.
pub(super) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in text.trim().chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().ok_or("no word")?.push(c),
        }
    }
    if quoted {
        Err(format!("an open quote: {text}"))
    } else {
        Ok(words.into_iter().filter(|word| !word.is_empty()).collect())
    }
}

fn own((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

impl Step {
    pub(super) fn is_query(&self) -> bool {
        matches!(self.verb.as_str(), "show" | "support" | "needed_users")
    }

    pub(super) fn when(&self) -> When {
        When { today: self.today, on: Some(self.on), known_at: None }
    }

    pub(super) fn names_license(&self) -> bool {
        self.keys.contains_key("license")
    }

    pub(super) fn license(&self) -> LicenseNumber {
        self.keys.get("license").map_or("EX-1", String::as_str).parse().expect("a license number")
    }

    pub(super) fn support(&self) -> SupportRequest {
        SupportRequest {
            partner_support_id: self.keys.get("partner_support_id").cloned(),
            currency: self.keys.get("currency").map(|currency| currency.parse().expect("a currency")),
        }
    }

    pub(super) fn installation(&self) -> Installation {
        let number = |key: &str| self.keys.get(key).map_or(0, |value| value.parse().expect("a number"));
        let devices =
            self.keys.get("devices_over").map(|list| list.split(',').map(|n| n.parse().expect("n")).collect());
        match self.words.first().map(String::as_str) {
            Some("connect") => Installation::Connect { mailboxes: number("mailboxes") },
            Some("control") => {
                Installation::Control { accounts: number("accounts"), devices_over: devices.unwrap_or_default() }
            }
            Some("operator") => {
                Installation::Operator { accounts: number("accounts"), extensions: number("extensions") }
            }
            other => panic!("{other:?} is no product"),
        }
    }
}
