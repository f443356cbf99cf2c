//! Rows for `COPY … FROM STDIN`, in its text format.

use std::fmt::{Display, Write};

use ledger_app::store::StoreError;
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
        for byte in bytes {
            let _ = write!(self.text, "{byte:02x}");
        }
        self
    }

    /// An array of texts.
    pub(crate) fn texts(&mut self, values: &[String]) -> &mut Self {
        let quoted = values.iter().map(|value| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")));
        let array = format!("{{{}}}", quoted.collect::<Vec<_>>().join(","));
        self.text(&array)
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

fn escape(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            other => text.push(other),
        }
    }
}
