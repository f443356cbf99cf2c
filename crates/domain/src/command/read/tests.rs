//! What can be understood, and what is said of the rest.

use super::*;

const ID: &str = "0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d";

fn line(command: &str) -> String {
    format!(r#"{{"command_id": "{ID}", "license": "ABC-1", "on": "2012-08-20", "command": {command}}}"#)
}

/// The path and the message of the only fault of the line.
fn fault(line: &str) -> (String, String) {
    let invalid = read(line.as_bytes()).expect_err(line);
    assert_eq!(invalid.errors.len(), 1, "{line}: {:?}", invalid.errors);
    let error = &invalid.errors[0];
    (error.path.clone(), error.message.clone())
}

#[test]
fn what_can_be_understood_is_left_to_the_rules() {
    for command in [
        r#"{"type": "add_users", "order": "PO-1", "users": 0}"#,
        r#"{"type": "add_users", "order": "PO-1", "users": 7, "plugins": null}"#,
        r#"{"type": "issue_license", "order": "PO-1", "product": "samepage", "users": 5, "swm_years": 3,
            "license_type": "fstek", "holder": {"name": "x"}}"#,
        r#"{"type": "change_license_type", "to": "fstek", "reason": ""}"#,
        r#"{"type": "activate_license"}"#,
    ] {
        read(line(command).as_bytes()).unwrap_or_else(|invalid| panic!("{command}: {invalid:?}"));
    }
}

#[test]
fn a_number_must_be_written_in_digits_and_fit() {
    for users in ["-5", "2147483648", "1000001", "\"10\"", "1e3", "5.0", "true", "[]", "-0", "1e400"] {
        let command = format!(r#"{{"type": "add_users", "order": "PO-1", "users": {users}}}"#);
        let invalid = read(line(&command).as_bytes()).expect_err(users);
        assert!(matches!(invalid.errors[0].path.as_str(), "/command/users" | ""), "{users}: {invalid:?}");
    }
}

#[test]
fn every_fault_is_told_with_its_path() {
    let invalid = read(
        br#"{"command_id": "nope", "license": "?", "on": "2012-02-30", "expected_version": -1, "color": 1,
            "actor": {"name": "", "role": "boss"}, "command": {"type": "issue_license", "users": "10", "order": " "}}"#,
    )
    .expect_err("bad");
    let paths: Vec<_> = invalid.errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/command_id",
            "/license",
            "/on",
            "/expected_version",
            "/actor/name",
            "/actor/role",
            "/command/order",
            "/command/product",
            "/command/users",
            "/command/holder",
            "/color",
        ]
    );
}

#[test]
fn one_fault_at_a_time() {
    let add = |users: &str| line(&format!(r#"{{"type": "add_users", "order": {users}, "users": 5}}"#));
    let cases = [
        (r#"{"type": "add_user"}"#, "/command/type"),
        (r#"{"type": "add_users", "order": "PO-1", "users": 5, "user": 1}"#, "/command/user"),
        (r#"{"type": "add_users", "order": "a\u0000b", "users": 5}"#, "/command/order"),
        (r#"{"type": "remove_plugins", "plugins": []}"#, "/command/plugins"),
        (r#"{"type": "remove_plugins", "plugins": ["antivirus", "antivirus"]}"#, "/command/plugins/1"),
        (r#"{"type": "remove_plugins", "plugins": ["sauna"]}"#, "/command/plugins/0"),
        (r#"{"type": "order_upgrade", "order": "PO-1", "lines": []}"#, "/command/lines"),
        (r#"{"type": "order_upgrade", "order": "PO-1", "lines": [{"type": "add_users"}]}"#, "/command/lines/0/users"),
        (r#"{"type": "renew_swm", "order": "PO-1", "years": 0}"#, "/command/years"),
        (r#"{"type": "rename_holder", "name": "x", "inn": "123"}"#, "/command/inn"),
        (r#"{"type": "rename_holder", "name": "x", "country": "XX"}"#, "/command/country"),
        (r#"{"type": "record_installed_version", "version": "7", "released": "2012-2-3"}"#, "/command/released"),
        (r#"{"type": "report_server_online", "server": {}}"#, "/command/server"),
        (r#"{"type": "cancel_order", "order": "x", "reason": 5}"#, "/command/reason"),
        (r#"[]"#, "/command"),
    ];
    for (command, path) in cases {
        assert_eq!(fault(&line(command)).0, path, "{command}");
    }
    assert_eq!(fault(&add(&format!("\"{}\"", "я".repeat(201)))).0, "/command/order");
    assert!(read(add(&format!("\"{}\"", "я".repeat(200))).as_bytes()).is_ok());
}

#[test]
fn what_is_no_json_object_is_told_with_its_column() {
    for text in ["", "{", "hello", "[1, 2]", "null", "{}}", "\u{feff}{}", r#"{"a": 1, "a": 2}"#] {
        assert_eq!(fault(text).0, "", "{text}");
    }
    assert_eq!(read(b"{\"license\": \"\xff\"}").expect_err("no UTF-8").errors[0].path, "");
    let deep = "[".repeat(100_000);
    assert!(fault(&deep).1.contains("recursion"), "nesting is bounded");
    assert!(read(&vec![b' '; MAX_LINE_BYTES + 1]).is_err());
}

#[test]
fn the_lines_of_an_order_are_put_into_the_judging_sequence() {
    let lines = r#"[{"type": "add_users", "users": 5}, {"type": "add_plugin", "plugin": "web_filter"}, {"type": "renew_swm", "years": 1}]"#;
    let request = read(line(&format!(r#"{{"type": "order_upgrade", "order": "PO-1", "lines": {lines}}}"#)).as_bytes());
    let Ok(Request { command: Command::OrderUpgrade(order), .. }) = request else { panic!("an order") };
    assert!(matches!(order.lines[..], [UpgradeLine::RenewSwm(_), UpgradeLine::AddPlugin(_), UpgradeLine::AddUsers(_)]));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_mangled_command_makes_it_panic(at in 0usize..200, byte in proptest::num::u8::ANY) {
        let mut bytes = line(r#"{"type": "order_upgrade", "order": "PO-1", "lines": [{"type": "add_users", "users": 5}]}"#).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(&bytes);
    }
}
