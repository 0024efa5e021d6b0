-- The prints of record and row when nothing was left to do: while both are the same, neither has to be read whole.
ALTER TABLE reference_link ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
