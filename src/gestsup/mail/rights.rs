//! What the mail flow needs to be allowed to do in GestSup's base, and what of GestSup's own settings it gets in each other's way
//! with.

use super::super::check::{Finding, Level};
use super::super::{Gestsup, GestsupError};
use super::GestsupMailPen;
use crate::config::{MailFlow, MailboxMode, UnknownSender};
use crate::grants::{Need, Right};
use crate::mapping::mail::{KEYS, id_of, two_readers};
use std::path::Path;

fn rights(settings: &MailFlow, files: bool) -> Vec<Right> {
    let changed = ["state", "date_res", "date_modif", "techread", "userread"];
    let mut rights =
        vec![Right::on("tincidents").insert().update(changed), Right::on("tthreads").insert().update(["ticket"])];
    if files {
        rights.push(Right::on("tattachments").insert());
    }
    if settings.senders.by_domain || settings.senders.unknown == UnknownSender::Create {
        rights.push(Right::on("tusers").insert());
    }
    rights
}

/// What these settings need, as an administrator grants it. `files`: the folder of uploaded files is known.
pub fn mail_need(settings: &MailFlow, files: bool) -> Need {
    Need { of: "[mail]", purpose: "mails become tickets and comments", rights: rights(settings, files) }
}

impl Gestsup {
    /// What the account lacks for the mail flow, and what of GestSup's settings is in its way.
    ///
    /// # Errors
    /// When the base cannot be reached or is no GestSup base.
    pub async fn check_mail(&self, settings: &MailFlow, folder: Option<&Path>) -> Result<Vec<Finding>, GestsupError> {
        let mut pen = self.open_to_write().await?;
        let mut findings = Vec::new();
        if settings.mailboxes.iter().any(|mailbox| mailbox.mode == MailboxMode::Work) {
            let catalogue = pen.catalogue.clone();
            let has = |table: &str, column: &str| catalogue.has(table, column);
            let need = mail_need(settings, folder.is_some());
            findings.push(self.granted(&mut pen.connection, &need, has, "mails become").await?);
            findings.push(files(folder));
        }
        let mut pen = GestsupMailPen { pen, folder: None };
        let facts = pen.read_facts().await?;
        for mailbox in settings.mailboxes.iter().filter(|mailbox| facts.is_read_by_gestsup(mailbox)) {
            if mailbox.mode == MailboxMode::Work {
                findings.push(Finding::new(Level::Error, two_readers(&mailbox.name)));
            }
        }
        for (index, rule) in settings.rules.iter().enumerate() {
            for (key, name) in KEYS.into_iter().filter_map(|key| Some((key, rule.gives(key)?))) {
                if id_of(key, name, &facts).is_none() {
                    let text =
                        format!("rule {} of [mail] gives {key} = “{name}”, which GestSup does not have", index + 1);
                    findings.push(Finding::new(Level::Error, text));
                }
            }
        }
        Ok(findings)
    }
}

/// Whether files can be put where GestSup looks for them.
fn files(folder: Option<&Path>) -> Finding {
    let Some(folder) = folder else {
        return Finding::new(
            Level::Warning,
            "files of mails are not kept: set [mail.attachments] folder to GestSup's folder of uploaded files",
        );
    };
    let folder = folder.join("ticket");
    match tempfile::NamedTempFile::with_prefix_in("gestan-connector-check-", &folder) {
        Ok(_) => Finding::new(Level::Ok, "files of mails can be put into GestSup's folder of uploaded files"),
        Err(error) => Finding::new(
            Level::Error,
            format!(
                "{} cannot be written ({error}): give it to the service's account too, else mails with files are set aside",
                folder.display()
            ),
        ),
    }
}
