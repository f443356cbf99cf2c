-- Reporting: views whose names and columns stay as they are (docs/reporting.md, which has the queries with parameters
-- too: SQLite has no functions in SQL). The columns of the first three are entitlement_versions'.

-- The facts of every license, as all its events made it.
CREATE VIEW reporting_entitlements AS
SELECT
  license, version, on_date, recorded_at, product, license_type, status, holder_name, holder_inn,
  holder_country, partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam,
  swm_starts, swm_ends, trial_ends, certified, installed_version, pending_order, pending_on, pending_kind,
  pending_swm_years, pending_antivirus, pending_web_filter, pending_active_sync, pending_anti_spam,
  pending_fstek, pending_users, pending_partner_name, pending_partner_level, servers_online, split_from,
  merged_into
FROM current_entitlement;

-- The facts of every license after each of its events.
CREATE VIEW reporting_entitlement_versions AS
SELECT
  license, version, on_date, recorded_at, product, license_type, status, holder_name, holder_inn,
  holder_country, partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam,
  swm_starts, swm_ends, trial_ends, certified, installed_version, pending_order, pending_on, pending_kind,
  pending_swm_years, pending_antivirus, pending_web_filter, pending_active_sync, pending_anti_spam,
  pending_fstek, pending_users, pending_partner_name, pending_partner_level, servers_online, split_from,
  merged_into
FROM entitlement_versions;

-- The facts of the active and the blocked licenses: swm_ends is never NULL here.
CREATE VIEW reporting_swm_expiry AS
SELECT
  license, version, on_date, recorded_at, product, license_type, status, holder_name, holder_inn,
  holder_country, partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam,
  swm_starts, swm_ends, trial_ends, certified, installed_version, pending_order, pending_on, pending_kind,
  pending_swm_years, pending_antivirus, pending_web_filter, pending_active_sync, pending_anti_spam,
  pending_fstek, pending_users, pending_partner_name, pending_partner_level, servers_online, split_from,
  merged_into
FROM swm_expiry;

-- Every event ever recorded.
CREATE VIEW reporting_events AS
SELECT
  position, aggregate_type AS stream_type, aggregate_id AS stream_id, sequence, event_type, event_version, on_date,
  recorded_at, actor_name, actor_role, command_id, edition,
  json_extract(payload, '$.' || event_type) AS data -- what it says, JSON
FROM events;

-- The lines sold. An order without a known price (PRC-11) is one row without line and amounts, and so is its
-- withdrawal (OrderCancelled): then the order's lines no longer count. Amounts are texts, to the last digit.
CREATE VIEW reporting_sales AS
SELECT
  e.position, e.on_date, e.recorded_at, e.event_type, e.stream_id AS license, e.data ->> '$.order' AS order_number,
  e.data ->> '$.partner.name' AS partner_name, l.value ->> '$.line' AS line,
  e.data ->> '$.price.currency' AS currency, l.value ->> '$.list' AS list, l.value ->> '$.discount' AS discount,
  l.value ->> '$.net' AS net, l.value ->> '$.vat' AS vat, l.value ->> '$.total' AS total,
  e.data ->> '$.price.price_list' AS price_list, e.command_id
FROM reporting_events AS e LEFT JOIN json_each(e.data, '$.price.lines') AS l
WHERE e.stream_type = 'license' AND e.event_type IN ('LicenseIssued', 'UpgradeOrdered', 'OrderCancelled');

-- The commands that were refused by rules of the policy.
CREATE VIEW reporting_refusals AS
SELECT
  e.position, c.on_date, c.recorded_at, c.actor_name, c.actor_role, c.license, c.content ->> '$.command.type' AS command,
  (SELECT json_group_array(v.value ->> '$.rule') FROM json_each(c.outcome, '$.violations') AS v) AS rules, -- JSON array
  c.command_id
FROM commands AS c JOIN events AS e
  ON e.aggregate_type = 'refusal' AND e.aggregate_id = c.command_id AND e.sequence = 1;
