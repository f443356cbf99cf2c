-- What is restored on another cluster becomes final without waiting for the first event that is written there; and who
-- only reads a license that is mended meanwhile has its lock.

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
