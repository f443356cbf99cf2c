//! The leaf of an event: everything that the ledger says about it, as canonical JSON (RFC 8785).
//!
//! It is made of the stored columns by [`Leaf::canonical`], in every store and in every program that verifies. Its
//! format is a promise: change nothing of it, or every root ever signed is wrong.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::hash::{Hash, leaf_hash};
use crate::json;

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The kind of its stream: `license` or `refusal`.
    pub stream_type: String,
    /// The license number, or the refused command's id.
    pub stream_id: String,
    /// Its sequence within the stream.
    pub sequence: u64,
    /// Its type.
    pub event_type: String,
    /// The version of its format.
    pub event_version: String,
    /// The business date.
    pub on: NaiveDate,
    /// When the ledger wrote it; microseconds count, what is below them does not.
    pub recorded_at: DateTime<Utc>,
    /// Who posted the command.
    pub actor_name: String,
    /// As what.
    pub actor_role: String,
    /// The command.
    pub command_id: Uuid,
    /// SHA-256 of the command's canonical content, from its record.
    pub command_digest: [u8; 32],
    /// The edition of facts that it was judged by.
    pub edition: String,
    /// The event: `{"UsersReduced": {…}}`.
    pub payload: String,
}

/// Why there is no leaf for an event: what is stored cannot be.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    /// The payload is no JSON, or JSON that can be read in two ways.
    #[error("its payload cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// The payload is another event's.
    #[error("its payload is not {{\"{0}\": {{…}}}}, as its type says")]
    Type(String),
}

/// A leaf as JSON. Its names are written sorted, as canonical JSON has them, and texts are escaped by both alike: only
/// `data` has to go through the canonicalizer, which costs most of the time.
#[derive(Serialize)]
struct Sealed<'l> {
    actor: Actor<'l>,
    command_digest: String,
    command_id: Uuid,
    data: Box<RawValue>,
    edition: &'l str,
    event_type: &'l str,
    event_version: &'l str,
    on: NaiveDate,
    operation: Uuid,
    recorded_at: String,
    sequence: u64,
    stream_id: &'l str,
    stream_type: &'l str,
}

#[derive(Serialize)]
struct Actor<'l> {
    name: &'l str,
    role: &'l str,
}

impl Leaf {
    /// The leaf's bytes.
    ///
    /// The events of one operation (VND-11) are those of one command, so `operation` is its id.
    ///
    /// # Errors
    /// [`LeafError`] for a payload that is not this event's.
    pub fn canonical(&self) -> Result<String, LeafError> {
        let data = serde_json_canonicalizer::to_string(&self.data()?)?;
        let sealed = Sealed {
            actor: Actor { name: &self.actor_name, role: &self.actor_role },
            command_digest: hex::encode(self.command_digest),
            command_id: self.command_id,
            data: RawValue::from_string(data)?,
            edition: &self.edition,
            event_type: &self.event_type,
            event_version: &self.event_version,
            on: self.on,
            operation: self.command_id,
            recorded_at: self.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            sequence: self.sequence,
            stream_id: &self.stream_id,
            stream_type: &self.stream_type,
        };
        Ok(serde_json::to_string(&sealed)?)
    }

    /// The hash of the leaf.
    ///
    /// # Errors
    /// As [`Leaf::canonical`].
    pub fn hash(&self) -> Result<Hash, LeafError> {
        Ok(leaf_hash(self.canonical()?.as_bytes()))
    }

    /// What the event says, without its type around it.
    fn data(&self) -> Result<Value, LeafError> {
        match json::read(&self.payload)? {
            Value::Object(mut tagged) if tagged.len() == 1 => tagged.remove(&self.event_type),
            _ => None,
        }
        .ok_or_else(|| LeafError::Type(self.event_type.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        Leaf {
            stream_type: "license".to_owned(),
            stream_id: "10101-ABC12".to_owned(),
            sequence: 8,
            event_type: "UsersReduced".to_owned(),
            event_version: "1".to_owned(),
            on: NaiveDate::from_ymd_opt(2012, 8, 20).unwrap(),
            recorded_at: "2012-08-20T09:30:00.000001Z".parse().unwrap(),
            actor_name: "orders@\u{2028}дистрибьютор".to_owned(),
            actor_role: "vendor".to_owned(),
            command_id: "0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d".parse().unwrap(),
            command_digest: [0xab; 32],
            edition: "e1".to_owned(),
            payload: r#"{"UsersReduced": {"to": 10, "from": 25}}"#.to_owned(),
        }
    }

    /// This text must never change.
    const CANONICAL: &str = concat!(
        r#"{"actor":{"name":"orders@"#,
        "\u{2028}",
        r#"дистрибьютор","role":"vendor"},"command_digest":"#,
        r#""abababababababababababababababababababababababababababababababab","#,
        r#""command_id":"0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d","data":{"from":25,"to":10},"edition":"e1","#,
        r#""event_type":"UsersReduced","event_version":"1","on":"2012-08-20","#,
        r#""operation":"0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d","recorded_at":"2012-08-20T09:30:00.000001Z","#,
        r#""sequence":8,"stream_id":"10101-ABC12","stream_type":"license"}"#
    );

    #[test]
    fn a_leaf_is_canonical_json() {
        assert_eq!(leaf().canonical().unwrap(), CANONICAL);
        assert_eq!(leaf().hash().unwrap(), leaf_hash(CANONICAL.as_bytes()));
    }

    #[test]
    fn all_of_it_is_as_the_canonicalizer_writes_it() {
        let texts: String = (0..=0x7f_u8).map(char::from).chain("ё€\u{2028}\u{fb33}😀".chars()).collect();
        let leaf = Leaf { stream_id: texts.clone(), actor_name: texts.clone(), edition: texts, ..leaf() };
        let written = leaf.canonical().unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&json::read(&written).unwrap()).unwrap(), written);
    }

    #[test]
    fn how_the_payload_is_written_does_not_matter_but_what_it_says_does() {
        let written_otherwise = Leaf { payload: r#"{"UsersReduced":{"from":25,"to":1e1}}"#.to_owned(), ..leaf() };
        assert_eq!(written_otherwise.canonical().unwrap(), CANONICAL);
        let other = Leaf { payload: r#"{"UsersReduced":{"from":25,"to":15}}"#.to_owned(), ..leaf() };
        assert_ne!(other.hash().unwrap(), leaf().hash().unwrap());
    }

    #[test]
    fn every_column_is_in_the_leaf() {
        let second = leaf().recorded_at + chrono::TimeDelta::microseconds(1);
        let changed = [
            Leaf { stream_type: "refusal".to_owned(), ..leaf() },
            Leaf { stream_id: "10101-ABC13".to_owned(), ..leaf() },
            Leaf { sequence: 9, ..leaf() },
            Leaf {
                event_type: "UsersGrown".to_owned(),
                payload: r#"{"UsersGrown":{"from":25,"to":10}}"#.to_owned(),
                ..leaf()
            },
            Leaf { event_version: "2".to_owned(), ..leaf() },
            Leaf { on: leaf().on.succ_opt().unwrap(), ..leaf() },
            Leaf { recorded_at: second, ..leaf() },
            Leaf { actor_name: "other".to_owned(), ..leaf() },
            Leaf { actor_role: "distributor".to_owned(), ..leaf() },
            Leaf { command_id: Uuid::from_u128(1), ..leaf() },
            Leaf { command_digest: [0xac; 32], ..leaf() },
            Leaf { edition: "e2".to_owned(), ..leaf() },
        ];
        for changed in changed {
            assert_ne!(changed.hash().unwrap(), leaf().hash().unwrap(), "{changed:?}");
        }
    }

    #[test]
    fn a_payload_of_another_event_is_refused() {
        for payload in [
            "",
            "{}",
            "7",
            r#"{"UsersReduced":{}} x"#,
            r#"{"UsersGrown":{}}"#,
            r#"{"UsersReduced":{},"X":1}"#,
            r#"{"UsersReduced":{"to":5,"to":5}}"#,
        ] {
            assert!(Leaf { payload: payload.to_owned(), ..leaf() }.canonical().is_err(), "{payload}");
        }
    }

    /// The vectors of RFC 8785, sections 3.2.2 and 3.2.3: numbers, escapes, and names sorted by UTF-16.
    #[test]
    fn canonical_json_is_that_of_the_rfc() {
        let canonical = |text: &str| serde_json_canonicalizer::to_string(&json::read(text).unwrap()).unwrap();
        let given = r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#;
        assert_eq!(
            canonical(given),
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        let names = r#"{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}"#;
        let sorted = canonical(names);
        let order = ["\"Carriage", "\"One", "\"Control", "\"Latin", "\"Euro", "\"Emoji", "\"Hebrew"]
            .map(|word| sorted.find(word).unwrap());
        assert!(order.is_sorted(), "{sorted}");
    }
}
