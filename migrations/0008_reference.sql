-- Which row of GestSup a record of Gestan is, and what both last agreed on. One to one, both ways.
CREATE TABLE reference_link (
    kind       TEXT NOT NULL,
    gestan_key TEXT NOT NULL,
    -- GestSup's table: several kinds share one.
    place      TEXT NOT NULL,
    gestsup_id INTEGER NOT NULL,
    agreed     TEXT NOT NULL,
    linked_at  TEXT NOT NULL,
    evidence   TEXT NOT NULL,
    PRIMARY KEY (kind, gestan_key),
    UNIQUE (place, gestsup_id)
) STRICT;

-- Records that wait for a person's decision, and the decisions.
CREATE TABLE reference_case (
    kind       TEXT NOT NULL,
    gestan_key TEXT NOT NULL,
    name       TEXT NOT NULL,
    code       TEXT NOT NULL,
    reason     TEXT NOT NULL,
    -- Ids in GestSup, JSON.
    candidates TEXT NOT NULL,
    since      TEXT NOT NULL,
    -- 'ignore' or 'create'.
    decision   TEXT,
    PRIMARY KEY (kind, gestan_key)
) STRICT, WITHOUT ROWID;

-- Rows that are being added to GestSup: stored before the commit there.
CREATE TABLE reference_intent (
    kind       TEXT NOT NULL,
    gestan_key TEXT NOT NULL,
    gestsup_id INTEGER NOT NULL,
    intent     TEXT NOT NULL,
    PRIMARY KEY (kind, gestan_key)
) STRICT, WITHOUT ROWID;
