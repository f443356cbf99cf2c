-- The outcome is sealed too: the leaves of a command's events hold its digest. Commands of before have none, and leaves
-- without it.
--
-- The digest that there was gets another name, so that a program of before, which may still run, can neither write nor
-- seal any more: its leaves would lack what these commands' leaves must have.

ALTER TABLE commands RENAME COLUMN digest TO content_digest;
ALTER TABLE commands ADD COLUMN outcome_digest bytea CHECK (octet_length(outcome_digest) = 32);
COMMENT ON COLUMN commands.outcome_digest IS
    'SHA-256 of outcome, which the leaves of its events hold; NULL: recorded before they did.';

ALTER TYPE ledger_command RENAME ATTRIBUTE digest TO content_digest;
ALTER TYPE ledger_command ADD ATTRIBUTE outcome_digest bytea;

-- ledger_append (0006_append.sql) writes whole records: of its text only the two lists of columns change.
DO $$
DECLARE
    v_append  constant text := pg_get_functiondef('ledger_append'::regproc);
    v_columns constant text := ' digest, content, actor_name, actor_role, accepted, outcome,';
    v_wanted  constant text := ' content_digest, content, actor_name, actor_role, accepted, outcome, outcome_digest,';
BEGIN
    IF length(v_append) - length(replace(v_append, v_columns, '')) <> 2 * length(v_columns) THEN
        RAISE EXCEPTION 'ledger_append is not the one of 0006_append.sql';
    END IF;
    EXECUTE replace(v_append, v_columns, v_wanted);
END $$;
