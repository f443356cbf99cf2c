//! Who posts, and what they are kept from: a command line user, or whoever holds an API key.

use ledger_domain::command::{Actor, Command, InputError, InvalidRequest, Request};
use ledger_domain::license::Facts;
use ledger_domain::values::{LicenseNumber, Partner};

/// Who posts commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poster {
    /// The name and role that events carry.
    pub actor: Actor,
    /// Whether a command may name another actor. On the command line it may; over HTTP the API key decides.
    pub may_name_another: bool,
    /// The partner whose licenses alone it may touch; `None`: every license.
    pub partner: Option<String>,
}

impl Poster {
    /// Somebody at the command line.
    #[must_use]
    pub const fn local(actor: Actor) -> Self {
        Self { actor, may_name_another: true, partner: None }
    }

    /// Whoever holds an API key.
    #[must_use]
    pub const fn with_key(actor: Actor, partner: Option<String>) -> Self {
        Self { actor, may_name_another: false, partner }
    }

    /// The request, unless it names an actor of its own and may not.
    pub(crate) fn takes(&self, request: Request) -> Result<Request, Box<InvalidRequest>> {
        if self.may_name_another || request.actor.is_none() {
            return Ok(request);
        }
        let message = "the API key says who posts; leave `actor` out".to_owned();
        Err(Box::new(InvalidRequest {
            command_id: Some(request.command_id),
            license: Some(request.license),
            errors: vec![InputError { path: "/actor".to_owned(), message }],
        }))
    }

    /// What keeps a partner's key from the request, and where that stands in it: every license that it touches must be
    /// the partner's, what is bought is bought in the partner's name, and nothing is handed to another partner.
    pub(crate) fn is_kept_from<'a>(
        &self,
        request: &Request,
        facts: impl Fn(&LicenseNumber) -> Option<&'a Facts>,
    ) -> Option<(&'static str, String)> {
        let partner = self.partner.as_deref()?;
        let is_own = |number: &LicenseNumber| facts(number).is_some_and(|facts| is_of(facts.partner.as_ref(), partner));
        let begins = matches!(request.command, Command::IssueLicense(_) | Command::RegisterTrial(_));
        if !(is_own(&request.license) || begins && facts(&request.license).is_none()) {
            return Some(("/license", not_own(&request.license, partner)));
        }
        if let Some(other) = request.command.others().into_iter().find(|other| facts(other).is_some() && !is_own(other))
        {
            return Some(("/command", not_own(other, partner)));
        }
        let named = request.command.partner();
        let is_named = is_of(named, partner);
        let must_be_named = begins && !is_own(&request.license);
        (!is_named && (must_be_named || named.is_some())).then(|| {
            let what = request.command.name();
            ("/command/partner", format!("this key posts {what} only with the partner \"{partner}\""))
        })
    }
}

fn is_of(found: Option<&Partner>, partner: &str) -> bool {
    found.is_some_and(|found| found.name == partner)
}

fn not_own(license: &LicenseNumber, partner: &str) -> String {
    format!("this key touches only licenses of the partner \"{partner}\", and {license} is none of them")
}
