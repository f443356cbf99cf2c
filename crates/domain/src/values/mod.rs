//! Values that keep what was checked: a count of users, a license number, a sum of money.

mod date;
mod holder;
mod license_number;
mod license_type;
mod money;
mod partner;
mod plugin;
mod product;
mod swm;
mod users;
mod version;

pub use date::{Date, add_months, add_years, months_until};
pub use holder::{Holder, inn_checksum_holds};
pub use license_number::{InvalidLicenseNumber, LicenseNumber};
pub use license_type::LicenseType;
pub use money::{Currency, Money};
pub use partner::{Partner, PartnerLevel};
pub use plugin::{Plugin, PluginSet};
pub use product::{Product, RequestedProduct};
pub use swm::Swm;
pub use users::{Users, rounded_up_to_packs};
pub use version::ProductVersion;

/// Writes `Display` and `FromStr` for an enum of unit variants by one table of names, the names its JSON uses too.
macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in the order of the documents.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name used in commands, events, tables and documents.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::values::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::values::UnknownName {
                        found: text.to_owned(),
                        known: &[$($name),+],
                    }),
                }
            }
        }
    };
}
pub(crate) use named;

/// A word that is none of a fixed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is not known here; it is one of {}", known.join(", "))]
pub struct UnknownName {
    /// What was found.
    pub found: String,
    /// What there is.
    pub known: &'static [&'static str],
}
