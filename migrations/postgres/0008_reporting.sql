-- Reporting: views whose names and columns stay as they are, in a schema of their own (docs/reporting.md).
-- Who reads them needs rights on this schema only: the views read the tables with their owner's rights. The role for it
-- is made by an administrator (docs/reporting.md): roles are the whole cluster's, and not every owner may make one.

CREATE SCHEMA reporting;
COMMENT ON SCHEMA reporting IS 'Views and functions for reports: their names and columns stay as they are.';

CREATE VIEW reporting.entitlements AS
    SELECT
        license, version, on_date, recorded_at, product, license_type, status, holder_name, holder_inn,
        holder_country, partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam,
        swm_starts, swm_ends, trial_ends, certified, installed_version, pending_order, pending_on,
        pending_kind, pending_swm_years, pending_antivirus, pending_web_filter, pending_active_sync,
        pending_anti_spam, pending_fstek, pending_users, pending_partner_name, pending_partner_level,
        servers_online, split_from, merged_into
    FROM current_entitlement;
COMMENT ON VIEW reporting.entitlements IS 'The facts of every license, as all its events made it.';

CREATE VIEW reporting.entitlement_versions AS
    SELECT
        license, version, on_date, recorded_at, product, license_type, status, holder_name, holder_inn,
        holder_country, partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam,
        swm_starts, swm_ends, trial_ends, certified, installed_version, pending_order, pending_on,
        pending_kind, pending_swm_years, pending_antivirus, pending_web_filter, pending_active_sync,
        pending_anti_spam, pending_fstek, pending_users, pending_partner_name, pending_partner_level,
        servers_online, split_from, merged_into
    FROM entitlement_versions;
COMMENT ON VIEW reporting.entitlement_versions IS 'The facts of every license after each of its events.';

CREATE VIEW reporting.swm_expiry AS
    SELECT
        license, version, on_date, recorded_at, product, license_type, status, holder_name, holder_inn,
        holder_country, partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam,
        swm_starts, swm_ends, trial_ends, certified, installed_version, pending_order, pending_on,
        pending_kind, pending_swm_years, pending_antivirus, pending_web_filter, pending_active_sync,
        pending_anti_spam, pending_fstek, pending_users, pending_partner_name, pending_partner_level,
        servers_online, split_from, merged_into
    FROM swm_expiry;
COMMENT ON VIEW reporting.swm_expiry IS 'The facts of the active and the blocked licenses: swm_ends is never null here.';

-- The columns are those of entitlement_versions, and so are their comments.
DO $$
DECLARE
    v_column record;
BEGIN
    FOR v_column IN
        SELECT view.oid::regclass AS view, c.attname AS name, col_description(t.attrelid, t.attnum) AS said
        FROM pg_class view
            JOIN pg_attribute c ON c.attrelid = view.oid AND c.attnum > 0
            JOIN pg_attribute t ON t.attrelid = 'entitlement_versions'::regclass AND t.attname = c.attname
        WHERE view.oid IN ('reporting.entitlements'::regclass, 'reporting.entitlement_versions'::regclass,
            'reporting.swm_expiry'::regclass)
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', v_column.view, v_column.name, v_column.said);
    END LOOP;
END $$;

CREATE VIEW reporting.events AS
    SELECT
        position, aggregate_type AS stream_type, aggregate_id AS stream_id, sequence, event_type, event_version,
        on_date, recorded_at, actor_name, actor_role, command_id, edition, payload -> event_type AS data
    FROM events;
COMMENT ON VIEW reporting.events IS 'Every event ever recorded.';
COMMENT ON COLUMN reporting.events.position IS 'Its place in the whole log, from 0 without gaps; null until it is given.';
COMMENT ON COLUMN reporting.events.stream_type IS 'license, or refusal.';
COMMENT ON COLUMN reporting.events.stream_id IS 'The license number; of a refusal the id of the refused command.';
COMMENT ON COLUMN reporting.events.sequence IS 'The number of the event within its stream, from 1.';
COMMENT ON COLUMN reporting.events.event_type IS 'What happened, such as UsersReduced.';
COMMENT ON COLUMN reporting.events.event_version IS 'The version of the format of data.';
COMMENT ON COLUMN reporting.events.on_date IS 'The business date.';
COMMENT ON COLUMN reporting.events.recorded_at IS 'When the ledger wrote it.';
COMMENT ON COLUMN reporting.events.actor_name IS 'Who posted the command.';
COMMENT ON COLUMN reporting.events.actor_role IS 'As what.';
COMMENT ON COLUMN reporting.events.command_id IS 'The command that caused it.';
COMMENT ON COLUMN reporting.events.edition IS 'The edition of facts (SHA-256, hex) that the command was judged by.';
COMMENT ON COLUMN reporting.events.data IS 'What it says, as schemas/events describes it.';

CREATE VIEW reporting.sales AS
    SELECT
        e.position, e.on_date, e.recorded_at, e.event_type, e.stream_id AS license, e.data ->> 'order' AS order_number,
        e.data -> 'partner' ->> 'name' AS partner_name, l.item ->> 'line' AS line,
        e.data -> 'price' ->> 'currency' AS currency, (l.item ->> 'list')::numeric AS list,
        (l.item ->> 'discount')::numeric AS discount, (l.item ->> 'net')::numeric AS net,
        (l.item ->> 'vat')::numeric AS vat, (l.item ->> 'total')::numeric AS total,
        (e.data -> 'price' ->> 'price_list')::date AS price_list, e.command_id
    FROM reporting.events e
        LEFT JOIN LATERAL json_array_elements(e.data -> 'price' -> 'lines') AS l (item) ON true
    WHERE e.stream_type = 'license' AND e.event_type IN ('LicenseIssued', 'UpgradeOrdered', 'OrderCancelled');
COMMENT ON VIEW reporting.sales IS
    'The lines sold. An order without a known price (PRC-11) is one row without line and amounts, and so is its withdrawal.';
COMMENT ON COLUMN reporting.sales.position IS 'The event''s place in the whole log; null until it is given.';
COMMENT ON COLUMN reporting.sales.on_date IS 'The business date.';
COMMENT ON COLUMN reporting.sales.recorded_at IS 'When the ledger wrote it.';
COMMENT ON COLUMN reporting.sales.event_type IS
    'LicenseIssued, UpgradeOrdered, or OrderCancelled: then the order''s lines no longer count.';
COMMENT ON COLUMN reporting.sales.license IS 'The license.';
COMMENT ON COLUMN reporting.sales.order_number IS 'The order.';
COMMENT ON COLUMN reporting.sales.partner_name IS 'The partner named on the order.';
COMMENT ON COLUMN reporting.sales.line IS 'Which line of the order, named after its command.';
COMMENT ON COLUMN reporting.sales.currency IS 'The currency of the amounts.';
COMMENT ON COLUMN reporting.sales.list IS 'By the price list, with VAT.';
COMMENT ON COLUMN reporting.sales.discount IS 'The partner''s discount.';
COMMENT ON COLUMN reporting.sales.net IS 'The total without VAT.';
COMMENT ON COLUMN reporting.sales.vat IS 'The VAT in the total.';
COMMENT ON COLUMN reporting.sales.total IS 'What is paid, with VAT.';
COMMENT ON COLUMN reporting.sales.price_list IS 'The first day of the price list.';
COMMENT ON COLUMN reporting.sales.command_id IS 'The command.';

CREATE VIEW reporting.refusals AS
    SELECT
        e.position, c.on_date, c.recorded_at, c.actor_name, c.actor_role, c.license,
        c.content::json -> 'command' ->> 'type' AS command,
        (SELECT array_agg(v.item ->> 'rule' ORDER BY v.place)
            FROM json_array_elements(c.outcome::json -> 'violations') WITH ORDINALITY AS v (item, place)) AS rules,
        c.command_id
    FROM commands c
        JOIN events e ON e.aggregate_type = 'refusal' AND e.aggregate_id = c.command_id::text AND e.sequence = 1;
COMMENT ON VIEW reporting.refusals IS 'The commands that were refused by rules of the policy.';
COMMENT ON COLUMN reporting.refusals.position IS 'The refusal''s place in the whole log; null until it is given.';
COMMENT ON COLUMN reporting.refusals.on_date IS 'The business date.';
COMMENT ON COLUMN reporting.refusals.recorded_at IS 'When the ledger wrote it.';
COMMENT ON COLUMN reporting.refusals.actor_name IS 'Who posted the command.';
COMMENT ON COLUMN reporting.refusals.actor_role IS 'As what.';
COMMENT ON COLUMN reporting.refusals.license IS 'The license it was about.';
COMMENT ON COLUMN reporting.refusals.command IS 'What was wanted, such as add_users.';
COMMENT ON COLUMN reporting.refusals.rules IS 'The rules broken, in the policy''s order.';
COMMENT ON COLUMN reporting.refusals.command_id IS 'The command.';

CREATE FUNCTION reporting.entitlement_known_at(p_on date, p_known_at timestamptz)
    RETURNS SETOF reporting.entitlement_versions LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT DISTINCT ON (license) * FROM reporting.entitlement_versions
    WHERE on_date <= p_on AND recorded_at <= p_known_at
    ORDER BY license, version DESC;
END;
COMMENT ON FUNCTION reporting.entitlement_known_at IS
    'The facts of every license as its events up to that day made it, with only what was recorded up to that instant.';

CREATE FUNCTION reporting.entitlement_on(p_on date)
    RETURNS SETOF reporting.entitlement_versions LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM reporting.entitlement_known_at(p_on, 'infinity');
END;
COMMENT ON FUNCTION reporting.entitlement_on IS 'The facts of every license as its events up to that day made it.';

CREATE FUNCTION reporting.swm_ending(p_from date, p_to date)
    RETURNS SETOF reporting.swm_expiry LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM reporting.swm_expiry WHERE swm_ends >= p_from AND swm_ends < p_to ORDER BY swm_ends, license;
END;
COMMENT ON FUNCTION reporting.swm_ending IS
    'The licenses in use whose Software Maintenance ends from the first day on, before the second.';
