-- The log: what was asked (commands), what happened (events), and the facts it was judged by (editions).
-- Everything in this file is only ever added to; triggers refuse UPDATE, DELETE and TRUNCATE.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'LL004';
END $$;
COMMENT ON FUNCTION refuse_change IS 'Refuses the statement: what is recorded stays as it is.';

CREATE TABLE editions (
    edition     text         PRIMARY KEY,
    catalog     text         NOT NULL,
    prices      text         NOT NULL
);

COMMENT ON TABLE editions IS 'The catalogs and price lists that commands were ever judged by, byte for byte (CAT-4).';
COMMENT ON COLUMN editions.edition IS 'SHA-256 over both files, in hex.';
COMMENT ON COLUMN editions.catalog IS 'The catalog (TOML).';
COMMENT ON COLUMN editions.prices IS 'The price list (CSV).';

CREATE TABLE edition_adoptions (
    adoption    bigint       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    edition     text         NOT NULL REFERENCES editions,
    adopted_at  timestamptz  NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE edition_adoptions IS 'Which edition was the current one from when on.';
COMMENT ON COLUMN edition_adoptions.adoption IS 'Counted upwards: the highest is the current one. It may have gaps.';
COMMENT ON COLUMN edition_adoptions.edition IS 'The edition that became the current one.';
COMMENT ON COLUMN edition_adoptions.adopted_at IS 'When it did.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON editions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON edition_adoptions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION ledger_adopt(p_edition text, p_catalog text, p_prices text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Two that adopt at once come one after the other.
    LOCK TABLE edition_adoptions IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO editions (edition, catalog, prices) VALUES (p_edition, p_catalog, p_prices)
        ON CONFLICT (edition) DO NOTHING;
    INSERT INTO edition_adoptions (edition)
        SELECT p_edition
        WHERE p_edition IS DISTINCT FROM (SELECT edition FROM edition_adoptions ORDER BY adoption DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION ledger_adopt IS 'Keeps an edition''s bytes and makes it the current one; does nothing when it is.';

CREATE TABLE commands (
    command_id   uuid        PRIMARY KEY,
    license      text        COLLATE "C" NOT NULL,
    on_date      date        NOT NULL,
    digest       bytea       NOT NULL,
    content      text        NOT NULL,
    actor_name   text        NOT NULL,
    actor_role   text        NOT NULL,
    edition      text        NOT NULL,
    accepted     boolean     NOT NULL,
    outcome      text        NOT NULL,
    recorded_at  timestamptz NOT NULL
);

COMMENT ON TABLE commands IS 'Every command that was accepted, or refused by a rule.';
COMMENT ON COLUMN commands.command_id IS 'The idempotency key, chosen by whoever posts.';
COMMENT ON COLUMN commands.license IS 'The license it is about.';
COMMENT ON COLUMN commands.on_date IS 'Its business date; also where the command names none.';
COMMENT ON COLUMN commands.digest IS 'SHA-256 of content: the same id with another digest is a conflict.';
COMMENT ON COLUMN commands.content IS 'The command, normalised, as canonical JSON (RFC 8785).';
COMMENT ON COLUMN commands.actor_name IS 'Who posted it.';
COMMENT ON COLUMN commands.actor_role IS 'What they might do: distributor, vendor, auditor, reporter or admin.';
COMMENT ON COLUMN commands.edition IS 'The edition of facts that it was judged by.';
COMMENT ON COLUMN commands.accepted IS 'True: accepted; false: rejected by a rule of the policy.';
COMMENT ON COLUMN commands.outcome IS 'The whole outcome as JSON, as it was answered the first time.';
COMMENT ON COLUMN commands.recorded_at IS 'When the ledger wrote it, as its events say too.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON commands
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE events (
    -- The seven columns and the key of postgres-es 0.5, unchanged, so that its repository can read them. Collation "C"
    -- compares bytes: the ledger's order does not depend on how a database happens to sort words.
    aggregate_type  text    COLLATE "C"                 NOT NULL,
    aggregate_id    text    COLLATE "C"                 NOT NULL,
    sequence        bigint  CHECK (sequence >= 0)       NOT NULL,
    event_type      text                                NOT NULL,
    event_version   text                                NOT NULL,
    payload         json                                NOT NULL,
    metadata        json                                NOT NULL,
    -- The ledger's own. What the database cannot supply by itself has no default, so that a writer which does not know
    -- of read models and command records is refused.
    on_date         date                                NOT NULL,
    recorded_at     timestamptz                         NOT NULL,
    actor_name      text                                NOT NULL,
    actor_role      text                                NOT NULL,
    command_id      uuid                                NOT NULL,
    edition         text                                NOT NULL,
    xid             xid8 DEFAULT pg_current_xact_id()   NOT NULL,
    order_number    text    COLLATE "C",
    position        bigint,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);

COMMENT ON TABLE events IS 'Every event ever recorded.';
COMMENT ON COLUMN events.aggregate_type IS 'The kind of stream: license, or refusal.';
COMMENT ON COLUMN events.aggregate_id IS 'The license number; of a refusal the id of the refused command.';
COMMENT ON COLUMN events.sequence IS 'The number of the event within its stream, counted from 1.';
COMMENT ON COLUMN events.event_type IS 'What happened, such as UsersReduced.';
COMMENT ON COLUMN events.event_version IS 'The version of the payload''s format.';
COMMENT ON COLUMN events.payload IS 'The event, byte for byte as it was written: {"UsersReduced": {…}}.';
COMMENT ON COLUMN events.metadata IS 'Always {}: what stands around an event has columns of its own.';
COMMENT ON COLUMN events.on_date IS 'The business date of the command.';
COMMENT ON COLUMN events.recorded_at IS
    'When the ledger wrote it, by the database''s clock, to the microsecond; never before the license''s event before.';
COMMENT ON COLUMN events.actor_name IS 'Who posted the command.';
COMMENT ON COLUMN events.actor_role IS 'What they might do: distributor, vendor, auditor, reporter or admin.';
COMMENT ON COLUMN events.command_id IS 'The command that caused it.';
COMMENT ON COLUMN events.edition IS 'The edition of facts (SHA-256, hex) that the command was judged by.';
COMMENT ON COLUMN events.xid IS
    'The transaction that wrote it, for giving positions; 1 for what came from another cluster without a position.';
COMMENT ON COLUMN events.order_number IS 'The number of the order that it uses up within its license (UPG-5).';
COMMENT ON COLUMN events.position IS
    'Its place in the whole log, counted from 0 without gaps, given soon after the commit; until then null.';

CREATE UNIQUE INDEX events_position ON events (position) WHERE position IS NOT NULL;
-- What waits for its position, in the order in which it is given.
CREATE INDEX events_without_position ON events (xid, aggregate_type, aggregate_id, sequence) WHERE position IS NULL;
-- UPG-5: an order number is unique within a license.
CREATE UNIQUE INDEX events_order_number ON events (aggregate_type, aggregate_id, order_number)
    WHERE order_number IS NOT NULL;

CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER recorded_once
    BEFORE UPDATE OF aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, on_date,
        recorded_at, actor_name, actor_role, command_id, edition, order_number ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- A position is given once. Until then the transaction may become 1, "of another cluster" (0003_sealer.sql).
CREATE TRIGGER position_given_once
    BEFORE UPDATE OF position, xid ON events
    FOR EACH ROW
    WHEN (OLD.position IS NOT NULL
        OR NEW.xid <> OLD.xid AND NEW.xid <> '1'
        OR NEW.xid = OLD.xid AND NEW.position IS NULL)
    EXECUTE FUNCTION refuse_change();
