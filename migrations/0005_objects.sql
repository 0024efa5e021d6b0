-- A ticket becomes an intervention or an anomaly; and what Gestan's users changed of it flows back.
ALTER TABLE link ADD COLUMN kind TEXT NOT NULL DEFAULT 'intervention' CHECK (kind IN ('intervention', 'anomaly'));
ALTER TABLE link ADD COLUMN followed TEXT NOT NULL DEFAULT '{}';
UPDATE link SET followed = held;
