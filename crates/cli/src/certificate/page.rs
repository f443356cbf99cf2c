//! A certificate as a page to print: it stands by itself, and the certificate is in it.

use ledger_app::certificate::Certificate;
use ledger_app::read::instant;
use ledger_domain::entitlement::Entitlement;
use ledger_seal::checkpoint::{Checkpoint, CheckpointError};
use ledger_seal::note::SignedNote;

use super::words::{Language, Words};
use crate::exit::Failure;

/// Nothing is loaded from anywhere, and no script runs.
const HEAD: &str = "<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width\">
";

const STYLE: &str = "<style>
@page { size: A4; margin: 18mm 20mm; }
body { font: 10pt/1.35 'Liberation Sans', Arial, sans-serif; color: #000; background: #fff; max-width: 170mm;
       margin: 10mm auto; }
h1 { font-size: 18pt; margin: 0 0 2mm; }
h2 { font-size: 12pt; margin: 5mm 0 1mm; }
.product { font-size: 13pt; margin: 0 0 4mm; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.9mm 3mm 0.9mm 0; border-bottom: 0.2mm solid #bbb; }
th { font-weight: normal; color: #444; width: 62mm; }
td, pre { overflow-wrap: anywhere; }
pre { white-space: pre-wrap; font: 8pt/1.35 'Liberation Mono', monospace; margin: 1mm 0 2mm; padding: 1.5mm 2mm;
      border: 0.2mm solid #bbb; }
p { margin: 0 0 2mm; }
tr, pre, p { break-inside: avoid; }
footer { font-size: 9pt; color: #444; padding-top: 4mm; }
@media print {
  /* The foot of a table stands at the foot of every page, and nothing runs into it. */
  body { display: table; width: 100%; max-width: none; margin: 0; }
  main { display: table-row-group; }
  footer { display: table-footer-group; break-inside: avoid; }
}
</style>
";

const BEGIN: &str = "<script type=\"application/json\" id=\"certificate\">\n";
const END: &str = "</script>";

/// The page. The same certificate always gives the same page.
pub(super) fn page(certificate: &Certificate, language: Language) -> Result<String, Failure> {
    let checkpoint = checkpoint(certificate).map_err(|error| Failure::Refused(error.to_string()))?;
    let words = language.words();
    let (entitlement, data) = (&certificate.entitlement, in_script(&serde_json::to_string_pretty(certificate)?));
    let (title, license) = (words.title, escaped(entitlement.license.as_str()));
    let product = Language::product(entitlement.product);
    let description = language.description(entitlement.product);
    let facts = rows(&facts(certificate, language));
    let proof = proof(certificate, &checkpoint, words);
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n{HEAD}<title>{title} {license}</title>\n{STYLE}</head>\n<body>\n\
         <main>\n<h1>{title}</h1>\n<p class=\"product\">{product} – <u>{description}</u></p>\n{facts}{proof}</main>\n\
         <footer>{}</footer>\n{BEGIN}{data}\n{END}\n</body>\n</html>\n",
        words.code, words.notice
    ))
}

fn checkpoint(certificate: &Certificate) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::read(SignedNote::parse(&certificate.checkpoint)?.text())
}

type Row = (&'static str, String);

fn facts(certificate: &Certificate, language: Language) -> Vec<Row> {
    let Certificate { entitlement, known_at, .. } = certificate;
    let Entitlement { holder, swm, .. } = entitlement;
    let words = language.words();
    let plugins: Vec<_> = entitlement.plugins.iter().map(|plugin| language.plugin(plugin)).collect();
    let users = entitlement.users.map_or_else(|| words.unlimited.to_owned(), |users| users.to_string());
    let certified = |certified: bool| if certified { words.yes } else { words.no }.to_owned();
    let rows = [
        (words.license, Some(entitlement.license.to_string())),
        (words.on, Some(entitlement.on.to_string())),
        (words.known_at, known_at.map(instant)),
        (words.holder, Some(holder.name.clone())),
        (words.inn, holder.inn.clone()),
        (words.country, Some(holder.country.clone())),
        (words.status, Some(language.status(entitlement.status).to_owned())),
        (words.license_type, Some(language.license_type(entitlement.license_type).to_owned())),
        (words.users, Some(users)),
        (words.plugins, Some(if plugins.is_empty() { words.none.to_owned() } else { plugins.join(", ") })),
        (words.swm, Some(language.swm_state(swm.state).to_owned())),
        (words.swm_starts, swm.starts.map(|day| day.to_string())),
        (words.swm_ends, swm.ends.map(|day| day.to_string())),
        (words.certified, entitlement.certified.map(certified)),
        (words.events, Some(entitlement.version.to_string())),
    ];
    rows.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn proof(certificate: &Certificate, checkpoint: &Checkpoint, words: &Words) -> String {
    let Checkpoint { origin, size, root } = checkpoint;
    let rows = rows(&[(words.log, origin.clone()), (words.size, size.to_string()), (words.root, root.to_string())]);
    let note = escaped(&certificate.checkpoint);
    let Words { proof, how, file, key, key_from, limits, note: noted, .. } = words;
    format!(
        "<h2>{proof}</h2>\n{rows}<h2>{noted}</h2>\n<pre>{note}</pre>\n<p>{how}</p>\n<pre>license-ledger \
         verify-certificate {file} --key '{key}'</pre>\n<p>{key_from}</p>\n<p>{limits}</p>\n"
    )
}

/// A table of names and values. A value may be written from right to left: it stays in its cell.
fn rows(rows: &[Row]) -> String {
    let row = |(name, value): &Row| format!("<tr><th>{name}</th><td><bdi>{}</bdi></td></tr>\n", escaped(value));
    format!("<table>\n{}</table>\n", rows.iter().map(row).collect::<String>())
}

/// Text as text, wherever it stands.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            sign => escaped.push(sign),
        }
    }
    escaped
}

/// JSON that can end no script and begin no comment: these signs stand in its strings only.
fn in_script(json: &str) -> String {
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

/// A page that was given, and the certificate in it.
pub(super) struct Held<'t> {
    page: &'t str,
    pub(super) json: &'t str,
}

impl<'t> Held<'t> {
    /// The certificate in the text, if it is a page.
    pub(super) fn of(page: &'t str) -> Option<Self> {
        let (_, rest) = page.strip_prefix("<!DOCTYPE html>")?.split_once(BEGIN)?;
        let (json, _) = rest.split_once(END)?;
        Some(Self { page, json })
    }

    /// Whether the page shows this certificate, and nothing else.
    pub(super) fn shows(&self, certificate: &Certificate) -> bool {
        Language::ALL.into_iter().any(|language| page(certificate, language).is_ok_and(|page| page == self.page))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const HOSTILE: &str = "</script><script>alert('1')</script> & \"ООО\" <b>\u{202e}x --><!--";

    fn certificate(entitlement: &Value) -> Certificate {
        let mut whole = json!({"license": "10101-ABC12-XYZ34", "on": "2012-08-20", "product": "control",
            "license_type": "fstek", "status": "active",
            "holder": {"name": HOSTILE, "inn": "7204196795", "country": "RU"}, "partner": null, "users": 25,
            "plugins": ["antivirus", "web_filter"],
            "swm": {"state": "active", "starts": "2012-01-20", "ends": "2013-01-20", "days_left": 153},
            "works": {"new_versions": true, "support": true, "antivirus": {"works": true, "until": "2013-03-21"},
                      "web_filter": {"works": true, "until": "2013-01-20"}, "active_sync": null, "anti_spam": null,
                      "grey_listing": null, "ids_updates": {"works": true, "until": "2013-01-20"}},
            "certified": true, "installed_version": null, "pending_orders": [], "servers_online": [],
            "split_from": null, "merged_into": null, "version": 1});
        whole.as_object_mut().unwrap().extend(entitlement.as_object().unwrap().clone());
        let event = json!({"position": 0, "proof": [], "leaf": {"stream_type": "license",
            "stream_id": "10101-ABC12-XYZ34", "sequence": 1, "event_type": "LicenseIssued", "event_version": "1",
            "on": "2012-08-20", "recorded_at": "2012-08-20T09:30:00.000001Z",
            "actor": {"name": "orders@<distributor>", "role": "distributor"},
            "command_id": "0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d", "command_digest": "ab", "edition": "e1",
            "operation": "0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d", "data": {"holder": {"name": HOSTILE}}}});
        let checkpoint =
            "log.example/<i>\n1\nm0ll+LIgukL3A5rQeByWbPkLsa6hWoBYbWNLMiqx9M4=\n\n— log.example/<i> AAAAAAA=\n";
        let known_at = "2012-09-01T00:00:00Z";
        let whole = json!({"format": "license-ledger-certificate/1", "known_at": known_at, "entitlement": whole,
            "events": [event], "checkpoint": checkpoint});
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn a_page_in_russian() {
        insta::assert_snapshot!(page(&certificate(&json!({})), Language::Ru).unwrap());
    }

    #[test]
    fn a_page_in_english() {
        insta::assert_snapshot!(page(&certificate(&json!({})), Language::En).unwrap());
    }

    #[test]
    fn nothing_that_is_told_becomes_markup() {
        for language in Language::ALL {
            let page = page(&certificate(&json!({})), language).unwrap();
            assert_eq!(page.matches("<script").count(), 1, "{page}");
            assert_eq!(page.matches("</script>").count(), 1, "{page}");
            for sign in ["<b>", "<i>", "<!--", "<distributor>", "\"ООО\" <"] {
                assert!(!page.contains(sign), "{sign} in {page}");
            }
            assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("url("), "{page}");
        }
    }

    #[test]
    fn every_product_is_named_as_the_vendor_asks() {
        for (product, russian, english) in [
            ("connect", "Kerio® Connect – <u>почтовый сервер</u>", "Kerio® Connect – <u>mail server</u>"),
            ("control", "Kerio® Control – <u>межсетевой экран (файервол)</u>", "Kerio® Control – <u>firewall</u>"),
            ("operator", "Kerio® Operator – <u>система телефонии</u>", "Kerio® Operator – <u>telephony system</u>"),
        ] {
            for (language, name) in [(Language::Ru, russian), (Language::En, english)] {
                let page = page(&certificate(&json!({"product": product})), language).unwrap();
                assert!(page.contains(name), "{name} is not in {page}");
                let notice = format!("<footer>{}</footer>", language.words().notice);
                assert!(page.contains(&notice), "{page}");
                let without_notice = page.replace(&notice, "");
                let bare = without_notice.matches("Kerio").count() - without_notice.matches("Kerio®").count();
                assert_eq!(bare, 0, "Kerio without its sign in {page}");
            }
        }
    }

    #[test]
    fn what_a_license_has_not_is_left_out() {
        let trial = json!({"users": null, "plugins": [], "certified": null, "status": "trial",
            "swm": {"state": "not_started", "starts": null, "ends": null, "days_left": 0}});
        let page = page(&certificate(&trial), Language::En).unwrap();
        assert!(page.contains("unlimited") && page.contains("none") && page.contains("not started"), "{page}");
        assert!(!page.contains("Counts as certified") && !page.contains("First day without"), "{page}");
    }

    #[test]
    fn a_page_gives_its_certificate_back_and_shows_just_that() {
        let certificate = certificate(&json!({}));
        for language in Language::ALL {
            let page = page(&certificate, language).unwrap();
            let held = Held::of(&page).unwrap();
            assert_eq!(serde_json::from_str::<Certificate>(held.json).unwrap(), certificate);
            assert!(held.shows(&certificate));
            let changed = page.replacen("<bdi>25</bdi>", "<bdi>250</bdi>", 1);
            assert_ne!(changed, page);
            assert!(!Held::of(&changed).unwrap().shows(&certificate));
        }
        assert!(Held::of("{}").is_none());
    }
}
