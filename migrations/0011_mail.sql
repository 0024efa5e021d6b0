-- What became of each mail. A mail is known by its identity, wherever it lies; the same one in a second place is a
-- duplicate. `filed`: what was to be done with it in its mailbox is done.
CREATE TABLE mail (
    id           INTEGER PRIMARY KEY,
    identity     TEXT NOT NULL,
    mailbox      TEXT NOT NULL,
    folder       TEXT NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid          INTEGER NOT NULL,
    message_id   TEXT,
    sender       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    received_at  TEXT,
    size         INTEGER NOT NULL,
    outcome      TEXT NOT NULL,
    code         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    ticket       INTEGER,
    step         INTEGER,
    attempts     INTEGER NOT NULL,
    next_at      TEXT,
    forced       INTEGER NOT NULL,
    filed        INTEGER NOT NULL,
    settled      INTEGER NOT NULL,
    at           TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX mail_place ON mail (mailbox, folder, uid_validity, uid);
CREATE UNIQUE INDEX mail_identity ON mail (identity) WHERE outcome NOT IN ('duplicate', 'gone');
CREATE INDEX mail_open ON mail (mailbox, folder) WHERE filed = 0;
CREATE INDEX mail_unsettled ON mail (ticket) WHERE settled = 0;
CREATE INDEX mail_sender ON mail (sender, received_at);
CREATE INDEX mail_taken ON mail (mailbox, at);

-- How far each folder was looked through, and since when it is looked at: what lay there before is history.
CREATE TABLE mail_folder (
    mailbox      TEXT NOT NULL,
    folder       TEXT NOT NULL,
    uid_validity INTEGER NOT NULL,
    next_uid     INTEGER NOT NULL,
    since        TEXT NOT NULL,
    PRIMARY KEY (mailbox, folder)
) STRICT, WITHOUT ROWID;

-- Writes to GestSup that were begun and not yet confirmed: the ids that they got, known before their COMMIT.
CREATE TABLE mail_intent (
    identity TEXT PRIMARY KEY,
    intent   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
