//! Two imports of the same table at once: each license is opened by one of them, and the other finds it done.

use ledger_app::portfolio::sheet::Sheet;
use ledger_app::portfolio::{Column, Fate, Import};
use ledger_app::read::When;
use ledger_domain::values::Date;

use super::{DAY, HEADER, row};
use crate::use_cases::{context, ledger};

#[tokio::test]
async fn two_imports_at_once_open_each_license_once() {
    let ledger = ledger().await;
    let rows: String = (1..=20).map(|number| row(&format!("OLD-{number}"), 25, "2013-01-20")).collect();
    let table = format!("{HEADER}\n{rows}");
    let sheet = Sheet::read(&table, Column::REQUIRED).unwrap();
    let (rows, on, context): (Vec<_>, Date, _) = (sheet.rows().collect(), DAY.parse().unwrap(), context(DAY));
    let import = || async { Import::new(&ledger, on, true).take(&sheet, &rows, &context).await.unwrap() };
    let (one, other) = tokio::join!(import(), import());
    for (one, other) in one.iter().zip(&other) {
        let opened = Fate::Opened(Vec::new());
        let fates = [one, other];
        assert!(fates.contains(&&opened) && fates.contains(&&Fate::AlreadyThere), "{fates:?}");
    }
    assert_eq!(one.len(), 20);
    let when = When { today: on, on: None, known_at: None };
    assert_eq!(ledger.show(&"OLD-7".parse().unwrap(), when).await.unwrap().unwrap().version, 1);
}
