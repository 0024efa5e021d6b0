//! What `[[mail.mailboxes]]` cannot say by its types.

use super::validate::Check;
use super::{MailFlow, MailOauth, MailRule, MailSecurity, Mailbox};
use crate::model::Filing;
use std::collections::BTreeSet;

/// The flow as a whole.
pub(super) fn mail(mail: &MailFlow, check: &mut Check<'_>) {
    mailboxes(mail, check);
    check.not_oftener("mail/schedule", &mail.schedule, 5);
    for (key, value) in [
        ("max_mib", mail.max_mib),
        ("batch", mail.batch.into()),
        ("attempts", mail.attempts.into()),
        ("sender_per_hour", mail.sender_per_hour.into()),
        ("mailbox_per_hour", mail.mailbox_per_hour.into()),
        ("attachments/max_mib", mail.attachments.max_mib),
    ] {
        check.at_least(&format!("mail/{key}"), value, 1);
    }
    if mail.attachments.picture_kib > 128 {
        check.at(
            "mail/attachments/picture_kib",
            "a picture inside a text may have 128 KiB at most",
            "write 128 or less",
        );
    }
    if let Some(form) = &mail.replies.plus_address
        && (form.matches("{ticket}").count() != 1 || form.split('@').count() != 2)
    {
        check.at(
            "mail/replies/plus_address",
            format!("\"{form}\" is no address with a ticket's number in it"),
            "write for instance \"support+{ticket}@example.fr\"",
        );
    }
    let filing = &mail.filing;
    for (key, list) in [
        ("ticket", &filing.ticket),
        ("reply", &filing.reply),
        ("excluded", &filing.excluded),
        ("failed", &filing.failed),
    ] {
        for one in list {
            let (Filing::Move(folder) | Filing::Copy(folder)) = one else { continue };
            let read = mail.mailboxes.iter().find(|mailbox| mailbox.folders.contains(folder));
            if folder.trim().is_empty() || folder.chars().any(char::is_control) {
                check.at(
                    &format!("mail/filing/{key}"),
                    "a mail would go into a folder without a name",
                    "name the folder",
                );
            } else if let Some(mailbox) = read {
                check.at(
                    &format!("mail/filing/{key}"),
                    format!(
                        "mails would go into the folder {folder}, which mails of \"{}\" are taken from",
                        mailbox.name
                    ),
                    "name another folder",
                );
            }
        }
    }
    for (index, rule) in mail.rules.iter().enumerate() {
        if *rule == (MailRule { when: rule.when.clone(), ..MailRule::default() }) {
            check.at(
                &format!("mail/rules/{index}"),
                "this rule gives nothing",
                "add what such tickets get, as in priority = \"Urgent\", or exclude = true",
            );
        }
    }
}

fn mailboxes(mail: &MailFlow, check: &mut Check<'_>) {
    if mail.enabled && mail.mailboxes.is_empty() {
        check.at("mail/enabled", "the mail flow is on and has no mailbox", "add [[mail.mailboxes]], or write false");
    }
    let mut names = BTreeSet::new();
    for (index, mailbox) in mail.mailboxes.iter().enumerate() {
        let at = |key: &str| format!("mail/mailboxes/{index}/{key}");
        let name_ok = (1..=40).contains(&mailbox.name.len())
            && mailbox.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !name_ok {
            check.at(
                &at("name"),
                format!("\"{}\" cannot name a mailbox", mailbox.name),
                "write 1 to 40 lower-case letters, digits or dashes",
            );
        }
        if !names.insert(&mailbox.name) {
            check.at(
                &at("name"),
                format!("two mailboxes are named \"{}\"", mailbox.name),
                "give each a name of its own: mails are known by it",
            );
        }
        for (key, value) in [("host", &mailbox.host), ("user", &mailbox.user)] {
            if value.trim().is_empty() || value.chars().any(char::is_control) {
                check.at(&at(key), format!("`{key}` is empty or not one line"), "fill it in");
            }
        }
        check.at_least(&at("timeout_seconds"), mailbox.timeout_seconds, 1);
        one(mailbox, &at, check);
    }
}

fn one(mailbox: &Mailbox, at: &dyn Fn(&str) -> String, check: &mut Check<'_>) {
    if mailbox.security == MailSecurity::None && !is_here(&mailbox.host) {
        check.at(
            &at("security"),
            format!("the password for {} would cross the network in clear", mailbox.host),
            "write \"tls\" or \"starttls\"; \"none\" is for a server on this machine (localhost, 127.0.0.1)",
        );
    }
    if mailbox.folders.is_empty() {
        check.at(&at("folders"), "no folder is read", "write [\"INBOX\"], or leave the key out");
    }
    let mut seen = BTreeSet::new();
    for (index, folder) in mailbox.folders.iter().enumerate() {
        if folder.trim().is_empty() || folder.chars().any(char::is_control) || !seen.insert(folder) {
            check.at(
                &at(&format!("folders/{index}")),
                format!("\"{}\" is no folder, or stands there twice", folder.escape_default()),
                "write each folder once, as the mail program shows it, such as \"INBOX/Support\"",
            );
        }
    }
    match (&mailbox.password, &mailbox.oauth) {
        (None, None) => check.at(
            &at("user"),
            format!("the mailbox \"{}\" has neither a password nor [mail.mailboxes.oauth]", mailbox.name),
            "add password = { file = \"/etc/gestan-connector/mail-password\" }, or `oauth` for Microsoft 365 and Google",
        ),
        (Some(_), Some(_)) => check.at(
            &at("password"),
            "there is a password and `oauth`: only one of them can be used",
            "take one of them away",
        ),
        (None, Some(oauth)) => tokens(oauth, at, check),
        (Some(_), None) => {}
    }
}

pub(super) fn tokens(oauth: &MailOauth, at: &dyn Fn(&str) -> String, check: &mut Check<'_>) {
    let fetched = oauth.provider.is_some() || oauth.token_url.is_some();
    let ways = [!oauth.token_command.is_empty(), oauth.token_file.is_some(), fetched];
    if ways.iter().filter(|way| **way).count() != 1 {
        check.at(
            &at("oauth"),
            "tokens must come from one place",
            "write token_command, or token_file, or provider (\"microsoft\" or \"google\") with client_id",
        );
        return;
    }
    if !fetched {
        return;
    }
    if oauth.client_id.as_ref().is_none_or(|id| id.trim().is_empty()) {
        check.at(
            &at("oauth"),
            "`client_id` is missing",
            "write the id of the application registered with the provider",
        );
    }
    if oauth.refresh_token_file.is_none() && oauth.client_secret.is_none() {
        check.at(
            &at("oauth"),
            "there is neither a refresh token nor a secret to sign in with",
            "write refresh_token_file, or client_secret for an application that signs in as itself",
        );
    }
    if oauth.provider == Some(super::TokenProvider::Microsoft) && oauth.token_url.is_none() && oauth.tenant.is_none() {
        check.at(
            &at("oauth"),
            "`tenant` is missing",
            "write the organisation, such as tenant = \"example.onmicrosoft.com\"",
        );
    }
    if oauth.token_url.as_ref().is_some_and(|url| url.scheme() != "https" && !url.host_str().is_some_and(is_here)) {
        check.at(&at("oauth/token_url"), "secrets would cross the network in clear", "write an https:// address");
    }
}

/// Whether a host is this machine.
pub(super) fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use crate::config::{Role, example, parse};

    /// What is said of a mailbox of these lines; nothing where it is right.
    fn said(lines: &str) -> String {
        let text = format!("{}\n[[mail.mailboxes]]\n{lines}\n", example());
        parse(&text, "c", Role::Daemon).map_or_else(|errors| errors.to_string(), |_| String::new())
    }

    const RIGHT: &str = "name = \"support\"\nhost = \"imap.example.fr\"\nuser = \"support\"\n";

    #[test]
    fn a_mailbox_by_password_or_by_token_is_right() {
        for lines in [
            "password = \"x\"",
            "password = \"x\"\nsecurity = \"starttls\"\nfolders = [\"INBOX\", \"INBOX/Été\"]",
            "oauth = { provider = \"microsoft\", tenant = \"t\", client_id = \"c\", client_secret = \"s\" }",
            "oauth = { provider = \"google\", client_id = \"c\", refresh_token_file = \"/x\" }",
            "oauth = { token_command = [\"/usr/bin/token\"] }",
            "oauth = { token_file = \"/x\" }",
        ] {
            assert_eq!(said(&format!("{RIGHT}{lines}")), "", "{lines}");
        }
        assert_eq!(said("name = \"a\"\nhost = \"::1\"\nuser = \"u\"\npassword = \"x\"\nsecurity = \"none\""), "");
    }

    #[test]
    fn what_is_wrong_with_the_flow_is_told_with_what_to_do() {
        let said = |lines: &str| {
            let text = example().replace("[mail]\n", &format!("[mail]\n{lines}\n"));
            let text = format!("{text}\n[[mail.mailboxes]]\n{RIGHT}password = \"x\"\n");
            parse(&text, "c", Role::Daemon).map_or_else(|errors| errors.to_string(), |_| String::new())
        };
        let right =
            "filing = { ticket = [\"seen\", { move = \"Traités\" }], failed = [\"flag\"], excluded = [\"delete\"] }";
        for (lines, words) in [("batch = 0", "at least 1"), ("schedule = \"every 1 s\"", "mail.schedule")] {
            assert!(said(lines).contains(words), "{lines}:\n{}", said(lines));
        }
        let whole = |lines: &str| {
            let text = format!(
                "[gestsup]\nhost = \"h\"\ndatabase = \"d\"\nuser = \"u\"\npassword = \"p\"\ntime_zone = \"Europe/Paris\"\n[gestan]\ngateway = \"https://g\"\ntoken = \"a-token-of-at-least-24-characters\"\n[mail]\n{lines}\n[[mail.mailboxes]]\n{RIGHT}password = \"x\"\n"
            );
            parse(&text, "c", Role::Daemon).map_or_else(|errors| errors.to_string(), |_| String::new())
        };
        assert_eq!(whole(right), "");
        for (lines, words) in [
            ("filing = { ticket = [{ move = \"INBOX\" }] }", "which mails of \"support\" are taken from"),
            ("replies = { plus_address = \"support@x\" }", "is no address with a ticket's number"),
            ("attachments = { picture_kib = 500 }", "128 KiB at most"),
            ("rules = [{ when = { mailbox = \"support\" } }]", "this rule gives nothing"),
        ] {
            assert!(whole(lines).contains(words), "{lines}:\n{}", whole(lines));
        }
    }

    #[test]
    fn what_is_wrong_with_a_mailbox_is_told_with_what_to_do() {
        for (lines, words) in [
            ("", "neither a password nor"),
            ("password = \"x\"\noauth = { token_file = \"/x\" }", "only one of them"),
            ("password = \"x\"\nsecurity = \"none\"", "would cross the network in clear"),
            ("password = \"x\"\nfolders = []", "no folder is read"),
            ("password = \"x\"\nfolders = [\"INBOX\", \"INBOX\"]", "stands there twice"),
            ("password = \"x\"\ntimeout_seconds = 0", "at least 1"),
            ("oauth = {}", "tokens must come from one place"),
            ("oauth = { token_file = \"/x\", provider = \"google\" }", "tokens must come from one place"),
            ("oauth = { provider = \"google\", client_secret = \"s\" }", "`client_id` is missing"),
            ("oauth = { provider = \"google\", client_id = \"c\" }", "neither a refresh token nor a secret"),
            ("oauth = { provider = \"microsoft\", client_id = \"c\", client_secret = \"s\" }", "`tenant` is missing"),
            ("oauth = { token_url = \"http://a.fr\", client_id = \"c\", client_secret = \"s\" }", "write an https://"),
        ] {
            let said = said(&format!("{RIGHT}{lines}"));
            assert!(said.contains(words), "{lines}:\n{said}");
        }
        let twice = said(&format!("{RIGHT}password = \"x\"\n[[mail.mailboxes]]\n{RIGHT}password = \"x\""));
        assert!(twice.contains("two mailboxes are named"), "{twice}");
        assert!(
            said("name = \"Le Support\"\nhost = \"h\"\nuser = \"u\"\npassword = \"x\"")
                .contains("cannot name a mailbox")
        );
        assert!(!said(&format!("{RIGHT}oauth = {{ client_secret = \"s3cret\", token_file = 1 }}")).contains("s3cret"));
    }
}
