//! How many files the process may have open: each connection takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What else is open: the database's connections or files, the log, the program itself.
const OTHERS: u64 = 100;

/// As many of the wanted connections as there can be, once the limit is raised as far as the system lets it.
pub(crate) fn connections(wanted: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    // What was not raised is looked at, not taken for granted; none at all is no limit.
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let room = files.saturating_sub(OTHERS).max(1);
    if room < wanted {
        tracing::warn!(
            wanted,
            room,
            "max_connections is more than the system lets the process have: raise its hard limit of open files (LimitNOFILE, ulimit -Hn)"
        );
    }
    wanted.min(room)
}
