//! What one entry of section `terms` states, and how entries complete each other.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::bounds::{Count, Days, Discounts, Fee};
use super::terms::Terms;
use crate::values::Currency;

/// Some of the terms, as one entry states them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    pack_size: Option<Count>,
    minimum_users: Option<Count>,
    devices_per_user: Option<Count>,
    extensions_per_user: Option<Count>,
    trial_days: Option<Days>,
    antivirus_days: Option<Days>,
    installation_support_days: Option<Days>,
    incident_fees: Option<BTreeMap<Currency, Fee>>,
    partner_discounts: Option<Discounts>,
}

impl Statement {
    /// What this states, and what the other does where this says nothing.
    pub(super) fn or(self, other: &Self) -> Self {
        Self {
            pack_size: self.pack_size.or(other.pack_size),
            minimum_users: self.minimum_users.or(other.minimum_users),
            devices_per_user: self.devices_per_user.or(other.devices_per_user),
            extensions_per_user: self.extensions_per_user.or(other.extensions_per_user),
            trial_days: self.trial_days.or(other.trial_days),
            antivirus_days: self.antivirus_days.or(other.antivirus_days),
            installation_support_days: self.installation_support_days.or(other.installation_support_days),
            incident_fees: self.incident_fees.or_else(|| other.incident_fees.clone()),
            partner_discounts: self.partner_discounts.or(other.partner_discounts),
        }
    }

    /// The terms, once nothing is missing.
    pub(super) fn complete(&self) -> Option<Terms> {
        Some(Terms {
            pack_size: self.pack_size?.0,
            minimum_users: self.minimum_users?.0,
            devices_per_user: self.devices_per_user?.0,
            extensions_per_user: self.extensions_per_user?.0,
            trial_days: self.trial_days?.0,
            antivirus_days: self.antivirus_days?.0,
            installation_support_days: self.installation_support_days?.0,
            incident_fees: self.incident_fees.as_ref()?.iter().map(|(currency, fee)| (*currency, fee.0)).collect(),
            partner_discounts: self.partner_discounts?.by_level(),
        })
    }

    /// The names of what it states.
    pub(super) fn stated(&self) -> Vec<&'static str> {
        self.names(true)
    }

    /// The names of what it does not state.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        self.names(false)
    }

    fn names(&self, stated: bool) -> Vec<&'static str> {
        let all = [
            ("pack_size", self.pack_size.is_some()),
            ("minimum_users", self.minimum_users.is_some()),
            ("devices_per_user", self.devices_per_user.is_some()),
            ("extensions_per_user", self.extensions_per_user.is_some()),
            ("trial_days", self.trial_days.is_some()),
            ("antivirus_days", self.antivirus_days.is_some()),
            ("installation_support_days", self.installation_support_days.is_some()),
            ("incident_fees", self.incident_fees.is_some()),
            ("partner_discounts", self.partner_discounts.is_some()),
        ];
        all.into_iter().filter(|(_, is_stated)| *is_stated == stated).map(|(name, _)| name).collect()
    }
}
