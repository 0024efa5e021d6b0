-- The daemon's memory of one site. Times are RFC 3339 in UTC, so that they sort as text.

-- Cursors and other small values.
CREATE TABLE value (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A ticket and one intervention of it, with what was last agreed between both (fields, entries as JSON).
CREATE TABLE link (
    number         INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    gestan_id      INTEGER NOT NULL,
    etag           TEXT NOT NULL,
    identity       TEXT NOT NULL,
    phase          TEXT NOT NULL CHECK (phase IN ('live', 'closed', 'gone', 'superseded')),
    minutes_before INTEGER NOT NULL,
    minutes        INTEGER NOT NULL,
    sent           TEXT NOT NULL,
    held           TEXT NOT NULL,
    head_hash      TEXT NOT NULL,
    entries        TEXT NOT NULL,
    PRIMARY KEY (number, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX link_gestan_id ON link (gestan_id);

-- What each ticket looked like when it was last brought in step.
CREATE TABLE fingerprint (
    number      INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL
) STRICT;

-- Tickets that are not in step, and why.
CREATE TABLE attention (
    number   INTEGER PRIMARY KEY,
    trouble  TEXT NOT NULL CHECK (trouble IN ('waiting', 'retrying', 'quarantined')),
    code     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at  TEXT,
    since    TEXT NOT NULL
) STRICT;

-- Writes to the other side that were begun and not yet confirmed.
CREATE TABLE intent (
    number   INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    action   TEXT NOT NULL,
    run_id   TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (number, sequence, action)
) STRICT, WITHOUT ROWID;

-- What was done, and why not.
CREATE TABLE journal (
    id        INTEGER PRIMARY KEY,
    at        TEXT NOT NULL,
    run_id    TEXT NOT NULL,
    flow      TEXT NOT NULL,
    ticket    INTEGER,
    gestan_id INTEGER,
    action    TEXT NOT NULL,
    outcome   TEXT NOT NULL,
    message   TEXT NOT NULL,
    detail    TEXT NOT NULL
) STRICT;

CREATE INDEX journal_ticket ON journal (ticket, id);
CREATE INDEX journal_at ON journal (at);

-- One row per pass.
CREATE TABLE run (
    id      TEXT PRIMARY KEY,
    flow    TEXT NOT NULL,
    started TEXT NOT NULL,
    ended   TEXT,
    outcome TEXT NOT NULL,
    counts  TEXT NOT NULL,
    error   TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX run_started ON run (flow, started);

-- One row per system that failed: after some failures in a row it is left alone for a while.
CREATE TABLE circuit (
    system     TEXT PRIMARY KEY,
    failures   INTEGER NOT NULL,
    since      TEXT NOT NULL,
    until      TEXT,
    last_error TEXT NOT NULL
) STRICT, WITHOUT ROWID;
