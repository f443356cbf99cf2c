-- Giving a position costs less: an event that waits is found by its place in the table, not by its key once more, and
-- the index of those that wait holds no keys.

DROP INDEX events_without_position;
-- What waits for its position, the oldest transaction first.
CREATE INDEX events_without_position ON events (xid) WHERE position IS NULL;

CREATE OR REPLACE FUNCTION ledger_seal(p_limit bigint) RETURNS bigint LANGUAGE plpgsql
-- By index and by place, whatever the statistics of a growing table say. A plan that has to go through a table all the
-- same, such as that of the sealer's one row, is then held to be dear, and would be compiled each time: a tenth of a second.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
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
    -- A row stays at its place as long as nobody else changes it, and who does has the sealer's lock.
    WITH horizon AS MATERIALIZED (
        SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin
    ), oldest AS MATERIALIZED (
        SELECT ctid AS place, aggregate_type, aggregate_id, sequence, xid
        FROM events
        WHERE position IS NULL AND xid >= v_sealer.sealed_below AND xid < (SELECT xmin FROM horizon)
        ORDER BY xid
        FETCH FIRST p_limit ROWS WITH TIES
    ), numbered AS (
        SELECT place,
            (SELECT coalesce(max(position), -1) FROM events)
                + row_number() OVER (ORDER BY xid, aggregate_type, aggregate_id, sequence) AS position
        FROM oldest
    ), given AS (
        UPDATE events e SET position = n.position
        FROM numbered n
        WHERE e.ctid = n.place
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
