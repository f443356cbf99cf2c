//! What a role may do over HTTP, and which licenses a partner's key sees. Who may post what is the command's own judgement
//! ([`ledger_domain::command::Command::is_allowed_for`]).

use ledger_domain::command::Role;
use ledger_domain::values::Partner;

use super::Identity;
use crate::problem::{self, Problem};

/// Something that needs more than a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// To read licenses, lists and ends of SWM.
    Read,
    /// To read events: a license's, or the feed.
    Follow,
    /// To commit a quote. What a command needs, the command itself says.
    Post,
    /// To read the service's figures.
    Watch,
}

impl Right {
    const fn is_given_to(self, role: Role) -> bool {
        match self {
            Self::Read => matches!(role, Role::Distributor | Role::Vendor | Role::Auditor | Role::Reporter),
            Self::Follow => matches!(role, Role::Distributor | Role::Vendor | Role::Auditor),
            Self::Post => matches!(role, Role::Distributor | Role::Vendor),
            Self::Watch => matches!(role, Role::Admin | Role::Reporter),
        }
    }
}

impl Identity {
    /// Checks that the role has the right.
    ///
    /// # Errors
    /// It has not: 403.
    pub(crate) fn must_have(&self, right: Right) -> Result<(), Problem> {
        if right.is_given_to(self.role) {
            return Ok(());
        }
        let roles = Role::ALL.iter().filter(|role| right.is_given_to(**role)).map(|role| role.name());
        let roles = roles.collect::<Vec<_>>().join(", ");
        let en = format!("the role {} may not do this; it takes a key of the role {roles}", self.role);
        let ru = format!("роли {} это не разрешено; нужен ключ с одной из ролей: {roles}", self.role);
        Err(Problem::new(&problem::FORBIDDEN, en, ru))
    }

    /// Checks that they may see a license of the partner. A license that does not exist is nobody's: a partner's key is
    /// not told which numbers exist.
    ///
    /// # Errors
    /// It is not their partner's: 403.
    pub(crate) fn must_see(&self, partner: Option<&Partner>) -> Result<(), Problem> {
        match &self.partner {
            Some(own) if partner.is_none_or(|partner| partner.name != **own) => Err(not_the_partners(own)),
            _ => Ok(()),
        }
    }

    /// The refusal where a license is not theirs to see, or does not exist.
    pub(crate) fn not_theirs(&self) -> Problem {
        not_the_partners(self.partner.as_deref().unwrap_or_default())
    }

    /// The partner asked about.
    ///
    /// # Errors
    /// The key is another partner's: 403.
    pub(crate) fn may_ask_about(&self, asked: Option<String>) -> Result<Option<String>, Problem> {
        match (&self.partner, asked) {
            (Some(own), Some(asked)) if asked != **own => Err(not_the_partners(own)),
            (_, asked) => Ok(asked),
        }
    }

    /// The partner whose licenses alone they see, in all their past: those whose partner it is now.
    pub(crate) fn kept_to(&self) -> Option<String> {
        self.partner.as_deref().map(str::to_owned)
    }
}

fn not_the_partners(partner: &str) -> Problem {
    let en = format!("this key sees only licenses of the partner \"{partner}\"");
    let ru = format!("этот ключ видит только лицензии партнёра «{partner}»");
    Problem::new(&problem::FORBIDDEN, en, ru)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(role: Role, partner: Option<&str>) -> Identity {
        Identity { name: "a".into(), role, partner: partner.map(Into::into), key_id: "k".into() }
    }

    fn softline() -> Partner {
        Partner { name: "Softline".to_owned(), level: None }
    }

    #[test]
    fn every_role_has_its_rights() {
        let table = [
            (Role::Distributor, true, true, false),
            (Role::Vendor, true, true, false),
            (Role::Auditor, true, true, false),
            (Role::Reporter, true, false, true),
            (Role::Admin, false, false, true),
        ];
        for (role, read, follow, watch) in table {
            let may = |right| of(role, None).must_have(right).is_ok();
            assert_eq!((may(Right::Read), may(Right::Follow), may(Right::Watch)), (read, follow, watch), "{role}");
        }
    }

    #[test]
    fn a_partners_key_sees_its_own_licenses_and_no_others() {
        let own = of(Role::Distributor, Some("Softline"));
        assert!(own.must_see(Some(&softline())).is_ok());
        assert!(own.must_see(Some(&Partner { name: "Other".to_owned(), level: None })).is_err());
        assert!(own.must_see(None).is_err());
        assert!(of(Role::Distributor, None).must_see(None).is_ok());
    }

    #[test]
    fn a_partners_lists_are_its_own() {
        let own = of(Role::Reporter, Some("Softline"));
        assert_eq!(own.kept_to().as_deref(), Some("Softline"));
        assert_eq!(own.may_ask_about(None).unwrap(), None);
        assert_eq!(own.may_ask_about(Some("Softline".to_owned())).unwrap().as_deref(), Some("Softline"));
        assert!(own.may_ask_about(Some("Other".to_owned())).is_err());
        let anybody = of(Role::Reporter, None);
        assert_eq!((anybody.kept_to(), anybody.may_ask_about(None).unwrap()), (None, None));
        assert_eq!(anybody.may_ask_about(Some("Other".to_owned())).unwrap().as_deref(), Some("Other"));
    }
}
