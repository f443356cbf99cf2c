//! What a client wants the answer in, where there is a choice.

use axum::http::{HeaderMap, header};

/// Whether the `Accept` header prefers the type to JSON. In doubt it is JSON.
pub(crate) fn prefers(headers: &HeaderMap, media_type: &str) -> bool {
    let given = headers.get_all(header::ACCEPT).iter().filter_map(|header| header.to_str().ok());
    let ranges: Vec<_> = given.flat_map(|header| header.split(',')).map(read_range).collect();
    wanted(&ranges, media_type) > wanted(&ranges, "application/json")
}

/// How much a type is wanted: by the range that names it most exactly.
fn wanted(ranges: &[(&str, f32)], media_type: &str) -> f32 {
    let (main, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let exactness = |range: &str| match range.split_once('/') {
        Some(_) if range.eq_ignore_ascii_case(media_type) => Some(3),
        Some((range_main, "*")) if range_main.eq_ignore_ascii_case(main) => Some(2),
        Some(("*", "*")) => Some(1),
        _ => None,
    };
    let fitting = ranges.iter().filter_map(|(range, quality)| Some((exactness(range)?, *quality)));
    fitting.max_by_key(|(exactness, _)| *exactness).map_or(0.0, |(_, quality)| quality)
}

/// A range such as `text/csv;q=0.5`, and how much it is wanted. What cannot be read is not wanted.
fn read_range(range: &str) -> (&str, f32) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('='));
    (name, quality.map_or(1.0, |quality| quality.trim().parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(accept: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        prefers(&headers, "text/csv")
    }

    #[test]
    fn csv_is_for_those_who_want_it_more_than_json() {
        for accept in
            ["text/csv", "Text/CSV; charset=utf-8", "text/*", "application/json;q=0.5, text/csv", "text/csv, */*;q=0.1"]
        {
            assert!(csv(accept), "{accept}");
        }
    }

    #[test]
    fn json_is_for_everybody_else() {
        let accepts = [
            "",
            "*/*",
            "application/json",
            "text/csv;q=0",
            "text/csv;q=oops",
            "text/csv, application/json",
            "text/html",
        ];
        for accept in accepts {
            assert!(!csv(accept), "{accept}");
        }
        assert!(!prefers(&HeaderMap::new(), "text/csv"));
    }
}
