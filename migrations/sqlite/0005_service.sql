-- What the service over HTTP keeps beside the log: who may come in, and what was promised. No event is made of either.
-- Formats of days, instants and ids: see 0001.

-- Every API key ever made. They stay for good: events tell by name who posted them.
CREATE TABLE api_keys
(
  id           text NOT NULL PRIMARY KEY                 -- its public part, which stands in the key before the secret
    CHECK (id <> '' AND id NOT GLOB '*[^a-z0-9]*'),
  name         text NOT NULL,                            -- for people: events carry it as the actor's
  role         text NOT NULL                             -- what its holder may do
    CHECK (role IN ('distributor', 'vendor', 'auditor', 'reporter', 'admin')),
  partner      text,                                     -- whose licenses alone it sees and touches; NULL: every one
  digest       blob NOT NULL CHECK (length(digest) = 32), -- SHA-256 of the secret, which itself is never stored
  created_at   text NOT NULL,                            -- instant
  expires_at   text,                                     -- instant from which on it is refused; NULL: never by itself
  revoked_at   text,                                     -- instant, for good; NULL: it was not
  last_used_at text                                      -- instant, to within a minute; NULL: it never was
) STRICT;

CREATE TRIGGER api_keys_no_delete BEFORE DELETE ON api_keys
  BEGIN SELECT RAISE(ABORT, 'api_keys are append-only: revoke the key'); END;
CREATE TRIGGER api_keys_made_once
  BEFORE UPDATE OF id, name, role, partner, digest, created_at, expires_at ON api_keys
  BEGIN SELECT RAISE(ABORT, 'api_keys are append-only: make another key'); END;
CREATE TRIGGER api_keys_revoked_once BEFORE UPDATE OF revoked_at ON api_keys
  WHEN OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at
  BEGIN SELECT RAISE(ABORT, 'api_keys are append-only: a key is revoked once'); END;
CREATE TRIGGER api_keys_no_replace BEFORE INSERT ON api_keys
  WHEN EXISTS (SELECT 1 FROM api_keys WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'api_keys are append-only: this id is taken'); END;

-- What was promised: commands with their outcomes, until a day.
CREATE TABLE kept_quotes
(
  id          text NOT NULL PRIMARY KEY, -- by which it is committed
  kept_at     text NOT NULL,             -- instant
  kept_by     text NOT NULL,             -- name of whoever asked for it
  partner     text,                      -- partner that whoever asked was kept to; NULL: every license
  valid_until text NOT NULL,             -- last day on which it can be committed
  commands    text NOT NULL,             -- in order, each with its date: a JSON array
  outcomes    text NOT NULL              -- what each was promised: a JSON array
) STRICT;

CREATE TRIGGER kept_quotes_no_update BEFORE UPDATE ON kept_quotes
  BEGIN SELECT RAISE(ABORT, 'kept_quotes are append-only'); END;
CREATE TRIGGER kept_quotes_no_delete BEFORE DELETE ON kept_quotes
  BEGIN SELECT RAISE(ABORT, 'kept_quotes are append-only'); END;
CREATE TRIGGER kept_quotes_no_replace BEFORE INSERT ON kept_quotes
  WHEN EXISTS (SELECT 1 FROM kept_quotes WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'kept_quotes are append-only: this id is taken'); END;
