//! JSON that says one thing only: no name twice in an object, no number that canonical JSON cannot keep; and the one way
//! in which canonical JSON (RFC 8785) writes it.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The largest integer that every reader of JSON keeps exactly (RFC 8785 numbers are IEEE 754 doubles).
const LARGEST: u64 = (1 << 53) - 1;

/// JSON, read strictly. Texts are borrowed from what was read, unless there are escapes in them.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'j> {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number written as an integer.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(Cow<'j, str>),
    /// An array.
    Array(Vec<Json<'j>>),
    /// An object: its names sorted by their UTF-16, as canonical JSON has them.
    Object(Vec<(Cow<'j, str>, Json<'j>)>),
}

impl<'j> Json<'j> {
    /// Reads JSON strictly.
    ///
    /// # Errors
    /// What is no JSON, and what could be read in two ways.
    pub fn read(text: &'j str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// It as canonical JSON.
    ///
    /// # Errors
    /// None that JSON which was read could cause.
    pub fn canonical(&self) -> serde_json::Result<String> {
        let mut text = String::new();
        self.write(&mut text)?;
        Ok(text)
    }

    pub(crate) fn write(&self, to: &mut String) -> serde_json::Result<()> {
        match self {
            Self::Null => to.push_str("null"),
            Self::Bool(value) => to.push_str(if *value { "true" } else { "false" }),
            Self::Integer(number) => write_shown(number, to),
            // How a double is written is a matter of its own.
            Self::Float(number) => to.push_str(&serde_json_canonicalizer::to_string(number)?),
            Self::Text(text) => write_text(text, to)?,
            Self::Array(items) => {
                for (item, opening) in items.iter().zip(separated('[')) {
                    to.push(opening);
                    item.write(to)?;
                }
                to.push_str(if items.is_empty() { "[]" } else { "]" });
            }
            Self::Object(members) => {
                for ((name, value), opening) in members.iter().zip(separated('{')) {
                    to.push(opening);
                    write_text(name, to)?;
                    to.push(':');
                    value.write(to)?;
                }
                to.push_str(if members.is_empty() { "{}" } else { "}" });
            }
        }
        Ok(())
    }
}

/// What stands before the first, and before each that follows.
fn separated(first: char) -> impl Iterator<Item = char> {
    std::iter::once(first).chain(std::iter::repeat(','))
}

/// Writes what never needs an escape.
pub(crate) fn write_shown(value: impl fmt::Display, to: &mut String) {
    // A text can always be written to.
    let _ = write!(to, "{value}");
}

/// Writes a text in its quotes. `serde_json` escapes as canonical JSON does; most texts need none.
pub(crate) fn write_text(text: &str, to: &mut String) -> serde_json::Result<()> {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        to.push_str(&serde_json::to_string(text)?);
    } else {
        to.extend(["\"", text, "\""]);
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        let number = i64::try_from(value).ok().filter(|_| value <= LARGEST);
        number.map(Json::Integer).ok_or_else(|| E::custom("an integer beyond 2^53"))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        if value.unsigned_abs() > LARGEST {
            return Err(E::custom("an integer beyond 2^53"));
        }
        Ok(Json::Integer(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        if value.is_finite() { Ok(Json::Float(value)) } else { Err(E::custom("a number that is none")) }
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut object = Vec::new();
        while let Some((Name(name), value)) = members.next_entry()? {
            object.push((name, value));
        }
        object.sort_by(|(one, _), (other, _): &(Cow<'_, str>, _)| one.encode_utf16().cmp(other.encode_utf16()));
        let twice = object.iter().zip(object.iter().skip(1)).find(|((one, _), (next, _))| one == next);
        if let Some(((name, _), _)) = twice {
            return Err(A::Error::custom(format_args!("the name \"{name}\" stands twice in an object")));
        }
        Ok(Json::Object(object))
    }
}

/// A member's name, borrowed where it can be.
struct Name<'j>(Cow<'j, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(Reader)? {
            Json::Text(name) => Ok(Self(name)),
            _ => Err(D::Error::custom("a name that is no text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn canonical(text: &str) -> String {
        Json::read(text).unwrap().canonical().unwrap()
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":3,"a":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":1,"\u0061":2}"#,
            "9007199254740993",
            "-9007199254740993",
            "18446744073709551615",
            "1e999",
            "1 2",
            "",
        ] {
            assert!(Json::read(text).is_err(), "{text}");
        }
        assert!(Json::read("9007199254740991").is_ok());
    }

    /// The vectors of RFC 8785, sections 3.2.2 and 3.2.3: numbers, escapes, and names sorted by UTF-16.
    #[test]
    fn canonical_json_is_that_of_the_rfc() {
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

    /// Any JSON, with integers that canonical JSON keeps.
    fn any_json() -> impl Strategy<Value = Value> {
        let text = || prop_oneof![".{0,6}", "[a-c\u{0}-\u{20}\"\\\\/\u{7f}\u{2028}\u{e000}😀]{0,4}"];
        let number = prop_oneof![
            any::<i32>().prop_map(Value::from),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
        ];
        let leaf =
            prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number, text().prop_map(Value::from)];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            let object = btree_map(text(), inner.clone(), 0..6);
            prop_oneof![
                vec(inner, 0..6).prop_map(Value::from),
                object.prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_written_as_the_canonicalizer_writes_it(value in any_json()) {
            let expected = serde_json_canonicalizer::to_string(&value).unwrap();
            prop_assert_eq!(canonical(&value.to_string()), expected.as_str());
            prop_assert_eq!(canonical(&serde_json::to_string_pretty(&value).unwrap()), expected);
        }
    }
}
