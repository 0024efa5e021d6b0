-- Message-IDs of mails that belong to a ticket: those that came in, and those that were sent.
CREATE TABLE message (
    message_id TEXT PRIMARY KEY,
    ticket     INTEGER NOT NULL,
    outgoing   INTEGER NOT NULL,
    at         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX message_ticket ON message (ticket, at);
