-- Which mail a step of GestSup's came from.
CREATE INDEX mail_step ON mail (step) WHERE step IS NOT NULL;
