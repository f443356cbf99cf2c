//! The vendor's list against the ledger: every kind of difference, and the commands that settle it.

use std::process::Output;

use ledger_app::reconcile::Difference;
use serde_json::{Value, json};

use super::{DAY, Desk, HEADER, on_both};
use crate::command_line::{envelope, last_line, ndjson, outcomes};
use crate::use_cases::is_as_its_schema_says;

/// What the ledger has, as its rows would say it.
const HERE: &str = "\
OLD-01,control,commercial,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-02,control,commercial,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-03,control,commercial,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-04,control,commercial,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-05,control,commercial,25,antivirus web_filter,ООО Ромашка,2012-01-20,2013-01-20
OLD-06,control,commercial,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-07,control,commercial,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-08,control,commercial,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-09,control,education,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-10,control,commercial,25,antivirus,ООО Ромашка,2011-01-20,2012-01-20
";

/// What the list has: everything but OLD-01 is different, and commands settle it.
const THERE: &str = "\
OLD-11,connect,commercial,10,,ООО Вега,2011-01-20,2012-01-20
OLD-01,control,commercial,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-02,control,commercial,35,,ООО Ромашка,2012-01-20,2013-01-20
OLD-03,control,commercial,10,,ООО Ромашка,2012-01-20,2013-01-20
OLD-04,control,commercial,25,antivirus,ООО Ромашка,2012-01-20,2013-01-20
OLD-05,control,commercial,25,antivirus,ООО Ромашка,2012-01-20,2013-01-20
OLD-06,control,government,25,,ООО Ромашка,2012-01-20,2013-01-20
OLD-07,control,commercial,25,,ООО Ромашка,2012-01-20,2014-01-20
OLD-08,control,commercial,25,,АО Вега,2012-01-20,2013-01-20
OLD-09,control,fstek,40,,ООО Ромашка,2012-01-20,2013-01-20
OLD-10,control,commercial,30,antivirus,ООО Ромашка,2011-01-20,2014-01-20
";

impl Desk<'_> {
    fn reconcile(&self, list: &str) -> (Vec<Value>, Output) {
        let file = self.file(list);
        let output = self.cli.run(&["reconcile", &file, "--on", DAY, "--format", "json"]);
        let differences = outcomes(&output.stdout);
        differences.iter().for_each(is_as_its_schema_says::<Difference>);
        (differences, output)
    }
}

fn of<'d>(differences: &'d [Value], license: &str) -> &'d Value {
    differences
        .iter()
        .find(|found| found["license"] == license)
        .unwrap_or_else(|| panic!("{license}: {differences:#?}"))
}

/// `add_users accepted`, in order.
fn settling(difference: &Value) -> Vec<String> {
    let said = |example: &Value| {
        let (command, outcome) = (&example["request"]["command"]["type"], &example["outcome"]);
        let rules: Vec<_> =
            outcome["violations"].as_array().unwrap().iter().map(|found| found["rule"].as_str().unwrap()).collect();
        format!("{} {} {}", command.as_str().unwrap(), outcome["outcome"].as_str().unwrap(), rules.join(" "))
            .trim()
            .to_owned()
    };
    difference["settle"].as_array().unwrap().iter().map(said).collect()
}

#[tokio::test]
async fn each_difference_comes_with_commands_that_settle_it() {
    on_both(|desk| {
        desk.opened(&format!("{HEADER}\n{HERE}"));
        let waits = json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": 5,
            "holder": {"name": "ООО Ромашка"}});
        desk.cli.post(&ndjson([envelope(1, "OWN-1", waits)]));
        let before = desk.verified_events();
        let list = format!("{HEADER}\n{THERE}");
        let (differences, output) = desk.reconcile(&list);
        assert_eq!(output.status.code(), Some(1));
        assert!(last_line(&output).contains("11 differences: 1 missing here, 1 missing in the list, 9 not the same"));
        let expected = [
            ("OLD-02", vec!["add_users accepted"]),
            ("OLD-03", vec!["reduce_users accepted"]),
            ("OLD-04", vec!["add_plugin accepted"]),
            ("OLD-05", vec!["remove_plugins accepted"]),
            ("OLD-06", vec!["change_license_type accepted"]),
            ("OLD-07", vec!["renew_swm accepted"]),
            ("OLD-08", vec!["rename_holder accepted"]),
            ("OLD-09", vec!["change_license_type accepted", "switch_to_fstek accepted", "add_users accepted"]),
            ("OLD-10", vec!["renew_swm accepted", "add_users accepted"]),
            ("OLD-11", vec!["open_license accepted"]),
            ("OWN-1", vec!["cancel_order accepted"]),
        ];
        let found: Vec<_> =
            differences.iter().map(|found| (found["license"].as_str().unwrap(), settling(found))).collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(license, said)| (license, said.into_iter().map(str::to_owned).collect::<Vec<_>>()))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(of(&differences, "OLD-02")["fields"], json!([{"field": "users", "here": "25", "there": "35"}]));
        assert_eq!(of(&differences, "OLD-02")["settle"][0]["fill_in"], json!(["/command/order"]));
        assert_eq!(of(&differences, "OLD-03")["settle"][0]["fill_in"], json!(["/command/reason"]));
        assert_eq!((&of(&differences, "OLD-11")["kind"], desk.verified_events()), (&json!("missing_here"), before));

        let requests = differences.iter().flat_map(|found| found["settle"].as_array().unwrap());
        let (posted, status) = desk.cli.post(&ndjson(requests.map(|example| example["request"].clone())));
        assert_eq!(status, 0, "{posted:#?}");
        let (differences, output) = desk.reconcile(&list);
        assert_eq!((differences, output.status.code()), (vec![], Some(0)));
        assert!(last_line(&output).ends_with("the list and the ledger say the same"));
        desk.verified_events();
    })
    .await;
}

#[tokio::test]
async fn what_no_command_settles_is_said_and_a_refusal_shows_what_leads_on() {
    on_both(|desk| {
        desk.opened(&format!("{HEADER}\n{HERE}"));
        let (differences, _) = desk.reconcile(
            "license;users;swm_ends;product\n\
             OLD-01;25;2012-12-20;control\n\
             OLD-02;25;2013-01-20;connect\n\
             OLD-02;30;2013-01-20;control\n\
             OLD-03;25;2015-01-20;\n\
             OLD-04;;;\n\
             OLD-05;27;;\n\
             OLD-06;viele;;\n\
             OLD-10;35;;\n\
             NEW-1;25;2013-01-20;control\n",
        );
        let note = |license: &str| of(&differences, license)["notes"].to_string();
        assert!(note("OLD-01").contains("no renewal moves the end of SWM from 2013-01-20 to 2012-12-20"));
        let wrong = differences.iter().find(|found| found["kind"] == "unreadable").unwrap();
        assert_eq!((&wrong["license"], &wrong["line"]), (&json!("OLD-06"), &json!(8)));
        let twice = differences.iter().find(|found| found["kind"] == "unreadable" && found["license"] == "OLD-02");
        assert!(twice.unwrap()["notes"][0].as_str().unwrap().contains("it stands on line 3 already"));
        let product = differences.iter().find(|found| found["kind"] == "different" && found["license"] == "OLD-02");
        assert_eq!(product.unwrap()["notes"], json!(["no command changes the product of a license"]));
        assert_eq!(settling(of(&differences, "OLD-03")), ["renew_swm rejected SWM-7"]);
        assert!(!differences.iter().any(|found| found["license"] == "OLD-04"), "empty cells are not compared");
        assert_eq!(settling(of(&differences, "OLD-05")), ["add_users rejected USR-4"]);
        assert_eq!(settling(of(&differences, "OLD-10")), ["add_users rejected USR-2"]);
        let ways = &of(&differences, "OLD-10")["settle"][0]["outcome"]["violations"][0]["way_forward"];
        assert!(ways.as_array().is_some_and(|ways| !ways.is_empty()), "{ways}");
        assert!(note("NEW-1").contains("the list would have to say: license_type, plugins, holder_name, swm_starts"));
        assert_eq!(of(&differences, "OLD-07")["kind"], "missing_there");
        assert!(note("OLD-07").contains("nothing takes a license out of the ledger"));
    })
    .await;
}

#[tokio::test]
async fn trials_and_closed_licenses_are_told_where_the_list_has_them_and_not_missed_elsewhere() {
    on_both(|desk| {
        let buy = json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": 5,
            "holder": {"name": "ООО Ромашка"}});
        let trial = json!({"type": "register_trial", "product": "control", "holder": {"name": "ООО Ромашка"}});
        let cancel = json!({"type": "cancel_order", "order": "PO-1"});
        let commands = [envelope(1, "OWN-1", buy), envelope(2, "OWN-1", cancel), envelope(3, "TRIAL-1", trial)];
        assert_eq!(desk.cli.post(&ndjson(commands)).1, 0);
        let (differences, _) = desk.reconcile("license,users\nOWN-1,5\nTRIAL-1,5\n");
        let status = |here: &str| json!([{"field": "status", "here": here, "there": "active"}]);
        assert_eq!(of(&differences, "OWN-1")["fields"], status("closed"));
        assert_eq!(of(&differences, "TRIAL-1")["fields"], status("trial"));
        let (differences, _) = desk.reconcile("license,users\nOTHER-1,5\n");
        assert_eq!(differences.len(), 1, "{differences:#?}");
        let file = desk.file("license,users\nOTHER-1,5\n");
        let shown = desk.cli.run(&["reconcile", &file, "--on", DAY, "--format", "table"]);
        assert!(crate::command_line::text(&shown.stdout).contains("missing here"));
    })
    .await;
}
