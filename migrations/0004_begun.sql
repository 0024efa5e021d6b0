-- What a write that was begun makes of the link (JSON), so that one that was done and never confirmed is
-- known for our own; empty in rows of an older program.
ALTER TABLE intent ADD COLUMN begun TEXT NOT NULL DEFAULT '';
