-- The seal: a Merkle tree (RFC 6962) over all events in the order of their position, and what was signed of it.
-- A leaf is made of an event's columns and its command's digest by the program (crates/seal); here are the hashes only.
-- Formats of instants: see 0001.

-- The stored nodes of the tree: pieces of tiles of 256 hashes, as c2sp.org/tlog-tiles divides it.
CREATE TABLE tree_hashes
(
  level  integer NOT NULL CHECK (level BETWEEN 0 AND 7), -- a hash covers 256^level leaves; on level 0 it is the leaf's
  first  integer NOT NULL CHECK (first >= 0), -- place of the first hash within its level; on level 0 the position
  hashes blob    NOT NULL                     -- hashes of 32 bytes, one after the other, all of one tile
    CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0
           AND first % 256 + length(hashes) / 32 <= 256),
  PRIMARY KEY (level, first)
) STRICT, WITHOUT ROWID;

-- The keys that checkpoints were ever signed with: their public parts.
CREATE TABLE seal_keys
(
  number   integer PRIMARY KEY CHECK (number > 0), -- counted from 1: the highest is the one that signs now
  verifier text NOT NULL UNIQUE,                   -- name+id+key (c2sp.org/signed-note)
  since    text NOT NULL                           -- instant since when it signs
) STRICT;

-- Every checkpoint ever signed.
CREATE TABLE checkpoints
(
  size      integer NOT NULL CHECK (size >= 0),                 -- how many events it covers: positions below it
  key       integer NOT NULL REFERENCES seal_keys (number),     -- what signed it
  root      blob    NOT NULL CHECK (length(root) = 32),         -- root of the tree over them
  note      text    NOT NULL,                                   -- the signed checkpoint, byte for byte as handed out
  signed_at text    NOT NULL,                                   -- instant, by the clock of the program that signed
  PRIMARY KEY (size, key)
) STRICT;

CREATE TRIGGER tree_hashes_no_update BEFORE UPDATE ON tree_hashes
  BEGIN SELECT RAISE(ABORT, 'tree_hashes are append-only'); END;
CREATE TRIGGER tree_hashes_no_delete BEFORE DELETE ON tree_hashes
  BEGIN SELECT RAISE(ABORT, 'tree_hashes are append-only'); END;
CREATE TRIGGER seal_keys_no_update BEFORE UPDATE ON seal_keys
  BEGIN SELECT RAISE(ABORT, 'seal_keys are append-only'); END;
CREATE TRIGGER seal_keys_no_delete BEFORE DELETE ON seal_keys
  BEGIN SELECT RAISE(ABORT, 'seal_keys are append-only'); END;
CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
  BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;
CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
  BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;

-- INSERT OR REPLACE deletes the row in its way without asking the DELETE triggers.
CREATE TRIGGER tree_hashes_no_replace BEFORE INSERT ON tree_hashes
  WHEN EXISTS (SELECT 1 FROM tree_hashes WHERE level = NEW.level AND first = NEW.first)
  BEGIN SELECT RAISE(ABORT, 'tree_hashes are append-only: this place is taken'); END;
CREATE TRIGGER seal_keys_no_replace BEFORE INSERT ON seal_keys
  WHEN EXISTS (SELECT 1 FROM seal_keys WHERE number = NEW.number OR verifier = NEW.verifier)
  BEGIN SELECT RAISE(ABORT, 'seal_keys are append-only: this number or key is taken'); END;
CREATE TRIGGER checkpoints_no_replace BEFORE INSERT ON checkpoints
  WHEN EXISTS (SELECT 1 FROM checkpoints WHERE size = NEW.size AND key = NEW.key)
  BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only: this size is signed already'); END;
