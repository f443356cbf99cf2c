-- The one write path: the results of many commands, all or nothing, in one round trip.

CREATE FUNCTION ledger_append(
    p_edition text,
    -- Commands, one element each.
    p_command_id uuid[], p_license text[], p_on date[], p_digest bytea[], p_content text[],
    p_actor_name text[], p_actor_role text[], p_accepted boolean[], p_outcome text[],
    -- Their events; the last says of which command each is, counted from 1.
    p_stream_type text[], p_stream_id text[], p_sequence bigint[], p_event_type text[], p_event_version text[],
    p_payload text[], p_order_number text[], p_event_command integer[],
    -- The facts after each event of a license: rows of entitlement_versions, without recorded_at.
    p_versions json,
    -- The states: the license and its new version, the fold, the folded license.
    p_state_license text[], p_state_version bigint[], p_state_fold bigint[], p_state text[],
    -- All licenses written or only read, in order: with the version loaded (0: none), and the fold written (null: only
    -- read).
    p_held_license text[], p_held_version bigint[], p_held_fold bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_held        record;
    v_last        timestamptz;
    v_moment      constant interval := '1 microsecond';
    v_version     entitlement_versions%ROWTYPE;
    v_xid         xid8;
    v_recorded_at timestamptz;
    v_written     bigint;
BEGIN
    -- A row that is not there cannot be locked: those who need it absent lock its name. Names before rows, both in
    -- order, so that batches never wait for each other in a circle.
    IF 0 = ANY (p_held_version) THEN
        PERFORM pg_advisory_xact_lock(name)
        FROM (SELECT DISTINCT hashtextextended(license, 0) AS name
              FROM unnest(p_held_license, p_held_version) AS held (license, version)
              WHERE version = 0 ORDER BY name) AS absent;
    END IF;

    -- In a loop: for one license that costs half of what a join of all does, and for hundreds little more.
    FOR i IN 1 .. cardinality(p_held_license) LOOP
        SELECT version, fold, recorded_at INTO v_held
        FROM current_entitlement WHERE license = p_held_license[i] FOR UPDATE;
        IF coalesce(v_held.version, 0) <> p_held_version[i] THEN
            RAISE EXCEPTION 'license % is at version %, not %',
                p_held_license[i], coalesce(v_held.version, 0), p_held_version[i] USING ERRCODE = 'LL001';
        ELSIF v_held.fold > p_held_fold[i] THEN
            RAISE EXCEPTION 'the state of license % is of fold %', p_held_license[i], v_held.fold
                USING ERRCODE = 'LL002';
        END IF;
        v_last := greatest(v_last, v_held.recorded_at);
    END LOOP;

    -- First the transaction gets its number, then it looks at the clock and at the instant that becomes final: an
    -- instant that it cannot see becomes final only after this transaction is over.
    v_xid := pg_current_xact_id();
    SELECT greatest(clock_timestamp(), v_last, candidate + v_moment, final_until + v_moment)
    INTO v_recorded_at FROM sealer, editions WHERE one = 1 AND edition = p_edition;
    IF v_recorded_at IS NULL THEN
        RAISE EXCEPTION 'edition % was never adopted', p_edition USING ERRCODE = 'LL003';
    END IF;

    INSERT INTO commands (command_id, license, on_date, digest, content, actor_name, actor_role, accepted, outcome,
        edition, recorded_at)
    SELECT c.*, p_edition, v_recorded_at
    FROM unnest(p_command_id, p_license, p_on, p_digest, p_content, p_actor_name, p_actor_role, p_accepted, p_outcome)
        AS c;

    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
        order_number, command_id, on_date, actor_name, actor_role, edition, recorded_at)
    SELECT e.stream_type, e.stream_id, e.sequence, e.event_type, e.event_version, e.payload::json, '{}',
        e.order_number, p_command_id[e.command], p_on[e.command], p_actor_name[e.command], p_actor_role[e.command],
        p_edition, v_recorded_at
    FROM unnest(p_stream_type, p_stream_id, p_sequence, p_event_type, p_event_version, p_payload, p_order_number,
            p_event_command)
        AS e (stream_type, stream_id, sequence, event_type, event_version, payload, order_number, command);

    IF cardinality(p_state_license) > 0 THEN
        -- What the rows do not say is taken from v_version.
        v_version.recorded_at := v_recorded_at;
        WITH version AS (
            INSERT INTO entitlement_versions SELECT * FROM json_populate_recordset(v_version, p_versions)
            RETURNING *
        )
        INSERT INTO current_entitlement AS current
        SELECT version.*, state.fold, state.state
        FROM unnest(p_state_license, p_state_version, p_state_fold, p_state) AS state (license, version, fold, state)
        JOIN version ON (version.license, version.version) = (state.license, state.version)
        ON CONFLICT (license) DO UPDATE SET
            version = excluded.version, on_date = excluded.on_date, recorded_at = excluded.recorded_at, product =
            excluded.product, license_type = excluded.license_type, status = excluded.status, holder_name =
            excluded.holder_name, holder_inn = excluded.holder_inn, holder_country = excluded.holder_country,
            partner_name = excluded.partner_name, partner_level = excluded.partner_level, users = excluded.users,
            antivirus = excluded.antivirus, web_filter = excluded.web_filter, active_sync = excluded.active_sync,
            anti_spam = excluded.anti_spam, swm_starts = excluded.swm_starts, swm_ends = excluded.swm_ends,
            trial_ends = excluded.trial_ends, certified = excluded.certified, installed_version =
            excluded.installed_version, pending_order = excluded.pending_order, pending_on = excluded.pending_on,
            pending_kind = excluded.pending_kind, pending_swm_years = excluded.pending_swm_years, pending_antivirus
            = excluded.pending_antivirus, pending_web_filter = excluded.pending_web_filter, pending_active_sync =
            excluded.pending_active_sync, pending_anti_spam = excluded.pending_anti_spam, pending_fstek =
            excluded.pending_fstek, pending_users = excluded.pending_users, pending_partner_name =
            excluded.pending_partner_name, pending_partner_level = excluded.pending_partner_level, servers_online =
            excluded.servers_online, split_from = excluded.split_from, merged_into = excluded.merged_into, fold =
            excluded.fold, state = excluded.state;
        GET DIAGNOSTICS v_written = ROW_COUNT;
        IF v_written <> cardinality(p_state_license) THEN
            RAISE EXCEPTION 'a state without the event that made it' USING ERRCODE = 'LL003';
        END IF;
    END IF;
END $$;
COMMENT ON FUNCTION ledger_append IS
    'Writes the results of commands. LL001: a version no longer holds; LL002: a newer fold; LL003: not a whole batch.';
