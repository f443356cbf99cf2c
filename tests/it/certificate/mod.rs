//! Certificates: made on real databases, believed without any, and everything that is forged in one named.

mod command_line;
mod page;
mod stores;
mod tampering;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::command_line::{Cli, envelope, ndjson, text};

const ORIGIN: &str = "ledger.example/licenses";
const LICENSE: &str = "LIC-000001";
const OTHER: &str = "LIC-000002";
/// The day that is certified.
const DAY: &str = "2012-08-20";
/// A name that does harm where it is not taken as text.
const HOLDER: &str = "ООО \"Ромашка\" </script><script>alert(1)</script> & <b>сын</b>";

/// A ledger, the folder of its key, and the verifier that was handed over.
struct House<'f> {
    cli: &'f Cli,
    folder: &'f Path,
    verifier: String,
}

impl<'f> House<'f> {
    /// Two licenses of 4 events each that take turns, and a refusal: 9 events, all of them signed.
    fn filled(cli: &'f Cli, folder: &'f Path) -> Self {
        let mut purchases = commands();
        let later = purchases.split_off(2);
        // What is posted together is recorded at one instant.
        for (commands, refused) in [(purchases, 0), (later, 1)] {
            let (outcomes, _) = cli.post(&ndjson(commands));
            let refusals = outcomes.iter().filter(|outcome| outcome["outcome"] == "rejected").count();
            assert_eq!(refusals, refused, "{outcomes:#?}");
        }
        let key = folder.join("seal.key");
        let made = cli.json(&["seal", "init", "--key", key.to_str().unwrap(), "--origin", ORIGIN]);
        Self { cli, folder, verifier: made["verifier"].as_str().unwrap().to_owned() }
    }

    /// Signs what is there.
    fn sign(&self) {
        let key = self.folder.join("seal.key");
        self.cli.json(&["seal", "checkpoint", "--key", key.to_str().unwrap()]);
    }

    fn certificate(&self, args: &[&str]) -> Value {
        self.cli.json(&[&["certificate", LICENSE, "--on", DAY], args].concat())
    }

    /// What is said of a certificate, and the exit status. The database that is named does not exist.
    fn judged(&self, certificate: &str) -> (i32, String, String) {
        let file = self.file(certificate);
        let nowhere = Cli::on("sqlite:/nowhere/ledger.db");
        let args = ["verify-certificate", file.to_str().unwrap(), "--key", &self.verifier, "--format", "json"];
        let output = nowhere.run(&args);
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// What a certificate proves; it must be believed.
    fn proved(&self, certificate: &str) -> Value {
        let (status, printed, said) = self.judged(certificate);
        assert_eq!((status, said.as_str()), (0, ""), "{certificate}");
        serde_json::from_str(&printed).unwrap()
    }

    fn file(&self, certificate: &str) -> PathBuf {
        let file = self.folder.join("certificate");
        fs::write(&file, certificate).unwrap();
        file
    }
}

/// Bought and activated, enlarged, and online; the licenses take turns. The last event comes after the day.
fn commands() -> Vec<Value> {
    let buy = |number: usize, license: &str, holder: &str| {
        let command = json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": 25,
            "plugins": ["antivirus"], "holder": {"name": holder}, "registration": "automatic"});
        on("2012-08-01", envelope(number, license, command))
    };
    let add = |number, license, users| {
        let command = json!({"type": "add_users", "order": "PO-2", "users": users});
        on("2012-08-10", envelope(number, license, command))
    };
    let online = |number, license, day| {
        on(day, envelope(number, license, json!({"type": "report_server_online", "server": "A"})))
    };
    vec![
        buy(1, LICENSE, HOLDER),
        buy(2, OTHER, "ООО Ромашка"),
        add(3, LICENSE, 10),
        add(4, LICENSE, 3),
        add(5, OTHER, 20),
        online(6, OTHER, DAY),
        online(7, LICENSE, "2012-08-21"),
    ]
}

fn on(day: &str, mut command: Value) -> Value {
    command["on"] = json!(day);
    command
}
