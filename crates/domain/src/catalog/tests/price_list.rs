//! The price list: the row that holds (PRC-11), and what each mistake says.

use rust_decimal::Decimal;

use super::*;

const HEADER: &str = "valid_from,product,item,license_type,license,maintenance,currency,vat_percent";
const ROW: &str = "2012-07-30,control,users,commercial,124.00,41.00,EUR,18";

/// What reading the header and the lines gives: its problems, or its findings.
fn read(lines: &[&str]) -> Result<Vec<String>, Vec<String>> {
    let text = format!("{HEADER}\n{}", lines.join("\n"));
    match PriceList::parse(&text) {
        Ok((_, findings)) => Ok(findings.iter().map(ToString::to_string).collect()),
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

fn problem_of_row(row: &str) -> String {
    let mut problems = read(&[row]).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

fn problem_of_file(text: &str) -> String {
    PriceList::parse(text).unwrap_err()[0].to_string()
}

#[test]
fn five_users_of_control_cost_124_and_41() {
    let prices = built_in().prices;
    for on in ["2008-01-01", "2012-07-29", "2012-08-20", "2018-12-31"] {
        let row = prices.row(Product::Control, Item::Users, LicenseType::Commercial, date(on)).unwrap();
        let found = (row.license.to_string(), row.maintenance.to_string(), row.vat_percent.to_string());
        assert_eq!(found, ("124.00".to_owned(), "41.00".to_owned(), "18".to_owned()), "{on}");
        let two_packs = (row.license - row.maintenance / Decimal::TWO) * Decimal::TWO;
        assert_eq!(two_packs, Decimal::from(207), "PRC-5");
    }
    assert_eq!(prices.currency().as_str(), "EUR");
}

#[test]
fn everything_that_the_built_in_catalog_sells_has_a_price() {
    let Programme { catalog, prices } = built_in();
    for on in ["2008-01-01", "2012-08-20", "2019-01-01", "2026-01-01"].map(date) {
        for (product, license_type) in Product::ALL.iter().flat_map(|p| LicenseType::ALL.iter().map(move |t| (*p, *t)))
        {
            let plugins = catalog.plugins_of(product, on);
            let mut items: Vec<_> = plugins.iter().map(Item::Plugin).chain([Item::Server, Item::Users]).collect();
            if product == Product::Control && license_type == LicenseType::Commercial {
                items.push(Item::Fstek);
            }
            for item in items {
                let expected = catalog.type_exists_for(license_type, product, on);
                let found = prices.row(product, item, license_type, on).is_some();
                assert_eq!(found, expected, "{product} {item} {license_type} {on}");
            }
        }
    }
}

#[test]
fn the_newest_row_that_holds_is_taken() {
    let prices = built_in().prices;
    let row = |on| prices.row(Product::Connect, Item::Server, LicenseType::Commercial, date(on));
    assert_eq!(row("2007-12-31"), None);
    assert_eq!(row("2012-07-29").unwrap().valid_from, date("2008-01-01"));
    assert_eq!(row("2012-07-30").unwrap().valid_from, date("2012-07-30"));
    let vat = |on| row(on).unwrap().vat_percent.to_string();
    assert_eq!((vat("2018-12-31"), vat("2019-01-01")), ("18".to_owned(), "20".to_owned()));
    assert_eq!((vat("2025-12-31"), vat("2026-01-01")), ("20".to_owned(), "22".to_owned()));
    assert_eq!(prices.edition(date("2012-08-20")), Some(date("2012-07-30")));
    assert_eq!(prices.edition(date("2007-12-31")), None);
}

#[test]
fn an_item_without_a_row_of_the_type_has_no_price() {
    let (prices, _) = PriceList::parse(&format!("{HEADER}\n{ROW}")).unwrap();
    let on = date("2012-08-20");
    assert!(prices.row(Product::Control, Item::Users, LicenseType::Commercial, on).is_some());
    assert_eq!(prices.row(Product::Control, Item::Users, LicenseType::Education, on), None);
    assert_eq!(prices.row(Product::Control, Item::Server, LicenseType::Commercial, on), None);
    assert_eq!(prices.row(Product::Connect, Item::Users, LicenseType::Commercial, on), None);
}

#[test]
fn an_older_row_holds_on_where_a_newer_edition_says_nothing() {
    let newer = "2019-01-01,control,server,commercial,240.00,80.00,EUR,20";
    let (prices, _) = PriceList::parse(&format!("{HEADER}\n{newer}\n{ROW}")).unwrap();
    let row = prices.row(Product::Control, Item::Users, LicenseType::Commercial, date("2020-01-01")).unwrap();
    assert_eq!(row.valid_from, date("2012-07-30"));
}

#[test]
fn rows_outside_the_band_are_findings_with_their_lines() {
    let found = read(&[
        "# comments and blank lines count as lines",
        "",
        "2012-07-30,control,users,commercial,100.00,29.99,EUR,18",
        "2012-07-30,control,users,government,100.00,30.00,EUR,18",
        "2012-07-30,control,users,education,100.00,36.00,EUR,18\r",
        "# another",
        "2012-07-30,control,server,commercial,100.00,36.01,EUR,18",
        "2012-07-30,connect,users,commercial,0,0,EUR,18",
        "2012-07-30,connect,server,commercial,0,1,EUR,18",
    ]);
    let [first, second, third] = &found.unwrap()[..] else { panic!("three findings") };
    let expected = "expected are 30–36 % (SWM-4); check the row";
    assert_eq!(
        *first,
        format!(
            "price list, line 4: control users commercial: maintenance 29.99 is 29.99 % of the license price 100.00, \
             {expected}"
        )
    );
    assert!(second.starts_with("price list, line 8: control server commercial: maintenance 36.01 is 36.01 %"));
    assert_eq!(
        *third,
        format!(
            "price list, line 10: connect server commercial: maintenance 1 for a license that costs nothing, \
             {expected}"
        )
    );
}

#[test]
fn what_spreadsheets_write_is_tolerated() {
    let quoted = ROW.replace("2012-07-30", "\"2012-07-30\"").replace("control", " control ");
    let text = format!("\u{feff}# sample\r\n{HEADER}\r\n{quoted}\r\n,,,,,,,\r\n");
    let (prices, _) = PriceList::parse(&text).unwrap();
    assert_eq!(prices.edition(date("2012-08-20")), Some(date("2012-07-30")));
}

#[test]
fn a_list_with_semicolons_is_told_so() {
    assert_eq!(
        problem_of_file(&format!("{HEADER}\n{ROW}").replace(',', ";")),
        "price list, line 1: its columns are separated by semicolons; save it with commas between the columns"
    );
}

#[test]
fn other_columns_are_told_so() {
    assert_eq!(
        problem_of_file("# mine\nfrom,product,price\n"),
        format!("price list, line 2: the columns are from,product,price; begin with the line {HEADER}")
    );
}

#[test]
fn an_empty_list_is_refused() {
    assert_eq!(problem_of_file("# nothing\n"), format!("price list: empty; begin with the line {HEADER}"));
    assert_eq!(problem_of_file(HEADER), "price list: no rows; add a row for everything that is sold");
}

#[test]
fn a_decimal_comma_is_told_as_a_column_too_many() {
    assert_eq!(
        problem_of_row(&ROW.replace("41.00", "41,00")),
        "price list, line 2: 9 columns instead of 8; write every column, and amounts with a point"
    );
}

#[test]
fn every_cell_that_cannot_be_read_is_a_problem() {
    let problems = read(&["2012-7-30,kontrol,user,comercial,1e3,-41.00,Euro,118", ROW]).unwrap_err();
    let expected = [
        "valid_from: \"2012-7-30\" is no day; write the day as 2012-07-30",
        "product: \"kontrol\" is not known here; it is one of connect, control, operator; correct it",
        "item: \"user\" is no item; it is one of server, users, plugin:NAME, fstek; correct it",
        "license_type: \"comercial\" is not known here; \
         it is one of commercial, government, education, fstek; correct it",
        "license: \"1e3\" is not an amount; write the amount in digits with a point, such as 124.00",
        "maintenance: \"-41.00\" is not an amount; write the amount in digits with a point, such as 124.00",
        "vat_percent: 118 is more than 100 percent; write the percentage in digits, such as 18",
        "currency: \"Euro\" is no currency: three capital letters, such as EUR; correct it",
    ];
    assert_eq!(problems, expected.map(|problem| format!("price list, line 2: {problem}")));
}

#[test]
fn a_day_is_written_in_full() {
    for day in ["2012-7-30", "+2012-07-30", "+2012-7-30", "30.07.2012", "2012-02-30", ""] {
        assert_eq!(
            problem_of_row(&ROW.replace("2012-07-30", day)),
            format!("price list, line 2: valid_from: \"{day}\" is no day; write the day as 2012-07-30")
        );
    }
}

#[test]
fn amounts_are_within_bounds() {
    let amount = "write the amount in digits with a point, such as 124.00";
    assert_eq!(
        problem_of_row(&ROW.replace("124.00", "1000000000.01")),
        format!("price list, line 2: license: 1000000000.01 is more than 1000000000; {amount}")
    );
    assert_eq!(
        problem_of_row(&ROW.replace("41.00", "41.00001")),
        format!("price list, line 2: maintenance: 41.00001 has more than 4 places behind the point; {amount}")
    );
}

#[test]
fn a_second_currency_is_a_problem() {
    let second = ROW.replace("EUR", "RUB").replace("users", "server");
    assert_eq!(
        read(&[ROW, &second]).unwrap_err(),
        ["price list, line 3: RUB, but line 2 has EUR; keep one currency in one price list (PRC-8)"]
    );
}

#[test]
fn the_same_row_twice_is_a_problem_even_with_other_amounts() {
    assert_eq!(
        read(&[ROW, "# again", &ROW.replace("124.00", "120.00")]).unwrap_err(),
        ["price list, line 4: line 2 has control users commercial from 2012-07-30 already; remove one of the two"]
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        text in "\\PC*",
        cells in proptest::collection::vec("[0-9.,\"#:a-z-]{0,40}", 0..10),
    ) {
        let _ = PriceList::parse(&text);
        let _ = read(&[&cells.join(","), ROW]);
    }
}
