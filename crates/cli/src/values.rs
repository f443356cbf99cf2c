//! How the values of options are read.

use std::fmt::Display;
use std::net::SocketAddr;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ledger_domain::command::Role;
use ledger_domain::entitlement::EntitlementStatus;
use ledger_domain::values::{Currency, Date, LicenseType, Plugin, Product};

/// A date written `YYYY-MM-DD`.
pub(crate) fn date(text: &str) -> Result<Date, String> {
    ledger_domain::command::parse_date(text).ok_or_else(|| "a date that exists is written YYYY-MM-DD".to_owned())
}

/// An instant in RFC 3339, of any offset.
pub(crate) fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .map_err(|_| "an instant is written like 2012-08-20T15:04:05Z, or with an offset such as +04:00".to_owned())
}

/// A whole number between two others, both included; those of the standard library say less when it is none.
pub(crate) fn whole<N>(from: N, to: N) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static
where
    N: FromStr + PartialOrd + Display + Copy + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| (from..=to).contains(number));
        number.ok_or_else(|| format!("a whole number from {from} to {to} is written in digits"))
    }
}

/// An address to listen on.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address is written with its port, such as 127.0.0.1:8080".to_owned())
}

/// A currency, in small letters too.
pub(crate) fn currency(text: &str) -> Result<Currency, String> {
    text.to_ascii_uppercase().parse()
}

/// Where a list of SWM ends goes on: what `next` said.
pub(crate) fn expiring_key(text: &str) -> Result<(Date, ledger_domain::values::LicenseNumber), String> {
    ledger_app::read::parse_expiring_key(text)
        .ok_or_else(|| "write what `next` of the page before says, such as 2013-01-20/10101-ABC12".to_owned())
}

/// One of the products.
pub(crate) fn product() -> impl TypedValueParser<Value = Product> {
    PossibleValuesParser::new(Product::ALL.iter().map(|product| product.name())).try_map(|name| name.parse::<Product>())
}

/// One of the license types.
pub(crate) fn license_type() -> impl TypedValueParser<Value = LicenseType> {
    PossibleValuesParser::new(LicenseType::ALL.iter().map(|license_type| license_type.name()))
        .try_map(|name| name.parse::<LicenseType>())
}

/// One of the plugins.
pub(crate) fn plugin() -> impl TypedValueParser<Value = Plugin> {
    PossibleValuesParser::new(Plugin::ALL.iter().map(|plugin| plugin.name())).try_map(|name| name.parse::<Plugin>())
}

/// One of the roles.
pub(crate) fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.name())).try_map(|name| name.parse::<Role>())
}

/// One of the statuses.
pub(crate) fn status() -> impl TypedValueParser<Value = EntitlementStatus> {
    PossibleValuesParser::new(EntitlementStatus::ALL.iter().map(|status| status.name()))
        .try_map(|name| name.parse::<EntitlementStatus>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_any_offset_are_taken_in_utc() {
        assert_eq!(instant("2012-08-20T04:00:00+04:00").unwrap().to_rfc3339(), "2012-08-20T00:00:00+00:00");
        assert!(instant("2012-08-20").unwrap_err().contains("2012-08-20T15:04:05Z"));
    }

    #[test]
    fn numbers_are_whole_and_within_their_bounds() {
        let number = whole(1u32, 500);
        assert_eq!((number("1"), number("500")), (Ok(1), Ok(500)));
        for text in ["", "0", "501", "-5", "1.5", "1e2", "99999999999", "five"] {
            assert_eq!(number(text).unwrap_err(), "a whole number from 1 to 500 is written in digits", "{text}");
        }
    }

    #[test]
    fn dates_are_written_in_full() {
        assert!(date("2012-2-1").is_err());
        assert!(date("2011-02-29").is_err());
        assert_eq!(date("2012-02-29").unwrap().to_string(), "2012-02-29");
    }
}
