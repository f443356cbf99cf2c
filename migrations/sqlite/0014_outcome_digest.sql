-- The outcome is sealed too: the leaves of a command's events hold its digest, SHA-256 of outcome. Commands of before
-- have none (NULL), and leaves without it.
--
-- The digest that there was gets another name, so that a program of before, which may still run, can neither write nor
-- seal any more: its leaves would lack what these commands' leaves must have.
ALTER TABLE commands RENAME COLUMN digest TO content_digest;
ALTER TABLE commands ADD COLUMN outcome_digest blob CHECK (length(outcome_digest) = 32);
