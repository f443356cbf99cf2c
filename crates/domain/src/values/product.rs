//! Products (CAT-1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named;

/// A product sold as a server license and kept in this ledger (CAT-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// Kerio Connect: counts mailboxes.
    Connect,
    /// Kerio Control: counts users.
    Control,
    /// Kerio Operator: counts users.
    Operator,
}

named!(Product { Connect = "connect", Control = "control", Operator = "operator" });

/// A product that a command may name. Only some are sold as server licenses; CAT-1 judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestedProduct {
    /// Kerio Connect.
    Connect,
    /// Kerio Control.
    Control,
    /// Kerio Operator.
    Operator,
    /// Kerio Connect Cloud: a hosted service.
    ConnectCloud,
    /// Samepage: a hosted service.
    Samepage,
    /// Kerio Workspace: discontinued.
    Workspace,
}

named!(RequestedProduct {
    Connect = "connect",
    Control = "control",
    Operator = "operator",
    ConnectCloud = "connect_cloud",
    Samepage = "samepage",
    Workspace = "workspace",
});

impl RequestedProduct {
    /// The product that a server license can be for, if this is one.
    #[must_use]
    pub fn server_product(self) -> Option<Product> {
        self.name().parse().ok()
    }
}
