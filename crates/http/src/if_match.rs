//! `If-Match` and `ETag`: a license's version.

use axum::http::{HeaderMap, HeaderValue, header};
use ledger_app::post::IfMatch;

use crate::problem::Problem;

/// What `If-Match` asks for.
///
/// # Errors
/// It is no single strong tag of a version, nor `*`.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<IfMatch>, Problem> {
    let mut given = headers.get_all(header::IF_MATCH).iter();
    let Some(first) = given.next() else { return Ok(None) };
    let tag = first.to_str().ok().filter(|_| given.next().is_none()).map(str::trim);
    let read = tag.and_then(|tag| match tag {
        "*" => Some(IfMatch::Any),
        tag => version(tag).map(IfMatch::Version),
    });
    let message = "give the ETag of the license, such as \"7\" with its quotes, or *; one, and no weak one";
    read.map(Some).ok_or_else(|| Problem::parameter("If-Match", message))
}

/// A strong tag of a version: `"7"`, as [`etag`] writes it.
fn version(tag: &str) -> Option<u64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    is_plain.then(|| digits.parse().ok()).flatten()
}

/// The tag of a version.
pub(crate) fn etag(version: u64) -> HeaderValue {
    // Digits between quotes always are a header's value.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<IfMatch>, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, value.parse().unwrap());
        }
        if_match(&headers)
    }

    #[test]
    fn a_version_or_any() {
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&["\"7\""]).unwrap(), Some(IfMatch::Version(7)));
        assert_eq!(read(&["*"]).unwrap(), Some(IfMatch::Any));
        assert_eq!(read(&[etag(12).to_str().unwrap()]).unwrap(), Some(IfMatch::Version(12)));
    }

    #[test]
    fn anything_else_is_refused() {
        for values in [
            &["7"][..],
            &["W/\"7\""],
            &["\"7\", \"8\""],
            &["\"7\"", "\"8\""],
            &["\"\""],
            &["\"07\""],
            &["\"x\""],
            &[""],
        ] {
            assert!(read(values).is_err(), "{values:?}");
        }
    }
}
