//! What `[notify]` cannot say by its types.

use super::validate::Check;
use super::validate_mailbox::{is_here, tokens};
use super::{Audience, Config, MailSecurity, Notify, Smtp};
use crate::mapping::shadowed;
use lettre::message::Mailbox;

pub(super) fn notify(config: &Config, check: &mut Check<'_>) {
    let notify = &config.notify;
    check.not_oftener("notify/schedule", &notify.schedule, 5);
    check.at_least("notify/max_age_hours", notify.max_age_hours.into(), 1);
    check.at_least("notify/digest_above", notify.digest_above.into(), 1);
    check.at_least("notify/most_per_pass", notify.most_per_pass.into(), 1);
    check.at_least("notify/attempts", notify.attempts.into(), 1);
    if notify.enabled && notify.from.is_none() {
        check.at("notify/enabled", "`from` is missing in [notify]", "write from = \"Support <support@example.fr>\"");
    }
    if notify.enabled && notify.smtp.is_none() {
        check.at(
            "notify/enabled",
            "the notify flow is on and has no mail server",
            "add [notify.smtp] with `host`, or write false",
        );
    }
    for (key, value) in [("notify/from", &notify.from), ("notify/reply_to", &notify.reply_to)] {
        if let Some(text) = value
            && text.parse::<Mailbox>().is_err()
        {
            check.at(
                key,
                format!("\"{}\" is no mail address", text.escape_default()),
                "write \"support@example.fr\" or \"Support <support@example.fr>\"",
            );
        }
    }
    if let Some(folder) = &notify.templates
        && folder.is_relative()
    {
        check.at(
            "notify/templates",
            "the folder depends on where the command is run from",
            "write a whole path, such as \"/etc/gestan-connector/templates\"",
        );
    }
    if notify.appointments.contains(&Audience::Addresses) {
        check.at(
            "notify/appointments",
            "only people of the ticket are invited",
            "write some of \"requester\", \"technician\", \"group\", \"observers\"",
        );
    }
    rules(notify, check);
    if let Some(smtp) = &notify.smtp {
        server(smtp, check);
    }
}

fn rules(notify: &Notify, check: &mut Check<'_>) {
    for (index, rule) in notify.rules.iter().enumerate() {
        let at = |key: &str| format!("notify/rules/{index}/{key}");
        if rule.on.is_empty() {
            check.at(
                &at("on"),
                "the rule is for no occasion",
                "write [\"opened\"], [\"state\"] or both, or leave `on` out",
            );
        }
        if rule.to.contains(&Audience::Addresses) {
            check.at(&at("to"), "\"addresses\" is no person", "write the addresses themselves, as addresses = [\"…\"]");
        }
        for (number, address) in rule.addresses.iter().enumerate() {
            if address.parse::<Mailbox>().is_err() {
                check.at(
                    &at(&format!("addresses/{number}")),
                    format!("\"{}\" is no mail address", address.escape_default()),
                    "write one such as \"direction@example.fr\"",
                );
            }
        }
    }
    // Rules for other occasions do not stand in each other's way.
    let alike = |one: usize, other: usize| notify.rules[other].on.iter().all(|on| notify.rules[one].on.contains(on));
    for (rule, before) in shadowed(notify.rules.iter().map(|rule| &rule.when)) {
        if alike(before - 1, rule - 1) {
            check.at(
                &format!("notify/rules/{}", rule - 1),
                format!("rule {rule} never decides: rule {before} applies wherever it does"),
                "put it before that one, or take it away",
            );
        }
    }
}

fn server(smtp: &Smtp, check: &mut Check<'_>) {
    if smtp.host.trim().is_empty() || smtp.host.chars().any(char::is_control) {
        check.at("notify/smtp/host", "`host` is empty or not one line", "write the name of the mail server");
    }
    check.at_least("notify/smtp/timeout_seconds", smtp.timeout_seconds, 1);
    if smtp.security == MailSecurity::None && !is_here(&smtp.host) {
        check.at(
            "notify/smtp/security",
            format!("mails, and the password, for {} would cross the network in clear", smtp.host),
            "write \"tls\" or \"starttls\"; \"none\" is for a server on this machine (localhost, 127.0.0.1)",
        );
    }
    match (&smtp.user, &smtp.password, &smtp.oauth) {
        (None, None, None) | (Some(_), Some(_), None) => {}
        (_, Some(_), Some(_)) => check.at(
            "notify/smtp/password",
            "there is a password and `oauth`: only one of them can be used",
            "take one of them away",
        ),
        (None, ..) => {
            check.at("notify/smtp", "`user` is missing in [notify.smtp]", "write the account, or no password");
        }
        (Some(_), None, Some(oauth)) => tokens(oauth, &|key| format!("notify/smtp/{key}"), check),
        (Some(_), None, None) => check.at(
            "notify/smtp/user",
            "the account has neither a password nor `oauth`",
            "add password = { file = \"/etc/gestan-connector/smtp-password\" }, or leave `user` out",
        ),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use crate::config::{Role, example, parse};

    /// What is said of a table of these lines; nothing where it is right.
    fn said(lines: &str) -> String {
        let text = example();
        let at = text.find("[notify]").expect("the table");
        let end = text[at..].find("\n# ──").map_or(text.len(), |end| at + end);
        let text = format!("{}[notify]\n{lines}\n{}", &text[..at], &text[end..]);
        parse(&text, "c", Role::Daemon).map_or_else(|errors| errors.to_string(), |_| String::new())
    }

    const RIGHT: &str = "enabled = true\nfrom = \"Support <support@exemple.fr>\"\n";

    #[test]
    fn a_server_with_and_without_an_account_is_right() {
        for lines in [
            "smtp = { host = \"smtp.exemple.fr\" }",
            "smtp = { host = \"localhost\", security = \"none\" }",
            "smtp = { host = \"h\", security = \"starttls\", user = \"u\", password = \"x\" }",
            "smtp = { host = \"h\", user = \"u\", oauth = { token_file = \"/x\" } }",
            "smtp = { host = \"h\" }\n[[notify.rules]]\nto = []",
        ] {
            assert_eq!(said(&format!("{RIGHT}{lines}")), "", "{lines}");
        }
    }

    #[test]
    fn what_is_wrong_with_notifications_is_told_with_what_to_do() {
        for (lines, words) in [
            ("enabled = true", "`from` is missing"),
            ("enabled = true\nfrom = \"a@b.fr\"", "has no mail server"),
            ("from = \"a@b.fr\\r\\nBcc: x@y.fr\"", "is no mail address"),
            ("from = \"nobody\"", "is no mail address"),
            ("templates = \"here\"", "write a whole path"),
            ("digest_above = 0", "at least 1"),
            ("appointments = [\"addresses\"]", "only people of the ticket"),
            ("smtp = { host = \"smtp.exemple.fr\", security = \"none\" }", "in clear"),
            ("smtp = { host = \"h\", user = \"u\" }", "neither a password nor"),
            ("smtp = { host = \"h\", password = \"p\" }", "`user` is missing"),
            ("smtp = { host = \"h\", user = \"u\", password = \"p\", oauth = { token_file = \"/x\" } }", "only one"),
            ("smtp = { host = \"h\", user = \"u\", oauth = {} }", "tokens must come from one place"),
            ("[[notify.rules]]\nto = [\"requester\"]\naddresses = [\"x\"]", "is no mail address"),
            ("[[notify.rules]]\nto = []\non = []", "for no occasion"),
            (
                "[[notify.rules]]\nto = []\n[[notify.rules]]\nwhen = { state = \"3\" }\nto = [\"requester\"]",
                "never decides",
            ),
            ("[[notify.rules]]\nto = [\"boss\"]", "boss"),
        ] {
            let said = said(lines);
            assert!(said.contains(words), "{lines}:\n{said}");
        }
        let other =
            "[[notify.rules]]\non = [\"opened\"]\nto = []\n[[notify.rules]]\non = [\"state\"]\nto = [\"requester\"]";
        assert_eq!(said(other), "");
    }
}
