//! The adapter to mailboxes: everything that knows IMAP and MIME.
