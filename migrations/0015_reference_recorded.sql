-- Links of reference data that Gestan's base was told, so that only what is new, or holds no longer, is told it again.
CREATE TABLE reference_recorded (
    kind       TEXT NOT NULL,
    gestan_key TEXT NOT NULL,
    gestsup_id INTEGER NOT NULL,
    PRIMARY KEY (kind, gestan_key)
) STRICT, WITHOUT ROWID;
