-- Tickets with several links, without reading the links themselves.
CREATE INDEX link_later ON link (number, sequence, phase) WHERE sequence > 1;
