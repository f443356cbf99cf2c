//! Small phrases that cards and tables share.

use ledger_domain::order::OrderLine;
use ledger_domain::price::Price;
use ledger_domain::values::{Holder, Partner, PluginSet};

/// What stands where there is nothing.
pub(crate) const NOTHING: &str = "–";

/// `1 user`, `25 users`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// A number with its thousands apart: `3 412`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// The plugins, or a dash.
pub(crate) fn plugins(plugins: &PluginSet) -> String {
    if plugins.is_empty() { NOTHING.to_owned() } else { plugins.to_string() }
}

/// `ООО Ромашка, INN 7204196795 (RU)`.
pub(crate) fn holder(holder: &Holder) -> String {
    let inn = holder.inn.as_ref().map(|inn| format!(", INN {inn}")).unwrap_or_default();
    format!("{}{inn} ({})", holder.name, holder.country)
}

/// `Softline (certified)`.
pub(crate) fn partner(partner: &Partner) -> String {
    match partner.level {
        Some(level) => format!("{} ({level})", partner.name),
        None => partner.name.clone(),
    }
}

/// `; 207.00 EUR`, or nothing where no price is known.
pub(crate) fn price(price: Option<&Price>) -> String {
    price.map(|price| format!("; {} {}", price.total, price.currency)).unwrap_or_default()
}

/// What an order changes: `renew SWM by 1 year, add 10 users`.
pub(crate) fn lines(lines: &[OrderLine]) -> String {
    lines.iter().map(line).collect::<Vec<_>>().join(", ")
}

fn line(line: &OrderLine) -> String {
    match line {
        OrderLine::IssueLicense { users, plugins, swm_years } => {
            let users = counted(users.count().into(), "user", "users");
            let plugins = if plugins.is_empty() { String::new() } else { format!(" with {plugins}") };
            format!("buy {users}{plugins}, {} of SWM", years(*swm_years))
        }
        OrderLine::RenewSwm { years: count } => format!("renew SWM by {}", years(*count)),
        OrderLine::AddPlugin { plugin } => format!("add {plugin}"),
        OrderLine::SwitchToFstek => "switch to fstek".to_owned(),
        OrderLine::AddUsers { users } => format!("add {}", counted(users.count().into(), "user", "users")),
    }
}

/// `1 year`, `2 years`.
pub(crate) fn years(count: u32) -> String {
    counted(count.into(), "year", "years")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(3412), "3 412");
        assert_eq!(grouped(1_000_000), "1 000 000");
    }

    #[test]
    fn one_is_counted_as_one() {
        assert_eq!(counted(1, "command", "commands"), "1 command");
        assert_eq!(counted(2012, "command", "commands"), "2 012 commands");
    }
}
