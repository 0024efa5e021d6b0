-- Values that GestSup loses by itself, as last seen on the ticket (JSON).
ALTER TABLE link ADD COLUMN last_known TEXT NOT NULL DEFAULT '{}';
