-- Files of a ticket that Gestan has as documents, or that could not be sent, by id (JSON).
ALTER TABLE link ADD COLUMN documents TEXT NOT NULL DEFAULT '{}';
