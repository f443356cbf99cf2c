//! The page: what it shows is what it holds, in either language.

use tempfile::tempdir;

use super::{DAY, HOLDER, House, LICENSE};
use crate::command_line::{Cli, text};

#[test]
fn a_page_is_checked_like_its_certificate() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    let house = House::filled(&cli, folder.path());
    for (language, title) in [("ru", "Сертификат о правах по лицензии"), ("en", "Certificate of entitlement")]
    {
        let output = cli.run(&["certificate", LICENSE, "--on", DAY, "--html", "--language", language]);
        let page = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(page.contains(title) && page.contains("Kerio® Control – <u>"), "{page}");
        assert_eq!((page.matches("<script").count(), page.contains("<b>")), (1, false), "{page}");
        assert_eq!(house.proved(&page)["entitlement"]["holder"]["name"], HOLDER);

        for (from, to, why) in [
            ("<bdi>25</bdi>", "<bdi>250</bdi>", "the page does not show just them"),
            ("</main>", "<p>250</p></main>", "the page does not show just them"),
            ("\"users\": 25,", "\"users\": 250,", "it says users 250, and its events make it 25"),
            ("id=\"certificate\"", "id=\"other\"", "it is no certificate"),
        ] {
            let changed = page.replacen(from, to, 1);
            assert_ne!(changed, page, "{from}");
            let (status, printed, said) = house.judged(&changed);
            assert_eq!((status, printed.as_str()), (1, ""), "{from}: {said}");
            assert!(said.contains(why), "{from}: {said}");
        }
    }
}
