//! A back office's client: it posts orders and reports, reads in between, and remembers what it was told.

use std::time::{Duration, Instant};

use plain_http::{Answer, Client};
use serde_json::{Value, json};
use uuid::Uuid;

use super::told::Told;

/// What a license has when it is bought.
pub(crate) const BOUGHT: u64 = 25;

/// How long a client goes on asking.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a client's call failed in a way that passes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Interruptions {
    /// Answered 503, with `Retry-After`.
    pub(crate) unavailable: usize,
    /// No connection, or one that broke: what became of the command is not known.
    pub(crate) broken: usize,
}

/// A client with a license of its own, and licenses that it shares with others.
pub(crate) struct Shopper {
    client: Client,
    own: String,
    shared: Vec<String>,
    number: usize,
    steps: usize,
    /// The last command, to be sent again.
    last: Value,
    pub(crate) told: Told,
    pub(crate) interruptions: Interruptions,
    pub(crate) command_times: Vec<Duration>,
    pub(crate) read_times: Vec<Duration>,
}

impl Shopper {
    /// A client that has bought its license.
    pub(crate) async fn new(client: Client, number: usize, shared: &[String]) -> Self {
        let own = format!("OWN-{number:04}");
        let mut shopper = Self {
            client,
            own: own.clone(),
            shared: shared.to_vec(),
            number,
            steps: 0,
            last: Value::Null,
            told: Told::default(),
            interruptions: Interruptions::default(),
            command_times: Vec::new(),
            read_times: Vec::new(),
        };
        shopper.buy(&own).await;
        shopper
    }

    /// Buys a license.
    pub(crate) async fn buy(&mut self, license: &str) {
        let order = self.order();
        let purchase = json!({"type": "issue_license", "order": order, "product": "control", "users": BOUGHT,
            "holder": {"name": "ООО Ромашка"}, "registration": "automatic"});
        self.post(license, purchase).await;
    }

    /// Does what comes next, until the time is over.
    pub(crate) async fn go_on_until(mut self, end: Instant) -> Self {
        while Instant::now() < end {
            self.step().await;
        }
        self
    }

    /// Half of the steps are commands.
    async fn step(&mut self) {
        self.steps += 1;
        let (own, shared) =
            (self.own.clone(), self.shared[(self.steps / 10 + self.number) % self.shared.len()].clone());
        match self.steps % 10 {
            0 => self.more_users(&shared).await,
            1 => self.read_own().await,
            2 => self.report_server().await,
            3 => {
                let read = self.read(&format!("/v1/licenses/{shared}")).await;
                assert_eq!(read["users"].as_u64().map(|users| users % 5), Some(0), "{read}");
            }
            4 => self.post(&own, json!({"type": "add_users", "order": "PO-SEVEN", "users": 7})).await,
            5 => assert!(!self.read("/v1/licenses?product=control&limit=20").await["items"][0].is_null()),
            6 => self.more_users(&own).await,
            7 => self.post_again().await,
            8 => {
                let page = self.read("/v1/swm-expiry?from=2013-01-01&to=2014-01-01&limit=20").await;
                assert!(page["items"].is_array(), "{page}");
            }
            _ => {
                let last = self.told.version(&own).saturating_sub(1);
                let page = self.read(&format!("/v1/licenses/{own}/events?after={last}")).await;
                assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "its last event: {page}");
            }
        }
    }

    async fn more_users(&mut self, license: &str) {
        let order = self.order();
        let command = json!({"type": "add_users", "order": order, "users": 5, "registration": "automatic"});
        self.post(license, command).await;
    }

    async fn report_server(&mut self) {
        let kind = if self.steps % 20 < 10 { "report_server_online" } else { "report_server_offline" };
        let own = self.own.clone();
        self.post(&own, json!({"type": kind, "server": "mail-1.example"})).await;
    }

    /// What it has done itself must be there.
    async fn read_own(&mut self) {
        let own = self.own.clone();
        let read = self.read(&format!("/v1/licenses/{own}")).await;
        assert_eq!(read["version"].as_u64(), Some(self.told.version(&own)), "{read}");
        assert_eq!(read["users"].as_u64(), Some(self.told.users(&own)), "{read}");
    }

    fn order(&mut self) -> String {
        format!("PO-{}", Uuid::new_v4().simple())
    }

    async fn post(&mut self, license: &str, command: Value) {
        let envelope =
            json!({"command_id": Uuid::new_v4(), "license": license, "on": "2012-08-20", "command": command});
        let begun = Instant::now();
        let answer = self.answered("/v1/commands", Some(&envelope)).await;
        self.command_times.push(begun.elapsed());
        assert!(matches!(answer.status, 200 | 422), "{}", answer.text());
        self.told.outcome(&envelope, &answer.json().expect("an outcome"));
        self.last = envelope;
    }

    /// The last command once more: the first outcome again, and nothing done.
    async fn post_again(&mut self) {
        let last = self.last.clone();
        let answer = self.answered("/v1/commands", Some(&last)).await;
        self.told.replayed(&last, &answer.json().expect("an outcome"));
    }

    async fn read(&mut self, target: &str) -> Value {
        let begun = Instant::now();
        let answer = self.answered(target, None).await;
        self.read_times.push(begun.elapsed());
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        answer.json().expect("JSON")
    }

    /// Asks until there is an answer. A command is sent with the same id each time.
    async fn answered(&mut self, target: &str, command: Option<&Value>) -> Answer {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "no answer to {target} in {PATIENCE:?}");
            let answered = match command {
                Some(command) => self.client.post(target, &command.to_string()).await,
                None => self.client.get(target).await,
            };
            match answered {
                Ok(answer) if answer.status == 503 => {
                    assert!(answer.header("retry-after").is_some(), "{}", answer.text());
                    self.interruptions.unavailable += 1;
                }
                Ok(answer) => return answer,
                Err(_) => self.interruptions.broken += 1,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
