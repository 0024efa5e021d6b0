-- The state in which each ticket was last told of, or first seen.
CREATE TABLE notify_seen (
    number INTEGER PRIMARY KEY,
    state  INTEGER NOT NULL
) STRICT;

-- What is to be sent to people (mails) and written into Gestan (actions), and what was. A letter has its Message-ID from
-- the start, so that one that is sent a second time after a kill is the same mail.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY,
    at         TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('mail', 'action')),
    -- NULL: it is about several, or none.
    ticket     INTEGER,
    -- opened, state, appointment, digest or test.
    occasion   TEXT NOT NULL,
    audience   TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    -- JSON.
    letter     TEXT NOT NULL,
    -- held: it waits for its digest; sending: it was begun, and nobody knows whether it arrived.
    phase      TEXT NOT NULL CHECK (phase IN ('held', 'waiting', 'sending', 'sent', 'merged', 'failed', 'dropped')),
    attempts   INTEGER NOT NULL,
    next_at    TEXT,
    settled_at TEXT,
    reason     TEXT NOT NULL
) STRICT;

CREATE INDEX outbox_open ON outbox (id) WHERE phase IN ('held', 'waiting', 'sending', 'failed');
CREATE INDEX outbox_ticket ON outbox (ticket, id);
CREATE INDEX outbox_recipient ON outbox (recipient, at);

-- The appointment that people of a ticket were last told of; sequence counts what they were sent under its uid.
CREATE TABLE notify_appointment (
    number   INTEGER PRIMARY KEY,
    uid      TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    -- JSON; 'null' once it was cancelled.
    held     TEXT NOT NULL,
    -- Who has it, JSON.
    invited  TEXT NOT NULL
) STRICT;
