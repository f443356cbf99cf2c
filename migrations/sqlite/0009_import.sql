-- What was imported: a ledger is put into an empty one in many transactions, and must not be used before the last.

-- None or one row, written when an import begins; it stays.
CREATE TABLE import
(
  one      integer PRIMARY KEY CHECK (one = 1),                -- there is one row at most
  digest   blob    NOT NULL CHECK (length(digest) = 32),       -- SHA-256 of the file: only the same one goes on
  line     integer NOT NULL CHECK (line >= 0),                 -- how many of its lines are written
  finished integer NOT NULL CHECK (finished IN (0, 1))         -- 0: only a part is there
) STRICT;

CREATE TRIGGER import_no_delete BEFORE DELETE ON import BEGIN SELECT RAISE(ABORT, 'an import is never forgotten'); END;
CREATE TRIGGER import_goes_on BEFORE UPDATE ON import
  WHEN NEW.digest <> OLD.digest OR NEW.line < OLD.line OR OLD.finished
  BEGIN SELECT RAISE(ABORT, 'an import only goes on'); END;
CREATE TRIGGER import_no_replace BEFORE INSERT ON import
  WHEN EXISTS (SELECT 1 FROM import)
  BEGIN SELECT RAISE(ABORT, 'an import was begun already'); END;

-- Nothing is appended before its edition is adopted: so a process that opened the ledger while it was empty is kept out.
CREATE TRIGGER edition_adoptions_not_while_importing BEFORE INSERT ON edition_adoptions
  WHEN EXISTS (SELECT 1 FROM import WHERE NOT finished)
  BEGIN SELECT RAISE(ABORT, 'a ledger is being imported into this one'); END;
