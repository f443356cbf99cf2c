//! Lists as tables for spreadsheets.

use plain_http::Answer;
use serde_json::json;

use super::{Caller, Service, purchase};

const HEADER: &str = "license,product,license_type,status,holder_name,holder_inn,holder_country,partner,users,plugins,\
    swm_state,swm_starts,swm_ends,days_left,certified,installed_version,pending_order,version,on,partner_level,\
    split_from,merged_into";

/// The lists, of the day that the rows are of.
const LIST: &str = "/v1/licenses?on=2012-08-20";

/// What stands in every row after the partner, and before its level.
const REST: &str = "25,,active,2012-01-20,2013-01-20,153,,,,2,2012-08-20";

async fn with_holders(service: &Service) {
    for (license, holder, partner) in [
        ("LIC-1", "=1+1", None),
        ("LIC-2", "ООО «Ёлка»; \"Ко\", Щёлково", Some("+7 Softline")),
        ("LIC-3", "@SUM(A1)", None),
    ] {
        let mut bought = purchase(license, partner);
        bought["command"]["holder"] = json!({"name": holder, "inn": "7707083893"});
        bought["on"] = json!("2012-01-20");
        let answer = service.vendor.command(&bought).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

async fn table(caller: &Caller, target: &str) -> Answer {
    let answer = caller.send("GET", target, &[("accept", "text/csv")], b"").await;
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    let said = (answer.header("content-type"), answer.header("cache-control"), answer.header("vary"));
    assert_eq!(said, (Some("text/csv; charset=utf-8; header=present"), Some("no-store"), Some("Accept")));
    answer
}

fn rows() -> [String; 3] {
    [
        format!("LIC-1,control,commercial,active,'=1+1,7707083893,RU,,{REST},,,"),
        format!(
            "LIC-2,control,commercial,active,\"ООО «Ёлка»; \"\"Ко\"\", Щёлково\",7707083893,RU,'+7 Softline,{REST},,,"
        ),
        format!("LIC-3,control,commercial,active,'@SUM(A1),7707083893,RU,,{REST},,,"),
    ]
}

#[tokio::test]
async fn a_list_is_a_table_that_runs_nothing() {
    let service = Service::on_sqlite(&[]);
    with_holders(&service).await;
    let expected = format!("{HEADER}\r\n{}\r\n", rows().join("\r\n"));
    assert_eq!(table(&service.vendor, LIST).await.text(), expected);
    let russian = table(&service.vendor, &format!("{LIST}&delimiter=;&bom=true")).await;
    let lines: Vec<_> = std::str::from_utf8(&russian.body).unwrap().lines().collect();
    assert_eq!(lines[0], format!("\u{feff}{}", HEADER.replace(',', ";")));
    assert_eq!(lines[1], rows()[0].replace(',', ";"));
    let cyrillic = ";\"ООО «Ёлка»; \"\"Ко\"\", Щёлково\";";
    assert!(lines[2].contains(cyrillic), "{}", lines[2]);
    assert_eq!((lines.len(), russian.header("link")), (4, None));
    for wrong in ["delimiter=|", "delimiter=", "bom=yes"] {
        let answer = service.vendor.get(&format!("{LIST}&{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

/// What the next page's address is.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
    Some(target.unwrap_or_else(|| panic!("no link: {link}")).to_owned())
}

#[tokio::test]
async fn links_lead_through_all_pages() {
    let service = Service::on_sqlite(&[]);
    with_holders(&service).await;
    let expiry = "/v1/swm-expiry?from=2013-01-01&to=2013-02-01";
    for first in [format!("{LIST}&limit=1&delimiter=%3B"), format!("{expiry}&limit=1&delimiter=%3B")] {
        let (mut target, mut numbers) = (Some(first), Vec::new());
        while let Some(asked) = target {
            assert!(numbers.len() < 4, "{asked}");
            let answer = table(&service.vendor, &asked).await;
            let text = answer.text();
            let lines: Vec<_> = text.lines().collect();
            assert_eq!((lines.len(), lines[0]), (2, &*HEADER.replace(',', ";")), "{asked}");
            numbers.push(lines[1].split(';').next().unwrap().to_owned());
            target = next(&answer);
        }
        assert_eq!(numbers, ["LIC-1", "LIC-2", "LIC-3"]);
    }
}
