//! What `check` says of the mails that go out.

use super::Section;
use crate::daemon::Site;
use crate::flows::PortError;
use crate::flows::notify::{NoticeDesk as _, OwnMails};
use crate::gestsup::{Finding, Gestsup, Level};
use crate::smtp::MailServer;

/// Tries the mail server, and tells where GestSup itself sends mails.
pub(super) async fn notify(site: &Site) -> Section {
    let mut findings = Vec::new();
    if let Some(post) = site.mail_server() {
        findings.push(server(post).await);
    }
    match beside(site.gestsup()).await {
        Ok(more) => findings.extend(more),
        Err(error) => findings.push(Finding::new(Level::Error, error.to_string())),
    }
    Section { about: "Notifications", findings }
}

/// Whether the mail server takes mails.
pub(in crate::cli) async fn server(post: &MailServer) -> Finding {
    match post.connect().await {
        Ok(session) => {
            session.end().await;
            Finding::new(Level::Ok, format!("{} takes mails from {}", post.place(), post.sender().email))
        }
        Err(error) => Finding::new(Level::Error, error.to_string()),
    }
}

/// Whom GestSup itself sends mails to.
pub(in crate::cli) async fn beside(gestsup: &Gestsup) -> Result<Vec<Finding>, PortError> {
    Ok(told(&gestsup.view().await?.own_mails().await?))
}

/// Nobody is told twice; an administrator should know who is told by whom.
fn told(own: &OwnMails) -> Vec<Finding> {
    let told = [
        (own.to_opener, "requesters of tickets that they open (mail_auto_user_newticket)"),
        (
            own.to_requester,
            "requesters of tickets that technicians open, save for the first time, or close for the first time (mail_auto)",
        ),
        (own.to_commented, "requesters of tickets that technicians write a comment on (mail_auto_user_modify)"),
        (own.to_attributed, "technicians and groups of tickets that they are given (mail_auto_tech_attribution)"),
    ];
    let told: Vec<&str> = told.into_iter().filter(|(is_on, _)| *is_on).map(|(_, whom)| whom).collect();
    if told.is_empty() {
        return Vec::new();
    }
    let text = format!(
        "GestSup itself sends mails to {}: the connector sends them none for the same. Switch these mails off in GestSup's parameters, or leave such changes out of [notify] rules",
        told.join(", and to ")
    );
    vec![Finding::new(Level::Warning, text)]
}
