-- What the service over HTTP keeps beside the log: who may come in, and what was promised. No event is made of either.

CREATE TABLE api_keys (
    id            text        COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z0-9]+$'),
    name          text        NOT NULL,
    role          text        NOT NULL CHECK (role IN ('distributor', 'vendor', 'auditor', 'reporter', 'admin')),
    partner       text,
    digest        bytea       NOT NULL CHECK (octet_length(digest) = 32),
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    last_used_at  timestamptz
);

COMMENT ON TABLE api_keys IS 'Every API key ever made. They stay for good: events tell by name who posted them.';
COMMENT ON COLUMN api_keys.id IS 'Its public part, which stands in the key before the secret.';
COMMENT ON COLUMN api_keys.name IS 'A name, for people: events carry it as the actor''s.';
COMMENT ON COLUMN api_keys.role IS 'What its holder may do: distributor, vendor, auditor, reporter or admin.';
COMMENT ON COLUMN api_keys.partner IS 'The partner whose licenses alone it may see and touch; null: every license.';
COMMENT ON COLUMN api_keys.digest IS 'SHA-256 of the secret. The secret itself is shown once and never stored.';
COMMENT ON COLUMN api_keys.created_at IS 'When it was made.';
COMMENT ON COLUMN api_keys.expires_at IS 'From when on it is refused; null: never by itself.';
COMMENT ON COLUMN api_keys.revoked_at IS 'When it was revoked, for good; null: it was not.';
COMMENT ON COLUMN api_keys.last_used_at IS 'When it was used last, to within a minute; null: it never was.';

CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER made_once BEFORE UPDATE OF id, name, role, partner, digest, created_at, expires_at ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER revoked_once BEFORE UPDATE OF revoked_at ON api_keys
    FOR EACH ROW WHEN (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
    EXECUTE FUNCTION refuse_change();

CREATE TABLE kept_quotes (
    id           uuid        PRIMARY KEY,
    kept_at      timestamptz NOT NULL,
    kept_by      text        NOT NULL,
    partner      text,
    valid_until  date        NOT NULL,
    commands     text        NOT NULL,
    outcomes     text        NOT NULL
);

COMMENT ON TABLE kept_quotes IS 'What was promised: commands with their outcomes, until a day.';
COMMENT ON COLUMN kept_quotes.id IS 'The id by which it is committed.';
COMMENT ON COLUMN kept_quotes.kept_at IS 'When it was kept.';
COMMENT ON COLUMN kept_quotes.kept_by IS 'The name of whoever asked for it.';
COMMENT ON COLUMN kept_quotes.partner IS 'The partner that whoever asked was kept to; null: every license.';
COMMENT ON COLUMN kept_quotes.valid_until IS 'The last day on which it can be committed.';
COMMENT ON COLUMN kept_quotes.commands IS 'The commands in order, each with its date: a JSON array, byte for byte.';
COMMENT ON COLUMN kept_quotes.outcomes IS 'The outcome that each was promised: a JSON array, byte for byte.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kept_quotes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
