-- Documents that people added in Gestan and that become files of their ticket: `phase` is `waiting`, `done` or `left`.
CREATE TABLE follow_up_document (
    document INTEGER PRIMARY KEY,
    number   INTEGER NOT NULL,
    added    TEXT NOT NULL,
    phase    TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at  TEXT,
    reason   TEXT NOT NULL,
    at       TEXT NOT NULL
) STRICT;

CREATE INDEX follow_up_document_waiting ON follow_up_document (document) WHERE phase = 'waiting';
