-- One order over all streams, and the instant up to which nothing can be added any more.
--
-- Transactions commit in another order than they begin, so a number taken while writing cannot be followed: a reader
-- passes it, and a transaction that commits later adds below. So events are given their position after the commit, by
-- one transaction at a time, and only those older than every transaction still open.

CREATE TABLE sealer (
    one              integer     PRIMARY KEY CHECK (one = 1),
    holder           uuid,
    leased_until     timestamptz NOT NULL DEFAULT '-infinity',
    system           bigint      NOT NULL,
    candidate        timestamptz,
    candidate_xmax   xid8,
    final_until      timestamptz NOT NULL DEFAULT '-infinity'
);

COMMENT ON TABLE sealer IS 'One row. Whoever gives positions, or moves the final instant, holds its lock.';
COMMENT ON COLUMN sealer.one IS 'Always 1: there is one row.';
COMMENT ON COLUMN sealer.holder IS 'The process that gives positions by itself, so that not all of them look for work.';
COMMENT ON COLUMN sealer.leased_until IS 'Until when it does; then any process may take over.';
COMMENT ON COLUMN sealer.system IS
    'The cluster (pg_control_system) whose transaction numbers events.xid holds; another one after a restore elsewhere.';
COMMENT ON COLUMN sealer.candidate IS
    'The instant that becomes final next. Whoever can see it records later than it.';
COMMENT ON COLUMN sealer.candidate_xmax IS
    'Transactions below this number may not have seen the candidate: it is final when none of them is open.';
COMMENT ON COLUMN sealer.final_until IS 'Nothing can be recorded at or before this instant any more.';

INSERT INTO sealer (one, system) SELECT 1, system_identifier FROM pg_control_system();

CREATE TRIGGER one_row BEFORE INSERT OR DELETE OR TRUNCATE ON sealer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION ledger_seal(p_limit bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_system bigint := (SELECT system_identifier FROM pg_control_system());
    v_given  bigint;
BEGIN
    PERFORM FROM sealer FOR UPDATE;
    IF (SELECT system <> v_system FROM sealer) THEN
        -- After a restore on another cluster its transaction numbers mean nothing here. What came along goes before
        -- all that is written here, also before what commits later.
        UPDATE events SET xid = '1' WHERE position IS NULL AND xid <> '1';
        UPDATE sealer SET system = v_system, candidate_xmax = NULL;
    END IF;
    -- One statement, so that the horizon and the rows are of one snapshot. Within a stream a later event is never of
    -- an earlier transaction: its writer had loaded the version before. So every stream comes in order.
    WITH oldest AS MATERIALIZED (
        SELECT aggregate_type, aggregate_id, sequence, xid
        FROM events
        WHERE position IS NULL AND xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY xid, aggregate_type, aggregate_id, sequence
        LIMIT p_limit
    ), numbered AS (
        SELECT aggregate_type, aggregate_id, sequence,
            (SELECT coalesce(max(position), -1) FROM events)
                + row_number() OVER (ORDER BY xid, aggregate_type, aggregate_id, sequence) AS position
        FROM oldest
    )
    UPDATE events e SET position = n.position
    FROM numbered n
    WHERE (e.aggregate_type, e.aggregate_id, e.sequence) = (n.aggregate_type, n.aggregate_id, n.sequence);
    GET DIAGNOSTICS v_given = ROW_COUNT;
    RETURN v_given;
END $$;
COMMENT ON FUNCTION ledger_seal IS 'Gives up to p_limit committed events their position, and returns to how many.';

CREATE FUNCTION ledger_finalise(p_wanted timestamptz, OUT final_until timestamptz, OUT now timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    v sealer%ROWTYPE;
BEGIN
    SELECT * INTO v FROM sealer FOR UPDATE;
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
COMMENT ON FUNCTION ledger_finalise IS
    'Moves the final instant one step on towards p_wanted, if it can; returns it, and what time it is.';
