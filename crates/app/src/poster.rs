//! Who posts, and what they are kept from: a command line user, or whoever holds an API key.

use ledger_domain::command::{Actor, Command, InputError, InvalidRequest, Request};
use ledger_domain::license::Facts;
use ledger_domain::values::{LicenseNumber, Partner};
use ledger_domain::violation::Text;

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

    /// Whether a license is the poster's to see and to touch.
    #[must_use]
    pub fn may_touch(&self, facts: &Facts) -> bool {
        self.partner.as_deref().is_none_or(|partner| is_of(facts.partner.as_ref(), partner))
    }

    /// What keeps a partner's key from the request, and where that stands in it: every license that it touches must be
    /// the partner's, what is bought is bought in the partner's name, and nothing is handed to another partner.
    ///
    /// An unknown license is answered like another partner's, so that nobody learns which numbers exist. Only a
    /// purchase, an opening and a split may name unknown ones: they make them, and the partner's they are from the first event on.
    pub(crate) fn is_kept_from<'a>(
        &self,
        request: &Request,
        facts: impl Fn(&LicenseNumber) -> Option<&'a Facts>,
    ) -> Option<(&'static str, Text)> {
        let partner = self.partner.as_deref()?;
        let command = &request.command;
        if matches!(command, Command::RegisterTrial(_)) {
            let en = "a trial belongs to no partner, so this key could never see it again: a key without a partner \
                      registers it";
            let ru = "пробная лицензия не относится ни к одному партнёру, и этот ключ её больше не увидел бы: её \
                      регистрируют ключом, не ограниченным партнёром";
            return Some(("/command/type", Text::new(en, ru)));
        }
        let is_own = |number: &LicenseNumber| facts(number).map(|facts| self.may_touch(facts));
        let buys = matches!(command, Command::IssueLicense(_) | Command::OpenLicense(_));
        if !is_own(&request.license).unwrap_or(buys) {
            return Some(("/license", not_own(&request.license, partner)));
        }
        let splits = matches!(command, Command::SplitLicense(_));
        if let Some(other) = command.others().into_iter().find(|other| !is_own(other).unwrap_or(splits)) {
            return Some(("/command", not_own(other, partner)));
        }
        let named = command.partner();
        if !is_of(named, partner) && (buys || named.is_some()) {
            let what = command.name();
            let en = format!("this key posts {what} only with the partner \"{partner}\"");
            let ru = format!("этим ключом {what} передаётся только с партнёром «{partner}»");
            return Some(("/command/partner", Text::new(en, ru)));
        }
        let order = through_another(command, facts(&request.license)?, partner)?;
        let en = format!("order {order} does not come through the partner \"{partner}\"");
        let ru = format!("заказ {order} оформлен не через партнёра «{partner}»");
        Some(("/command/order", Text::new(en, ru)))
    }
}

/// The order that the command activates or withdraws, where it waits and came through another partner: activated, it
/// would hand the license to that one (UPG-7).
fn through_another<'c>(command: &'c Command, facts: &Facts, partner: &str) -> Option<&'c str> {
    let order = match command {
        Command::ActivateUpgrade(command) => &command.order,
        Command::ActivateLegacyOrder(command) => &command.order,
        Command::CancelOrder(command) => &command.order,
        _ => return None,
    };
    let waits = facts.pending.as_ref().filter(|pending| pending.order == *order)?;
    (waits.partner.is_some() && !is_of(waits.partner.as_ref(), partner)).then_some(order)
}

fn is_of(found: Option<&Partner>, partner: &str) -> bool {
    found.is_some_and(|found| found.name == partner)
}

fn not_own(license: &LicenseNumber, partner: &str) -> Text {
    Text::new(
        format!("this key touches only licenses of the partner \"{partner}\", and {license} is none of them"),
        format!("этот ключ меняет только лицензии партнёра «{partner}», а {license} к ним не относится"),
    )
}
