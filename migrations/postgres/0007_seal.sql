-- The seal: a Merkle tree (RFC 6962) over all events in the order of their position, and what was signed of it.
-- A leaf is made of an event's columns and its command's digest by the program (crates/seal); here are the hashes only.

CREATE TABLE tree_hashes (
    level   smallint  CHECK (level BETWEEN 0 AND 7)                                       NOT NULL,
    first   bigint    CHECK (first >= 0)                                                  NOT NULL,
    hashes  bytea     CHECK (octet_length(hashes) BETWEEN 32 AND 8192
                        AND octet_length(hashes) % 32 = 0
                        AND first % 256 + octet_length(hashes) / 32 <= 256)               NOT NULL,
    PRIMARY KEY (level, first)
);
-- Hashes do not compress.
ALTER TABLE tree_hashes ALTER COLUMN hashes SET STORAGE EXTERNAL;

COMMENT ON TABLE tree_hashes IS 'The stored nodes of the tree: pieces of tiles of 256 hashes, as c2sp.org/tlog-tiles divides it.';
COMMENT ON COLUMN tree_hashes.level IS 'A hash covers 256^level leaves; on level 0 it is the leaf''s.';
COMMENT ON COLUMN tree_hashes.first IS 'The place of the first hash within its level; on level 0 the event''s position.';
COMMENT ON COLUMN tree_hashes.hashes IS 'Hashes of 32 bytes, one after the other, all of one tile.';

CREATE TABLE seal_keys (
    number    bigint       CHECK (number > 0)  PRIMARY KEY,
    verifier  text         NOT NULL UNIQUE,
    since     timestamptz  NOT NULL
);

COMMENT ON TABLE seal_keys IS 'The keys that checkpoints were ever signed with: their public parts.';
COMMENT ON COLUMN seal_keys.number IS 'Counted from 1: the highest is the one that signs now.';
COMMENT ON COLUMN seal_keys.verifier IS 'What signatures are checked with: name+id+key (c2sp.org/signed-note).';
COMMENT ON COLUMN seal_keys.since IS 'Since when it signs.';

CREATE TABLE checkpoints (
    size       bigint       CHECK (size >= 0)                  NOT NULL,
    key        bigint       REFERENCES seal_keys               NOT NULL,
    root       bytea        CHECK (octet_length(root) = 32)    NOT NULL,
    note       text         NOT NULL,
    signed_at  timestamptz  NOT NULL,
    PRIMARY KEY (size, key)
);

COMMENT ON TABLE checkpoints IS 'Every checkpoint ever signed.';
COMMENT ON COLUMN checkpoints.size IS 'How many events it covers: those at positions below it.';
COMMENT ON COLUMN checkpoints.key IS 'The key that signed it.';
COMMENT ON COLUMN checkpoints.root IS 'The root of the tree over them.';
COMMENT ON COLUMN checkpoints.note IS 'The signed checkpoint (c2sp.org/tlog-checkpoint), byte for byte as it was handed out.';
COMMENT ON COLUMN checkpoints.signed_at IS 'When it was signed, by the clock of the program that did.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tree_hashes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
