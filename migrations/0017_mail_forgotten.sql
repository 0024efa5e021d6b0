-- The limits of a sender and of a mailbox ask for the mails of an hour: those whose details are no longer kept need no place in
-- these indexes.
DROP INDEX mail_sender;
CREATE INDEX mail_sender ON mail (sender, received_at) WHERE received_at IS NOT NULL;
DROP INDEX mail_taken;
CREATE INDEX mail_taken ON mail (mailbox, at) WHERE received_at IS NOT NULL;
