-- The log: what was asked (commands), what happened (events), and the facts it was judged by (editions).
-- Everything in this file is append-only; triggers refuse UPDATE and DELETE, and an INSERT OR REPLACE too.
--
-- Formats used throughout: a day is YYYY-MM-DD; an instant is RFC 3339 in UTC with six digits and Z
-- (2012-08-20T09:30:00.000000Z), so that the order of the texts is the order in time; an id is a UUID in lower case.

-- The catalogs and price lists that commands were ever judged by, byte for byte (CAT-4).
CREATE TABLE editions
(
  edition text NOT NULL PRIMARY KEY, -- SHA-256 over both files, in hex
  catalog text NOT NULL,             -- the catalog, TOML
  prices  text NOT NULL              -- the price list, CSV
) STRICT;

-- Which edition is the current one: the one adopted last. An edition may be adopted again after another.
CREATE TABLE edition_adoptions
(
  adoption   integer PRIMARY KEY,                         -- counts up
  edition    text NOT NULL REFERENCES editions (edition),
  adopted_at text NOT NULL                                -- instant
) STRICT;

-- One row per answered command: its id is bound to its content and its outcome for good.
CREATE TABLE commands
(
  command_id  text    NOT NULL PRIMARY KEY,
  license     text    NOT NULL,                                -- the license it is about
  on_date     text    NOT NULL,                                -- its business date
  recorded_at text    NOT NULL,                                -- instant, the same as its events'
  actor_name  text    NOT NULL,                                -- who posted it
  actor_role  text    NOT NULL,                                -- distributor, vendor, auditor, reporter, admin
  edition     text    NOT NULL REFERENCES editions (edition),  -- what it was judged by
  content     text    NOT NULL,                                -- canonical content, RFC 8785 JSON
  digest      blob    NOT NULL CHECK (length(digest) = 32),    -- SHA-256 of content: is a repetition the same?
  accepted    integer NOT NULL CHECK (accepted IN (0, 1)),     -- 0: rejected by a rule
  outcome     text    NOT NULL                                 -- the whole outcome, JSON, given again on a repetition
) STRICT;

-- The events. The first seven columns and the key are those of sqlite-es, whose reader works on this table; the
-- others are NOT NULL without a default, so that its writer, which knows nothing of them, is refused.
CREATE TABLE events
(
  aggregate_type text                          NOT NULL, -- 'license' or 'refusal'
  aggregate_id   text                          NOT NULL, -- the license number, or the refused command's id
  sequence       integer CHECK (sequence >= 0) NOT NULL, -- from 1, without a gap
  event_type     text                          NOT NULL,
  event_version  text                          NOT NULL, -- of the payload's format
  payload        text                          NOT NULL, -- JSON, externally tagged: {"UsersReduced": {…}}
  metadata       text                          NOT NULL, -- always '{}': ours are the columns below

  on_date        text                          NOT NULL, -- business date; never goes back within a license (ACT-4)
  recorded_at    text                          NOT NULL, -- instant; never goes back within a license
  actor_name     text                          NOT NULL, -- who posted the command
  actor_role     text                          NOT NULL,
  command_id     text                          NOT NULL REFERENCES commands (command_id), -- what caused it
  edition        text                          NOT NULL REFERENCES editions (edition),    -- what it was judged by
  order_number   text,                                   -- the order number it uses up in its license (UPG-5)
  position       integer                       NOT NULL UNIQUE CHECK (position >= 0), -- in the log, gapless from 0
  PRIMARY KEY (aggregate_type, aggregate_id, sequence)
) STRICT;

-- An order number is used once within a license, for good (UPG-5).
CREATE UNIQUE INDEX events_order_number ON events (aggregate_type, aggregate_id, order_number)
  WHERE order_number IS NOT NULL;

CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER commands_no_update BEFORE UPDATE ON commands BEGIN SELECT RAISE(ABORT, 'commands are append-only'); END;
CREATE TRIGGER commands_no_delete BEFORE DELETE ON commands BEGIN SELECT RAISE(ABORT, 'commands are append-only'); END;
CREATE TRIGGER editions_no_update BEFORE UPDATE ON editions BEGIN SELECT RAISE(ABORT, 'editions are append-only'); END;
CREATE TRIGGER editions_no_delete BEFORE DELETE ON editions BEGIN SELECT RAISE(ABORT, 'editions are append-only'); END;
CREATE TRIGGER edition_adoptions_no_update BEFORE UPDATE ON edition_adoptions
  BEGIN SELECT RAISE(ABORT, 'edition_adoptions are append-only'); END;
CREATE TRIGGER edition_adoptions_no_delete BEFORE DELETE ON edition_adoptions
  BEGIN SELECT RAISE(ABORT, 'edition_adoptions are append-only'); END;

-- INSERT OR REPLACE deletes the row in its way without asking the DELETE triggers.
CREATE TRIGGER events_no_replace BEFORE INSERT ON events
  WHEN EXISTS (SELECT 1 FROM events
                WHERE aggregate_type = NEW.aggregate_type AND aggregate_id = NEW.aggregate_id
                  AND sequence = NEW.sequence)
    OR EXISTS (SELECT 1 FROM events
                WHERE aggregate_type = NEW.aggregate_type AND aggregate_id = NEW.aggregate_id
                  AND order_number = NEW.order_number)
    OR EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
  BEGIN SELECT RAISE(ABORT, 'events are append-only: this sequence, order number or position is taken'); END;
CREATE TRIGGER commands_no_replace BEFORE INSERT ON commands
  WHEN EXISTS (SELECT 1 FROM commands WHERE command_id = NEW.command_id)
  BEGIN SELECT RAISE(ABORT, 'commands are append-only: this command id is taken'); END;
CREATE TRIGGER editions_no_replace BEFORE INSERT ON editions
  WHEN EXISTS (SELECT 1 FROM editions WHERE edition = NEW.edition)
  BEGIN SELECT RAISE(ABORT, 'editions are append-only: this edition is kept already'); END;
CREATE TRIGGER edition_adoptions_no_replace BEFORE INSERT ON edition_adoptions
  WHEN EXISTS (SELECT 1 FROM edition_adoptions WHERE adoption = NEW.adoption)
  BEGIN SELECT RAISE(ABORT, 'edition_adoptions are append-only: this number is taken'); END;
