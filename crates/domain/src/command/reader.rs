//! Strict JSON, read with paths: every fault is told with where it is (a JSON Pointer) and what to write instead.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::values::Date;

/// The largest integer that a command may hold.
pub(crate) const MAX_INTEGER: u64 = 1_000_000;

/// The longest text but a reason, in characters.
pub(crate) const MAX_TEXT_CHARS: usize = 200;

/// The longest reason, in characters.
pub(crate) const MAX_REASON_CHARS: usize = 2_000;

/// One thing that is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputError {
    /// Where: a JSON Pointer (RFC 6901), such as `/command/users`; empty for the whole line.
    pub path: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// A JSON value that keeps what `serde_json::Value` loses: doubled keys, and how an integer was written.
#[derive(Debug, Clone)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Integer(u64),
    OtherNumber,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Integer(_) | Self::OtherNumber => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct JsonVisitor;

        impl<'de> Visitor<'de> for JsonVisitor {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Integer(value))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
                Ok(Json::OtherNumber)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
                Ok(Json::OtherNumber)
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(Json::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields: Vec<(String, Json)> = Vec::new();
                let mut names = std::collections::HashSet::new();
                while let Some((key, value)) = map.next_entry::<String, Json>()? {
                    if !names.insert(key.clone()) {
                        return Err(de::Error::custom(format!("the field {key:?} stands twice in one object")));
                    }
                    fields.push((key, value));
                }
                Ok(Json::Object(fields))
            }
        }

        deserializer.deserialize_any(JsonVisitor)
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(RefCell<Vec<InputError>>);

impl Faults {
    pub(crate) fn add(&self, path: &str, message: impl Into<String>) {
        self.0.borrow_mut().push(InputError { path: path.to_owned(), message: message.into() });
    }

    pub(crate) fn into_list(self) -> Vec<InputError> {
        self.0.into_inner()
    }
}

/// The fields of one object. What is not taken by [`Fields::finish`] is an unknown field.
///
/// A field that is absent where it must be there, or is not what it must be, is noted and read as `None`; an
/// optional field may be absent or null.
pub(crate) struct Fields<'f> {
    fields: Vec<(String, Json)>,
    known: Vec<&'static str>,
    path: String,
    faults: &'f Faults,
}

impl<'f> Fields<'f> {
    pub(crate) fn new(value: Json, path: String, faults: &'f Faults) -> Option<Self> {
        match value {
            Json::Object(fields) => Some(Self { fields, known: Vec::new(), path, faults }),
            other => {
                faults.add(&path, format!("must be an object, and is {}", other.kind()));
                None
            }
        }
    }

    fn path_of(&self, key: &str) -> String {
        format!("{}/{}", self.path, key.replace('~', "~0").replace('/', "~1"))
    }

    pub(crate) fn fault(&self, key: &str, message: impl Into<String>) {
        self.faults.add(&self.path_of(key), message);
    }

    /// The field as it stands, null included; `None` when it is absent.
    pub(crate) fn raw(&mut self, key: &'static str) -> Option<Json> {
        self.known.push(key);
        let at = self.fields.iter().position(|(name, _)| name == key)?;
        Some(self.fields.swap_remove(at).1)
    }

    /// Reads an optional field.
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Self, &'static str, Json) -> Option<T>,
    ) -> Option<T> {
        match self.raw(key)? {
            Json::Null => None,
            value => read(self, key, value),
        }
    }

    /// Reads a field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Self, &'static str, Json) -> Option<T>,
    ) -> Option<T> {
        match self.raw(key) {
            None | Some(Json::Null) => {
                self.fault(key, "is missing");
                None
            }
            Some(value) => read(self, key, value),
        }
    }

    /// An object inside this one.
    pub(crate) fn inner(&self, key: &str, value: Json) -> Option<Fields<'f>> {
        Fields::new(value, self.path_of(key), self.faults)
    }

    /// The entries of a list, each with its path.
    pub(crate) fn entries(&self, key: &str, value: Json) -> Option<Vec<(String, Json)>> {
        let path = self.path_of(key);
        match value {
            Json::List(list) => {
                Some(list.into_iter().enumerate().map(|(i, entry)| (format!("{path}/{i}"), entry)).collect())
            }
            other => {
                self.faults.add(&path, format!("must be a list, and is {}", other.kind()));
                None
            }
        }
    }

    pub(crate) const fn faults(&self) -> &'f Faults {
        self.faults
    }

    /// Notes every field that nobody asked for.
    pub(crate) fn finish(self) {
        for (name, _) in &self.fields {
            let path = self.path_of(name);
            self.faults.add(&path, format!("is not a field here; there are {}", self.known.join(", ")));
        }
    }
}

/// A text, trimmed and in NFC, of at most `max_chars` characters; empty is a fault unless `may_be_empty`.
pub(crate) fn text_of(
    path: &str,
    value: Json,
    max_chars: usize,
    may_be_empty: bool,
    faults: &Faults,
) -> Option<String> {
    let Json::Text(text) = value else {
        faults.add(path, format!("must be a text, and is {}", value.kind()));
        return None;
    };
    normal_text(&text, max_chars, may_be_empty).map_err(|fault| faults.add(path, fault)).ok()
}

fn normal_text(text: &str, max_chars: usize, may_be_empty: bool) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    let text = text.trim();
    // Nearly every text is in NFC already, and to see that costs far less than to compose it anew.
    let text: String = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    };
    if text.is_empty() && !may_be_empty {
        return Err("is empty".to_owned());
    }
    let length = text.chars().count();
    if length > max_chars {
        return Err(format!("is {length} characters long; {max_chars} are allowed"));
    }
    Ok(text)
}

/// A text as commands take names: trimmed, in NFC, not empty, at most 200 characters, none of them a control character.
///
/// # Errors
/// What is wrong with it: `is empty`.
pub fn parse_text(text: &str) -> Result<String, String> {
    normal_text(text, MAX_TEXT_CHARS, false)
}

pub(crate) fn text(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<String> {
    text_of(&fields.path_of(key), value, MAX_TEXT_CHARS, false, fields.faults)
}

/// A reason; an empty one is none.
pub(crate) fn reason(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<String> {
    text_of(&fields.path_of(key), value, MAX_REASON_CHARS, true, fields.faults).filter(|text| !text.is_empty())
}

/// A word of a fixed list, or anything else that says what is wrong with it.
pub(crate) fn parsed<T>(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<T>
where
    T: FromStr<Err: fmt::Display>,
{
    parsed_at(&fields.path_of(key), value, fields.faults)
}

pub(crate) fn parsed_at<T>(path: &str, value: Json, faults: &Faults) -> Option<T>
where
    T: FromStr<Err: fmt::Display>,
{
    let text = text_of(path, value, MAX_TEXT_CHARS, false, faults)?;
    text.parse().map_err(|error: T::Err| faults.add(path, error.to_string())).ok()
}

pub(crate) fn flag(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<bool> {
    if let Json::Bool(value) = value {
        return Some(value);
    }
    fields.fault(key, format!("must be true or false, and is {}", value.kind()));
    None
}

/// A whole number from 0 to [`MAX_INTEGER`], written in digits.
pub(crate) fn count(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<u32> {
    if let Json::Integer(number) = value
        && number <= MAX_INTEGER
    {
        return u32::try_from(number).ok();
    }
    fields.fault(key, "must be a whole number from 0 to 1,000,000, written in digits");
    None
}

/// A whole number from 1 to [`MAX_INTEGER`].
pub(crate) fn years(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<u32> {
    let years = count(fields, key, value)?;
    if years == 0 {
        fields.fault(key, "must be at least 1");
        return None;
    }
    Some(years)
}

/// A date written `YYYY-MM-DD`.
pub(crate) fn date(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<Date> {
    let found = match value {
        Json::Text(text) => match parse_date(&text) {
            Some(date) => return Some(date),
            None => format!("{:?}", text.chars().take(40).collect::<String>()),
        },
        other => other.kind().to_owned(),
    };
    fields.fault(key, format!("must be a date that exists, written YYYY-MM-DD, and is {found}"));
    None
}

/// The date, if the text is one, written `YYYY-MM-DD`.
#[must_use]
pub fn parse_date(text: &str) -> Option<Date> {
    let well_formed = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if well_formed { text.parse().ok() } else { None }
}
