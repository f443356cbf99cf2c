//! Settings of the service: each with its key, default, bounds and meaning, in one table.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// A setting that is a number.
#[derive(Debug)]
pub struct Setting {
    /// Its key in a configuration file; with `-` for `_` the flag's name.
    pub key: &'static str,
    /// What it is when nothing is said.
    pub default: u64,
    /// The least it may be.
    pub min: u64,
    /// The most it may be.
    pub max: u64,
    /// What it limits, and in which unit.
    pub says: &'static str,
    place: fn(&mut Settings) -> &mut u64,
}

macro_rules! settings {
    ($($key:ident = $default:literal, $min:literal..=$max:literal, $says:literal;)*) => {
        /// What the service is run with.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            /// The address to listen on; port 0 lets the system choose one.
            pub listen: SocketAddr,
            /// Whether whoever reaches the service may do everything, without a key. Only on a loopback address.
            pub open: bool,
            $(#[doc = $says] pub $key: u64,)*
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), open: false, $($key: $default,)* }
            }
        }

        /// Every setting that is a number.
        pub static NUMBERS: &[Setting] = &[$(Setting {
            key: stringify!($key),
            default: $default,
            min: $min,
            max: $max,
            says: $says,
            place: |settings| &mut settings.$key,
        },)*];
    };
}

settings! {
    max_connections = 10_000, 1..=1_000_000, "Connections at a time; more are answered 503 and closed";
    max_requests = 1_024, 1..=100_000, "Requests in work at a time; more are answered 503";
    max_batches = 8, 1..=1_000, "Batches at a time; more are answered 503";
    max_followers = 500, 1..=100_000, "Requests that wait for events at a time, streams included; more are answered 503";
    max_body_bytes = 1_048_576, 1_024..=1_048_576, "Bytes of a request's body; a batch may be of any length, its lines of up to 1 MiB";
    max_header_bytes = 16_384, 8_192..=1_048_576, "Bytes of a request's line and headers together";
    max_headers = 64, 8..=1_000, "Headers of a request";
    header_seconds = 30, 1..=600, "Seconds until a request's headers are there; a connection that is idle longer is closed";
    body_seconds = 30, 1..=600, "Seconds until a request's body is there";
    request_seconds = 60, 1..=600, "Seconds until a request is answered";
    unread_seconds = 30, 1..=600, "Seconds that a client may take nothing of an answer; then it is cut off";
    stop_seconds = 30, 1..=600, "Seconds that a stop waits for requests in work";
    rate_per_second = 1_000, 1..=1_000_000, "Requests per second of one key, on average";
    rate_burst = 2_000, 1..=1_000_000, "Requests of one key at once, after a rest";
}

impl Setting {
    /// Sets it.
    ///
    /// # Errors
    /// The bounds, when the value is outside them.
    pub fn set(&self, settings: &mut Settings, value: u64) -> Result<(), String> {
        if !(self.min..=self.max).contains(&value) {
            return Err(format!("{} is {value}; give {} to {}", self.key, self.min, self.max));
        }
        *(self.place)(settings) = value;
        Ok(())
    }

    /// What it is set to.
    #[must_use]
    pub fn value(&self, settings: &Settings) -> u64 {
        *(self.place)(&mut settings.clone())
    }
}

impl Settings {
    /// What does not go together, if anything.
    #[must_use]
    pub fn contradiction(&self) -> Option<String> {
        (self.open && !self.listen.ip().is_loopback()).then(|| {
            format!("open lets everybody in, so it listens on a loopback address only; {} is none", self.listen.ip())
        })
    }
}

/// A number of seconds, as a duration.
pub(crate) const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_that_of_the_settings() {
        let documented = include_str!("../../../docs/service.md");
        let said = |number: u64| {
            let digits = number.to_string();
            let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
            groups.join(",")
        };
        for Setting { key, default, min, max, .. } in NUMBERS {
            let row = format!("| `{key}` | {} | {} to {} |", said(*default), said(*min), said(*max));
            assert!(documented.contains(&row), "docs/service.md lacks: {row}");
        }
    }

    #[test]
    fn every_default_lies_within_its_bounds_and_every_key_stands_for_its_own_setting() {
        let mut settings = Settings::default();
        for (place, setting) in NUMBERS.iter().enumerate() {
            assert!((setting.min..=setting.max).contains(&setting.default), "{}", setting.key);
            assert_eq!(setting.value(&settings), setting.default, "{}", setting.key);
            setting.set(&mut settings, setting.max).unwrap();
            assert!(NUMBERS[..=place].iter().all(|set| set.value(&settings) == set.max), "{}", setting.key);
        }
    }

    #[test]
    fn what_is_out_of_bounds_changes_nothing() {
        let mut settings = Settings::default();
        for setting in NUMBERS {
            for wrong in [setting.min.wrapping_sub(1), setting.max + 1, u64::MAX] {
                let said = setting.set(&mut settings, wrong).unwrap_err();
                assert!(said.contains(setting.key) && said.contains(&setting.max.to_string()), "{said}");
            }
        }
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn open_goes_with_loopback_alone() {
        let open = |listen: &str| Settings { open: true, listen: listen.parse().unwrap(), ..Settings::default() };
        assert_eq!(open("127.0.0.1:80").contradiction(), None);
        assert_eq!(open("[::1]:80").contradiction(), None);
        assert!(open("0.0.0.0:80").contradiction().is_some());
        assert_eq!(Settings { open: false, ..open("0.0.0.0:80") }.contradiction(), None);
    }
}
