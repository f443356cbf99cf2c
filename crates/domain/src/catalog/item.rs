//! What a price list has prices for.

use std::fmt;
use std::str::FromStr;

use crate::values::{Plugin, UnknownName};

/// An item of the price list: the server license with its first users, or something sold per pack of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// `server`: the server license with its 5 users.
    Server,
    /// `users`: 5 more users.
    Users,
    /// `plugin:antivirus` and so on: the plugin for 5 users.
    Plugin(Plugin),
    /// `fstek`: the switch to the certified edition for 5 users, priced under the type that is left (PRC-12).
    Fstek,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => f.pad("server"),
            Self::Users => f.pad("users"),
            Self::Plugin(plugin) => f.pad(&format!("plugin:{plugin}")),
            Self::Fstek => f.pad("fstek"),
        }
    }
}

impl FromStr for Item {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "server" => Ok(Self::Server),
            "users" => Ok(Self::Users),
            "fstek" => Ok(Self::Fstek),
            _ => match text.strip_prefix("plugin:") {
                Some(plugin) => plugin.parse().map(Self::Plugin).map_err(|unknown: UnknownName| unknown.to_string()),
                None => Err(format!("\"{text}\" is no item; it is one of server, users, plugin:NAME, fstek")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_written_as_the_price_list_has_them() {
        for text in ["server", "users", "plugin:antivirus", "plugin:anti_spam", "fstek"] {
            assert_eq!(text.parse::<Item>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn unknown_items_say_what_there_is() {
        assert!("server license".parse::<Item>().unwrap_err().contains("one of server, users, plugin:NAME, fstek"));
        assert!("plugin:vpn".parse::<Item>().unwrap_err().contains("antivirus, web_filter, active_sync, anti_spam"));
    }
}
