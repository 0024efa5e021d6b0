-- The phases of all links, without reading the links themselves.
CREATE INDEX link_phase ON link (phase);

-- When a ticket that was closed when it was brought in step had been closed: a ticket that is sent
-- closed long ago has not changed lately, although the journal tells of it.
ALTER TABLE fingerprint ADD COLUMN closed_at TEXT;
CREATE INDEX fingerprint_closed_at ON fingerprint (closed_at) WHERE closed_at IS NOT NULL;

-- What the journal tells of besides creations.
CREATE INDEX journal_told ON journal (at, ticket) WHERE action <> 'create';
