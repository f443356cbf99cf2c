//! Which language a problem's title and detail are in.

use ledger_domain::violation::Text;

/// A language that the service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    /// English, where nothing else is asked for.
    #[default]
    English,
    /// Russian.
    Russian,
}

impl Language {
    /// What an `Accept-Language` header asks for: the one of the two that it prefers; English in doubt.
    pub(crate) fn accepted(header: Option<&str>) -> Self {
        let Some(header) = header else { return Self::English };
        let (mut english, mut russian, mut others) = (None, None, 0.0);
        for range in header.split(',') {
            let (tag, quality) = read_range(range);
            match tag.split('-').next() {
                Some(language) if language.eq_ignore_ascii_case("en") => english = most(english, quality),
                Some(language) if language.eq_ignore_ascii_case("ru") => russian = most(russian, quality),
                Some("*") => others = quality,
                _ => {}
            }
        }
        // What is not named is meant by `*`.
        if russian.unwrap_or(others) > english.unwrap_or(others) { Self::Russian } else { Self::English }
    }

    /// Its tag, as `Content-Language` writes it.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// The text in this language.
    pub(crate) fn of(self, text: &Text) -> &str {
        match self {
            Self::English => &text.en,
            Self::Russian => &text.ru,
        }
    }
}

/// A range such as `ru-RU;q=0.8`: its tag, and how much it is wanted. What cannot be read is not wanted.
fn read_range(range: &str) -> (&str, f32) {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, "q=1"));
    let quality = parameters.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.trim_start().strip_prefix('='));
    let quality =
        quality.and_then(|quality| quality.trim().parse().ok()).filter(|quality| (0.0..=1.0).contains(quality));
    (tag.trim(), quality.unwrap_or(0.0))
}

fn most(so_far: Option<f32>, quality: f32) -> Option<f32> {
    Some(so_far.map_or(quality, |so_far| so_far.max(quality)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(header: &str) -> &'static str {
        Language::accepted(Some(header)).tag()
    }

    #[test]
    fn english_is_spoken_where_nothing_else_is_asked_for() {
        assert_eq!(Language::accepted(None), Language::English);
        for header in
            ["", "de", "en", "*", "fr;q=0.9, *;q=0.1", "ru;q=0", "ru;q=oops", "ru;q=7", "ru-RU;q=0.5, en;q=0.5"]
        {
            assert_eq!(accepted(header), "en", "{header}");
        }
    }

    #[test]
    fn the_one_that_is_wanted_more_is_spoken() {
        for header in
            ["ru", "RU-ru", "ru-RU,ru;q=0.9,en-US;q=0.8", "en;q=0.3, ru;q=0.7", "en;q=0, *", "de, ru ; q = 0.1"]
        {
            assert_eq!(accepted(header), "ru", "{header}");
        }
        assert_eq!(accepted("ru;q=0.8, en"), "en");
    }
}
