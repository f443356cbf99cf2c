//! Plugins (CAT-2) and sets of them.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named;

/// A plugin: a licensed extension of a product (CAT-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Plugin {
    /// Sophos antivirus, for Connect and Control.
    Antivirus,
    /// Kerio Control Web Filter.
    WebFilter,
    /// Exchange `ActiveSync` for Connect.
    ActiveSync,
    /// Kerio Anti-spam (advanced) for Connect.
    AntiSpam,
}

named!(Plugin {
    Antivirus = "antivirus",
    WebFilter = "web_filter",
    ActiveSync = "active_sync",
    AntiSpam = "anti_spam",
});

/// A set of plugins, always in the documents' order: part of a license's structure.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PluginSet(BTreeSet<Plugin>);

impl PluginSet {
    /// The empty set: a clean license's.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// True for a clean license.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many plugins there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the plugin is in the set.
    #[must_use]
    pub fn contains(&self, plugin: Plugin) -> bool {
        self.0.contains(&plugin)
    }

    /// Puts a plugin in; false when it was there.
    pub fn insert(&mut self, plugin: Plugin) -> bool {
        self.0.insert(plugin)
    }

    /// The plugins in the documents' order.
    pub fn iter(&self) -> impl Iterator<Item = Plugin> + '_ {
        self.0.iter().copied()
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).copied().collect())
    }

    /// What is in either set.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).copied().collect())
    }
}

impl FromIterator<Plugin> for PluginSet {
    fn from_iter<I: IntoIterator<Item = Plugin>>(plugins: I) -> Self {
        Self(plugins.into_iter().collect())
    }
}

impl fmt::Display for PluginSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Plugin::name).collect();
        f.pad(&names.join(", "))
    }
}
