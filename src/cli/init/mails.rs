//! What the fourth screen asks of mails: the support mailbox, and the server that people are told through. And of passwords.

use super::answers::{sender, with_port, without_port};
use super::ask::{Ask, Reply};
use super::questions::Question;
use super::simple::{choose, confirmed, line};
use super::systems::{answer, required};
use super::{Step, Wizard};
use crate::config::MailSecurity;
use std::path::{Path, PathBuf};

impl Wizard {
    /// Puts a question about mails.
    pub(super) fn put_of_mails(&mut self, question: Question) -> anyhow::Result<Step> {
        let ask = self.ask;
        let answers = &mut self.answers;
        let reply = match question {
            Question::Mailbox => {
                let message = ask.of(
                    "Serveur IMAP de la boîte du support (vide : aucune) :",
                    "IMAP server of the support mailbox (empty: none):",
                );
                let help = ask.of(
                    "imap.exemple.fr, ou avec son port imap.exemple.fr:1993",
                    "imap.example.fr, or with its port imap.example.fr:1993",
                );
                server(ask, message, help, &mut answers.mailbox, &mut answers.mailbox_port)?
            }
            Question::MailboxSecurity => {
                let choices = [
                    (MailSecurity::Tls, "TLS dès le début (port 993)", "TLS from the first byte on (port 993)"),
                    (MailSecurity::Starttls, "STARTTLS (port 143)", "STARTTLS (port 143)"),
                    (MailSecurity::None, "aucun : un serveur sur cette machine", "none: a server on this machine"),
                ];
                choose(ask, ask.of("Chiffrement :", "Encryption:"), &choices, &mut answers.mailbox_security)?
            }
            Question::MailboxUser => {
                let message = ask.of("Compte de la boîte :", "Account of the mailbox:");
                required(ask, message, "", &mut answers.mailbox_user)?
            }
            Question::MailboxPassword => return self.password(question, "mailbox-password"),
            Question::UploadFolder => {
                let message = ask.of(
                    "Dossier « upload » de GestSup, vu d'ici (vide : aucun) :",
                    "GestSup's folder “upload”, as seen from here (empty: none):",
                );
                let help = ask.of("les fichiers joints aux mails y sont rangés", "attachments of mails are put there");
                let folder = answers.gestsup_folder.clone().filter(|folder| !folder.is_empty());
                let proposed =
                    folder.map(|folder| format!("{}/upload", folder.trim_end_matches('/'))).unwrap_or_default();
                line(ask, message, help, &proposed, &mut answers.upload_folder)?
            }
            Question::Notify => {
                let message = ask.of(
                    "Prévenir les demandeurs par mail de ce que devient leur ticket ?",
                    "Tell requesters by mail what becomes of their ticket?",
                );
                let help = ask.of("peut attendre ([notify])", "can wait ([notify])");
                confirmed(ask, message, help, false, &mut answers.notify)?
            }
            Question::NotifyFrom => {
                let message = ask.of("Expéditeur de ces mails :", "Sender of these mails:");
                let help = ask.of(
                    "Support <support@exemple.fr> ; les réponses y reviennent",
                    "Support <support@example.fr>; answers come back to it",
                );
                let proposed = answers.notify_from.clone().or_else(|| {
                    let user = answers.mailbox_user.clone().filter(|user| user.contains('@'))?;
                    Some(format!("Support <{user}>"))
                });
                let french = ask.french;
                let check = move |text: &str| match sender(text) {
                    Ok(_) => Ok(()),
                    Err(_) if french => Err("une adresse, ou Nom <adresse>".to_owned()),
                    Err(_) => Err("an address, or Name <address>".to_owned()),
                };
                answer(ask.text(message, help, &proposed.unwrap_or_default(), check)?, &mut answers.notify_from)
            }
            Question::Smtp => {
                let message = ask.of("Serveur SMTP qui les envoie :", "SMTP server that sends them:");
                let help = ask.of(
                    "smtp.exemple.fr, ou avec son port smtp.exemple.fr:2525",
                    "smtp.example.fr, or with its port smtp.example.fr:2525",
                );
                server(ask, message, help, &mut answers.smtp, &mut answers.smtp_port)?
            }
            Question::SmtpSecurity => {
                let choices = [
                    (MailSecurity::Tls, "TLS dès le début (port 465)", "TLS from the first byte on (port 465)"),
                    (MailSecurity::Starttls, "STARTTLS (port 587)", "STARTTLS (port 587)"),
                    (MailSecurity::None, "aucun : un serveur sur cette machine", "none: a server on this machine"),
                ];
                choose(ask, ask.of("Chiffrement :", "Encryption:"), &choices, &mut answers.smtp_security)?
            }
            Question::SmtpUser => {
                let message = ask.of("Compte sur ce serveur (vide : aucun) :", "Account on that server (empty: none):");
                let proposed = answers.mailbox_user.clone().unwrap_or_default();
                line(ask, message, "", &proposed, &mut answers.smtp_user)?
            }
            _ => return self.password(question, "smtp-password"),
        };
        Ok(reply.into())
    }

    /// Asks for a password or token. It goes into a file beside the configuration once all is answered.
    pub(super) fn password(&mut self, question: Question, name: &str) -> anyhow::Result<Step> {
        let ask = self.ask;
        let folder = self.config.parent().map(Path::to_owned).unwrap_or_default();
        let answers = &mut self.answers;
        let file = match question {
            Question::GestsupPassword => &mut answers.gestsup_password_file,
            Question::GatewayToken => &mut answers.gateway_token_file,
            Question::GestanPassword => &mut answers.gestan_password_file,
            Question::SmtpPassword => &mut answers.smtp_password_file,
            _ => &mut answers.mailbox_password_file,
        };
        let file: PathBuf = file.get_or_insert_with(|| folder.join(name)).clone();
        let user = match question {
            Question::GestsupPassword => &answers.gestsup_user,
            Question::GestanPassword => &answers.gestan_user,
            Question::SmtpPassword => &answers.smtp_user,
            _ => &answers.mailbox_user,
        };
        let user = user.as_deref().unwrap_or_default();
        let message = match (question, ask.french) {
            (Question::GatewayToken, _) => ask.of("Jeton de la passerelle :", "The gateway's token:").to_owned(),
            (_, true) => format!("Mot de passe de {user} :"),
            (_, false) => format!("Password of {user}:"),
        };
        let known = answers.has_secret(Some(&file));
        let help = match (known, ask.french) {
            (true, true) => format!("vide : celui de {}", file.display()),
            (true, false) => format!("empty: the one in {}", file.display()),
            (false, true) => format!("il ira dans {}, que seul le service lit", file.display()),
            (false, false) => format!("it goes to {}, which only the service reads", file.display()),
        };
        loop {
            match ask.secret(&message, &help)? {
                Reply::Back => return Ok(Step::Back),
                Reply::Given(Some(text)) => {
                    answers.type_in(file, text);
                    return Ok(Step::Next);
                }
                Reply::Given(None) if known => return Ok(Step::Next),
                Reply::Given(None) => {}
            }
        }
    }
}

/// A server, with or without its port.
fn server(
    ask: Ask,
    message: &str,
    help: &str,
    host: &mut Option<String>,
    port: &mut Option<u16>,
) -> anyhow::Result<Reply<()>> {
    let mut shown = with_port(host.as_ref(), *port);
    let reply = line(ask, message, help, "", &mut shown)?;
    let (named, own) = without_port(shown.as_deref().unwrap_or_default());
    (*host, *port) = (Some(named), own);
    Ok(reply)
}
