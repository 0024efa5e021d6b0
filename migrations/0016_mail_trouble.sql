-- Mails that a person may have to look at, and those of a ticket: asked for at each look at the status.
CREATE INDEX mail_trouble ON mail (id) WHERE outcome IN ('failed', 'parked');
CREATE INDEX mail_ticket ON mail (ticket) WHERE ticket IS NOT NULL;
