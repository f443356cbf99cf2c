//! Who posts, where a command does not say so itself.

use std::env;

use ledger_domain::command::{Actor, Role};

/// The system's user, in the role distributor.
pub(crate) fn system_user() -> Actor {
    let named = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(|name| env::var(name).ok());
    let name = named.map(|name| clean(&name)).find(|name| !name.is_empty());
    Actor { name: name.or_else(user_id).unwrap_or_else(|| "unknown".to_owned()), role: Role::Distributor }
}

/// A name as a command could give it: no control characters, not blank, at most 200 characters.
fn clean(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    name.trim().to_owned()
}

/// Services and containers often run without a name in their environment.
#[cfg(target_os = "linux")]
fn user_id() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").ok().map(|process| format!("uid {}", process.uid()))
}

#[cfg(not(target_os = "linux"))]
const fn user_id() -> Option<String> {
    None
}
