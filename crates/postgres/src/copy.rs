//! Rows in the text format of `COPY`, byte for byte as `COPY … TO STDOUT` writes them: to be put in, or compared.

use std::borrow::Cow;
use std::fmt::{Display, Write};

use chrono::Datelike;
use ledger_app::store::StoreError;
use ledger_domain::values::Date;
use sqlx::PgConnection;

use crate::error::store_error;

/// Rows of one table.
pub(crate) struct Rows {
    /// The table, and its columns.
    into: String,
    text: String,
    begins: bool,
}

impl Rows {
    pub(crate) fn into(table: &str, columns: &str) -> Self {
        Self { into: format!("COPY {table} ({columns}) FROM STDIN"), text: String::new(), begins: true }
    }

    /// A value that holds no character to be escaped: a number, a date, an id, a flag.
    pub(crate) fn plain(&mut self, value: impl Display) -> &mut Self {
        self.next();
        // A text can always be written to.
        let _ = write!(self.text, "{value}");
        self
    }

    /// A flag.
    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        self.next();
        self.text.push(if value { 't' } else { 'f' });
        self
    }

    /// A day, or null.
    pub(crate) fn day_if_any(&mut self, value: Option<Date>) -> &mut Self {
        match value {
            Some(value) => self.day(value),
            None => self.null(),
        }
    }

    /// A day. There are so many of them that its digits are written one by one.
    pub(crate) fn day(&mut self, value: Date) -> &mut Self {
        let (Ok(year @ 0..=9999), month, day) = (u32::try_from(value.year()), value.month(), value.day()) else {
            return self.plain(value);
        };
        self.next();
        self.text.extend([year / 1000, year / 100, year / 10, year].map(digit));
        self.text.extend(['-', digit(month / 10), digit(month), '-', digit(day / 10), digit(day)]);
        self
    }

    /// A text.
    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.next();
        escape(&mut self.text, value);
        self
    }

    /// A text, or null.
    pub(crate) fn text_if_any(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// A plain value, or null.
    pub(crate) fn plain_if_any(&mut self, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.plain(value),
            None => self.null(),
        }
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.next();
        self.text.push_str("\\\\x");
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        self.text.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
        self
    }

    /// Bytes, or null.
    pub(crate) fn bytes_if_any(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    /// An array of texts.
    pub(crate) fn texts(&mut self, values: &[String]) -> &mut Self {
        let elements: Vec<_> = values.iter().map(|value| element(value)).collect();
        self.text(&format!("{{{}}}", elements.join(",")))
    }

    /// A flag, or null.
    pub(crate) fn flag_if_any(&mut self, value: Option<bool>) -> &mut Self {
        match value {
            Some(value) => self.flag(value),
            None => self.null(),
        }
    }

    /// The rows so far.
    pub(crate) fn written(&self) -> &str {
        &self.text
    }

    /// Ends the row.
    pub(crate) fn end(&mut self) {
        self.text.push('\n');
        self.begins = true;
    }

    fn null(&mut self) -> &mut Self {
        self.next();
        self.text.push_str("\\N");
        self
    }

    fn next(&mut self) {
        if !self.begins {
            self.text.push('\t');
        }
        self.begins = false;
    }

    /// Writes them.
    pub(crate) async fn copy(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        if self.text.is_empty() {
            return Ok(());
        }
        let mut copy = connection.copy_in_raw(&self.into).await.map_err(store_error)?;
        copy.send(self.text.into_bytes()).await.map_err(store_error)?;
        copy.finish().await.map(|_| ()).map_err(store_error)
    }
}

/// The last digit of the number.
fn digit(number: u32) -> char {
    char::from_digit(number % 10, 10).unwrap_or_default()
}

/// An element of an array: in quotes only where it could be taken for something else without.
fn element(value: &str) -> Cow<'_, str> {
    let is_special = |c: char| c.is_ascii_whitespace() || matches!(c, '\u{b}' | '{' | '}' | ',' | '"' | '\\');
    if !value.is_empty() && !value.eq_ignore_ascii_case("null") && !value.contains(is_special) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
}

fn escape(text: &mut String, value: &str) {
    if !value.bytes().any(|byte| byte < b' ' || byte == b'\\') {
        return text.push_str(value);
    }
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{b}' => text.push_str("\\v"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            other => text.push(other),
        }
    }
}

/// A text as it was before it was escaped.
pub(crate) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut characters = text.chars();
    let mut next = || match characters.next()? {
        '\\' => Some(match characters.next()? {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            other => other,
        }),
        other => Some(other),
    };
    std::iter::from_fn(&mut next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_postgresql_writes_them() {
        let mut rows = Rows::into("t", "c");
        rows.text("a\\b\tc\nd\re\u{8}\u{b}\u{c}").text_if_any(None).plain(-7).flag(true).flag_if_any(Some(false)).end();
        rows.bytes(&[0, 255]).day("2012-08-05".parse().unwrap()).day_if_any(None).end();
        let words = ["plain", "ё-1.example", "a b", "a,b", "{c}", "d\\e", "\"f\"", "null", "NULLS", ""];
        rows.texts(&words.map(str::to_owned)).texts(&[]).end();
        let expected = [
            "a\\\\b\\tc\\nd\\re\\b\\v\\f\t\\N\t-7\tt\tf\n",
            "\\\\x00ff\t2012-08-05\t\\N\n",
            "{plain,ё-1.example,\"a b\",\"a,b\",\"{c}\",\"d\\\\\\\\e\",\"\\\\\"f\\\\\"\",\"null\",NULLS,\"\"}\t{}\n",
        ];
        assert_eq!(rows.written(), expected.concat());
    }

    #[test]
    fn what_was_escaped_is_read_as_it_was() {
        for text in ["plain", "a\\b\tc\nd\re\u{8}\u{b}\u{c}", "\\n", "ё\\"] {
            let mut escaped = String::new();
            escape(&mut escaped, text);
            assert_eq!(unescaped(&escaped), text);
        }
    }

    #[test]
    fn a_day_is_written_as_it_is_displayed() {
        for day in ["0001-01-01", "0999-12-31", "2016-02-29", "9999-10-10", "+10000-01-01"] {
            let mut rows = Rows::into("t", "c");
            rows.day(day.parse().unwrap());
            assert_eq!(rows.written(), day);
        }
    }
}
