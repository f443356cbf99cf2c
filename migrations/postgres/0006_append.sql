-- The write path again, for less of the database's time: rows come as rows, not as columns and JSON; the state row that
-- is there is compared and changed in one statement; and a command alone, the usual case, is written without reading
-- it from a table function.

DROP FUNCTION ledger_append;

-- What is appended, as the program sends it. Types of their own: a column more in a table changes nothing here.
CREATE TYPE ledger_command AS (
    command_id uuid, license text, on_date date, digest bytea, content text, actor_name text, actor_role text,
    accepted boolean, outcome text
);
COMMENT ON TYPE ledger_command IS 'A row of commands, without what the whole batch shares: edition and recorded_at.';

CREATE TYPE ledger_event AS (
    command integer, stream_type text, stream_id text, sequence bigint, event_type text, event_version text,
    payload text, order_number text
);
COMMENT ON TYPE ledger_event IS 'A row of events; command counts the batch''s commands from 1.';

CREATE TYPE ledger_facts AS (
    license text, version bigint, on_date date, product text, license_type text, status text, holder_name text,
    holder_inn text, holder_country text, partner_name text, partner_level text, users bigint, antivirus boolean,
    web_filter boolean, active_sync boolean, anti_spam boolean, swm_starts date, swm_ends date, trial_ends date,
    certified boolean, installed_version text, pending_order text, pending_on date, pending_kind text,
    pending_swm_years bigint, pending_antivirus boolean, pending_web_filter boolean, pending_active_sync boolean,
    pending_anti_spam boolean, pending_fstek boolean, pending_users bigint, pending_partner_name text,
    pending_partner_level text, servers_online text[], split_from text, merged_into text
);
COMMENT ON TYPE ledger_facts IS 'A row of entitlement_versions, without recorded_at.';

CREATE TYPE ledger_state AS (facts integer, base_version bigint, base_state text, fold bigint, state text);
COMMENT ON TYPE ledger_state IS
    'What becomes of a license: which of the batch''s facts, counted from 1; the version judged on (0: none), and the
state where it was remembered; the fold, and the folded license.';

CREATE FUNCTION ledger_append(
    p_edition text,
    p_commands ledger_command[],
    p_events ledger_event[],
    -- The facts after each event of a license.
    p_facts ledger_facts[],
    -- One for each license that changes, in license order.
    p_states ledger_state[],
    -- Licenses that were only read, and the version each had (0: none).
    p_guard_license text[], p_guard_version bigint[],
    -- Those of either kind that must not exist.
    p_absent text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_moment      constant interval := '1 microsecond';
    v_xid         xid8;
    v_recorded_at timestamptz;
    v_command     ledger_command;
    v_event       ledger_event;
    v_state       ledger_state;
    v_facts       ledger_facts;
    v_held        record;
    v_last        timestamptz;
    v_went_back   boolean := false;
BEGIN
    -- First the transaction gets its number, then it looks at the clock and at the instant that becomes final: an
    -- instant that it cannot see becomes final only after this transaction is over.
    v_xid := pg_current_xact_id();
    SELECT greatest(clock_timestamp(), candidate + v_moment, final_until + v_moment)
    INTO v_recorded_at FROM sealer, editions WHERE one = 1 AND edition = p_edition;
    IF v_recorded_at IS NULL THEN
        RAISE EXCEPTION 'edition % was never adopted', p_edition USING ERRCODE = 'LL003';
    END IF;

    -- A row that is not there cannot be locked: those who need it absent lock its name. Names before rows, both in
    -- order, so that batches never wait for each other in a circle.
    IF cardinality(p_absent) > 0 THEN
        PERFORM pg_advisory_xact_lock(name)
        FROM (SELECT DISTINCT hashtextextended(license, 0) AS name FROM unnest(p_absent) AS license ORDER BY name)
            AS absent;
    END IF;

    IF cardinality(p_guard_license) > 0 THEN
        -- The rows that change come later: all must be locked in one order.
        PERFORM FROM current_entitlement
        WHERE license = ANY (p_guard_license) OR license IN (SELECT license FROM unnest(p_facts))
        ORDER BY license FOR UPDATE;
        FOR i IN 1 .. cardinality(p_guard_license) LOOP
            SELECT version, recorded_at INTO v_held FROM current_entitlement WHERE license = p_guard_license[i];
            IF coalesce(v_held.version, 0) <> p_guard_version[i] THEN
                RAISE EXCEPTION 'license % is at version %, not %',
                    p_guard_license[i], coalesce(v_held.version, 0), p_guard_version[i] USING ERRCODE = 'LL001';
            END IF;
            v_recorded_at := greatest(v_recorded_at, v_held.recorded_at);
        END LOOP;
    END IF;

    FOREACH v_state IN ARRAY p_states LOOP
        v_facts := p_facts[v_state.facts];
        IF v_facts IS NULL THEN
            RAISE EXCEPTION 'a state without the event that made it' USING ERRCODE = 'LL003';
        END IF;
        IF v_state.base_version = 0 THEN
            INSERT INTO current_entitlement (
            license, version, on_date, product, license_type, status, holder_name, holder_inn, holder_country,
            partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam, swm_starts, swm_ends,
            trial_ends, certified, installed_version, pending_order, pending_on, pending_kind, pending_swm_years,
            pending_antivirus, pending_web_filter, pending_active_sync, pending_anti_spam, pending_fstek,
            pending_users, pending_partner_name, pending_partner_level, servers_online, split_from, merged_into, fold, state, recorded_at
            ) SELECT v_facts.*, v_state.fold, v_state.state, v_recorded_at;
            CONTINUE;
        END IF;
        UPDATE current_entitlement SET
            version = v_facts.version, on_date = v_facts.on_date, product = v_facts.product,
            license_type = v_facts.license_type, status = v_facts.status, holder_name = v_facts.holder_name,
            holder_inn = v_facts.holder_inn, holder_country = v_facts.holder_country,
            partner_name = v_facts.partner_name, partner_level = v_facts.partner_level, users = v_facts.users,
            antivirus = v_facts.antivirus, web_filter = v_facts.web_filter, active_sync = v_facts.active_sync,
            anti_spam = v_facts.anti_spam, swm_starts = v_facts.swm_starts, swm_ends = v_facts.swm_ends,
            trial_ends = v_facts.trial_ends, certified = v_facts.certified,
            installed_version = v_facts.installed_version, pending_order = v_facts.pending_order,
            pending_on = v_facts.pending_on, pending_kind = v_facts.pending_kind,
            pending_swm_years = v_facts.pending_swm_years, pending_antivirus = v_facts.pending_antivirus,
            pending_web_filter = v_facts.pending_web_filter, pending_active_sync = v_facts.pending_active_sync,
            pending_anti_spam = v_facts.pending_anti_spam, pending_fstek = v_facts.pending_fstek,
            pending_users = v_facts.pending_users, pending_partner_name = v_facts.pending_partner_name,
            pending_partner_level = v_facts.pending_partner_level, servers_online = v_facts.servers_online,
            split_from = v_facts.split_from, merged_into = v_facts.merged_into,
            fold = v_state.fold, state = v_state.state, recorded_at = greatest(v_recorded_at, recorded_at)
        WHERE license = v_facts.license AND version = v_state.base_version AND fold <= v_state.fold
            AND (v_state.base_state IS NULL OR state = v_state.base_state)
        RETURNING recorded_at INTO v_last;
        IF NOT FOUND THEN
            PERFORM ledger_refuse(v_facts.license, v_state.base_version, v_state.fold);
        END IF;
        v_went_back := v_went_back OR v_last > v_recorded_at;
        v_recorded_at := greatest(v_recorded_at, v_last);
    END LOOP;
    IF v_went_back THEN
        -- The clock was set back, and a license's last event is of later: all that is written now is of that instant.
        UPDATE current_entitlement SET recorded_at = v_recorded_at
        WHERE license IN (SELECT license FROM unnest(p_facts));
    END IF;

    IF cardinality(p_commands) = 1 THEN
        v_command := p_commands[1];
        INSERT INTO commands (command_id, license, on_date, digest, content, actor_name, actor_role, accepted, outcome,
            edition, recorded_at)
        SELECT v_command.*, p_edition, v_recorded_at;
    ELSE
        INSERT INTO commands (command_id, license, on_date, digest, content, actor_name, actor_role, accepted, outcome,
            edition, recorded_at)
        SELECT command.*, p_edition, v_recorded_at FROM unnest(p_commands) AS command;
    END IF;

    IF cardinality(p_events) = 1 THEN
        v_event := p_events[1];
        v_command := p_commands[v_event.command];
        INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            order_number, command_id, on_date, actor_name, actor_role, edition, recorded_at)
        VALUES (v_event.stream_type, v_event.stream_id, v_event.sequence, v_event.event_type, v_event.event_version,
            v_event.payload::json, '{}', v_event.order_number, v_command.command_id, v_command.on_date,
            v_command.actor_name, v_command.actor_role, p_edition, v_recorded_at);
    ELSE
        INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            order_number, command_id, on_date, actor_name, actor_role, edition, recorded_at)
        SELECT e.stream_type, e.stream_id, e.sequence, e.event_type, e.event_version, e.payload::json, '{}',
            e.order_number, c.command_id, c.on_date, c.actor_name, c.actor_role, p_edition, v_recorded_at
        FROM unnest(p_events) AS e, LATERAL (SELECT (p_commands[e.command]).*) AS c;
    END IF;

    IF cardinality(p_facts) = 1 THEN
        v_facts := p_facts[1];
        INSERT INTO entitlement_versions (
            license, version, on_date, product, license_type, status, holder_name, holder_inn, holder_country,
            partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam, swm_starts, swm_ends,
            trial_ends, certified, installed_version, pending_order, pending_on, pending_kind, pending_swm_years,
            pending_antivirus, pending_web_filter, pending_active_sync, pending_anti_spam, pending_fstek,
            pending_users, pending_partner_name, pending_partner_level, servers_online, split_from, merged_into, recorded_at
        ) SELECT v_facts.*, v_recorded_at;
    ELSE
        INSERT INTO entitlement_versions (
            license, version, on_date, product, license_type, status, holder_name, holder_inn, holder_country,
            partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam, swm_starts, swm_ends,
            trial_ends, certified, installed_version, pending_order, pending_on, pending_kind, pending_swm_years,
            pending_antivirus, pending_web_filter, pending_active_sync, pending_anti_spam, pending_fstek,
            pending_users, pending_partner_name, pending_partner_level, servers_online, split_from, merged_into, recorded_at
        ) SELECT facts.*, v_recorded_at FROM unnest(p_facts) AS facts;
    END IF;
END $$;
COMMENT ON FUNCTION ledger_append IS
    'Writes the results of commands. LL001: a version no longer holds; LL002: a newer fold; LL003: not a whole batch.';

CREATE FUNCTION ledger_refuse(p_license text, p_version bigint, p_fold bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_held record;
BEGIN
    SELECT version, fold INTO v_held FROM current_entitlement WHERE license = p_license;
    IF v_held.version = p_version AND v_held.fold > p_fold THEN
        RAISE EXCEPTION 'the state of license % is of fold %', p_license, v_held.fold USING ERRCODE = 'LL002';
    ELSIF v_held.version = p_version THEN
        RAISE EXCEPTION 'the state of license % was mended', p_license USING ERRCODE = 'LL001';
    END IF;
    RAISE EXCEPTION 'license % is at version %, not %', p_license, coalesce(v_held.version, 0), p_version
        USING ERRCODE = 'LL001';
END $$;
COMMENT ON FUNCTION ledger_refuse IS 'Says why the row of a license is not the one that its commands were judged on.';
