-- Looking for events without a position must not cost more as the ledger grows. The index of those that wait keeps an
-- entry of each that no longer does, until a vacuum; whoever looks from its beginning passes them all. So the sealer
-- remembers from where to look.

ALTER TABLE sealer ADD COLUMN sealed_below xid8 NOT NULL DEFAULT '0';
COMMENT ON COLUMN sealer.sealed_below IS 'No event of a transaction below this number waits for its position.';

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
    -- One statement, so that the horizon and the rows are of one snapshot. Within a stream a later event is never of
    -- an earlier transaction: its writer had loaded the version before. So every stream comes in order.
    WITH horizon AS MATERIALIZED (
        SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin
    ), oldest AS MATERIALIZED (
        SELECT aggregate_type, aggregate_id, sequence, xid
        FROM events
        WHERE position IS NULL AND xid >= v_sealer.sealed_below AND xid < (SELECT xmin FROM horizon)
        ORDER BY xid, aggregate_type, aggregate_id, sequence
        LIMIT p_limit
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
    -- Of a full stroke's last transaction more may wait; else none of those below the horizon does.
    SELECT count(*), CASE WHEN count(*) < p_limit THEN (SELECT xmin FROM horizon) ELSE max(xid) END
    INTO v_given, v_below FROM given;
    IF v_given > 0 THEN
        UPDATE sealer SET sealed_below = v_below;
    END IF;
    RETURN v_given;
END $$;
