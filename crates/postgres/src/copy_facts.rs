//! A license's facts as a row of `COPY`.

use ledger_domain::license::Facts;
use ledger_domain::order::PendingOrder;
use ledger_domain::values::{Partner, Plugin, Users};

use crate::copy::Rows;
use crate::rows::PendingRow;

/// The columns that [`crate::rows::COLUMNS`] names, in their order, and the instant.
pub(crate) fn push(rows: &mut Rows, facts: &Facts, recorded_at: &str) {
    let (holder, partner) = (&facts.holder, facts.partner.as_ref());
    rows.text(facts.license.as_str()).plain(facts.version).day(facts.on).text(facts.product.name());
    rows.text(facts.license_type.name()).text(facts.status.name());
    rows.text(&holder.name).text_if_any(holder.inn.as_deref()).text(&holder.country);
    rows.text_if_any(partner.map(|partner| partner.name.as_str())).text_if_any(level(partner));
    rows.plain_if_any(facts.users.map(Users::count));
    for plugin in [Plugin::Antivirus, Plugin::WebFilter, Plugin::ActiveSync, Plugin::AntiSpam] {
        rows.flag(facts.plugins.contains(plugin));
    }
    rows.day_if_any(facts.swm.map(|swm| swm.starts)).day_if_any(facts.swm.map(|swm| swm.ends));
    rows.day_if_any(facts.trial_ends).flag_if_any(facts.certified);
    rows.text_if_any(facts.installed_version.as_ref().map(|version| version.as_str()));
    push_pending(rows, facts.pending.as_ref());
    rows.texts(&facts.servers_online);
    for other in [&facts.split_from, &facts.merged_into] {
        rows.text_if_any(other.as_ref().map(|license| license.as_str()));
    }
    rows.text(recorded_at);
}

fn push_pending(rows: &mut Rows, pending: Option<&PendingOrder>) {
    let row = pending.map(PendingRow::from).unwrap_or_default();
    rows.text_if_any(row.pending_order.as_deref()).day_if_any(row.pending_on);
    rows.text_if_any(row.pending_kind.as_deref()).plain_if_any(row.pending_swm_years);
    rows.flag_if_any(row.pending_antivirus).flag_if_any(row.pending_web_filter);
    rows.flag_if_any(row.pending_active_sync).flag_if_any(row.pending_anti_spam);
    rows.flag_if_any(row.pending_fstek).plain_if_any(row.pending_users);
    rows.text_if_any(row.pending_partner_name.as_deref()).text_if_any(row.pending_partner_level.as_deref());
}

fn level(partner: Option<&Partner>) -> Option<&'static str> {
    partner.and_then(|partner| partner.level).map(|level| level.name())
}
