-- What is restored on another cluster becomes final without waiting for the first event that is written there; events of
-- one transaction get their positions together; and who only reads a license that is mended meanwhile has its lock.

CREATE OR REPLACE FUNCTION ledger_seal(p_limit bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_system bigint := (SELECT system_identifier FROM pg_control_system());
    v_sealer sealer%ROWTYPE;
    v_given  bigint;
    v_below  xid8;
BEGIN
    SELECT * INTO v_sealer FROM sealer FOR UPDATE;
    IF v_sealer.system <> v_system THEN
        -- After a restore on another cluster its transaction numbers mean nothing here. What came along goes before
        -- all that is written here, also before what commits later.
        UPDATE events SET xid = '1' WHERE position IS NULL AND xid <> '1';
        UPDATE sealer SET system = v_system, candidate_xmax = NULL, sealed_below = '0';
        v_sealer.sealed_below := '0';
    END IF;
    -- Whole transactions: who reads the log between two strokes finds no command with a part of its events.
    -- One statement, so that the horizon and the rows are of one snapshot. Within a stream a later event is never of
    -- an earlier transaction: its writer had loaded the version before. So every stream comes in order.
    WITH horizon AS MATERIALIZED (
        SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin
    ), oldest AS MATERIALIZED (
        SELECT aggregate_type, aggregate_id, sequence, xid
        FROM events
        WHERE position IS NULL AND xid >= v_sealer.sealed_below AND xid < (SELECT xmin FROM horizon)
        ORDER BY xid
        FETCH FIRST p_limit ROWS WITH TIES
    ), numbered AS (
        SELECT aggregate_type, aggregate_id, sequence,
            (SELECT coalesce(max(position), -1) FROM events)
                + row_number() OVER (ORDER BY xid, aggregate_type, aggregate_id, sequence) AS position
        FROM oldest
    ), given AS (
        UPDATE events e SET position = n.position
        FROM numbered n
        WHERE (e.aggregate_type, e.aggregate_id, e.sequence) = (n.aggregate_type, n.aggregate_id, n.sequence)
        RETURNING e.xid
    )
    -- Behind a full stroke's last transaction others may wait; else none of those below the horizon does.
    SELECT count(*), CASE WHEN count(*) < p_limit THEN (SELECT xmin FROM horizon) ELSE max(xid) END
    INTO v_given, v_below FROM given;
    IF v_given > 0 THEN
        UPDATE sealer SET sealed_below = v_below;
    END IF;
    RETURN v_given;
END $$;
COMMENT ON FUNCTION ledger_seal IS
    'Gives p_limit committed events their position, and those of the last one''s transaction; returns to how many.';

CREATE OR REPLACE FUNCTION ledger_finalise(p_wanted timestamptz, OUT final_until timestamptz, OUT now timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    v sealer%ROWTYPE;
BEGIN
    SELECT * INTO v FROM sealer FOR UPDATE;
    IF v.system <> (SELECT system_identifier FROM pg_control_system()) THEN
        -- The transactions here may never come to candidate_xmax. Sealing takes over what was restored, also when it
        -- is to give no position.
        PERFORM ledger_seal(0);
        SELECT * INTO v FROM sealer;
    END IF;
    -- Each of the three steps is a transaction of its own, for each has to be seen before the next is right.
    IF v.candidate IS NULL THEN
        IF v.final_until < p_wanted THEN
            UPDATE sealer s SET candidate = greatest(clock_timestamp(), v.final_until);
        END IF;
    ELSIF v.candidate_xmax IS NULL THEN
        UPDATE sealer s SET candidate_xmax = pg_snapshot_xmax(pg_current_snapshot());
    ELSIF v.candidate_xmax <= pg_snapshot_xmin(pg_current_snapshot()) THEN
        UPDATE sealer s SET final_until = v.candidate, candidate = NULL, candidate_xmax = NULL;
    END IF;
    SELECT s.final_until, clock_timestamp() INTO final_until, now FROM sealer s;
END $$;

-- ledger_append (0006_append.sql) locks the rows of the licenses that are only read, and then looks at them. A rebuild
-- that it waited for has put new rows in their place, which nobody has locked: it locks them when it looks. Of its text
-- only that line changes.
DO $$
DECLARE
    v_append constant text := pg_get_functiondef('ledger_append'::regproc);
    v_looks  constant text := 'FROM current_entitlement WHERE license = p_guard_license[i]';
BEGIN
    IF strpos(v_append, v_looks || ';') = 0 THEN
        RAISE EXCEPTION 'ledger_append is not the one of 0006_append.sql';
    END IF;
    EXECUTE replace(v_append, v_looks || ';', v_looks || ' FOR UPDATE;');
END $$;
