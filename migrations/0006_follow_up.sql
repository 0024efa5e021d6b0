-- What the follow-up remembers of a link beside the link itself.
CREATE TABLE follow_up (
    number      INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    etag        TEXT NOT NULL,
    modified_at TEXT,
    marks       INTEGER NOT NULL,
    numbered    INTEGER NOT NULL,
    event       INTEGER,
    minutes     TEXT NOT NULL,
    carried     TEXT NOT NULL,
    attention   TEXT,
    PRIMARY KEY (number, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX follow_up_attention ON follow_up (number) WHERE attention IS NOT NULL;

-- What people typed in a memo, paragraph by paragraph, and the step of the ticket that tells it.
CREATE TABLE follow_up_text (
    number    INTEGER NOT NULL,
    sequence  INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    hash      TEXT NOT NULL,
    text      TEXT NOT NULL,
    from_line INTEGER NOT NULL,
    mark      TEXT,
    step      INTEGER,
    PRIMARY KEY (number, sequence, position)
) STRICT, WITHOUT ROWID;

-- Steps that were written into GestSup: they do not go to Gestan.
CREATE TABLE follow_up_step (
    number INTEGER NOT NULL,
    step   INTEGER NOT NULL,
    mark   TEXT NOT NULL,
    PRIMARY KEY (number, step)
) STRICT, WITHOUT ROWID;

-- Writes to GestSup that were begun and not yet confirmed.
CREATE TABLE follow_up_intent (
    number INTEGER PRIMARY KEY,
    intent TEXT NOT NULL
) STRICT;

-- Which interventions and anomalies were made from here, and when.
CREATE INDEX journal_created ON journal (ticket, at) WHERE action = 'create';
