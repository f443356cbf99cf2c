//! Whoever hands a certificate on may change it: each change is found, and named.

use std::fs;

use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::{Hash, leaf_hash};
use ledger_seal::keys::SecretKey;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{DAY, House, LICENSE, ORIGIN, OTHER};
use crate::command_line::Cli;

/// Two certificates, and all that is at hand to forge another one.
struct Forger<'h> {
    house: &'h House<'h>,
    good: Value,
    other: Value,
}

impl Forger<'_> {
    /// What is changed must be found, and this be said of it.
    fn tries(&self, change: impl FnOnce(&mut Value), why: &str) {
        let mut forged = self.good.clone();
        change(&mut forged);
        assert_ne!(forged, self.good, "{why}: nothing was changed");
        self.hands_on(&forged.to_string(), why);
    }

    fn hands_on(&self, forged: &str, why: &str) {
        let (status, printed, said) = self.house.judged(forged);
        assert_eq!((status, printed.as_str()), (1, ""), "{why}: {said}");
        assert!(said.contains(why), "{why}: {said}");
        assert!(said.contains("this certificate proves nothing"), "{said}");
    }

    fn checkpoint(&self) -> Checkpoint {
        let note = self.good["checkpoint"].as_str().unwrap();
        Checkpoint::read(&note[..=note.find("\n\n").unwrap()]).unwrap()
    }

    /// A checkpoint signed by a key of the forger's own.
    fn signs(&self, origin: &str, root: Hash) -> Value {
        let checkpoint = Checkpoint { origin: origin.to_owned(), root, ..self.checkpoint() };
        checkpoint.sign(&[&SecretKey::new(origin, &[9; 32]).unwrap()]).unwrap().to_string().into()
    }
}

fn events(certificate: &mut Value) -> &mut Vec<Value> {
    certificate["events"].as_array_mut().unwrap()
}

fn leaf(certificate: &mut Value, index: usize) -> &mut Value {
    &mut certificate["events"][index]["leaf"]
}

#[test]
fn whatever_is_changed_is_named() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    let house = House::filled(&cli, folder.path());
    let other = cli.json(&["certificate", OTHER, "--on", DAY]);
    let forger = Forger { house: &house, good: house.certificate(&[]), other };
    house.proved(&forger.good.to_string());
    events_are_exchanged(&forger);
    what_events_say_is_changed(&forger);
    the_entitlement_is_changed(&forger);
    proofs_are_forged(&forger);
    checkpoints_are_forged(&forger);
    the_file_is_another(&forger);
}

fn events_are_exchanged(forger: &Forger<'_>) {
    let off = "its last events were left off: the entitlement is that of event 3 of license LIC-000001, and the events \
               end with";
    forger.tries(|it| drop(events(it).pop()), &format!("{off} 2"));
    forger.tries(|it| events(it).clear(), &format!("{off} 0"));
    forger.tries(|it| drop(events(it).remove(1)), "event 2 of license LIC-000001 must stand there: one is missing");
    forger.tries(|it| drop(events(it).remove(0)), "event 1 of license LIC-000001 must stand there: one is missing");
    forger.tries(|it| events(it).swap(0, 1), "event 1 of license LIC-000001 must stand there");
    forger.tries(
        |it| {
            let twice = events(it)[2].clone();
            events(it).push(twice);
        },
        "event 4 of license LIC-000001 must stand there",
    );
    // Their proofs hold: they are events of the same log.
    let theirs = "event 3 of license LIC-000002 (position 6): it is not an event of license LIC-000001";
    forger.tries(|it| events(it)[2] = forger.other["events"][2].clone(), theirs);
    forger.tries(|it| events(it).push(forger.other["events"][3].clone()), "it is not an event of license LIC-000001");
    forger.tries(|it| it["entitlement"]["version"] = json!(2), "its entitlement leaves off events");
}

fn what_events_say_is_changed(forger: &Forger<'_>) {
    let not_in = "(position 0): it is not in the log as its first 9 events were signed: leaf and proof do not lead";
    forger.tries(|it| leaf(it, 0)["data"]["users"] = json!(500), not_in);
    forger.tries(|it| leaf(it, 0)["data"]["holder"]["name"] = json!("ООО  Ромашка"), not_in);
    for (field, value) in [
        ("stream_id", json!(OTHER)),
        ("stream_type", json!("refusal")),
        ("sequence", json!(2)),
        ("event_type", json!("LicenseActivated")),
        ("event_version", json!("2")),
        ("on", json!("2012-08-02")),
        ("recorded_at", json!("2012-08-20T09:30:00.000001Z")),
        ("actor", json!({"name": "nobody", "role": "vendor"})),
        ("command_id", json!("0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d")),
        ("command_digest", json!("ab")),
        ("outcome_digest", json!("ab")),
        ("edition", json!("e1")),
        ("operation", json!("0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d")),
        ("data", json!({})),
    ] {
        forger.tries(|it| leaf(it, 0)[field] = value, not_in);
    }
    forger.tries(|it| leaf(it, 0)["event_version"] = json!("2"), "version 2 of LicenseIssued needs a newer");
    forger
        .tries(|it| leaf(it, 0)["data"]["color"] = json!("red"), "what it says cannot be read: unknown field `color`");
    let steering = "event 1 of \u{fffd}[2J\u{fffd}license-ledger: fine LIC-000001 (position 0): it is not";
    forger.tries(|it| leaf(it, 0)["stream_type"] = json!("\u{1b}[2J\nlicense-ledger: fine"), steering);
    forger.tries(|it| leaf(it, 0)["recorded_at"] = json!("today"), "today is no instant");
}

fn the_entitlement_is_changed(forger: &Forger<'_>) {
    for (field, value) in [
        ("users", json!(500)),
        ("status", json!("closed")),
        ("plugins", json!(["antivirus", "web_filter"])),
        ("license_type", json!("government")),
        ("holder", json!({"name": "ООО Другое", "inn": null, "country": "RU"})),
        ("certified", json!(true)),
        ("pending_orders", json!([])),
    ] {
        let told = format!("the entitlement was changed: it says {field} {value}, and its events make it ");
        forger.tries(|it| it["entitlement"][field] = value, &told);
    }
    forger
        .tries(|it| it["entitlement"]["swm"]["ends"] = json!("2020-01-01"), "the entitlement was changed: it says swm");
    let works = "if the ledger has a catalog of its own, give it with --catalog";
    forger.tries(|it| it["entitlement"]["works"]["antivirus"]["until"] = json!("2020-01-01"), works);
    // The events are another license's now, and would give just this to it.
    forger.tries(|it| it["entitlement"]["license"] = json!(OTHER), "it is not an event of license LIC-000002");
    forger.tries(|it| it["entitlement"]["on"] = json!("2012-08-05"), "it is of 2012-08-10, and so does not count");
    forger.tries(|it| it["entitlement"]["on"] = json!("2012-08-19"), "the entitlement was changed: it says swm");
    forger.tries(|it| it["known_at"] = json!("2012-08-20T00:00:00Z"), "it was recorded at");
}

fn proofs_are_forged(forger: &Forger<'_>) {
    let hash = leaf_hash(b"forged").to_string();
    forger.tries(|it| events(it)[0]["proof"][0] = json!(hash), "leaf and proof do not lead to the root");
    forger.tries(|it| events(it)[0]["proof"][0] = json!("AAAA"), "a hash is written as 44 signs");
    forger.tries(
        |it| drop(events(it)[0]["proof"].as_array_mut().unwrap().pop()),
        "the proof has 3 hashes, and 4 are needed",
    );
    forger.tries(|it| events(it)[0]["position"] = json!(1), "leaf and proof do not lead to the root");
    forger.tries(|it| events(it)[0]["position"] = json!(9), "has 9 leaves, and so none with the index 9");
    forger.tries(
        |it| events(it)[0]["proof"] = forger.other["events"][0]["proof"].clone(),
        "leaf and proof do not lead to the root",
    );
}

fn checkpoints_are_forged(forger: &Forger<'_>) {
    let root = forger.checkpoint().root;
    let again = |origin| forger.signs(origin, root);
    forger.tries(|it| it["checkpoint"] = again(ORIGIN), "none of the given keys has signed it; it is signed by");
    let other = "it is a checkpoint of the log other.example, not of ledger.example/licenses";
    forger.tries(|it| it["checkpoint"] = again("other.example"), other);
    let note = forger.good["checkpoint"].as_str().unwrap();
    let larger = note.replacen("\n9\n", "\n11\n", 1);
    forger.tries(|it| it["checkpoint"] = json!(larger), "does not verify: the note was changed");
    let rooted = note.replacen(&root.to_string(), &leaf_hash(b"forged").to_string(), 1);
    forger.tries(|it| it["checkpoint"] = json!(rooted), "does not verify: the note was changed");
    forger.tries(|it| it["checkpoint"] = json!("9 events"), "its checkpoint is not believed");

    // Signed by the ledger's own key: an older one that does not cover the last events, and one of another history.
    let file = fs::read_to_string(forger.house.folder.join("seal.key")).unwrap();
    let key: SecretKey = file.parse().unwrap();
    let signed = |size, root| Checkpoint { origin: ORIGIN.to_owned(), size, root }.sign(&[&key]).unwrap().to_string();
    let older = signed(2, leaf_hash(b"two"));
    forger.tries(|it| it["checkpoint"] = json!(older), "the tree has 2 leaves, and so none with the index");
    let history = signed(9, leaf_hash(b"another history"));
    forger.tries(|it| it["checkpoint"] = json!(history), "leaf and proof do not lead to the root");
}

fn the_file_is_another(forger: &Forger<'_>) {
    forger.tries(
        |it| it["format"] = json!("license-ledger-certificate/2"),
        "unknown variant `license-ledger-certificate/2`",
    );
    forger.tries(|it| it["trust"] = json!("me"), "unknown field `trust`");
    forger.tries(|it| drop(it.as_object_mut().unwrap().remove("checkpoint")), "missing field `checkpoint`");
    let text = forger.good.to_string();
    for (from, to, why) in [
        ("\"users\":25", "\"users\":500,\"users\":25", "\"users\" stands twice"),
        ("\"position\":0", "\"position\":0.5", "it is no certificate"),
        ("{", "", "it is no certificate"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        forger.hands_on(&changed, why);
    }
    forger.hands_on("", "it is no certificate");
}

/// The leaf is what the JSON says, and not how it is written: spaces and the order of names are nobody's forgery.
#[test]
fn how_a_certificate_is_written_does_not_matter() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    let house = House::filled(&cli, folder.path());
    let good = house.certificate(&[]);
    let proved = house.proved(&good.to_string());
    let indented = serde_json::to_string_pretty(&good).unwrap();
    assert_eq!(house.proved(&indented.replace('\n', "\r\n\t")), proved);
    let fields = good.as_object().unwrap();
    let reversed: Vec<_> = fields.iter().rev().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
    assert_eq!(house.proved(&format!("{{{}}}", reversed.join(" , "))), proved);
}

/// The one thing that no log can prove: that nothing else is there. It is said, and not claimed.
#[test]
fn what_no_certificate_proves_is_said() {
    let folder = tempdir().unwrap();
    let cli = Cli::sqlite(folder.path());
    let house = House::filled(&cli, folder.path());
    let mut shortened = house.certificate(&[]);
    events(&mut shortened).pop();
    shortened["entitlement"]["version"] = json!(2);
    shortened["entitlement"]["pending_orders"] = json!([]);
    let proved = house.proved(&shortened.to_string());
    let said = "that license LIC-000001 has no event after event 2 that counts on 2012-08-20; `license-ledger history \
                LIC-000001` of the ledger tells";
    assert_eq!(proved["not_proved"], said);
    let file = house.file(&shortened.to_string());
    let shown = cli.run(&["verify-certificate", file.to_str().unwrap(), "--key", &house.verifier, "--format", "table"]);
    let shown = crate::command_line::text(&shown.stdout);
    assert!(shown.contains("Not proved: that license") && shown.contains(LICENSE), "{shown}");
}
