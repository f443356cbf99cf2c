-- What was imported: a ledger is put into an empty one in many transactions, and must not be used before the last.

CREATE TABLE import (
    one       integer  PRIMARY KEY CHECK (one = 1),
    digest    bytea    NOT NULL CHECK (octet_length(digest) = 32),
    line      bigint   NOT NULL CHECK (line >= 0),
    finished  boolean  NOT NULL
);

COMMENT ON TABLE import IS 'None or one row, written when an import into the empty ledger begins; it stays.';
COMMENT ON COLUMN import.one IS 'Always 1: there is one row at most.';
COMMENT ON COLUMN import.digest IS 'SHA-256 of the file: only the same one goes on.';
COMMENT ON COLUMN import.line IS 'How many of its lines are written.';
COMMENT ON COLUMN import.finished IS 'False: only a part is there, and nothing else can be written.';

CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE ON import
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER goes_on BEFORE UPDATE ON import
    FOR EACH ROW WHEN (NEW.digest <> OLD.digest OR NEW.line < OLD.line OR OLD.finished)
    EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_while_importing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM import WHERE NOT finished) THEN
        RAISE EXCEPTION 'a ledger is being imported into this one' USING ERRCODE = 'LL005';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION refuse_while_importing IS 'Refuses the statement while only a part of a ledger is there.';

-- Nothing is appended before its edition is adopted: so a process that opened the ledger while it was empty is kept out.
CREATE TRIGGER not_while_importing BEFORE INSERT ON edition_adoptions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_while_importing();
