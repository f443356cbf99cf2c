-- How far the log is final. On SQLite the single writer gives every event its position in the append, so that only
-- this instant is kept: nothing is recorded at or before it any more, whatever the clock says.
CREATE TABLE sealer
(
  one         integer PRIMARY KEY CHECK (one = 1), -- there is one row
  final_until text NOT NULL                        -- instant
) STRICT;

INSERT INTO sealer (one, final_until) VALUES (1, '0001-01-01T00:00:00.000000Z');
