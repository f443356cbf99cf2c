//! The leaf of an event: everything that the ledger says about it, as canonical JSON (RFC 8785).
//!
//! It is made of the stored columns by [`Leaf::canonical`], in every store and in every program that verifies. Its
//! format is a promise: change nothing of it, or every root ever signed is wrong.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use uuid::Uuid;

use crate::hash::{Hash, leaf_hash};
use crate::json::{Json, write_shown, write_text};

/// How many bytes a leaf takes around its data, about.
const AROUND: usize = 640;

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
    /// SHA-256 of the command's outcome, from its record; of commands from before outcomes were sealed there is none, and
    /// no word of it in the leaf.
    pub outcome_digest: Option<[u8; 32]>,
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

impl Leaf {
    /// The leaf's bytes.
    ///
    /// The events of one operation (VND-11) are those of one command, so `operation` is its id.
    ///
    /// # Errors
    /// [`LeafError`] for a payload that is not this event's.
    pub fn canonical(&self) -> Result<String, LeafError> {
        Ok(self.around(&self.data()?)?)
    }

    /// The hash of the leaf.
    ///
    /// # Errors
    /// As [`Leaf::canonical`].
    pub fn hash(&self) -> Result<Hash, LeafError> {
        self.hash_around(&self.data()?)
    }

    /// The hash of the leaf, for those who have its [`Leaf::data`] already.
    ///
    /// # Errors
    /// None that a leaf could cause.
    pub fn hash_around(&self, data: &str) -> Result<Hash, LeafError> {
        Ok(leaf_hash(self.around(data)?.as_bytes()))
    }

    /// What the event says, without its type around it, as canonical JSON.
    ///
    /// # Errors
    /// [`LeafError`] for a payload that is not this event's.
    pub fn data(&self) -> Result<String, LeafError> {
        let payload = Json::read(&self.payload)?;
        if let Json::Object(tagged) = &payload
            && let [(event_type, data)] = tagged.as_slice()
            && *event_type == self.event_type
        {
            let mut canonical = String::with_capacity(self.payload.len());
            data.write(&mut canonical)?;
            return Ok(canonical);
        }
        Err(LeafError::Type(self.event_type.clone()))
    }

    /// The leaf with that for its data. Its names are sorted, as canonical JSON has them.
    fn around(&self, data: &str) -> serde_json::Result<String> {
        let mut json = String::with_capacity(data.len() + AROUND);
        json.push_str(r#"{"actor":{"name":"#);
        write_text(&self.actor_name, &mut json)?;
        json.push_str(r#","role":"#);
        write_text(&self.actor_role, &mut json)?;
        json.push_str(r#"},"command_digest":""#);
        push_hex(&self.command_digest, &mut json);
        json.push_str(r#"","command_id":""#);
        write_shown(self.command_id, &mut json);
        json.extend([r#"","data":"#, data, r#","edition":"#]);
        write_text(&self.edition, &mut json)?;
        json.push_str(r#","event_type":"#);
        write_text(&self.event_type, &mut json)?;
        json.push_str(r#","event_version":"#);
        write_text(&self.event_version, &mut json)?;
        json.push_str(r#","on":""#);
        write_shown(self.on, &mut json);
        json.push_str(r#"","operation":""#);
        write_shown(self.command_id, &mut json);
        if let Some(digest) = &self.outcome_digest {
            json.push_str(r#"","outcome_digest":""#);
            push_hex(digest, &mut json);
        }
        json.push_str(r#"","recorded_at":""#);
        json.push_str(&self.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true));
        json.push_str(r#"","sequence":"#);
        write_shown(self.sequence, &mut json);
        json.push_str(r#","stream_id":"#);
        write_text(&self.stream_id, &mut json)?;
        json.push_str(r#","stream_type":"#);
        write_text(&self.stream_type, &mut json)?;
        json.push('}');
        Ok(json)
    }
}

fn push_hex(digest: &[u8; 32], json: &mut String) {
    json.extend(digest.iter().flat_map(|byte| hex_digits(*byte)));
}

/// A byte in hex, in small letters.
fn hex_digits(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default())
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
            outcome_digest: None,
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
    fn a_sealed_outcome_is_one_member_more() {
        let sealed = Leaf { outcome_digest: Some([0xcd; 32]), ..leaf() };
        let member = format!(r#","outcome_digest":"{}","recorded_at""#, "cd".repeat(32));
        assert_eq!(sealed.canonical().unwrap(), CANONICAL.replace(r#","recorded_at""#, &member));
    }

    #[test]
    fn all_of_it_is_as_the_canonicalizer_writes_it() {
        let texts: String = (0..=0x7f_u8).map(char::from).chain("ё€\u{2028}\u{fb33}😀".chars()).collect();
        let outcome_digest = Some([0xcd; 32]);
        let leaf =
            Leaf { stream_id: texts.clone(), actor_name: texts.clone(), edition: texts, outcome_digest, ..leaf() };
        let written = leaf.canonical().unwrap();
        let value: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), written);
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
            Leaf { outcome_digest: Some([0xac; 32]), ..leaf() },
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
}
