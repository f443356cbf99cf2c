//! The license as a `cqrs-es` aggregate, so that its test framework, its stock repositories and tools work with it.
//!
//! It only hands on to [`decide`] and [`evolve`]. `cqrs-es` tells `apply` neither the license's number nor the event's
//! business date, so a license folded this way carries placeholders for both and ACT-4 is not judged against its
//! history. The ledger's own write path ([`crate::ledger`]) does not go through here.

use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use ledger_domain::catalog::Programme;
use ledger_domain::command::Request;
use ledger_domain::decide::{Case, Purpose, Refusal, decide};
use ledger_domain::event::Event;
use ledger_domain::license::{EventPlace, License, evolve};
use ledger_domain::values::Date;
use serde::{Deserialize, Serialize};

use crate::store::LICENSE_STREAM;

/// A license, or none yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LicenseAggregate(pub Option<License>);

/// An event of a license, as `cqrs-es` knows it; its JSON is the [`Event`]'s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LicenseEvent(pub Event);

/// A command, with the facts that its services cannot hold: the date, and whether its order number is taken.
#[derive(Debug, Clone)]
pub struct LicenseCommand {
    /// The command.
    pub request: Request,
    /// Its business date.
    pub on: Date,
    /// Whether the order number is used up in the license (UPG-5).
    pub order_is_taken: bool,
}

/// A refusal, as an error.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("refused by {}", .0.violations.iter().map(|violation| violation.rule.id).collect::<Vec<_>>().join(", "))]
pub struct Refused(pub Refusal);

impl DomainEvent for LicenseEvent {
    fn event_type(&self) -> String {
        self.0.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        self.0.event_version().to_owned()
    }
}

impl Aggregate for LicenseAggregate {
    const TYPE: &'static str = LICENSE_STREAM;
    type Command = LicenseCommand;
    type Event = LicenseEvent;
    type Error = Refused;
    type Services = Arc<Programme>;

    async fn handle(
        &mut self,
        command: LicenseCommand,
        programme: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Refused> {
        let LicenseCommand { request, on, order_is_taken } = &command;
        let purpose = Purpose::Post { today: *on };
        let license = self.0.clone();
        let (license, order_is_taken) = (license.as_ref(), *order_is_taken);
        let case = Case { request, on: *on, purpose, license, others: &[], order_is_taken, programme };
        let decision = decide(&case).map_err(Refused)?;
        // A redistribution writes to other streams too, which `cqrs-es` has no place for: only this license's are here.
        let own = decision.events.into_iter().filter(|(license, _)| *license == request.license);
        for (_, event) in own {
            sink.write(LicenseEvent(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, LicenseEvent(event): LicenseEvent) {
        let Ok(unnamed) = "UNNAMED".parse() else { return };
        let before = self.0.take();
        let sequence = before.as_ref().map_or(0, |license| license.facts.version) + 1;
        let place = EventPlace { license: &unnamed, sequence, on: Date::MIN };
        // `apply` cannot refuse: an event that begins no license leaves none.
        self.0 = evolve(before, &place, &event).ok();
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use serde_json::{Value, json};

    use super::*;

    fn command(on: &str, command: &Value) -> LicenseCommand {
        let envelope = json!({"command_id": uuid::Uuid::nil(), "license": "ABC-1", "on": on, "command": command});
        let request = ledger_domain::command::read(envelope.to_string().as_bytes()).unwrap();
        LicenseCommand { on: request.on.unwrap(), request, order_is_taken: false }
    }

    fn event(json: Value) -> LicenseEvent {
        serde_json::from_value(json).unwrap()
    }

    fn bought() -> Vec<LicenseEvent> {
        vec![
            event(json!({"LicenseIssued": {"order": "PO-1", "product": "connect", "license_type": "commercial",
                "users": 20, "plugins": ["antivirus"], "swm_years": 1,
                "holder": {"name": "ООО Ромашка", "inn": null, "country": "RU"}}})),
            event(json!({"LicenseActivated": {"swm": {"starts": "2012-01-20", "ends": "2013-01-20"}}})),
        ]
    }

    fn framework() -> TestFramework<LicenseAggregate> {
        TestFramework::with(Arc::new(Programme::built_in().unwrap()))
    }

    #[test]
    fn the_stock_test_framework_sees_the_events_of_a_command() {
        framework()
            .given(bought())
            .when(command("2013-01-01", &json!({"type": "report_server_online", "server": "A"})))
            .then_expect_events(vec![event(json!({"ServerCameOnline": {"server": "A"}}))]);
    }

    #[test]
    fn the_stock_test_framework_sees_a_refusal() {
        framework()
            .given(bought())
            .when(command("2013-03-01", &json!({"type": "add_users", "order": "PO-2", "users": 20})))
            .then_expect_error_message("refused by USR-2");
    }
}
